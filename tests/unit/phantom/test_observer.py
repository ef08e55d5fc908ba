"""The ideal observer reads the truth with a scanner's precision error."""

import numpy as np
import pytest

from osteo_pacs.phantom import (
    PhantomKind,
    ScannerStyle,
    Truth,
    draw_patient,
    ideal_observer_score,
    ideal_observer_t_score,
)
from osteo_pacs.phantom.chance import random_stream


def truth(seed=4):
    patient = draw_patient(random_stream(seed, "observer"), ScannerStyle.HOLOGIC)
    return Truth(PhantomKind.AP_SPINE, patient.scanner, patient)


def test_without_precision_error_it_reads_the_true_t_score():
    assert ideal_observer_t_score(truth(), random_stream(0, "reading"), 0.0) == pytest.approx(truth().t_score)


def test_its_error_is_one_and_a_half_percent_of_the_bmd():
    rng = random_stream(0, "reading")
    readings = [ideal_observer_t_score(truth(), rng) for _ in range(2000)]
    bmd = truth().t_score * 0.110 + 1.047

    assert np.mean(readings) == pytest.approx(truth().t_score, abs=0.02)
    assert np.std(readings) == pytest.approx(0.015 * bmd / 0.110, rel=0.06)


def test_its_score_is_positive_exactly_where_the_reading_is_osteoporotic():
    for seed in range(40):
        one, same = random_stream(seed, "reading"), random_stream(seed, "reading")
        score, t_score = ideal_observer_score(truth(seed), one), ideal_observer_t_score(truth(seed), same)

        assert (score >= 0) == (t_score <= -2.5)


def test_it_refuses_what_may_not_be_read():
    hip = Truth(PhantomKind.FEMUR_LEFT, ScannerStyle.HOLOGIC, truth().patient)

    with pytest.raises(ValueError, match="femur-left"):
        ideal_observer_score(hip, random_stream(0, "reading"))
