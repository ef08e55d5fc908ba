from __future__ import annotations

import pytest

from osteo_pacs.jobs.progress import Facts, StudyState, state_of
from osteo_pacs.jobs.states import JobState

AVAILABLE, CLAIMED, RETRYABLE, COMPLETED, PARKED, CANCELLED = JobState


@pytest.mark.parametrize("reading", [None, *JobState])
def test_while_instances_may_come_a_study_is_receiving_whatever_was_read_before(reading):
    facts = Facts(is_complete=False, reading=reading, has_report=True, deliveries=(PARKED,))
    assert state_of(facts) is StudyState.RECEIVING


@pytest.mark.parametrize("has_report", [True, False])
@pytest.mark.parametrize(
    ("reading", "state"),
    [
        (None, StudyState.QUEUED),
        (AVAILABLE, StudyState.QUEUED),
        (RETRYABLE, StudyState.QUEUED),
        (CLAIMED, StudyState.READING),
        (PARKED, StudyState.PARKED),
        (CANCELLED, StudyState.CANCELLED),
    ],
)
def test_until_it_is_read_the_reading_tells_even_beside_an_older_report(reading, state, has_report):
    facts = Facts(is_complete=True, reading=reading, has_report=has_report, deliveries=(COMPLETED,))
    assert state_of(facts) is state


def test_a_reading_without_a_report_had_nothing_to_read():
    assert state_of(Facts(is_complete=True, reading=COMPLETED, has_report=False)) is StudyState.NOTHING_TO_READ


@pytest.mark.parametrize(
    ("deliveries", "state"),
    [
        ((), StudyState.REPORTED),
        ((AVAILABLE,), StudyState.REPORTED),
        ((CLAIMED, COMPLETED), StudyState.REPORTED),
        ((RETRYABLE, CANCELLED), StudyState.REPORTED),
        ((COMPLETED, COMPLETED), StudyState.DELIVERED),
        ((COMPLETED, CANCELLED), StudyState.DELIVERED),
        ((CANCELLED,), StudyState.CANCELLED),
        ((PARKED, COMPLETED), StudyState.PARKED),
        ((PARKED, AVAILABLE), StudyState.PARKED),
    ],
)
def test_once_there_is_a_report_its_deliveries_tell(deliveries, state):
    facts = Facts(is_complete=True, reading=COMPLETED, has_report=True, deliveries=deliveries)
    assert state_of(facts) is state
