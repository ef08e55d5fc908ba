"""Model versions in and out of service, the gate, the shadow, drift, and which worker reads with which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_activations()
    _create_gate()
    _create_serving()
    _create_shadow()
    _create_drift()


def _id(*, autoincrement: bool = True) -> sa.Column:
    return sa.Column("id", sa.Integer(), autoincrement="auto" if autoincrement else False, nullable=False)


def _version(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["model_version.id"], name=op.f(f"fk_{table}_{column}"))


def _create_activations() -> None:
    op.create_table(
        "model_activation",
        _id(),
        sa.Column("model_version_id", sa.Integer(), nullable=False),
        sa.Column("is_rollback", sa.Boolean(), nullable=False),
        sa.Column("activated_at", UTC_TIME, nullable=False),
        _version("model_activation", "model_version_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_activation")),
    )
    op.create_index("ix_model_activation_model_version_id", "model_activation", ["model_version_id"])
    op.execute(
        "INSERT INTO model_activation (model_version_id, is_rollback, activated_at) "
        "SELECT id, false, activated_at FROM model_version WHERE activated_at IS NOT NULL ORDER BY activated_at, id"
    )


def _create_gate() -> None:
    op.create_table(
        "gate_decision",
        _id(),
        sa.Column("model_version_id", sa.Integer(), nullable=False),
        sa.Column("against_model_version_id", sa.Integer(), nullable=True),
        sa.Column("is_passed", sa.Boolean(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("dataset_sha256", sa.String(length=64), nullable=True),
        sa.Column("override_by", sa.String(length=128), nullable=True),
        sa.Column("override_reason", sa.String(length=1024), nullable=True),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.CheckConstraint(
            "(override_by IS NULL) = (override_reason IS NULL)", name=op.f("ck_gate_decision_override_with_reason")
        ),
        _version("gate_decision", "model_version_id"),
        _version("gate_decision", "against_model_version_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_decision")),
    )
    op.create_index("ix_gate_decision_model_version_id", "gate_decision", ["model_version_id"])


def _create_serving() -> None:
    op.create_table(
        "model_serving",
        sa.Column("worker", sa.String(length=128), nullable=False),
        sa.Column("model_version_id", sa.Integer(), nullable=False),
        sa.Column("since", UTC_TIME, nullable=False),
        sa.Column("seen_at", UTC_TIME, nullable=False),
        sa.Column("failed_model_version_id", sa.Integer(), nullable=True),
        sa.Column("failure", sa.String(length=1024), nullable=True),
        sa.CheckConstraint(
            "(failed_model_version_id IS NULL) = (failure IS NULL)", name=op.f("ck_model_serving_failed_with_reason")
        ),
        _version("model_serving", "model_version_id"),
        _version("model_serving", "failed_model_version_id"),
        sa.PrimaryKeyConstraint("worker", name=op.f("pk_model_serving")),
    )


def _create_shadow() -> None:
    op.create_table(
        "shadow",
        _id(autoincrement=False),
        sa.Column("model_version_id", sa.Integer(), nullable=False),
        sa.Column("after_report_id", sa.Integer(), nullable=False),
        sa.Column("since", UTC_TIME, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_shadow_only_one")),
        _version("shadow", "model_version_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow")),
    )
    op.create_table(
        "shadow_reading",
        _id(),
        sa.Column("model_version_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("reason", sa.String(length=255), nullable=True),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.CheckConstraint(
            "outcome IN ('positive', 'negative', 'refused', 'failed')", name=op.f("ck_shadow_reading_known_outcome")
        ),
        sa.CheckConstraint(
            "(probability IS NULL) = (outcome IN ('refused', 'failed'))",
            name=op.f("ck_shadow_reading_probability_when_read"),
        ),
        sa.CheckConstraint(
            "(reason IS NULL) = (outcome <> 'failed')", name=op.f("ck_shadow_reading_failed_with_reason")
        ),
        _version("shadow_reading", "model_version_id"),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_shadow_reading_report_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow_reading")),
        sa.UniqueConstraint("model_version_id", "report_id", name=op.f("uq_shadow_reading_model_version_id_report_id")),
    )
    op.create_index("ix_shadow_reading_report_id", "shadow_reading", ["report_id"])


def _create_drift() -> None:
    op.create_table(
        "drift_figure",
        _id(),
        sa.Column("model_version_id", sa.Integer(), nullable=False),
        sa.Column("figure", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("reference", sa.Double(), nullable=True),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("is_alarm", sa.Boolean(), nullable=False),
        sa.Column("studies", sa.Integer(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("window_from", UTC_TIME, nullable=False),
        sa.Column("computed_at", UTC_TIME, nullable=False),
        sa.CheckConstraint("value IS NOT NULL OR NOT is_alarm", name=op.f("ck_drift_figure_alarm_with_value")),
        _version("drift_figure", "model_version_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift_figure")),
    )
    op.create_index("ix_drift_figure_newest", "drift_figure", ["model_version_id", "figure", "id"])
