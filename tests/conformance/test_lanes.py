"""The destinations for which jobs wait; on both databases."""

from datetime import UTC, datetime

import pytest
from rows import add_jobs, claim

from osteo_pacs.db.tables import JobKind
from osteo_pacs.jobs import lanes
from osteo_pacs.jobs.queue import complete, park, retry_at

FAR = datetime(2100, 1, 1, tzinfo=UTC)


def destinations(database):
    with database.read() as session:
        return lanes.destinations(session, JobKind.DELIVER)


def test_without_jobs_there_are_no_destinations(database):
    add_jobs(database)
    assert destinations(database) == ()


def test_destinations_are_told_once_and_in_order(database):
    for name in ("b", "a", "c", "a", "b"):
        add_jobs(database, 2, kind=JobKind.DELIVER, destination=name)
    assert destinations(database) == ("a", "b", "c")


def test_jobs_that_are_not_due_count(database):
    add_jobs(database, kind=JobKind.DELIVER, destination="later")
    [held] = claim(database, kind=JobKind.DELIVER, destinations=("later",))
    with database.write() as session:
        retry_at(session, held, FAR, "down")
    add_jobs(database, kind=JobKind.DELIVER, destination="now")
    assert destinations(database) == ("later", "now")


@pytest.mark.parametrize("end", ["hold", "complete", "park"])
def test_jobs_that_do_not_wait_do_not_count(database, end):
    add_jobs(database, kind=JobKind.DELIVER, destination="a")
    [held] = claim(database, kind=JobKind.DELIVER, destinations=("a",))
    with database.write() as session:
        match end:
            case "complete":
                complete(session, held, FAR)
            case "park":
                park(session, held, "no")
    assert destinations(database) == ()
