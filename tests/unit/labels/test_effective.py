"""Which of several statements on a study counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osteo_pacs.labels.effective import Effective, LabelRules, Says, Source, Statement, effective

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = LabelRules((Source.SR, Source.CSV, Source.T_SCORE), -2.5)
POSITIVE, NEGATIVE, EXCLUDE = Says.POSITIVE, Says.NEGATIVE, Says.EXCLUDE
T_SCORES = st.floats(-10, 10)


def statement(number, says, source, *, days=0, t_score=None):
    return Statement(number, says, source, NOW + timedelta(days=days), t_score)


@st.composite
def statements(draw, *, sources=tuple(Source)):
    count = draw(st.integers(0, 8))
    return [
        statement(
            number, draw(st.sampled_from(Says)), draw(st.sampled_from(sources)), days=draw(st.integers(0, 3))
        )
        for number in range(count)
    ]


def test_nothing_said_is_no_label():
    assert effective([], RULES) == Effective()


@pytest.mark.parametrize("weaker", [Source.SR, Source.CSV, Source.T_SCORE, Source.REJECTION])
def test_what_a_person_resolved_comes_first(weaker):
    said = [statement(1, NEGATIVE, Source.HAND), statement(2, POSITIVE, weaker, days=9)]
    assert (effective(said, RULES).says, effective(said, RULES).source) == (NEGATIVE, Source.HAND)


def test_a_rejection_leaves_the_study_out_whatever_a_reader_says():
    said = [statement(1, EXCLUDE, Source.REJECTION), statement(2, POSITIVE, Source.SR, days=1)]
    found = effective(said, RULES)
    assert (found.says, found.is_conflicting) == (EXCLUDE, False)


def test_of_one_source_the_newest_counts():
    said = [statement(1, NEGATIVE, Source.SR, days=1), statement(2, POSITIVE, Source.SR)]
    assert effective(said, RULES).says is NEGATIVE
    assert not effective(said, RULES).is_conflicting


def test_sources_that_disagree_conflict_until_a_person_decides():
    said = [statement(1, NEGATIVE, Source.CSV), statement(2, POSITIVE, Source.SR)]
    assert effective(said, RULES) == Effective(POSITIVE, Source.SR, 2, is_conflicting=True)
    resolved = [*said, statement(3, NEGATIVE, Source.HAND, days=1)]
    assert effective(resolved, RULES) == Effective(NEGATIVE, Source.HAND, 3)
    disputed = [*resolved, statement(4, POSITIVE, Source.SR, days=2)]
    assert effective(disputed, RULES) == Effective(NEGATIVE, Source.HAND, 3, is_conflicting=True)


@pytest.mark.parametrize(("t_score", "says"), [(-2.5, POSITIVE), (-2.49, NEGATIVE), (-3.0, POSITIVE)])
def test_a_t_score_is_judged_by_the_cut_off_of_today(t_score, says):
    said = [statement(1, NEGATIVE, Source.T_SCORE, t_score=t_score)]
    assert effective(said, RULES).says is says
    assert effective(said, replace(RULES, cut_off=-10.0)).says is NEGATIVE


@given(statements(), st.permutations(list(RULES.precedence)), st.randoms())
def test_the_order_in_which_statements_are_told_does_not_count(said, precedence, random):
    rules = LabelRules(tuple(precedence), -2.5)
    told_otherwise = list(said)
    random.shuffle(told_otherwise)
    assert effective(told_otherwise, rules) == effective(said, rules)


@given(statements())
def test_what_counts_was_said_by_someone(said):
    found = effective(said, RULES)
    assert (found.number is None) == (not said)
    if said:
        [spoken] = [one for one in said if one.number == found.number]
        assert (spoken.says, spoken.source) == (found.says, found.source)


@given(statements(sources=(Source.SR, Source.CSV, Source.T_SCORE)), st.sampled_from(Says))
def test_a_newer_resolution_by_hand_always_counts_and_settles(said, says):
    found = effective([*said, statement(99, says, Source.HAND, days=4)], RULES)
    assert (found.says, found.is_conflicting) == (says, False)


@given(statements(), statements())
def test_weaker_sources_never_change_what_a_stronger_one_says(said, others):
    strong = [one for one in said if one.source is Source.SR]
    weak = [replace(one, number=one.number + 100) for one in others if one.source in RULES.precedence[1:]]
    if strong:
        assert effective([*strong, *weak], RULES).says is effective(strong, RULES).says


@given(T_SCORES, T_SCORES, st.floats(-5, 0))
def test_a_lower_t_score_is_never_less_positive(one, other, cut_off):
    rules = replace(RULES, cut_off=cut_off)
    low, high = (
        effective([statement(1, NEGATIVE, Source.T_SCORE, t_score=value)], rules).says is POSITIVE
        for value in sorted((one, other))
    )
    assert low >= high
