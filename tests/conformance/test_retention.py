"""What may go, what never does, and that nothing is lost between the two; on both databases."""

from __future__ import annotations

import pytest
from kept import AGES, DAY, FullSpool, Installation, run
from receipts import NOW, new_instance, receive, sender
from sqlalchemy import func, select

from osteo_pacs.db.tables import Delivery, Document, Job, Report
from osteo_pacs.housekeeping import retention as retention_module
from osteo_pacs.housekeeping.eligibility import Stays

LATER = NOW + 365 * DAY
MIB = 1 << 20


@pytest.fixture
def installation(database, tmp_path):
    return Installation(database, FullSpool(tmp_path / "spool"))


def leave_free(installation, free_bytes):
    """Makes the disk as small as that."""
    installation.spool.capacity_bytes += free_bytes - installation.spool.free_bytes()


# -- what may go

SETTLED = {
    "delivered": lambda i, study: (i.job(study, "completed"), i.report(study)),
    "delivered to one, cancelled for another": lambda i, study: (
        i.job(study, "completed"),
        i.report(study, deliveries_in=("completed", "cancelled")),
    ),
    "refused": lambda i, study: (i.job(study, "completed"), i.report(study, "refused")),
    "refused, and not to be sent": lambda i, study: (i.job(study, "completed"), i.report(study, "refused", ())),
    "nothing to read": lambda i, study: i.job(study, "completed"),
    "parked": lambda i, study: i.job(study, "parked"),
    "parked on its way": lambda i, study: (i.job(study, "completed"), i.report(study, deliveries_in=("parked",))),
    "cancelled": lambda i, study: i.job(study, "cancelled"),
    "cancelled on its way": lambda i, study: (
        i.job(study, "completed"),
        i.report(study, deliveries_in=("cancelled",)),
    ),
}
KEY = {
    "delivered": "delivered_days",
    "delivered to one, cancelled for another": "delivered_days",
    "refused": "refused_days",
    "refused, and not to be sent": "refused_days",
    "nothing to read": "nothing_to_read_days",
    "parked": "parked_days",
    "parked on its way": "parked_days",
    "cancelled": "cancelled_days",
    "cancelled on its way": "cancelled_days",
}


@pytest.fixture(params=SETTLED)
def settled(installation, request):
    """A study that has settled, and the key that says for how long it stays."""
    study_id = installation.complete(installation.receive())
    SETTLED[request.param](installation, study_id)
    return study_id, KEY[request.param]


def test_instances_go_by_the_age_of_their_kind_and_no_other(installation, settled):
    study_id, key = settled
    others = {name: days for name, days in AGES.items() if name != key}
    assert run(installation.keeper(LATER, **others)).studies == 0
    assert run(installation.keeper(NOW + 29 * DAY, **AGES)).studies == 0
    assert installation.kept() == [study_id]
    gone = run(installation.keeper(NOW + 30 * DAY, **{key: 30}))
    assert (gone.studies, gone.instances, gone.size_bytes) == (1, 2, 2000)
    assert installation.spool.files() == []
    assert {row.removed_at for row in installation.instances(study_id)} == {NOW + 30 * DAY}


def test_by_default_everything_stays_for_ever(installation, settled):
    study_id, _ = settled
    keeper = installation.keeper(LATER)
    plan = keeper.plan()
    assert plan.going == ()
    assert [(one.reason, one.studies, one.size_bytes) for one in plan.staying] == [(Stays.FOR_EVER, 1, 2000)]
    assert run(keeper).studies == 0
    assert installation.kept() == [study_id]


def test_the_report_and_its_documents_stay_when_the_instances_go(installation):
    installation.delivered()
    run(installation.keeper(**AGES))
    with installation.database.read() as session:
        assert [session.scalar(select(func.count()).select_from(table)) for table in (Report, Document)] == [1, 1]


def test_an_age_is_counted_from_what_was_last_done(installation):
    study_id = installation.complete(installation.receive())
    installation.job(study_id, "completed", at=NOW + DAY)
    installation.report(study_id, at=NOW + 7 * DAY)
    assert run(installation.keeper(NOW + 36 * DAY, **AGES)).studies == 0
    assert run(installation.keeper(NOW + 37 * DAY, **AGES)).studies == 1


def test_running_again_finds_nothing_more(installation):
    installation.delivered()
    run(installation.keeper(**AGES))
    assert run(installation.keeper(**AGES)).studies == 0
    assert len(installation.audited()) == 1


# -- what never goes

HELD = {
    "open": (Stays.RECEIVING, lambda *_: None),
    "complete, without a job": (Stays.UNPROCESSED, lambda i, study: i.complete(study)),
    **{
        f"its reading is {state}": (
            Stays.UNPROCESSED,
            lambda i, study, state=state: i.job(i.complete(study), state),
        )
        for state in ("available", "claimed", "retryable")
    },
    "read before, and a late instance waits": (
        Stays.UNPROCESSED,
        lambda i, study: (i.job(i.complete(study), "available"), i.job(study, "completed"), i.report(study)),
    ),
    **{
        f"its delivery is {state}": (
            Stays.UNDELIVERED,
            lambda i, study, state=state: (
                i.job(i.complete(study), "completed"),
                i.report(study, deliveries_in=("completed", state)),
            ),
        )
        for state in ("available", "claimed", "retryable")
    },
    "an older report is on its way": (
        Stays.UNDELIVERED,
        lambda i, study: (
            i.job(i.complete(study), "completed"),
            i.report(study, deliveries_in=("retryable",)),
            i.report(study),
        ),
    ),
    "a refusal is on its way": (
        Stays.UNDELIVERED,
        lambda i, study: (i.job(i.complete(study), "completed"), i.report(study, "refused", ("retryable",))),
    ),
    "no destination gets its report": (
        Stays.UNDELIVERED,
        lambda i, study: (i.job(i.complete(study), "completed"), i.report(study, deliveries_in=())),
    ),
    "labelled": (
        Stays.LABELLED,
        lambda i, study: (i.job(i.complete(study), "completed"), i.report(study), i.label(study)),
    ),
}


@pytest.mark.parametrize("case", HELD)
def test_what_is_held_stays_whatever_its_age_and_the_space(installation, case):
    reason, bring = HELD[case]
    study_id = installation.receive()
    bring(installation, study_id)
    installation.spool.capacity_bytes = MIB
    keeper = installation.keeper(LATER, **AGES, reports_days=30, pressure_states=("delivered", "parked"))
    assert [one.reason for one in keeper.plan().staying] == [reason]
    assert run(keeper).studies == 0
    assert installation.kept() == [study_id]
    assert installation.audited() == []


def test_a_study_that_an_association_still_sends_for_is_held(installation):
    study_id = installation.delivered("2.25.1.1")
    late = new_instance("2.25.1.1")
    receive(installation.database, late, by=sender(until=LATER + DAY))
    installation.complete(study_id)
    assert [one.reason for one in installation.keeper(LATER, **AGES).plan().staying] == [Stays.RECEIVING]


def test_a_parked_delivery_holds_even_where_space_is_short(installation):
    study_id = installation.complete(installation.receive())
    installation.job(study_id, "completed")
    installation.report(study_id, deliveries_in=("completed", "parked"))
    installation.spool.capacity_bytes = MIB
    assert run(installation.keeper(LATER, delivered_days=30)).studies == 0
    assert installation.kept() == [study_id]


# -- when space is short


def test_when_space_is_short_the_oldest_go_until_there_is_room(installation):
    third, _first, _second, fourth = (
        installation.delivered(at=NOW + number * DAY, size=100_000) for number in (2, 0, 1, 3)
    )
    # Space is short below 2 MiB: 0.3 MB are missing, and a study has 0.2 MB.
    leave_free(installation, 2 * MIB - 300_000)
    keeper = installation.keeper(LATER, high_free_mib=2)
    gone = run(keeper)
    assert (gone.studies, keeper.spool.free_bytes() >= 2 * MIB) == (2, True)
    assert installation.kept() == [third, fourth]
    assert all("because of space" in record.description for record in installation.audited())


def test_nothing_goes_for_space_above_the_low_mark(installation):
    study_id = installation.delivered()
    installation.spool.capacity_bytes = 3 * MIB
    assert run(installation.keeper(LATER, high_free_mib=100)).studies == 0
    assert installation.kept() == [study_id]


def test_what_is_too_young_stays_even_when_space_is_short(installation):
    study_id = installation.delivered()
    installation.spool.capacity_bytes = MIB
    assert run(installation.keeper(NOW + 0.9 * DAY)).studies == 0
    assert installation.kept() == [study_id]
    assert run(installation.keeper(NOW + DAY)).studies == 1


def test_what_reaches_its_age_makes_room_before_anything_goes_sooner(installation):
    old = installation.complete(installation.receive(at=NOW + 5 * DAY, size=MIB), at=NOW + 5 * DAY)
    installation.job(old, "cancelled", at=NOW + 5 * DAY)
    older = installation.delivered(size=1000)
    installation.spool.capacity_bytes = 3 * MIB + 10_000
    run(installation.keeper(LATER, cancelled_days=30, high_free_mib=3))
    assert installation.kept() == [older]


def test_a_plan_for_space_ends_when_there_is_room(installation, monkeypatch):
    monkeypatch.setattr(retention_module, "BATCH", 1)
    for _ in range(3):
        installation.delivered()
    installation.spool.capacity_bytes = MIB
    keeper = installation.keeper(LATER)
    plan = keeper.plan()
    assert len(plan.going) == 3
    installation.spool.capacity_bytes = 100 * MIB
    assert keeper.carry_out(plan).studies == 0


# -- forgetting


def test_a_study_without_instances_is_forgotten_at_its_age_with_every_revision(installation):
    study_id = installation.delivered()
    installation.report(study_id)
    keys = {"delivered_days": 30, "reports_days": 100}
    run(installation.keeper(NOW + 40 * DAY, **keys))
    assert run(installation.keeper(NOW + 99 * DAY, **keys)).forgotten == 0
    assert run(installation.keeper(NOW + 100 * DAY, **keys)).forgotten == 1
    assert installation.studies() == []
    with installation.database.read() as session:
        tables = (Report, Document, Delivery, Job)
        assert [session.scalar(select(func.count()).select_from(table)) for table in tables] == [0] * 4
    what = [record.description.split()[0] for record in installation.audited()]
    assert what == ["instances", "study"]


def test_a_study_with_instances_is_not_forgotten(installation):
    study_id = installation.delivered()
    assert run(installation.keeper(LATER, reports_days=30)).forgotten == 0
    assert installation.studies() == [study_id]


def test_a_label_that_came_after_the_instances_went_holds_the_report(installation):
    study_id = installation.delivered()
    run(installation.keeper(**AGES))
    installation.label(study_id)
    assert run(installation.keeper(LATER, **AGES, reports_days=30)).forgotten == 0
    assert installation.studies() == [study_id]
