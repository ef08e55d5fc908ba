"""Published BMD: what the numbers must agree with."""

import pytest

from osteo_pacs.phantom import reference
from osteo_pacs.phantom.reference import Sex
from osteo_pacs.phantom.scanner import Make


def standardised(make, bmd):
    """Hui et al. 1997: the BMD that both makes would call the same."""
    slope, centre = {Make.HOLOGIC: (1.0550, 0.972), Make.GE: (0.9683, 1.100)}[make]
    return slope * (bmd - centre) + 1.0436


def test_young_women_of_both_makes_have_the_same_standardised_bmd():
    hologic, lunar = (
        standardised(make, reference.young_adult(make, Sex.FEMALE)[0]) for make in (Make.HOLOGIC, Make.GE)
    )

    assert hologic == pytest.approx(lunar, abs=0.002)


@pytest.mark.parametrize("sex", Sex)
@pytest.mark.parametrize("age_years", [30, 55, 70, 88])
def test_an_age_has_the_same_standardised_mean_on_both_makes(sex, age_years):
    hologic, lunar = (
        standardised(make, reference.for_age(make, sex, age_years)[0]) for make in (Make.HOLOGIC, Make.GE)
    )

    assert hologic == pytest.approx(lunar, abs=1e-9)


def test_women_lose_spine_bmd_after_the_menopause_and_men_do_not():
    women = [reference.for_age(Make.HOLOGIC, Sex.FEMALE, age)[0] for age in (45, 60, 75)]
    men = [reference.for_age(Make.HOLOGIC, Sex.MALE, age)[0] for age in (45, 60, 75)]

    assert women[0] > women[1] > women[2]
    assert men[2] >= men[0]


def test_a_decades_centre_has_the_tabulated_values():
    assert reference.for_age(Make.HOLOGIC, Sex.FEMALE, 65.5) == pytest.approx((0.952, 0.142))


def test_the_levels_shares_leave_the_whole_unchanged():
    weighted = sum(
        ratio * share for ratio, share in zip(reference.level_ratio(), reference.LEVEL_AREA_SHARE, strict=True)
    )

    assert weighted == pytest.approx(1)
    assert list(reference.level_ratio()) == sorted(reference.level_ratio())
