from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from safetensors.torch import load_file, save_file

from osteo_pacs import shipped
from osteo_pacs.infer.sealed_modules import bundle_scripts
from osteo_pacs.sealed import open_sealed

LAYERS = [{"layer": "first", "grid": 2}, {"layer": "second", "grid": 1}]
WIDTHS = (600, 400)


@pytest.fixture(scope="module")
def familiarity():
    with bundle_scripts(open_sealed(shipped.BUNDLE)):
        return __import__("scripts.familiarity", fromlist=["fit"])


@pytest.fixture(scope="module")
def pictures():
    """Features of 1600 pictures in two layers: 5 things vary, and features of rising size show them with noise."""
    generator = torch.Generator().manual_seed(5)
    causes = torch.randn(1600, 5, generator=generator)
    layers = (
        causes @ torch.randn(5, width, generator=generator)
        + 0.1 * torch.randn(1600, width, generator=generator)
        + torch.linspace(1, 5, width)
        for width in WIDTHS
    )
    return torch.cat(list(layers), dim=1)


@pytest.fixture(scope="module")
def measure(familiarity, pictures):
    """Fitted on the first 600 pictures; the next 600 are the validation part."""
    known, seen = (pictures[start:end].split(WIDTHS, dim=1) for start, end in pairwise((0, 600, 1200)))
    return familiarity.Familiarity(familiarity.fit(known, turned(known[0]), seen, LAYERS), LAYERS)


def turned(features):
    """What the features of the same pictures are upside down: the grid's cells change places."""
    return features.flip(1)


def test_the_right_way_up_is_told_from_upside_down(measure, pictures):
    first, second = pictures[1200:].split(WIDTHS, dim=1)
    assert measure.is_upright(torch.cat([first, second], dim=1)).float().mean() > 0.99
    assert measure.is_upright(torch.cat([turned(first), second], dim=1)).float().mean() < 0.01


def test_training_pictures_are_at_a_distance_of_about_two_in_each_layer(familiarity, pictures):
    distance = familiarity.LayerDistance(familiarity.fit_layer(pictures))
    assert distance(pictures).mean().item() == pytest.approx(2, rel=0.01)


def test_a_layers_unit_is_the_distance_within_which_nearly_all_validation_pictures_are(measure, pictures):
    features = pictures[600:1200].split(WIDTHS, dim=1)
    for layer, unit, part in zip(measure.layers, measure.units, features, strict=True):
        assert (layer(part) <= unit).float().mean().item() == pytest.approx(0.99, abs=0.002)


def test_new_pictures_of_the_same_kind_stay_near(measure, pictures):
    assert (measure.distance(pictures[1200:]) < len(LAYERS)).float().mean() > 0.98


@pytest.mark.parametrize("odd", [0, 1])
def test_what_one_layer_alone_finds_odd_is_far(measure, pictures, odd):
    parts = list(pictures[1200:1220].split(WIDTHS, dim=1))
    parts[odd] = parts[odd][:, torch.randperm(WIDTHS[odd], generator=torch.Generator().manual_seed(1))]
    assert measure.distance(torch.cat(parts, dim=1)).min() > 2 * len(LAYERS)


def test_an_extreme_of_the_known_variation_is_far_too(measure, pictures):
    mean = pictures.mean(dim=0)
    assert measure.distance((pictures[:1] - mean) * 10 + mean) > 2 * len(LAYERS)


def test_few_pictures_and_constant_features_do_not_break_it(familiarity):
    few = torch.cat([torch.rand(4, 30, generator=torch.Generator().manual_seed(2)), torch.ones(4, 10)], dim=1)
    fitted = familiarity.fit([few], turned(few), [few], LAYERS[:1])
    assert torch.isfinite(familiarity.Familiarity(fitted, LAYERS[:1]).distance(few)).all()


def test_a_state_survives_its_file(familiarity, measure, pictures, tmp_path):
    known, seen = (pictures[start:end].split(WIDTHS, dim=1) for start, end in pairwise((0, 600, 1200)))
    save_file(familiarity.fit(known, turned(known[0]), seen, LAYERS), tmp_path / "state")
    read = familiarity.Familiarity(load_file(tmp_path / "state"), LAYERS)
    torch.testing.assert_close(read.distance(pictures[1200:]), measure.distance(pictures[1200:]))


def test_features_are_each_named_layers_pooled_output(familiarity):
    network = torch.nn.Sequential()
    network.add_module("first", torch.nn.Conv2d(1, 3, 1))
    network.add_module("second", torch.nn.ReLU())
    images = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(4))
    batches = [{"image": images[:3]}, {"image": images[3:]}]
    first, second = familiarity.features_of(network, batches, torch.device("cpu"), LAYERS)
    (over,) = familiarity.features_of(network, batches, torch.device("cpu"), LAYERS[:1], upside_down=True)
    assert (first.shape, second.shape) == ((5, 3 * 2 * 2), (5, 3))
    torch.testing.assert_close(over.reshape(5, 3, 2, 2), first.reshape(5, 3, 2, 2).flip(2))
