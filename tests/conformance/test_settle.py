"""What became of a delivery, written with its job; on both databases."""

from datetime import timedelta
from random import Random

import pytest

from osteo_pacs.audit.record import Participant
from osteo_pacs.clock import utc_now
from osteo_pacs.courier.send import Sent
from osteo_pacs.courier.settle import RetryRules, settle
from osteo_pacs.db.audit import list_records
from osteo_pacs.db.deliveries import documents_for_delivery
from osteo_pacs.db.tables import JobKind, JobState
from osteo_pacs.deliver.disposition import Refused, TryAgain
from osteo_pacs.dicom.audit import Action, EventId, EventOutcome, Role
from osteo_pacs.jobs.queue import ClaimLost, claim, release
from osteo_pacs.jobs.retry import Backoff
from outgoing import add_outgoing, delivery, job

RULES = RetryRules(Backoff(5, 900), timedelta(days=7), Random(1))  # noqa: S311 - jitter
PACS = Participant("PACS", ae_title="PACS", name="pacs", address="10.0.0.9")
DOWN = TryAgain("the connection was refused", is_about_destination=True)


@pytest.fixture
def held(database):
    add_outgoing(database, "pacs")
    return claim_one(database)


def claim_one(database):
    [held] = claim(database, kind=JobKind.DELIVER, worker="w", lease_s=60, limit=1, destinations=("pacs",))
    return held


def test_a_delivery_is_marked_with_its_job(database, held):
    settle(database, held, Sent("1.2.3", 0), RULES, PACS)
    assert job(database, held.job_id).state == JobState.COMPLETED
    sent = delivery(database, held.job_id)
    assert (sent.sent_sop_instance_uid, sent.warning) == ("1.2.3", None)
    assert sent.delivered_at is not None


def audited(database):
    with database.read() as session:
        return [kept.record for kept in list_records(session)]


def test_a_delivery_is_in_the_audit_trail_with_what_was_sent(database, held):
    with database.read() as session:
        outgoing = documents_for_delivery(session, held.job_id)
    sr, _other, text = (*outgoing.srs, *outgoing.others)
    settle(database, held, Sent(sr.sop_instance_uid, 0), RULES, PACS)
    [record] = audited(database)
    assert (record.event_id, record.action, record.outcome) == (
        EventId.INSTANCES_TRANSFERRED,
        Action.READ,
        EventOutcome.SUCCESS,
    )
    assert [(who.user_id, who.role) for who in record.participants][1] == ("PACS", Role.DESTINATION)
    [study] = record.objects
    assert study.instances == {
        sr.sop_class_uid: (sr.sop_instance_uid,),
        text.sop_class_uid: (text.sop_instance_uid,),
    }


@pytest.mark.parametrize("outcome", [Refused("0xa900: it does not match"), DOWN])
def test_a_delivery_that_is_given_up_is_in_the_audit_trail(database, outcome):
    add_outgoing(database, "pacs", now=utc_now() - timedelta(days=8))
    settle(database, claim_one(database), outcome, RULES, PACS)
    [record] = audited(database)
    assert record.outcome is EventOutcome.SERIOUS_FAILURE
    assert outcome.reason in record.description
    assert record.objects[0].instances == {}


def test_an_attempt_that_will_be_made_again_is_not_in_the_audit_trail(database, held):
    settle(database, held, DOWN, RULES, PACS)
    assert audited(database) == []


def test_a_warning_stays_with_the_delivery(database, held):
    settle(database, held, Sent("1.2.3", 0xB000), RULES, PACS)
    assert delivery(database, held.job_id).warning == "stored with warning 0xb000"


def test_a_failed_attempt_is_due_again_after_the_backoff(database, held):
    before = utc_now()
    settle(database, held, DOWN, RULES, PACS)
    row = job(database, held.job_id)
    assert (row.state, row.last_error) == (JobState.RETRYABLE, "the connection was refused")
    assert before + timedelta(seconds=2) < row.run_at < utc_now() + timedelta(seconds=5)
    assert delivery(database, held.job_id).delivered_at is None


def test_a_destination_that_stays_away_is_given_up_with_the_command_that_retries(database):
    add_outgoing(database, "pacs", now=utc_now() - timedelta(days=8))
    held = claim_one(database)
    settle(database, held, DOWN, RULES, PACS)
    row = job(database, held.job_id)
    assert row.state == JobState.PARKED
    assert "given up after 1 attempts: the connection was refused" in row.last_error
    assert f"`osteo-pacs queue retry {held.job_id}`" in row.last_error


def test_a_refused_delivery_is_parked_with_the_command_that_retries(database, held):
    settle(database, held, Refused("0xa900: it does not match"), RULES, PACS)
    row = job(database, held.job_id)
    assert row.state == JobState.PARKED
    assert row.last_error == f"0xa900: it does not match; then `osteo-pacs queue retry {held.job_id}`"


def test_a_lost_claim_leaves_nothing_behind(database, held):
    with database.write() as session:
        release(session, held)
    with pytest.raises(ClaimLost):
        settle(database, held, Sent("1.2.3", 0), RULES, PACS)
    assert job(database, held.job_id).state == JobState.AVAILABLE
    assert delivery(database, held.job_id).delivered_at is None
    with database.read() as session:
        assert list_records(session) == []
