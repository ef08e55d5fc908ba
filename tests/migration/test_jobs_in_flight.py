"""An upgrade amid work: the jobs in the first version's tables are there afterwards, and end."""

from __future__ import annotations

from datetime import timedelta

from alembic import command
from rows import add_jobs, claim, job
from sqlalchemy import MetaData, column, insert, select
from sqlalchemy import table as table_of

from databases import opened, url_at_head
from osteo_pacs.clock import utc_now
from osteo_pacs.db import migrate
from osteo_pacs.db.deliveries import documents_for_delivery
from osteo_pacs.db.tables import Base, JobKind, JobState
from osteo_pacs.jobs import queue, rescue
from outgoing import add_outgoing, contents

FIRST = "0001"


def at_first_version(database, rows):
    """The first version's tables, with the rows of another database as far as those tables can hold them."""
    with database.write() as session:
        command.upgrade(migrate.configuration(session), FIRST)
    with database.write() as session, rows.read() as source:
        then = MetaData()
        then.reflect(session.connection())
        for table in then.sorted_tables:
            now = Base.metadata.tables.get(table.name)
            if now is None or table.name.startswith("audit"):
                continue
            kept = [each for each in now.columns if each.name in table.columns]
            if found := source.execute(select(*kept)).mappings().all():
                # A table without the defaults of today's columns.
                then_table = table_of(now.name, *(column(each.name, each.type) for each in kept))
                session.execute(insert(then_table), [dict(row) for row in found])


def test_jobs_in_every_state_survive_an_upgrade_and_end(empty_database, tmp_path):
    with opened(url_at_head("sqlite", tmp_path)) as rows:
        held_id, later_id, due_id = (add_jobs(rows, now=utc_now())[0] for _ in range(3))
        [deliver_id] = add_outgoing(rows, "pacs")
        bytes_before = contents(rows, deliver_id)
        [held, later] = claim(rows, limit=2, worker="of the old version", lease_s=0.001)
        assert (held.job_id, later.job_id) == (held_id, later_id)
        with rows.write() as session:
            queue.retry_at(session, later, utc_now() - timedelta(seconds=1), "database away")
        database = empty_database
        at_first_version(database, rows)

    assert migrate.upgrade(database).is_at_head

    assert job(database, held_id).state == JobState.CLAIMED
    assert rescue.rescue_expired(database, max_attempts=5).available == 1
    # A job that lost its worker is claimed alone.
    claims = [one for _ in range(3) for one in claim(database, limit=9)]
    [deliver] = claim(database, kind=JobKind.DELIVER, destinations=("pacs",))
    with database.read() as session:
        outgoing = documents_for_delivery(session, deliver.job_id)
    assert outgoing.srs
    assert all(bytes_before[sr.sop_instance_uid] == sr.content for sr in outgoing.srs)
    with database.write() as session:
        for one in (*claims, deliver):
            queue.complete(session, one, utc_now())
    assert {one.job_id for one in claims} == {held_id, later_id, due_id}
    states = [job(database, one).state for one in (held_id, later_id, due_id, deliver_id)]
    assert states == [JobState.COMPLETED] * 4
    assert job(database, later_id).attempts == 2
