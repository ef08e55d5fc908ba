"""How far two readers agree, against worked figures."""

import pytest

from osteo_pacs.evidence.agreement import Said, agreement, kappa
from osteo_pacs.evidence.resample import once


def said(first, second, count, *, start=0):
    return [Said(start + number, first, second) for number in range(count)]


def test_kappa_is_that_of_cohens_formula():
    # Observed 0.7, by chance 0.25 + 0.25 = 0.5: (0.7 - 0.5) / 0.5.
    cases = [
        *said("positive", "positive", 20),
        *said("positive", "negative", 5, start=20),
        *said("negative", "positive", 10, start=25),
        *said("negative", "negative", 15, start=35),
    ]
    assert kappa(cases, once(50))[0] == pytest.approx(0.4)
    found = agreement(cases)
    assert (found.count, found.share.value) == (50, 0.7)
    assert found.kappa.low < 0.4 < found.kappa.high


def test_kappa_does_not_exist_where_both_only_ever_say_one_thing():
    found = agreement(said("negative", "negative", 10))
    assert found.share.value == 1
    assert found.kappa.to_dict()["value"] is None


def test_refusals_are_a_category_and_have_no_difference():
    cases = [Said(1, "positive", "refused", 0.9, None), Said(2, "negative", "negative", 0.1, 0.3)]
    found = agreement(cases)
    assert (found.share.value, found.differences) == (0.5, 1)
    assert found.difference.value == pytest.approx(0.2)


def test_nothing_read_gives_no_figures():
    found = agreement([])
    assert (found.count, found.differences) == (0, 0)
    assert found.kappa.to_dict()["value"] is None
