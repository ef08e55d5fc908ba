"""One process of an installation leads; on both databases."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import text

from osteo_pacs.db.leader_lock import leader_lock
from osteo_pacs.db.session import Database

LEAD = """
import sys
from osteo_pacs.db.leader_lock import leader_lock
from osteo_pacs.db.session import Database

lock = leader_lock(Database(sys.argv[1]), "scheduler")
print(lock.hold(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(database):
    """The same database, opened by another process."""
    opened = Database(database.url.render_as_string(hide_password=False))
    yield opened
    opened.close()


def test_one_holder_has_the_lock_and_keeps_it(database, other):
    first, second = leader_lock(database, "scheduler"), leader_lock(other, "scheduler")
    assert (first.hold(), second.hold()) == (True, False)
    assert (first.hold(), second.hold()) == (True, False)
    first.release()
    assert (second.hold(), first.hold()) == (True, False)
    second.release()


def test_locks_of_other_names_are_free(database, other):
    first, second = leader_lock(database, "scheduler"), leader_lock(other, "trainer")
    assert (first.hold(), second.hold()) == (True, True)
    first.release()
    second.release()


def test_a_lock_that_was_never_held_can_be_released(database):
    leader_lock(database, "scheduler").release()


def test_the_lock_of_a_killed_process_is_free(database):
    ours = leader_lock(database, "scheduler")
    command = [sys.executable, "-c", LEAD, database.url.render_as_string(hide_password=False)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as leader:
        assert leader.stdout.readline() == b"True\n"
        assert not ours.hold()
        leader.kill()
    # A server notices a dead client a moment later.
    while not ours.hold():
        pass
    ours.release()


def test_a_lock_is_lost_with_its_connection_and_taken_again(postgresql_database):
    lock = leader_lock(postgresql_database, "scheduler")
    assert lock.hold()
    ends_others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
    )
    with postgresql_database.write() as session:
        session.execute(text(ends_others + "current_database()"))
    assert not lock.hold()
    assert lock.hold()
    lock.release()


def test_a_lock_in_a_database_that_is_away_is_not_held():
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    assert not leader_lock(away, "scheduler").hold()
    away.close()
