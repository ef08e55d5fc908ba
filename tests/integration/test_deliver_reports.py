"""The courier with real peers: what is in the queue reaches the PACS, whatever the PACS does meanwhile."""

import time

import psutil
import pytest
from pydicom.uid import BasicTextSRStorage, Comprehensive3DSRStorage, ComprehensiveSRStorage
from structlog.testing import capture_logs

from couriers import courier, destination, reaches, settings
from databases import database
from osteo_pacs.clock import utc_now
from osteo_pacs.db.tables import JobState
from osteo_pacs.deliver import Instance
from osteo_pacs.jobs import admin
from osteo_pacs.jobs.filters import JobFilter
from outgoing import add_outgoing, contents, delivery, job
from peers import Abort, Answer, ScriptedScp, Silence, Stall, StoreScp, TcpProxy, free_port, until
from peers.fixtures import orthanc

__all__ = ["database", "orthanc"]
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_a_report_reaches_its_destination_byte_for_byte(database):
    with ScriptedScp() as pacs, courier(database, settings(destination(pacs.port))):
        [job_id] = add_outgoing(database, "pacs")
        reaches(database, job_id, JobState.COMPLETED)
    wanted = contents(database, job_id)
    sent = {received.sop_instance_uid: received.data_set for received in pacs.received}
    assert [received.sop_class_uid for received in pacs.received] == [Comprehensive3DSRStorage, BasicTextSRStorage]
    assert sent == {uid: Instance.from_part10(wanted[uid]).data_set for uid in sent}
    assert delivery(database, job_id).sent_sop_instance_uid == pacs.received[0].sop_instance_uid


@on_sqlite
def test_a_destination_gets_the_sr_that_it_takes(database):
    takes = [ComprehensiveSRStorage, BasicTextSRStorage]
    with (
        ScriptedScp(sop_class_uids=takes) as pacs,
        courier(database, settings(destination(pacs.port))),
    ):
        [job_id] = add_outgoing(database, "pacs")
        reaches(database, job_id, JobState.COMPLETED)
    assert [received.sop_class_uid for received in pacs.received] == takes
    assert delivery(database, job_id).sent_sop_instance_uid == pacs.received[0].sop_instance_uid


@on_sqlite
def test_a_burst_goes_out_over_one_association(database):
    job_ids = [job_id for _ in range(20) for job_id in add_outgoing(database, "pacs")]
    with ScriptedScp() as pacs, courier(database, settings(destination(pacs.port))):
        for job_id in job_ids:
            reaches(database, job_id, JobState.COMPLETED)
        assert pacs.associations == 1
    assert len(pacs.received) == 40


@on_sqlite
def test_a_destination_that_was_down_gets_each_report_once_when_it_is_back(database):
    port = free_port()
    job_ids = [job_id for _ in range(5) for job_id in add_outgoing(database, "pacs")]
    with courier(database, settings(destination(port))):
        until(lambda: any(job(database, job_id).last_error for job_id in job_ids))
        with ScriptedScp(port=port) as pacs:
            for job_id in job_ids:
                reaches(database, job_id, JobState.COMPLETED)
    assert len(pacs.received) == len(set(pacs.sop_instance_uids)) == 10


@on_sqlite
def test_reports_that_were_not_tried_keep_their_attempts_while_a_destination_is_down(database):
    job_ids = [job_id for _ in range(8) for job_id in add_outgoing(database, "pacs")]
    with courier(database, settings(destination(free_port()), backoff_s=60, max_backoff_s=60)):
        until(lambda: [job(database, job_id).state for job_id in job_ids].count(JobState.RETRYABLE) == 1)
        until(lambda: [job(database, job_id).state for job_id in job_ids].count(JobState.AVAILABLE) == 7)
    assert sorted(job(database, job_id).attempts for job_id in job_ids) == [0] * 7 + [1]


@on_sqlite
def test_one_destination_that_is_away_holds_up_no_other(database):
    with ScriptedScp() as pacs, ScriptedScp([Silence()] * 9) as silent:
        config = settings(
            destination(free_port(), "down"), destination(silent.port, "silent"), destination(pacs.port, "up")
        )
        job_ids = [add_outgoing(database, "down", "silent", "up") for _ in range(3)]
        with courier(database, config):
            for down, hung, up in job_ids:
                reaches(database, up, JobState.COMPLETED)
                assert job(database, down).completed_at is None
                assert job(database, hung).completed_at is None


@on_sqlite
def test_an_unknown_outcome_is_sent_again_with_the_same_bytes(database):
    with ScriptedScp([Abort(), Answer(0x0111)]) as pacs, courier(database, settings(destination(pacs.port))):
        [job_id] = add_outgoing(database, "pacs", others=())
        row = reaches(database, job_id, JobState.COMPLETED)
    assert row.attempts == 2
    assert len(pacs.received) == 2
    assert len({received.digest for received in pacs.received}) == 1


@on_sqlite
def test_a_stall_inside_the_answer_costs_the_deadline_and_one_more_attempt(database):
    with ScriptedScp() as pacs, TcpProxy(pacs.port, answers=Stall(2, 3)) as proxy:
        config = settings(destination(proxy.port, send_timeout_s=0.5, connect_timeout_s=0.5))
        with courier(database, config):
            [job_id] = add_outgoing(database, "pacs")
            until(lambda: job(database, job_id).last_error == "no answer to C-STORE: nothing came in time")
            proxy.answers = None
            assert reaches(database, job_id, JobState.COMPLETED).attempts >= 2


@on_sqlite
@pytest.mark.parametrize("status", [0xA900, 0xC000, 0x0122])
def test_a_refusal_parks_the_report_and_retry_sends_it(database, status):
    with ScriptedScp([Answer(status)]) as pacs, courier(database, settings(destination(pacs.port))):
        [job_id] = add_outgoing(database, "pacs")
        row = reaches(database, job_id, JobState.PARKED)
        assert f"{status:#06x}" in row.last_error
        assert f"`osteo-pacs queue retry {job_id}`" in row.last_error
        retry(database, job_id)
        reaches(database, job_id, JobState.COMPLETED)


def retry(database, job_id):
    with database.write() as session:
        assert len(admin.retry(session, JobFilter(job_ids=(job_id,)), utc_now())) == 1


@on_sqlite
def test_a_rejected_context_parks_the_report(database):
    with (
        ScriptedScp(sop_class_uids=[BasicTextSRStorage]) as pacs,
        courier(database, settings(destination(pacs.port))),
    ):
        [job_id] = add_outgoing(database, "pacs")
        row = reaches(database, job_id, JobState.PARKED)
    assert "Comprehensive 3D SR Storage or Comprehensive SR Storage" in row.last_error
    assert [received.sop_class_uid for received in pacs.received] == [BasicTextSRStorage]


@on_sqlite
def test_a_destination_that_stays_down_is_given_up(database):
    with courier(database, settings(destination(free_port()), give_up_delivery_after_s=0.5)):
        [job_id] = add_outgoing(database, "pacs")
        assert "given up" in reaches(database, job_id, JobState.PARKED).last_error


def test_reports_for_a_destination_that_is_gone_are_parked_with_the_remedy(database):
    [job_id] = add_outgoing(database, "gone")
    with courier(database, settings()):
        row = reaches(database, job_id, JobState.PARKED)
    assert 'name = "gone"' in row.last_error
    assert f"`osteo-pacs queue retry {job_id}`" in row.last_error


@on_sqlite
def test_a_paused_destination_gets_nothing_until_it_is_resumed(database):
    with ScriptedScp() as pacs:
        with database.write() as session:
            admin.pause(session, admin.subject(destination="pacs"), utc_now())
        paused, free = add_outgoing(database, "pacs", "other")
        with courier(database, settings(destination(pacs.port), destination(pacs.port, "other"))):
            reaches(database, free, JobState.COMPLETED)
            assert job(database, paused).state == JobState.AVAILABLE
            with database.write() as session:
                admin.resume(session, admin.subject(destination="pacs"))
            reaches(database, paused, JobState.COMPLETED)


@on_sqlite
def test_the_lease_is_renewed_while_a_destination_takes_its_time(database):
    with ScriptedScp([Silence()]) as pacs:
        config = settings(destination(pacs.port, send_timeout_s=60), lease_s=0.6)
        with courier(database, config):
            [job_id] = add_outgoing(database, "pacs")
            first = until(lambda: job(database, job_id).lease_expires_at)
            until(lambda: job(database, job_id).lease_expires_at > first)
            assert job(database, job_id).state == JobState.CLAIMED


@on_sqlite
def test_shutdown_waits_for_the_report_in_hand(database, tmp_path):
    with StoreScp(tmp_path / "received", args=("--sleep-after", "1")) as pacs:
        with courier(database, settings(destination(pacs.port))):
            [job_id] = add_outgoing(database, "pacs", others=())
            until(lambda: job(database, job_id).state == JobState.CLAIMED)
        assert job(database, job_id).state == JobState.COMPLETED


@on_sqlite
def test_shutdown_does_not_wait_for_a_silent_destination(database):
    with ScriptedScp([Silence()]) as pacs:
        with courier(database, settings(destination(pacs.port))):
            [job_id] = add_outgoing(database, "pacs")
            until(lambda: pacs.received)
            started_s = time.monotonic()
        assert time.monotonic() - started_s < 4
    assert job(database, job_id).state == JobState.RETRYABLE


@on_sqlite
def test_each_delivery_is_one_event_without_identity(database):
    with (
        capture_logs() as events,
        ScriptedScp([Answer(0xA900), Answer(0xA900)]) as pacs,
        courier(database, settings(destination(pacs.port))),
    ):
        refused, *_ = add_outgoing(database, "pacs")
        reaches(database, refused, JobState.PARKED)
        taken, *_ = add_outgoing(database, "pacs")
        reaches(database, taken, JobState.COMPLETED)
    told = {event["event"]: event for event in events}
    assert told["report_delivered"].keys() == {
        "event", "log_level", "job_id", "destination", "attempts", "seconds", "status"
    }  # fmt: skip
    assert told["delivery_failed"].keys() == {
        "event", "log_level", "job_id", "destination", "attempts", "seconds", "reason"
    }  # fmt: skip
    assert not any(uid in str(events) for uid in pacs.sop_instance_uids)


@on_sqlite
def test_an_idle_courier_costs_next_to_nothing(database):
    with ScriptedScp() as pacs:
        config = settings(destination(pacs.port), destination(free_port(), "other"), poll_s=0.1)
        with courier(database, config):
            process = psutil.Process()
            before = process.cpu_times()
            time.sleep(3)
            after = process.cpu_times()
    assert (after.user + after.system - before.user - before.system) / 3 < 0.05


@on_sqlite
def test_a_claim_that_was_lost_meanwhile_is_not_settled(database):
    with ScriptedScp([Silence()]) as pacs:
        config = settings(destination(pacs.port, send_timeout_s=1))
        with capture_logs() as events, courier(database, config):
            [job_id] = add_outgoing(database, "pacs")
            until(lambda: pacs.received)
            cancel(database, job_id)
            until(lambda: any(event["event"] == "claim_lost" for event in events))
    assert job(database, job_id).state == JobState.CANCELLED


def cancel(database, job_id):
    with database.write() as session:
        assert len(admin.cancel(session, JobFilter(job_ids=(job_id,)), utc_now())) == 1


def test_orthanc_has_each_report_once_in_its_own_study(database, orthanc):
    with courier(database, settings(destination(orthanc.port))):
        job_ids = [job_id for _ in range(3) for job_id in add_outgoing(database, "pacs")]
        for job_id in job_ids:
            reaches(database, job_id, JobState.COMPLETED)
    assert len(orthanc.instances(sop_class_uid=Comprehensive3DSRStorage)) == 3
    assert len(orthanc.instances(sop_class_uid=BasicTextSRStorage)) == 3
    assert orthanc.count() == 6


def test_plain_dicom_off_loopback_is_warned_of_for_each_destination(database):
    far = destination(105, "far", host="192.0.2.7", allow_plain=True)
    with capture_logs() as events, courier(database, settings(destination(104), far)):
        [event] = [event for event in events if event["event"] == "plain_off_loopback"]
    assert (event["destination"], event["host"], event["port"]) == ("far", "192.0.2.7", 105)
