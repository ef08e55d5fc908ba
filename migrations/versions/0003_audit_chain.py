"""The audit trail as a hash chain that the database itself keeps append-only."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BEGINNING = "0" * 64
REFUSAL = "audit_event is append-only"
AUDIT_EVENT = sa.table(
    "audit_event",
    sa.column("id", sa.Integer()),
    sa.column("position", sa.Integer()),
    sa.column("hash", sa.String()),
    sa.column("happened_at", sa.DateTime(timezone=True)),
    sa.column("event_id", sa.String()),
    sa.column("event_type", sa.String()),
    sa.column("action", sa.String()),
    sa.column("outcome", sa.Integer()),
    sa.column("actor", sa.String()),
    sa.column("facts", sa.JSON()),
)
ON_SQLITE = (
    f"""CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    f"""CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    # INSERT OR REPLACE would take a row away without the trigger above.
    f"""CREATE TRIGGER audit_event_no_replace BEFORE INSERT ON audit_event
        WHEN EXISTS (SELECT 1 FROM audit_event WHERE id = NEW.id OR position = NEW.position)
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
)
ON_POSTGRESQL = (
    f"""CREATE FUNCTION refuse_change_of_audit_event() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$""",
    """CREATE TRIGGER audit_event_no_change BEFORE UPDATE OR DELETE ON audit_event
        FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit_event()""",
    """CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_event()""",
)


def upgrade() -> None:
    _expand()
    count, digest = _chain_what_is_there()
    op.execute(sa.text("INSERT INTO audit_head (id, count, hash) VALUES (1, :count, :digest)").bindparams(
        count=count, digest=digest
    ))  # fmt: skip
    for statement in ON_SQLITE if op.get_bind().dialect.name == "sqlite" else ON_POSTGRESQL:
        op.execute(statement)


def _expand() -> None:
    with op.batch_alter_table("audit_event") as batch:
        batch.add_column(sa.Column("position", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("hash", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("event_type", sa.String(length=16), nullable=True))
        batch.create_unique_constraint(op.f("uq_audit_event_position"), ["position"])
        batch.create_check_constraint(op.f("ck_audit_event_chained"), "(position IS NULL) = (hash IS NULL)")
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_forward",
        sa.Column("repository", sa.String(length=255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("repository", name=op.f("pk_audit_forward")),
    )


def _chain_what_is_there() -> tuple[int, str]:
    """Gives every row its place and its hash; returns the chain's end."""
    bind, position, digest = op.get_bind(), 0, BEGINNING
    for row in bind.execute(sa.select(AUDIT_EVENT).order_by(AUDIT_EVENT.c.id)).mappings().all():
        position += 1
        digest = _link(digest, position, row)
        bind.execute(
            AUDIT_EVENT.update().where(AUDIT_EVENT.c.id == row["id"]).values(position=position, hash=digest)
        )
    return position, digest


def _link(previous: str, position: int, row: sa.RowMapping) -> str:
    at = row["happened_at"]
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    content = {name: row[name] for name in ("event_id", "event_type", "action", "outcome", "actor", "facts")}
    content |= {"position": position, "previous": previous, "happened_at": at.isoformat(timespec="microseconds")}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()
