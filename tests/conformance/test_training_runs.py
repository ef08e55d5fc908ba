"""The life of a training; on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rows import NOW

from osteo_pacs.db import training_runs as runs
from osteo_pacs.db.tables import TrainingRun
from osteo_pacs.db.training_runs import Outcome, TrainingLost, TrainingPlan, TrainingState

PLAN = TrainingPlan("/srv/dxa", "scratch", epochs=3)


def queue(database):
    with database.write() as session:
        return runs.add_training(session, PLAN, "anna@host", NOW)


def claim(database, trainer="one"):
    with database.write() as session:
        return runs.claim_training(session, trainer=trainer, lease_s=60)


def expire(database, run_id):
    with database.write() as session:
        session.get_one(TrainingRun, run_id).lease_expires_at = NOW


def known(database, run_id):
    with database.read() as session:
        return runs.find_training(session, run_id)


def test_a_training_is_claimed_once_the_oldest_first(database):
    first, second = queue(database), queue(database)
    claims = [claim(database) for _ in range(3)]
    assert [found and found.run_id for found in claims] == [first, second, None]
    assert claims[0].plan == PLAN
    assert known(database, first).state is TrainingState.RUNNING


def test_a_lease_that_is_renewed_keeps_the_training_and_its_progress(database):
    run_id = queue(database)
    held = claim(database)
    with database.write() as session:
        assert runs.renew(session, held, 60, {"epoch": 2}) is False
    assert known(database, run_id).progress == {"epoch": 2}
    assert claim(database, "two") is None


def test_a_training_whose_trainer_went_away_is_taken_over_and_the_first_is_fenced_off(database):
    run_id = queue(database)
    first = claim(database)
    expire(database, run_id)
    second = claim(database, "two")
    assert (second.run_id, second.lost_leases, known(database, run_id).claimed_by) == (run_id, 1, "two")
    for change in (
        lambda session: runs.renew(session, first, 60, {}),
        lambda session: runs.end_training(session, first, Outcome(TrainingState.COMPLETED), NOW),
        lambda session: runs.put_back(session, first, is_lost=False),
    ):
        with pytest.raises(TrainingLost), database.write() as session:
            change(session)


def test_a_training_that_ends_its_trainers_is_failed_and_says_so(database):
    run_id = queue(database)
    for _ in range(2):
        claim(database)
        expire(database, run_id)
        with database.write() as session:
            assert runs.give_up_lost(session, 3) == []
    claim(database)
    expire(database, run_id)
    with database.write() as session:
        assert runs.give_up_lost(session, 3) == [run_id]
    assert known(database, run_id).state is TrainingState.FAILED
    assert "3 times" in known(database, run_id).last_error
    assert claim(database) is None


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_training_that_is_put_back_waits_again(database, is_lost):
    run_id = queue(database)
    held = claim(database)
    with database.write() as session:
        runs.put_back(session, held, is_lost=is_lost, reason="x" if is_lost else None)
    assert (known(database, run_id).state, known(database, run_id).lost_leases) == (
        TrainingState.QUEUED,
        int(is_lost),
    )
    assert claim(database).token > held.token


def test_a_queued_training_is_cancelled_at_once_and_a_running_one_is_asked_to_end(database):
    running, queued = queue(database), queue(database)
    held = claim(database)
    with database.write() as session:
        assert runs.request_cancel(session, queued, NOW) is TrainingState.QUEUED
        assert runs.request_cancel(session, running, NOW) is TrainingState.RUNNING
        assert runs.request_cancel(session, 99, NOW) is None
        assert runs.renew(session, held, 60, {}) is True
        runs.end_training(session, held, Outcome(TrainingState.CANCELLED), NOW)
    assert {known(database, run_id).state for run_id in (running, queued)} == {TrainingState.CANCELLED}


def test_one_that_has_ended_stays_as_it_is(database):
    run_id = queue(database)
    held = claim(database)
    with database.write() as session:
        runs.end_training(session, held, Outcome(TrainingState.FAILED, "r" * 2000, facts={"seed": 1}), NOW)
    with database.write() as session:
        assert runs.request_cancel(session, run_id, NOW) is TrainingState.FAILED
    ended = known(database, run_id)
    assert (ended.state, len(ended.last_error), ended.facts, ended.ended_at) == (
        TrainingState.FAILED,
        1024,
        {"seed": 1},
        NOW,
    )


def test_a_trainer_is_wanted_while_one_waits_or_has_lost_its_trainer(database):
    def waits():
        with database.read() as session:
            return runs.waits(session)

    assert not waits()
    run_id = queue(database)
    assert waits()
    claim(database)
    assert not waits()
    expire(database, run_id)
    assert waits()


def test_trainings_are_listed_the_newest_first(database):
    ids = [queue(database) for _ in range(3)]
    with database.read() as session:
        assert [found.id for found in runs.list_trainings(session, limit=2)] == ids[:0:-1]


def test_the_newest_training_is_told_by_when_it_was_asked_for(database):
    with database.write() as session:
        assert runs.last_asked_at(session) is None
        runs.add_training(session, PLAN, "", NOW)
        runs.add_training(session, PLAN, "", NOW + timedelta(hours=1))
        assert runs.last_asked_at(session) == NOW + timedelta(hours=1)
