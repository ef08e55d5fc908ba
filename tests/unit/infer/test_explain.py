from __future__ import annotations

import dataclasses
from collections import OrderedDict

import numpy as np
import pytest
import torch

from osteo_pacs.images import GreyImage
from osteo_pacs.infer.explain import Explainer
from osteo_pacs.infer.predict import DeviceOutOfMemory, DevicePoisoned


@pytest.fixture(scope="module")
def explainer(model):
    return Explainer(model)


def test_heat_covers_the_analysed_crop_from_nothing_to_most(model, explainer, spines):
    outcomes = model.predict(spines)
    found = explainer.explain(spines, [outcome.is_positive for outcome in outcomes])
    for outcome, one in zip(outcomes, found, strict=True):
        region = outcome.region
        assert one.heat.shape == one.seen.shape == (region.bottom - region.top, region.right - region.left)
        assert one.heat.dtype == one.seen.dtype == np.float32
        assert one.heat.min() >= 0
        assert one.heat.max() == pytest.approx(1)


def test_images_are_explained_together_as_they_are_alone(explainer, spines):
    are_positive = [True, False, True, False, True, False]
    together = explainer.explain(spines, are_positive)
    for image, is_positive, one in zip(spines, are_positive, together, strict=True):
        [alone] = explainer.explain([image], [is_positive])
        np.testing.assert_allclose(one.heat, alone.heat, atol=1e-4)


def test_the_same_image_has_the_same_heat(explainer, spines):
    [first], [second] = (explainer.explain(spines[:1], [True]) for _ in range(2))
    assert np.array_equal(first.heat, second.heat)


def test_what_speaks_for_an_answer_does_not_speak_against_it(explainer, spines):
    [for_it], [against_it] = (explainer.explain(spines[:1], [is_positive]) for is_positive in (True, False))
    both = np.minimum(for_it.heat, against_it.heat)
    assert both.mean() < 0.1 * max(for_it.heat.mean(), against_it.heat.mean())


def test_explaining_leaves_the_model_as_it_was(model, spines):
    before = model.predict(spines)
    Explainer(model).explain(spines, [True] * len(spines))
    assert model.predict(spines) == before
    assert not any(layer._forward_hooks or layer._backward_hooks for layer in model.network.modules())
    assert not any(
        parameter.requires_grad or parameter.grad is not None for parameter in model.network.parameters()
    )


def test_a_saturated_margin_moves_the_heat_and_does_not_change_it(explainer, spines):
    pixels, spacing_mm = spines[0].pixels, spines[0].spacing_mm
    # What lies within four pixels of a saturated margin is left out with it.
    [plain] = explainer.explain([GreyImage(pixels[4:-4, 4:-4], spacing_mm)], [True])
    wide = GreyImage(np.pad(pixels, ((40, 10), (30, 20)), constant_values=1), spacing_mm)
    [framed] = explainer.explain([wide], [True])
    np.testing.assert_allclose(framed.heat, plain.heat, atol=0.02)


# -- a network that sees brightness alone, so that the right answer is known


def brightness(model, weight=20.0):
    """A model whose log-odds are the mean grey of the square."""
    convolution = torch.nn.Conv2d(1, 1, 3, padding=1, bias=False)
    decision = torch.nn.Linear(1, 2, bias=False)
    with torch.no_grad():
        convolution.weight.zero_()[0, 0, 1, 1] = 1
        decision.weight[:] = torch.tensor([[-weight], [weight]])
    layers = {
        "convolution": convolution,
        "relu": torch.nn.ReLU(),
        "pooling": torch.nn.AdaptiveAvgPool2d(1),
        "decision": torch.nn.Sequential(torch.nn.Flatten(), decision),
        "softmax": torch.nn.Softmax(dim=1),
    }
    network = torch.nn.Sequential(OrderedDict(layers)).eval().requires_grad_(requires_grad=False)
    return dataclasses.replace(model, network=network)


def with_spot(row, column, spacing_mm, *, shape=(300, 200)):
    """Grey, with one bright spot of twenty pixels."""
    pixels = np.full(shape, 0.1, dtype=np.float32)
    pixels[row - 10 : row + 10, column - 10 : column + 10] = 0.9
    return GreyImage(pixels, spacing_mm)


@pytest.mark.parametrize("spacing_mm", [None, (1.05, 0.60), (0.60, 1.05), (0.25, 0.25)])
@pytest.mark.parametrize(("row", "column"), [(30, 20), (150, 100), (280, 185), (20, 180)])
def test_heat_lies_where_its_cause_lies_in_the_source(model, row, column, spacing_mm):
    [found] = Explainer(brightness(model)).explain([with_spot(row, column, spacing_mm)], [True])
    hot = np.argwhere(found.heat > 0.5)
    assert hot.mean(axis=0) == pytest.approx((row, column), abs=1.5)
    assert np.ptp(hot, axis=0) == pytest.approx((20, 20), abs=4)


def test_heat_is_counted_from_the_corner_of_the_crop(model):
    plain = with_spot(100, 60, None)
    framed = GreyImage(np.pad(plain.pixels, ((50, 0), (70, 0)), constant_values=1))
    [found] = Explainer(brightness(model)).explain([framed], [True])
    # The crop begins four pixels inside the margin.
    assert found.heat.shape == (296, 196)
    assert np.argwhere(found.heat > 0.5).mean(axis=0) == pytest.approx((96, 56), abs=1.5)


def test_nothing_spoke_is_no_heat(model):
    [found] = Explainer(brightness(model)).explain([with_spot(100, 60, None)], [False])
    assert not found.heat.any()


def test_a_network_that_is_quite_sure_is_explained_too(model):
    [found] = Explainer(brightness(model, weight=1e6)).explain([with_spot(100, 60, None)], [True])
    assert np.isfinite(found.heat).all()


def test_what_lies_outside_the_scan_was_not_seen(model):
    pixels = with_spot(100, 60, None).pixels.copy()
    pixels[200:, :80] = 1
    [found] = Explainer(brightness(model)).explain([GreyImage(pixels)], [True])
    assert not found.seen[210:, :70].any()
    assert found.seen[20:80, 20:40].mean() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(
    ("fault", "error"),
    [(torch.OutOfMemoryError("full"), DeviceOutOfMemory), (RuntimeError("CUDA error"), DevicePoisoned)],
)
def test_a_fault_of_the_device_is_called_by_its_name(model, spines, monkeypatch, fault, error):
    def broken(_):
        raise fault

    explainer = Explainer(model)
    monkeypatch.setattr(explainer, "_body", broken)
    with pytest.raises(error):
        explainer.explain(spines[:1], [True])
