"""The courier when something of our own goes wrong."""

import threading

import pytest
from structlog.testing import capture_logs

from couriers import courier, destination, reaches, settings
from databases import database
from osteo_pacs.courier import lane as lane_module
from osteo_pacs.courier.loop import LaneHung, run_courier
from osteo_pacs.courier.settle import settle
from osteo_pacs.db.session import DatabaseUnavailable
from osteo_pacs.db.tables import JobState
from osteo_pacs.deliver.disposition import TryAgain
from outgoing import add_outgoing, job
from peers import ScriptedScp, until

__all__ = ["database"]
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_a_delivery_that_breaks_is_tried_again_and_holds_up_no_other(database, monkeypatch):
    send_report = lane_module.send_report
    broken = add_outgoing(database, "pacs")[0]
    sound = add_outgoing(database, "pacs")[0]

    def break_the_first(outgoing, sender, deadline):
        if outgoing.report_id == 1:
            raise ZeroDivisionError("PATIENT^NAME")
        return send_report(outgoing, sender, deadline)

    monkeypatch.setattr(lane_module, "send_report", break_the_first)
    with capture_logs() as events, ScriptedScp() as pacs, courier(database, settings(destination(pacs.port))):
        reaches(database, sound, JobState.COMPLETED)
        until(lambda: job(database, broken).last_error == "unexpected ZeroDivisionError")
        monkeypatch.setattr(lane_module, "send_report", send_report)
        reaches(database, broken, JobState.COMPLETED)
    assert {"delivery_broke", "delivery_failed", "report_delivered"} <= {event["event"] for event in events}


def test_a_delivery_is_written_as_soon_as_the_database_answers_again(database, monkeypatch):
    refusals = iter([DatabaseUnavailable("locked")])

    def settle_later(*args):
        for refusal in refusals:
            raise refusal
        settle(*args)

    monkeypatch.setattr(lane_module, "settle", settle_later)
    monkeypatch.setattr(lane_module, "UNAVAILABLE_S", 0.05)
    with ScriptedScp() as pacs, courier(database, settings(destination(pacs.port))):
        [job_id] = add_outgoing(database, "pacs")
        assert reaches(database, job_id, JobState.COMPLETED).attempts == 1
        assert len(pacs.received) == 2


def test_a_lane_that_outlives_every_deadline_ends_the_process(database, monkeypatch):
    released = threading.Event()

    def hang(*_):
        released.wait(60)
        return TryAgain("released", is_about_destination=True)

    monkeypatch.setattr(lane_module, "send_report", hang)
    monkeypatch.setattr(lane_module, "HANG_SLACK_S", 0.1)
    [job_id] = add_outgoing(database, "pacs")
    with pytest.raises(LaneHung, match="pacs"):
        run_courier(settings(destination(104, send_timeout_s=0.1)), database, threading.Event())
    released.set()
    reaches(database, job_id, JobState.RETRYABLE)
