"""Into service, back and out; on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from rows import NOW

from bundles import paper_bundle
from osteo_pacs.audit.record import Participant
from osteo_pacs.db import gate_decisions, model_versions, shadow
from osteo_pacs.db.audit import list_records
from osteo_pacs.db.gate_decisions import NewDecision
from osteo_pacs.db.model_versions import ModelState
from osteo_pacs.infer.trial import TrialFailed
from osteo_pacs.model_store import ModelStore
from osteo_pacs.retrain.registry import promotion
from osteo_pacs.retrain.registry.adopt import Lineage, VersionTaken, adopt
from osteo_pacs.retrain.registry.promotion import Change

PERSON = Participant("anna@host", address="host")


@pytest.fixture
def change(database, tmp_path):
    """Anna, on a clock that goes on by a second each time, with a trial that always comes out."""
    seconds = count(1)
    return Change(
        database=database,
        store=ModelStore(tmp_path / "models"),
        by=PERSON,
        clock=lambda: NOW + timedelta(seconds=next(seconds)),
        trial=lambda _folder: None,
    )


def known(change, tmp_path, version):
    folder = paper_bundle(tmp_path / version, version)
    return adopt(change.database, change.store.folder, folder, Lineage(command="train"), NOW)


@pytest.fixture
def versions(change, tmp_path):
    """1.0 in service, 1.1 and 1.2 candidates."""
    found = [known(change, tmp_path, version) for version in ("1.0", "1.1", "1.2")]
    promotion.promote(change, found[0])
    return found


def pass_gate(change, candidate, against, *, is_passed=True):
    with change.database.write() as session:
        new = NewDecision(candidate.id, against.id, is_passed, {"rules": []}, "d" * 64)
        gate_decisions.record_decision(session, new, NOW)


def state(change):
    with change.database.read() as session:
        return {each.version: each.state for each in model_versions.list_model_versions(session)}


def in_service(change):
    with change.database.read() as session:
        return model_versions.active(session).version


def test_a_candidate_goes_into_service_by_the_gate_and_the_one_before_is_retired(change, versions):
    first, second, _ = versions
    pass_gate(change, second, first)
    promotion.promote(change, second)
    assert state(change) == {"1.0": ModelState.RETIRED, "1.1": ModelState.ACTIVE, "1.2": ModelState.CANDIDATE}


@pytest.mark.parametrize("judged", ["never", "failed", "against another"])
def test_without_a_passed_gate_against_the_version_in_service_nothing_changes(change, versions, judged):
    first, second, third = versions
    if judged != "never":
        pass_gate(change, second, third if judged == "against another" else first, is_passed=judged != "failed")
    with pytest.raises(promotion.GateNotPassed) as refused:
        promotion.promote(change, second)
    assert "osteo-pacs model gate 1.1" in refused.value.remedy
    assert in_service(change) == "1.0"


def test_a_newer_decision_counts_and_not_an_older_one(change, versions):
    first, second, _ = versions
    pass_gate(change, second, first)
    pass_gate(change, second, first, is_passed=False)
    with pytest.raises(promotion.GateNotPassed):
        promotion.promote(change, second)


def test_an_override_is_kept_with_who_and_why_and_audited(change, versions):
    _, second, _ = versions
    promotion.promote(change, second, "the scanner was replaced")
    with change.database.read() as session:
        [kept] = gate_decisions.list_decisions(session, second.id)
        assert gate_decisions.latest_decision(session, second.id) is None
        newest = list_records(session)[0].record
    assert (kept.override_by, kept.override_reason, kept.is_passed) == (
        "anna@host",
        "the scanner was replaced",
        False,
    )
    assert "promoted without the gate, because: the scanner was replaced" in newest.description
    assert PERSON.user_id in {who.user_id for who in newest.participants}


def test_rollbacks_go_back_promotion_by_promotion_and_never_to_what_was_rolled_back_from(change, versions):
    for candidate in versions[1:]:
        promotion.promote(change, candidate, "a test")
    assert [promotion.roll_back(change).version for _ in range(2)] == ["1.1", "1.0"]
    assert in_service(change) == "1.0"
    with pytest.raises(promotion.NothingToRollBackTo):
        promotion.roll_back(change)
    promotion.promote(change, versions[2])
    assert promotion.roll_back(change).version == "1.0"


def test_what_was_in_service_comes_back_without_the_gate(change, versions):
    promotion.promote(change, versions[1], "a test")
    promotion.promote(change, versions[0])
    assert in_service(change) == "1.0"


def test_a_version_whose_trial_fails_stays_outside(change, versions):
    def fail(folder):
        assert folder.is_dir()
        raise TrialFailed("it raised")

    for change_it in (
        lambda: promotion.promote(replace(change, trial=fail), versions[1], "urgent"),
        lambda: promotion.cast_shadow(replace(change, trial=fail), versions[1]),
    ):
        with pytest.raises(TrialFailed):
            change_it()
    assert in_service(change) == "1.0"


def test_a_version_whose_bundle_is_not_in_the_store_stays_outside(change, versions, tmp_path):
    elsewhere = replace(change, store=ModelStore(tmp_path / "nothing"))
    with pytest.raises(promotion.BundleNotInStore):
        promotion.promote(elsewhere, versions[1], "urgent")


def test_of_two_promotions_at_once_one_wins_and_the_other_is_told(change, versions):
    both_tried = threading.Barrier(2)
    outcomes = {}

    def promote(candidate):
        try:
            together = replace(change, trial=lambda _: both_tried.wait(20))
            promotion.promote(together, candidate, "a race")
            outcomes[candidate.version] = "in service"
        except promotion.ModelInServiceChanged as error:
            outcomes[candidate.version] = error.detail

    threads = [threading.Thread(target=promote, args=(candidate,)) for candidate in versions[1:]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    winner = in_service(change)
    [loser] = {"1.1", "1.2"} - {winner}
    assert outcomes == {winner: "in service", loser: f"it is {winner} now."}
    assert list(state(change).values()).count(ModelState.ACTIVE) == 1


def test_a_candidate_is_retired_and_no_other(change, versions):
    first, second, _ = versions
    promotion.cast_shadow(change, second)
    promotion.retire(change, second)
    assert state(change)["1.1"] == ModelState.RETIRED
    with change.database.read() as session:
        assert shadow.current(session) is None
    for version in (first, second):
        with pytest.raises(promotion.NoCandidate):
            promotion.retire(change, version)
    with pytest.raises(promotion.NoCandidate):
        promotion.cast_shadow(change, second)


def test_a_shadow_that_goes_into_service_is_none_any_more(change, versions):
    with pytest.raises(promotion.InServiceAlready):
        promotion.cast_shadow(change, versions[0])
    promotion.cast_shadow(change, versions[1])
    promotion.promote(change, versions[1], "a test")
    assert promotion.end_shadow(change) is None


def test_the_same_bundle_is_known_once_and_its_folder_is_not_needed_any_more(change, tmp_path):
    first = known(change, tmp_path, "1.0")
    assert known(change, tmp_path, "1.0") == first
    assert first.facts["lineage"] == {"command": "train"}
    place = change.store.folder_of(first.bundle_sha256)
    assert (place / "manifest.json").read_bytes() == (tmp_path / "1.0" / "manifest.json").read_bytes()
    assert [path.name for path in change.store.folder.iterdir()] == [first.bundle_sha256]


@pytest.mark.parametrize("keys", [{"version": "1.0"}, {"version": "1.1", "device_uid": "2.25.10"}])
def test_two_models_never_have_one_name(change, tmp_path, keys):
    known(change, tmp_path, "1.0")
    other = paper_bundle(tmp_path / "other", weights=b"other weights", **keys)
    with pytest.raises(VersionTaken):
        adopt(change.database, change.store.folder, other, Lineage(), NOW)
