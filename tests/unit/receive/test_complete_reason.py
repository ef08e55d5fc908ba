from datetime import UTC, datetime, timedelta

import pytest

from osteo_pacs.db.studies import OpenStudy
from osteo_pacs.receive.completeness import CompleteReason, complete_reason

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last_s", "now_s", "has_open", "reason"),
    [
        (0, 9.9, False, None),
        (0, 10, False, CompleteReason.QUIET),
        (0, 10, True, None),
        (55, 59, True, None),
        (55, 60, True, CompleteReason.DEADLINE),
        (55, 60, False, CompleteReason.DEADLINE),
    ],
)
def test_a_study_is_whole_when_it_is_quiet_or_the_deadline_has_come(last_s, now_s, has_open, reason):
    study = OpenStudy(1, START, START + timedelta(seconds=last_s), has_open)
    now = START + timedelta(seconds=now_s)
    assert complete_reason(study, now, quiet=timedelta(seconds=10), max_wait=timedelta(seconds=60)) is reason
