"""The first tables: studies, jobs, reports, models, labels, the audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_studies()
    _create_models()
    _create_jobs()
    _create_reports()
    _create_records()


def _partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def _create_studies() -> None:
    op.create_table(
        "study",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("accession_number", sa.String(length=64), nullable=False),
        sa.Column("patient_digest", sa.String(length=64), nullable=False),
        sa.Column("received_at", UTC_TIME, nullable=False),
        sa.Column("opened_at", UTC_TIME, nullable=False),
        sa.Column("last_received_at", UTC_TIME, nullable=False),
        sa.Column("completed_at", UTC_TIME, nullable=True),
        sa.Column("complete_reason", sa.String(length=16), nullable=True),
        sa.Column("result_reason", sa.String(length=255), nullable=True),
        sa.CheckConstraint(
            "(completed_at IS NULL) = (complete_reason IS NULL)", name=op.f("ck_study_complete_with_reason")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
        sa.UniqueConstraint("study_instance_uid", name=op.f("uq_study_study_instance_uid")),
    )
    op.create_index("ix_study_accession_number", "study", ["accession_number"])
    _partial_index("ix_study_open", "study", ["last_received_at"], where="completed_at IS NULL")
    op.create_table(
        "open_association",
        sa.Column("association_id", sa.String(length=64), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("listener", sa.String(length=64), nullable=False),
        sa.Column("expires_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id"], ["study.id"], name=op.f("fk_open_association_study_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("association_id", "study_id", name=op.f("pk_open_association")),
    )
    op.create_index("ix_open_association_listener", "open_association", ["listener"])
    op.create_index("ix_open_association_study_id", "open_association", ["study_id"])
    op.create_table(
        "instance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("sop_class_uid", sa.String(length=64), nullable=False),
        sa.Column("series_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("transfer_syntax_uid", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("pixel_digest", sa.String(length=64), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("calling_ae_title", sa.String(length=16), nullable=False),
        sa.Column("received_at", UTC_TIME, nullable=False),
        sa.Column("is_selected", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.String(length=255), nullable=True),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_instance_not_empty")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_instance_study_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance")),
        sa.UniqueConstraint("sop_instance_uid", name=op.f("uq_instance_sop_instance_uid")),
        sa.UniqueConstraint("path", name=op.f("uq_instance_path")),
    )
    op.create_index("ix_instance_pixel_digest", "instance", ["pixel_digest"])
    op.create_index("ix_instance_study_id", "instance", ["study_id"])


def _create_models() -> None:
    op.create_table(
        "model_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("bundle_sha256", sa.String(length=64), nullable=False),
        sa.Column("weights_sha256", sa.String(length=64), nullable=False),
        sa.Column("device_uid", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("activated_at", UTC_TIME, nullable=True),
        sa.Column("retired_at", UTC_TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_version")),
        sa.UniqueConstraint(
            "name", "version", "bundle_sha256", name=op.f("uq_model_version_name_version_bundle_sha256")
        ),
        sa.CheckConstraint(
            "state IN ('candidate', 'active', 'retired')", name=op.f("ck_model_version_known_state")
        ),
        sa.CheckConstraint(
            "state <> 'active' OR activated_at IS NOT NULL", name=op.f("ck_model_version_active_with_time")
        ),
        sa.CheckConstraint(
            "(state = 'retired') = (retired_at IS NOT NULL)", name=op.f("ck_model_version_retired_with_time")
        ),
    )
    _partial_index("ix_model_version_active", "model_version", ["state"], where="state = 'active'", unique=True)
    op.create_table(
        "training_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("parent_model_version_id", sa.Integer(), nullable=True),
        sa.Column("model_version_id", sa.Integer(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("started_at", UTC_TIME, nullable=False),
        sa.Column("ended_at", UTC_TIME, nullable=True),
        sa.CheckConstraint(
            "(state = 'running') = (ended_at IS NULL)", name=op.f("ck_training_run_ended_with_time")
        ),
        sa.CheckConstraint(
            "state IN ('running', 'completed', 'failed', 'cancelled')", name=op.f("ck_training_run_known_state")
        ),
        sa.ForeignKeyConstraint(
            ["model_version_id"], ["model_version.id"], name=op.f("fk_training_run_model_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["parent_model_version_id"], ["model_version.id"], name=op.f("fk_training_run_parent_model_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_run")),
    )


def _create_jobs() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("dedupe_key", sa.String(length=128), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("destination", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("run_at", UTC_TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lost_leases", sa.Integer(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(length=128), nullable=True),
        sa.Column("claimed_at", UTC_TIME, nullable=True),
        sa.Column("lease_expires_at", UTC_TIME, nullable=True),
        sa.Column("last_error", sa.String(length=1024), nullable=True),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("enqueued_at", UTC_TIME, nullable=False),
        sa.Column("completed_at", UTC_TIME, nullable=True),
        sa.Column("parked_at", UTC_TIME, nullable=True),
        sa.Column("cancelled_at", UTC_TIME, nullable=True),
        sa.CheckConstraint(
            "(kind = 'deliver') = (destination <> '')", name=op.f("ck_job_deliver_with_destination")
        ),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancelled_at IS NOT NULL)", name=op.f("ck_job_cancelled_with_time")
        ),
        sa.CheckConstraint(
            "(state = 'claimed') = (lease_expires_at IS NOT NULL)", name=op.f("ck_job_claimed_with_lease")
        ),
        sa.CheckConstraint(
            "(state = 'completed') = (completed_at IS NOT NULL)", name=op.f("ck_job_completed_with_time")
        ),
        sa.CheckConstraint("(state = 'parked') = (parked_at IS NOT NULL)", name=op.f("ck_job_parked_with_time")),
        sa.CheckConstraint("kind IN ('infer', 'deliver')", name=op.f("ck_job_known_kind")),
        sa.CheckConstraint(
            "state IN ('available', 'claimed', 'retryable', 'completed', 'parked', 'cancelled')",
            name=op.f("ck_job_known_state"),
        ),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_job_study_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_job_dedupe_key")),
        sqlite_autoincrement=True,
    )
    _partial_index(
        "ix_job_due", "job", ["kind", "destination", "priority", "run_at", "id"], where="state = 'available'"
    )
    _partial_index("ix_job_lease", "job", ["lease_expires_at"], where="state = 'claimed'")
    op.create_index("ix_job_state", "job", ["state", "kind"])
    op.create_index("ix_job_study_id", "job", ["study_id"])
    _partial_index("ix_job_waiting", "job", ["kind", "destination", "run_at"], where="state = 'retryable'")
    op.create_table(
        "pause",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("paused_at", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_pause")),
    )
    if op.get_bind().dialect.name == "postgresql":
        # A row is updated at least twice in minutes: vacuum by the dead rows of a burst, not by a fifth of the table.
        op.execute(
            "ALTER TABLE job SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01,"
            " autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_threshold = 500)"
        )


def _create_reports() -> None:
    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.Column("input_digest", sa.String(length=64), nullable=False),
        sa.Column("model_version_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("readings", sa.JSON(), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.CheckConstraint(
            "(probability IS NULL) = (outcome = 'refused')", name=op.f("ck_report_probability_when_read")
        ),
        sa.CheckConstraint("outcome IN ('positive', 'negative', 'refused')", name=op.f("ck_report_known_outcome")),
        sa.CheckConstraint("(supersedes_id IS NULL) = (revision = 1)", name=op.f("ck_report_revisions_chain")),
        sa.ForeignKeyConstraint(
            ["model_version_id"], ["model_version.id"], name=op.f("fk_report_model_version_id")
        ),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_report_study_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["supersedes_id"], ["report.id"], name=op.f("fk_report_supersedes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint(
            "study_id",
            "input_digest",
            "model_version_id",
            name=op.f("uq_report_study_id_input_digest_model_version_id"),
        ),
        sa.UniqueConstraint("study_id", "revision", name=op.f("uq_report_study_id_revision")),
    )
    op.create_index("ix_report_model_version_id", "report", ["model_version_id"])
    op.create_index("ix_report_study_id", "report", ["study_id"])
    op.create_table(
        "document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("sop_class_uid", sa.String(length=64), nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("series_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_document_report_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("report_id", "kind", name=op.f("uq_document_report_id_kind")),
        sa.UniqueConstraint("sop_instance_uid", name=op.f("uq_document_sop_instance_uid")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("destination", sa.String(length=32), nullable=False),
        sa.Column("document_kinds", sa.JSON(), nullable=False),
        sa.Column("sent_sop_instance_uid", sa.String(length=64), nullable=True),
        sa.Column("warning", sa.String(length=255), nullable=True),
        sa.Column("delivered_at", UTC_TIME, nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_delivery_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_delivery_report_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("job_id", name=op.f("uq_delivery_job_id")),
        sa.UniqueConstraint("report_id", "destination", name=op.f("uq_delivery_report_id_destination")),
    )


def _create_records() -> None:
    op.create_table(
        "label",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("is_positive", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("labelled_at", UTC_TIME, nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_label_study_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
    )
    op.create_index("ix_label_study_id", "label", ["study_id"])
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("happened_at", UTC_TIME, nullable=False),
        sa.Column("event_id", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=1), nullable=False),
        sa.Column("outcome", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_happened_at", "audit_event", ["happened_at"])
