"""Trainings by the clock; on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from rows import NOW, add_study

from osteo_pacs.config.training import Training
from osteo_pacs.db import labels, training_runs
from osteo_pacs.db.labels import NewLabel
from osteo_pacs.db.training_runs import TrainingState
from osteo_pacs.housekeeping.retraining import is_within, queue_when_due

SETTINGS = Training(schedule=True, schedule_window="00:00-00:00", schedule_min_new_labels=3)
LATER = NOW + timedelta(days=1)


def label(database, studies, now=NOW):
    for _ in range(studies):
        study_id = add_study(database)
        with database.write() as session:
            for author in ("r1", "r2"):
                new = NewLabel(study_id, is_positive=True, source="csv", labelled_at=now, author=author)
                labels.add_label(session, new, now)


def test_a_training_is_queued_when_enough_studies_were_labelled(database):
    label(database, 2)
    assert queue_when_due(database, NOW, SETTINGS) is None
    label(database, 1)
    training = queue_when_due(database, NOW, SETTINGS)
    with database.read() as session:
        queued = training_runs.find_training(session, training)
    assert (queued.state, queued.requested_by, queued.plan.dataset) == (TrainingState.QUEUED, "schedule", None)
    assert "3 studies" in queued.plan.command


def test_labels_count_from_the_last_training_on_whatever_became_of_it(database):
    label(database, 3)
    training = queue_when_due(database, NOW, SETTINGS)
    label(database, 3, LATER)
    assert queue_when_due(database, LATER, SETTINGS) is None, "one waits already"
    with database.write() as session:
        training_runs.request_cancel(session, training, NOW)
    assert queue_when_due(database, LATER, SETTINGS) == training + 1
    assert queue_when_due(database, LATER + timedelta(days=1), SETTINGS) is None


@pytest.mark.parametrize("change", [{"schedule": False}, {"schedule_window": "12:00-12:01"}])
def test_nothing_is_queued_outside_the_window_or_where_it_is_off(database, change):
    label(database, 3)
    outside = datetime(2026, 3, 1, 6).astimezone()
    assert queue_when_due(database, outside, SETTINGS.model_copy(update=change)) is None


@pytest.mark.parametrize(
    ("window", "hour", "minute", "is_inside"),
    [
        ("22:00-05:00", 22, 0, True),
        ("22:00-05:00", 2, 0, True),
        ("22:00-05:00", 5, 0, False),
        ("22:00-05:00", 21, 59, False),
        ("01:00-05:00", 0, 59, False),
        ("01:00-05:00", 4, 59, True),
        ("00:00-00:00", 13, 0, True),
    ],
)
def test_a_window_may_go_over_midnight(window, hour, minute, is_inside):
    now = datetime.combine(datetime.now(UTC).date(), datetime.min.time()).replace(hour=hour, minute=minute)
    assert is_within(window, now.astimezone()) is is_inside
