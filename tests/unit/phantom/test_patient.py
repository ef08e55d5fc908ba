"""Simulated patients: their truth, and the population they make."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from osteo_pacs.phantom import CONFOUNDER_NAMES, Confounders, Patient, ScannerStyle, draw_patient
from osteo_pacs.phantom.chance import random_stream
from osteo_pacs.phantom.reference import Sex, level_ratio

WHOLE = Confounders()


@cache
def population(scanner=ScannerStyle.GE_IDXA):
    rng = random_stream(1, "population")
    return tuple(draw_patient(rng, scanner) for _ in range(1500))


def woman(bmd, confounders=WHOLE, scanner=ScannerStyle.HOLOGIC):
    levels = tuple(bmd * ratio for ratio in level_ratio())
    return Patient(scanner, Sex.FEMALE, 65, 160.0, 62.0, levels, confounders)


@pytest.mark.parametrize(
    ("scanner", "young_mean", "threshold"),
    [
        (ScannerStyle.HOLOGIC, 1.047, 0.772),
        (ScannerStyle.GE_IDXA, 1.180, 0.880),
        (ScannerStyle.GE_PRODIGY, 1.180, 0.880),
    ],
)
def test_the_t_score_counts_sds_from_the_makes_young_adult(scanner, young_mean, threshold):
    assert woman(young_mean, scanner=scanner).t_score == pytest.approx(0)
    assert woman(threshold - 1e-6, scanner=scanner).is_osteoporotic
    assert not woman(threshold + 1e-6, scanner=scanner).is_osteoporotic


def test_the_z_score_counts_from_the_patients_age():
    assert woman(0.952).z_score == pytest.approx((0.952 - 0.95459) / 0.1419, abs=0.02)


def test_l1_l4_is_the_area_weighted_mean_of_the_levels():
    patient = replace(woman(1.0), bmd_g_cm2=(0.8, 0.9, 1.0, 1.1))

    assert patient.l1_l4_bmd_g_cm2 == pytest.approx(0.22 * 0.8 + 0.24 * 0.9 + 0.26 * 1.0 + 0.28 * 1.1)


def test_a_fractured_vertebra_is_left_out_of_the_t_score():
    levels = tuple(0.75 * ratio for ratio in level_ratio())
    broken = replace(
        woman(0.75), bmd_g_cm2=(1.6, *levels[1:]), confounders=Confounders(fractured_level=0, height_loss=0.4)
    )

    assert broken.t_score == pytest.approx(woman(0.75).t_score)
    assert replace(broken, confounders=WHOLE).t_score > broken.t_score + 1


def test_a_drawn_patient_can_be_asked_to_be_osteoporotic_or_not():
    rng = random_stream(2, "asked")
    patients = [draw_patient(rng, is_osteoporotic=wanted) for wanted in (True, False) * 10]

    assert [patient.is_osteoporotic for patient in patients] == [True, False] * 10


@pytest.mark.parametrize("scanner", ScannerStyle)
def test_about_one_in_five_of_the_referred_is_osteoporotic_on_every_scanner(scanner):
    share = np.mean([patient.is_osteoporotic for patient in population(scanner)])

    assert 0.13 < share < 0.26


def test_most_are_women_past_the_menopause():
    people = population()

    assert 0.75 < np.mean([p.sex is Sex.FEMALE for p in people]) < 0.85
    assert np.mean([p.age_years >= 50 for p in people]) > 0.85


def test_bmd_of_the_population_follows_age_and_sex():
    def mean(sex, ages):
        return np.mean([p.l1_l4_bmd_g_cm2 for p in population() if p.sex is sex and p.age_years in ages])

    assert mean(Sex.FEMALE, range(75, 100)) < mean(Sex.FEMALE, range(50, 60)) - 0.04
    assert mean(Sex.MALE, range(60, 100)) > mean(Sex.FEMALE, range(60, 100)) + 0.08


def test_no_confounder_is_missing_from_the_population_or_in_everyone():
    share = {name: np.mean([name in p.confounders.names for p in population()]) for name in CONFOUNDER_NAMES}

    assert all(0.01 < part < 0.6 for part in share.values()), share


def test_fractures_are_more_frequent_in_low_bmd():
    low, high = (
        np.mean([p.confounders.fractured_level is not None for p in population() if p.is_osteoporotic is is_low])
        for is_low in (True, False)
    )

    assert low > 1.4 * high


def test_a_patient_without_confounders_names_none():
    assert WHOLE.names == ()
    assert Confounders(scoliosis_deg=-18, metal=2, tissue_cm=30).names == ("scoliosis", "metal", "obesity")
