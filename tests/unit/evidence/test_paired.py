from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osteo_pacs.evidence.paired import Discordance, paired_difference, tango_z


@st.composite
def discordances(draw):
    images = draw(st.integers(1, 400))
    first = draw(st.integers(0, images))
    return Discordance(first, draw(st.integers(0, images - first)), images)


def test_the_statistic_is_that_of_tango_s_own_example():
    # Tango 1998: soft contact lenses, 43 against 44 of 44, margin 0.1.
    assert tango_z(Discordance(0, 1, 44), -0.1) == pytest.approx(1.709, abs=5e-4)


@pytest.mark.parametrize(
    ("found", "level", "low", "high"),
    [
        # Tango 1998, the same example with 90 %; Fagerland et al. 2014, airway hyper-responsiveness.
        (Discordance(0, 1, 44), 0.90, -0.096, 0.037),
        (Discordance(1, 7, 21), 0.95, -0.517, -0.026),
    ],
)
def test_the_interval_is_the_published_one(found, level, low, high):
    figure = paired_difference(found, level)
    assert (figure.low, figure.high) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


@given(discordances())
def test_the_interval_holds_the_difference_and_stays_within_its_range(found):
    figure = paired_difference(found)
    assert -1 <= figure.low <= figure.value <= figure.high <= 1


@given(discordances())
def test_changing_places_mirrors_the_interval(found):
    figure = paired_difference(found)
    mirrored = paired_difference(Discordance(found.second_only, found.first_only, found.images))
    assert (mirrored.low, mirrored.high) == (
        pytest.approx(-figure.high, abs=1e-6),
        pytest.approx(-figure.low, abs=1e-6),
    )


@given(discordances(), st.floats(0.01, 0.5))
def test_the_lower_end_is_above_the_margin_where_the_test_of_non_inferiority_says_so(found, margin):
    z = tango_z(found, -margin)
    low = paired_difference(found).low
    if abs(z - 1.959964) > 1e-3:
        assert (z > 1.959964) == (low > -margin)


@given(st.integers(1, 200), st.integers(0, 20))
def test_more_images_with_the_same_discordance_tell_more(images, discordant):
    few = paired_difference(Discordance(discordant, discordant, images + 2 * discordant))
    many = paired_difference(Discordance(discordant, discordant, 3 * images + 2 * discordant))
    assert many.high - many.low <= few.high - few.low + 1e-9


def test_none_has_no_difference():
    assert np.isnan(paired_difference(Discordance(0, 0, 0)).value)


def test_pairs_are_counted_from_what_both_did():
    first, second = np.array([True, True, False, False, True]), np.array([True, False, True, False, False])
    assert Discordance.of(first, second) == Discordance(2, 1, 5)
