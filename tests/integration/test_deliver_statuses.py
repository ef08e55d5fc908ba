"""What the courier does with each class of status in answer to C-STORE (PS3.4 B.2.3, PS3.7 Annex C)."""

from __future__ import annotations

import pytest

from couriers import courier, destination, reaches, settings
from databases import database
from osteo_pacs.db.tables import JobState
from outgoing import add_outgoing, delivery
from peers import Answer, ScriptedScp

__all__ = ["database"]
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.mark.parametrize("status", [0xA700, 0xA7FF, 0x0110])
def test_what_it_cannot_do_now_is_tried_again_until_it_can(database, status):
    with ScriptedScp([Answer(status)] * 3) as pacs, courier(database, settings(destination(pacs.port))):
        [job_id] = add_outgoing(database, "pacs", others=())
        row = reaches(database, job_id, JobState.COMPLETED)
    assert row.attempts == 4
    assert len({received.digest for received in pacs.received}) == 1


@pytest.mark.parametrize("status", [0xA900, 0xA9FF, 0xC000, 0xCFFF, 0x0122, 0x0124, 0x0211])
def test_what_it_will_never_do_is_parked_with_the_status(database, status):
    with ScriptedScp([Answer(status)]) as pacs, courier(database, settings(destination(pacs.port))):
        [job_id] = add_outgoing(database, "pacs", others=())
        row = reaches(database, job_id, JobState.PARKED)
    assert (row.attempts, len(pacs.received)) == (1, 1)
    assert f"{status:#06x}" in row.last_error
    assert delivery(database, job_id).delivered_at is None


@pytest.mark.parametrize("status", [0x0000, 0x0111])
def test_what_it_has_is_delivered(database, status):
    with ScriptedScp([Answer(status)]) as pacs, courier(database, settings(destination(pacs.port))):
        [job_id] = add_outgoing(database, "pacs", others=())
        assert reaches(database, job_id, JobState.COMPLETED).attempts == 1
    assert delivery(database, job_id).warning is None
    assert delivery(database, job_id).sent_sop_instance_uid == pacs.received[0].sop_instance_uid


@pytest.mark.parametrize("status", [0xB000, 0xB006, 0xB007, 0x0107])
def test_what_it_took_with_a_warning_is_delivered_and_the_warning_kept(database, status):
    with ScriptedScp([Answer(status)]) as pacs, courier(database, settings(destination(pacs.port))):
        [job_id] = add_outgoing(database, "pacs", others=())
        assert reaches(database, job_id, JobState.COMPLETED).attempts == 1
    assert delivery(database, job_id).warning == f"stored with warning {status:#06x}"
