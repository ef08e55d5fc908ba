from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osteo_pacs.config.training import Gate
from osteo_pacs.evidence.cases import Case, Said, age_band, pair_of
from osteo_pacs.evidence.gate import Leak, Limits, Verdict, decide, is_passed
from osteo_pacs.evidence.gate_page import render_page
from osteo_pacs.evidence.gate_record import gate_record

UNSEEN = Leak(0, 0)
LIMITS = Limits(resamples=50)
RULES = {
    "unseen": "test images unseen in training",
    "positives": "enough positive images",
    "sensitivity": "sensitivity not lower by the margin",
    "specificity": "specificity not lower by the margin",
    "auroc": "AUROC not lower by the margin",
    "ece": "calibrated (ECE)",
    "refusals": "refusals not up by the margin",
}


def cases_of(count, *, seed=1, share=0.5, missed=0.0, false_alarms=0.0, refused=0.0, group=("scanner", "a")):
    """Calibrated readings of an active model, and a candidate that misses, alarms and refuses more."""
    rng = np.random.Generator(np.random.PCG64(seed))
    made = []
    for number in range(count):
        is_positive = number < share * count
        probability = float(rng.beta(30, 1) if is_positive else rng.beta(1, 30))
        active = Said(probability, probability >= 0.5)
        worse = missed if is_positive else false_alarms
        candidate = Said(1 - probability, probability < 0.5) if rng.random() < worse else active
        if rng.random() < refused:
            candidate = Said(refusal="unlike_training_images")
        made.append(Case(f"{number}.dcm", str(number), is_positive, (group,), candidate, active))
    return made


def verdicts(cases, leak=UNSEEN, limits=LIMITS):
    found = {rule.name: rule.verdict for rule in decide(cases, leak, limits)}
    return {word: found[name] for word, name in RULES.items()} | {
        name: verdict for name, verdict in found.items() if name not in RULES.values()
    }


def passes(cases, leak=UNSEEN, limits=LIMITS):
    return is_passed(decide(cases, leak, limits))


def test_an_equal_candidate_passes_with_enough_cases():
    cases = cases_of(400)
    assert set(verdicts(cases).values()) == {Verdict.PASS}
    assert passes(cases)


@pytest.mark.parametrize(
    ("worse", "rules"),
    [
        ({"missed": 0.2}, {"sensitivity", "auroc", "ece", "sensitivity in scanner a"}),
        ({"false_alarms": 0.2}, {"specificity", "auroc", "ece", "specificity in scanner a"}),
        ({"refused": 0.1}, {"refusals"}),
    ],
    ids=["misses", "false alarms", "refuses"],
)
def test_a_worse_candidate_fails_by_the_rules_that_name_what_is_worse(worse, rules):
    found = verdicts(cases_of(400, **worse))
    assert {name for name, verdict in found.items() if verdict is Verdict.FAIL} == rules
    assert not passes(cases_of(400, **worse))


def test_few_cases_never_pass_however_equal():
    assert not passes(cases_of(60))
    assert verdicts(cases_of(60))["positives"] is Verdict.FAIL
    assert verdicts(cases_of(60), limits=replace(LIMITS, min_positives=10))["sensitivity"] is Verdict.FAIL


def test_a_part_with_one_class_or_none_is_not_judgeable_and_does_not_pass():
    assert verdicts(cases_of(200, share=1))["specificity"] is Verdict.NOT_JUDGEABLE
    assert verdicts(cases_of(200, share=1))["auroc"] is Verdict.NOT_JUDGEABLE
    assert not passes(cases_of(200, share=1))
    assert not passes([])


@pytest.mark.parametrize(
    ("leak", "verdict"),
    [
        (Leak(1, 0), Verdict.FAIL),
        (Leak(0, 1), Verdict.FAIL),
        (Leak(None, None), Verdict.NOT_JUDGEABLE),
        (Leak(0, 0), Verdict.PASS),
    ],
)
def test_a_candidate_that_may_have_seen_the_test_images_does_not_pass(leak, verdict):
    assert verdicts(cases_of(400), leak)["unseen"] is verdict
    assert passes(cases_of(400), leak) is (verdict is Verdict.PASS)


def test_a_subgroup_that_is_too_small_is_told_and_keeps_nobody_out():
    cases = cases_of(400) + cases_of(10, missed=0.2, group=("scanner", "b"), seed=2)
    assert verdicts(cases)["sensitivity in scanner b"] is Verdict.NOT_JUDGEABLE
    assert passes(cases)


def test_a_subgroup_that_is_worse_keeps_a_candidate_out_that_is_not_worse_on_the_whole():
    cases = cases_of(4000) + cases_of(60, missed=0.5, group=("scanner", "b"), seed=2)
    found = verdicts(cases)
    assert found["sensitivity"] is Verdict.PASS
    assert found["sensitivity in scanner b"] is Verdict.FAIL
    assert not passes(cases)


def test_images_of_one_patient_widen_the_interval():
    alone = cases_of(300, missed=0.03)
    shared = [
        replace(case, patient=str(place // 10))
        for place, case in enumerate(sorted(alone, key=lambda c: c.candidate != c.active))
    ]
    widths = []
    for cases in (alone, shared):
        [rule] = [rule for rule in decide(cases, UNSEEN, Limits()) if rule.name == RULES["sensitivity"]]
        widths.append(rule.figure.high - rule.figure.low)
    assert widths[1] > widths[0]


@settings(max_examples=25, deadline=None)
@given(st.integers(20, 300), st.integers(0, 99), st.floats(0, 0.3), st.floats(0, 0.3))
def test_what_passes_also_passes_under_wider_margins(count, seed, missed, false_alarms):
    cases = cases_of(count, seed=seed, missed=missed, false_alarms=false_alarms)
    strict = Limits(resamples=20, min_positives=10, min_negatives=10)
    wide = replace(strict, sensitivity_margin=0.3, specificity_margin=0.3, auroc_margin=0.3, max_ece=0.6,
                   subgroup_margin=0.5, refusal_margin=0.3)  # fmt: skip
    assert passes(cases, limits=wide) or not passes(cases, limits=strict)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 399), unique=True, max_size=40), st.integers(0, 99))
def test_more_misses_never_raise_the_figure(changed, seed):
    cases = cases_of(400, seed=seed)
    worse = [
        replace(c, candidate=replace(c.candidate, is_called=not c.is_positive)) if n in changed else c
        for n, c in enumerate(cases)
    ]
    for name in ("sensitivity", "specificity"):
        before, after = (
            next(r.figure for r in decide(part, UNSEEN, Limits(resamples=5)) if r.name == RULES[name])
            for part in (cases, worse)
        )
        assert after.value <= before.value
        assert after.low <= before.low + 1e-9


def test_refused_images_stand_in_no_comparison():
    cases = cases_of(100, refused=0.3)
    assert len(pair_of(cases)) == sum(case.is_read_by_both for case in cases) < 100


def test_the_limits_are_the_keys_of_the_configuration():
    assert Limits(**Gate().model_dump()) == Limits()


@pytest.mark.parametrize(
    ("years", "band"), [(49.9, "under 50"), (50, "50 to 59"), (80, "80 and over"), (101, "80 and over")]
)
def test_ages_fall_into_bands(years, band):
    assert age_band(years) == band


def record_of(cases):
    described = {
        "name": "Spine <CNN>",
        "version": "1",
        "is_demonstration": True,
        "manifest_sha256": "a" * 64,
        "decision": {"threshold": 0.5},
    }
    made = {"command": "osteo-pacs model gate 7", "at": "2026-03-01T12:00:00+00:00", "device": "cpu"}
    return {
        "candidate": described,
        "active": described,
        "dataset": {"sha256": "b" * 64},
        "made": made,
        **gate_record(cases, UNSEEN, LIMITS),
    }


def test_the_page_fetches_nothing_tells_every_rule_and_follows_the_reader_s_colours():
    cases = cases_of(120)
    page = render_page(record_of(cases), cases)
    assert re.findall(r"(?:src|href|url)\s*[=(]", page) == []
    assert [uri for uri in re.findall(r"https?://[^\"' ]+", page) if uri != "http://www.w3.org/2000/svg"] == []
    assert "prefers-color-scheme: dark" in page
    assert all(rule.name in page for rule in decide(cases, UNSEEN, LIMITS))
    assert "trained on simulated images, not for clinical use" in page
    assert "Spine &lt;CNN&gt;" in page
    assert page.count("<svg") == 2


def test_the_page_of_nothing_can_be_written():
    assert "does not pass" in render_page(record_of([]), [])
