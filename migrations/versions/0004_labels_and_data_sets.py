"""Labels that are kept once, what documents say, and data sets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("label") as batch:
        batch.add_column(sa.Column("digest", sa.String(length=64), nullable=True))
        batch.alter_column("is_positive", existing_type=sa.Boolean(), nullable=True)
        batch.create_unique_constraint(op.f("uq_label_study_id_digest"), ["study_id", "digest"])
    _feedback()
    _data_sets()


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=True),
        sa.Column("interpreted_at", TIME, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'label', 'rejection', 'nothing', 'unreadable')",
            name=op.f("ck_feedback_known_state"),
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (interpreted_at IS NULL)", name=op.f("ck_feedback_interpreted_with_time")
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["instance.id"], name=op.f("fk_feedback_instance_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_feedback")),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_feedback_waiting", "feedback", ["state"], sqlite_where=waiting, postgresql_where=waiting
    )


def _data_sets() -> None:
    op.create_table(
        "data_set",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("dropped_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_set")),
        sa.UniqueConstraint("digest", name=op.f("uq_data_set_digest")),
    )
    op.create_table(
        "data_set_item",
        sa.Column("data_set_id", sa.Integer(), nullable=False),
        sa.Column("image", sa.String(length=64), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=True),
        sa.Column("patient_key", sa.String(length=64), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "part IN ('training', 'validation', 'test')", name=op.f("ck_data_set_item_known_part")
        ),
        sa.ForeignKeyConstraint(
            ["data_set_id"], ["data_set.id"], name=op.f("fk_data_set_item_data_set_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["study_id"], ["study.id"], name=op.f("fk_data_set_item_study_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("data_set_id", "image", name=op.f("pk_data_set_item")),
    )
    op.create_index(op.f("ix_data_set_item_study_id"), "data_set_item", ["study_id"])
    op.create_index(op.f("ix_data_set_item_patient_key"), "data_set_item", ["patient_key"])
    op.create_table(
        "data_set_patient",
        sa.Column("patient_key", sa.String(length=64), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("patient_key", name=op.f("pk_data_set_patient")),
    )
