"""Instances that came in, for tests of what follows from them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from osteo_pacs.db.lean import lean_write
from osteo_pacs.db.receipts import NewInstance, Record, Sender, record_instances

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CR = "1.2.840.10008.5.1.4.1.1.1"
SR = "1.2.840.10008.5.1.4.1.1.88.33"
_serial = itertools.count(1)


def new_instance(study: str = "1.2.3", *, at: datetime = NOW, **changes: object) -> NewInstance:
    """An instance of a study with a UID of its own."""
    number = next(_serial)
    instance = NewInstance(
        study_instance_uid=study,
        series_instance_uid=f"{study}.1",
        sop_class_uid=CR,
        sop_instance_uid=f"2.25.{number}",
        transfer_syntax_uid="1.2.840.10008.1.2",
        accession_number="A1",
        patient_digest="p" * 64,
        sha256="0" * 64,
        size_bytes=100,
        path=f"instances/20260301/{number}.dcm",
        calling_ae_title="SCANNER",
        received_at=at,
    )
    return replace(instance, **changes)


def sender(
    association_id: str = "a", *, listener: str = "l", until: datetime = NOW + timedelta(minutes=1)
) -> Sender:
    return Sender(association_id, listener, until)


def receive(database, *instances: NewInstance, by: Sender | None = None) -> list[Record]:
    """Records the instances in one transaction."""
    with lean_write(database) as lean:
        return record_instances(lean, [(instance, by) for instance in instances])
