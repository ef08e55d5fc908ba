from __future__ import annotations

import warnings

import pytest
import torch

from osteo_pacs import shipped
from osteo_pacs.infer.sealed_modules import bundle_scripts
from osteo_pacs.sealed import open_sealed


@pytest.fixture(scope="module")
def scripts():
    """The bundle's `operating_point` and `figures`."""
    with warnings.catch_warnings(), bundle_scripts(open_sealed(shipped.BUNDLE)):
        warnings.simplefilter("ignore", DeprecationWarning)  # ignite's, when it is imported
        names = ("scripts.operating_point", "scripts.figures")
        return tuple(__import__(name, fromlist=["*"]) for name in names)


@pytest.fixture(scope="module")
def overconfident():
    """Raw probabilities whose log odds are three times too large and one too high, and their labels."""
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(4000, generator=generator, dtype=torch.double) * 1.5 - 1
    labels = (torch.rand(4000, generator=generator, dtype=torch.double) < torch.sigmoid(logits)).double()
    return torch.sigmoid(3 * logits + 1), labels


def test_calibration_finds_temperature_and_offset(scripts, overconfident):
    temperature, offset = scripts[0].fit_calibration(*overconfident)
    assert temperature == pytest.approx(3, rel=0.15)
    assert offset == pytest.approx(-1 / 3, abs=0.15)


def test_calibration_claims_no_certainty_where_few_images_separate_the_classes(scripts):
    point, _ = scripts
    raw = torch.tensor([0.1, 0.2, 0.3, 0.35, 0.4, 0.6, 0.65, 0.7, 0.8, 0.9], dtype=torch.double)
    labels = (raw > 0.5).double()
    calibrated = point.calibrated(raw, *point.fit_calibration(raw, labels))
    assert 0.01 < calibrated.min() < calibrated.max() < 0.99
    assert len(calibrated.unique()) == len(raw)


def test_calibration_lowers_the_calibration_error(scripts, overconfident):
    point, figures = scripts
    raw, labels = overconfident
    calibrated = point.calibrated(raw, *point.fit_calibration(raw, labels))
    assert figures.expected_calibration_error(calibrated, labels) < 0.03
    assert figures.expected_calibration_error(raw, labels) > 0.05


def test_calibration_keeps_the_order_of_images(scripts, overconfident):
    point, figures = scripts
    raw, labels = overconfident
    calibrated = point.calibrated(raw, 2.0, -1.0)
    assert figures.area_under_roc(calibrated, labels) == pytest.approx(
        figures.area_under_roc(raw, labels), abs=1e-3
    )


@pytest.mark.parametrize(("sensitivity", "threshold"), [(1.0, 0.2), (0.75, 0.4), (0.7, 0.4), (0.25, 0.9)])
def test_the_threshold_is_the_highest_with_the_sensitivity(scripts, sensitivity, threshold):
    probability = torch.tensor([0.2, 0.4, 0.6, 0.9, 0.95, 0.1], dtype=torch.double)
    labels = torch.tensor([1, 1, 1, 1, 0, 0], dtype=torch.double)
    assert scripts[0].threshold_at(probability, labels, sensitivity) == pytest.approx(threshold)


def test_another_digest_gives_another_device_uid(scripts):
    first, second = scripts[0].device_uid("a" * 64), scripts[0].device_uid("b" * 64)
    assert first != second
    assert first.startswith("2.25.")
    assert len(first) <= 64


def test_area_under_roc_counts_ties_half(scripts):
    probability = torch.tensor([0.1, 0.5, 0.5, 0.9])
    assert scripts[1].area_under_roc(probability, torch.tensor([0.0, 0.0, 1.0, 1.0])) == pytest.approx(0.875)


def test_average_precision_of_a_perfect_order_is_one(scripts):
    assert scripts[1].average_precision(torch.tensor([0.9, 0.8, 0.1]), torch.tensor([1.0, 1.0, 0.0])) == 1


def test_figures_at_a_threshold_come_from_the_confusion_matrix(scripts):
    probability = torch.tensor([0.9, 0.8, 0.3, 0.6, 0.2, 0.1, 0.05, 0.01])
    labels = torch.tensor([1.0, 1, 1, 0, 0, 0, 0, 0])
    found = scripts[1].at_threshold(probability, labels, 0.5)
    assert found == pytest.approx(
        {"accuracy": 6 / 8, "sensitivity": 2 / 3, "specificity": 4 / 5, "precision": 2 / 3, "f1": 2 / 3}
    )


def test_intervals_hold_the_value(scripts, overconfident, monkeypatch):
    monkeypatch.setattr(scripts[1], "RESAMPLES", 50)
    decision = {"temperature": 3.0, "offset": -0.33, "threshold": 0.5}
    found = scripts[1].figures(*overconfident, decision)
    assert found["images"] == 4000
    for name in ("auroc", "auprc", "accuracy", "sensitivity", "specificity", "precision", "f1"):
        assert found[name]["low"] <= found[name]["value"] <= found[name]["high"]
