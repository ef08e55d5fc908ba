"""What a shadow is to read, what it said, and what drift is judged by; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

import numpy as np
import pytest
from rows import NOW
from structlog.testing import capture_logs

from osteo_pacs.cli.model_shadow import compared
from osteo_pacs.config.drift import Drift
from osteo_pacs.db import drift, labels, model_serving, model_versions, reports, shadow
from osteo_pacs.db.drift import Figure
from osteo_pacs.db.model_versions import NewModelVersion
from osteo_pacs.db.reports import NewReport
from osteo_pacs.db.shadow import Said
from osteo_pacs.db.tables import Study
from osteo_pacs.housekeeping.drift import watch_drift
from osteo_pacs.labels.effective import LabelRules

BUNDLE = NewModelVersion("spine", "1.0", "a" * 64, "b" * 64, "2.25.1")
CANDIDATE = replace(BUNDLE, version="1.1", bundle_sha256="c" * 64)
LIMITS = Drift(reference_studies=100, min_studies=50, min_labels=10, window_days=7)
_serial = count(1)

RULES = LabelRules.of(("sr", "csv", "t_score"), -2.5)


@pytest.fixture
def versions(database):
    with database.write() as session:
        active, candidate = (model_versions.register(session, bundle, NOW) for bundle in (BUNDLE, CANDIDATE))
        model_versions.activate(session, active, NOW)
    return active, candidate


def read(database, version, outcome="negative", probability=0.1, *, at=NOW, label=None, reason="poor_coverage"):
    """A study, its report by this version, and perhaps a label; the report's number."""
    with database.write() as session:
        return add(session, version, outcome, probability, at=at, label=label, reason=reason)


def add(session, version, outcome, probability, *, at=NOW, label=None, reason="poor_coverage"):
    number = next(_serial)
    study = Study(study_instance_uid=f"2.25.9{number}", received_at=at, opened_at=at, last_received_at=at)
    session.add(study)
    session.flush()
    refusals = [{"reason": reason}] if outcome == "refused" else []
    new = NewReport(
        study_id=study.id,
        input_digest=f"{number:064}",
        model_version_id=version,
        outcome=outcome,
        probability=None if outcome == "refused" else float(probability),
        created_at=at,
        readings={"refusals": refusals},
    )
    report_id = reports.add_report(session, new, [])
    if label is not None:
        labels.add_label(session, labels.NewLabel(study.id, is_positive=label, source="csv", labelled_at=at), at)
    return report_id


def say(database, candidate, report_id, said):
    with database.write() as session:
        assert shadow.begin(session, candidate, report_id, NOW)
        shadow.conclude(session, candidate, report_id, said)


def test_a_shadow_reads_what_comes_after_it_was_cast_and_each_report_once(database, versions):
    active, candidate = versions
    read(database, active)
    with database.write() as session:
        shadow.cast(session, candidate, NOW)
        cast = shadow.current(session)
    after = [read(database, active) for _ in range(3)]
    with database.write() as session:
        assert [one.report_id for one in shadow.next_to_read(session, cast, 2)] == after[:2]
        assert shadow.begin(session, candidate, after[0], NOW)
        assert not shadow.begin(session, candidate, after[0], NOW)
        assert [one.report_id for one in shadow.next_to_read(session, cast, 9)] == after[1:]


def test_a_reading_that_did_not_end_counts_as_failed(database, versions):
    active, candidate = versions
    report_id = read(database, active)
    with database.write() as session:
        shadow.begin(session, candidate, report_id, NOW)
        [pair] = shadow.pairs(session, candidate, RULES)
    assert (pair.shadow_outcome, pair.shadow_probability) == (shadow.FAILED, None)
    assert (compared([pair])["read"], compared([pair])["failed"]) == (0, 1)


def test_agreement_is_told_beside_the_version_in_service_and_beside_labels(database, versions):
    active, candidate = versions
    first = read(database, active, "positive", 0.9, label=True)
    second = read(database, active, "negative", 0.2, label=True)
    third = read(database, active, "refused")
    for report_id, said in (
        (first, Said("positive", 0.8)),
        (second, Said("positive", 0.6)),
        (third, Said("refused")),
    ):
        say(database, candidate, report_id, said)
    with database.read() as session:
        facts = compared(shadow.pairs(session, candidate, RULES))
    assert (facts["read"], facts["agreement"]["value"]) == (3, pytest.approx(0.6667))
    assert facts["mean_difference"]["value"] == pytest.approx(0.15)
    assert facts["labels"]["studies"] == 2
    assert (facts["labels"]["shadow"]["value"], facts["labels"]["in_service"]["value"]) == (1.0, 0.5)


def test_the_label_counts_that_counts_for_training(database, versions):
    active, candidate = versions
    report_id = read(database, active, "positive", 0.9, label=False)
    say(database, candidate, report_id, Said("positive", 0.8))
    with database.write() as session:
        [pair] = shadow.pairs(session, candidate, RULES)
        for days, source, is_positive in ((1, "sr", True), (2, "csv", False)):
            at = NOW + timedelta(days=days)
            labels.add_label(session, labels.NewLabel(pair.study_id, is_positive, source, at), NOW)
        [pair] = shadow.pairs(session, candidate, RULES)
    assert pair.label is True


def test_a_worker_tells_what_it_reads_with_and_what_it_could_not_load(database, versions):
    active, candidate = versions
    with database.write() as session:
        for worker in ("a:1", "b:2"):
            model_serving.record_serving(session, worker, active, NOW)
        model_serving.record_failure(session, "a:1", candidate, "it is damaged")
        first, second = model_serving.list_serving(session)
        assert (first.model_version_id, first.failed_model_version_id, first.failure) == (
            active,
            candidate,
            "it is damaged",
        )
        assert second.failure is None
        model_serving.record_serving(session, "a:1", candidate, NOW)
        assert model_serving.list_serving(session)[0].failure is None
        model_serving.record_seen(session, "b:2", NOW + timedelta(hours=1))
        assert [one.worker for one in model_serving.list_serving(session, NOW + timedelta(hours=1))] == ["b:2"]
        model_serving.forget(session, ["a:1", "b:2"])
        assert model_serving.list_serving(session) == []


def fill(database, version, probabilities, *, at=NOW, **keys):
    with database.write() as session:
        for probability in probabilities:
            outcome = "positive" if probability > 0.5 else "negative"
            add(session, version, outcome, probability, at=at, **keys)


def figures(database, now, settings=LIMITS):
    with capture_logs() as logs:
        watch_drift(database, settings, RULES, now)
    with database.read() as session:
        return {state.figure: state for state in drift.drift_state(session)}, [log["event"] for log in logs]


def test_drift_is_told_once_when_it_comes_and_once_when_it_goes(database, versions):
    active, _ = versions
    spread = np.linspace(0.01, 0.99, 100)
    fill(database, active, spread)
    later = NOW + timedelta(days=30)
    state, events = figures(database, later)
    assert (state[Figure.SCORE_SHIFT].value, events) == (None, [])

    fill(database, active, np.full(60, 0.9), at=later)
    state, events = figures(database, later)
    assert state[Figure.SCORE_SHIFT].is_alarm
    assert state[Figure.SCORE_SHIFT].value > LIMITS.max_score_shift
    assert events == ["drift_alarm"]
    assert figures(database, later + timedelta(hours=1))[1] == []

    calm = later + timedelta(days=8)
    fill(database, active, spread, at=calm)
    state, events = figures(database, calm)
    assert not state[Figure.SCORE_SHIFT].is_alarm
    assert events == ["drift_cleared"]


def test_refusals_that_say_nothing_of_the_model_are_not_counted(database, versions):
    active, _ = versions
    fill(database, active, np.linspace(0.01, 0.99, 100))
    later = NOW + timedelta(days=30)
    fill(database, active, np.linspace(0.01, 0.99, 50), at=later)
    for _ in range(20):
        read(database, active, "refused", at=later, reason="not_selected")
    state, events = figures(database, later)
    assert (state[Figure.REFUSAL_RISE].value, events) == (0.0, [])
    for _ in range(20):
        read(database, active, "refused", at=later)
    state, events = figures(database, later)
    assert (state[Figure.REFUSAL_RISE].value, events) == (round(20 / 70, 4), ["drift_alarm"])


def test_labels_that_contradict_the_reports_raise_the_alarm(database, versions):
    active, _ = versions
    fill(database, active, [0.9] * 6, label=True)
    fill(database, active, [0.9] * 3, label=False)
    state, _ = figures(database, NOW)
    assert (state[Figure.AGREEMENT].value, state[Figure.AGREEMENT].studies) == (None, 9)
    fill(database, active, [0.1] * 9, label=True)
    state, events = figures(database, NOW)
    assert (state[Figure.AGREEMENT].value, events) == (round(6 / 18, 4), ["drift_alarm"])


def test_another_version_in_service_begins_anew(database, versions):
    active, candidate = versions
    fill(database, active, [0.9] * 20, label=False)
    assert figures(database, NOW)[1] == ["drift_alarm"]
    with database.write() as session:
        model_versions.activate(session, candidate, NOW)
        assert drift.drift_state(session) == []
