from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from osteo_pacs.images import GreyImage
from osteo_pacs.infer.predict import DeviceOutOfMemory, DevicePoisoned, Prediction, run_with_retry
from osteo_pacs.phantom import spine_image
from spines import grey


def test_a_batch_says_what_single_images_say(model, spines):
    together = model.predict(spines)
    alone = [model.predict([spine])[0] for spine in spines]
    for one, other in zip(together, alone, strict=True):
        assert one.probability == pytest.approx(other.probability, abs=1e-4)
        assert dataclasses.replace(one, probability=0) == dataclasses.replace(other, probability=0)


def test_nothing_in_nothing_out(model):
    assert model.predict([]) == []


def test_positive_means_at_or_above_the_threshold(model, spines):
    for outcome in model.predict(spines):
        assert 0 <= outcome.probability <= 1
        assert outcome.is_positive == (outcome.probability >= model.version.threshold)


def test_dense_and_osteoporotic_spines_are_told_apart(model):
    """Even weights trained for minutes rank most pairs rightly; a chance model does so for half of them."""
    seeds = range(5_000_000, 5_000_012)
    osteoporotic = probabilities(model, [spine_image(seed, is_osteoporotic=True) for seed in seeds])
    others = probabilities(model, [spine_image(seed, is_osteoporotic=False) for seed in seeds])
    assert np.mean([sick > sound for sick in osteoporotic for sound in others]) > 0.75


def probabilities(model, pictures) -> list[float]:
    images = [grey(pixels, truth.scanner) for pixels, truth in pictures]
    return [outcome.probability for outcome in model.predict(images) if isinstance(outcome, Prediction)]


def test_the_region_lies_within_the_image(model, spines):
    for outcome, image in zip(model.predict(spines), spines, strict=True):
        assert (outcome.rows, outcome.columns) == image.pixels.shape
        assert 0 <= outcome.region.left < outcome.region.right <= outcome.columns
        assert 0 <= outcome.region.top < outcome.region.bottom <= outcome.rows


def test_a_saturated_margin_is_left_out_of_the_region(model, spines):
    plain = model.predict(spines[:1])[0]
    wide = np.pad(spines[0].pixels, ((40, 10), (30, 20)), constant_values=1)
    framed = model.predict([GreyImage(wide)])[0]
    # Four pixels beside the margin are left out with it.
    assert framed.region.left == plain.region.left + 30 + 4
    assert framed.region.top == plain.region.top + 40 + 4
    assert framed.probability == pytest.approx(plain.probability, abs=0.02)


def test_spacing_undoes_stretched_pixels(model, spines):
    square = model.predict(spines[:1])[0]
    stretched = GreyImage(np.repeat(spines[0].pixels, 2, axis=1), spacing_mm=(1.0, 0.5))
    assert model.predict([stretched])[0].probability == pytest.approx(square.probability, abs=0.02)


class FullDevice:
    """A runtime whose memory holds so many images."""

    name = "full"

    def __init__(self, holds: int) -> None:
        self.holds, self.asked = holds, []

    def __call__(self, batch):
        self.asked.append(len(batch))
        if len(batch) > self.holds:
            raise torch.OutOfMemoryError
        return batch[:, :1], batch[:, 1:]


def test_out_of_memory_is_tried_once_more_in_halves():
    device, batch = FullDevice(4), torch.arange(16.0).reshape(8, 2)
    first, second = run_with_retry(device, batch)
    assert device.asked == [8, 4, 4]
    assert torch.equal(torch.cat([first, second], dim=1), batch)


def test_out_of_memory_of_the_halves_is_retryable():
    with pytest.raises(DeviceOutOfMemory):
        run_with_retry(FullDevice(1), torch.zeros(8, 2))


def test_any_other_error_of_the_device_poisons_it():
    def broken(_batch):
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    with pytest.raises(DevicePoisoned):
        run_with_retry(broken, torch.zeros(1, 2))
