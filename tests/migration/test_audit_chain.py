"""What was in the audit trail before it became a chain is chained by the upgrade; on both databases."""

from __future__ import annotations

import json

from alembic import command
from sqlalchemy import text

from osteo_pacs.db import audit, migrate

OLD = text(
    "INSERT INTO audit_event (happened_at, event_id, action, outcome, actor, facts) "
    "VALUES (:at, '110104', 'C', 0, 'courier', :facts)"
)
FACTS = {"job_id": 7, "destination": "pacs é"}


def test_old_rows_are_chained_and_told_as_far_as_they_say(empty_database):
    with empty_database.write() as session:
        command.upgrade(migrate.configuration(session), "0002")
        for second in range(3):
            zone = "" if empty_database.is_sqlite else "+00"
            at = f"2026-03-01 12:00:0{second}.000000{zone}"
            session.execute(OLD, {"at": at, "facts": json.dumps(FACTS)})
    migrate.upgrade(empty_database)
    with empty_database.read() as session:
        verdict = audit.verify(session)
        records = [kept.record for kept in audit.list_records(session)]
    assert (verdict.head.count, verdict.broken) == (3, None)
    assert {(record.actor, record.source) for record in records} == {("courier", "courier")}
