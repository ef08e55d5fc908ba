from __future__ import annotations

import pytest
import torch

from osteo_pacs import shipped
from osteo_pacs.infer.sealed_modules import bundle_scripts
from osteo_pacs.sealed import open_sealed


@pytest.fixture(scope="module")
def familiarity():
    with bundle_scripts(open_sealed(shipped.BUNDLE)):
        return __import__("scripts.familiarity", fromlist=["fit"])


@pytest.fixture(scope="module")
def pictures():
    """Features of 800 pictures: 5 things vary, seen in 200 features of rising size with a little noise."""
    ramp = torch.linspace(1, 5, 200)
    generator = torch.Generator().manual_seed(5)
    causes = torch.randn(800, 5, generator=generator)
    return (
        causes @ torch.randn(5, 200, generator=generator) + 0.1 * torch.randn(800, 200, generator=generator) + ramp
    )


def turned(pictures):
    """What the features of the same pictures are upside down: the grid's cells change places."""
    return pictures.flip(1)


def test_the_right_way_up_is_told_from_upside_down(familiarity, pictures):
    measure = familiarity.Familiarity(familiarity.fit(pictures[:600], turned(pictures[:600])))
    assert measure.is_upright(pictures[600:]).float().mean() > 0.99
    assert measure.is_upright(turned(pictures[600:])).float().mean() < 0.01


def test_training_pictures_are_at_a_distance_of_about_two(familiarity, pictures):
    measure = familiarity.Familiarity(familiarity.fit(pictures, turned(pictures)))
    assert measure.distance(pictures).mean().item() == pytest.approx(2, rel=0.01)


def test_new_pictures_of_the_same_kind_stay_near(familiarity, pictures):
    measure = familiarity.Familiarity(familiarity.fit(pictures[:600], turned(pictures[:600])))
    assert measure.distance(pictures[600:]).max() < 6


def test_what_does_not_vary_like_the_training_pictures_is_far(familiarity, pictures):
    measure = familiarity.Familiarity(familiarity.fit(pictures, turned(pictures)))
    shuffled = pictures[:20, torch.randperm(200, generator=torch.Generator().manual_seed(1))]
    assert measure.distance(shuffled).min() > 20


def test_an_extreme_of_the_known_variation_is_far_too(familiarity, pictures):
    measure = familiarity.Familiarity(familiarity.fit(pictures, turned(pictures)))
    mean = pictures.mean(dim=0)
    assert measure.distance((pictures[:1] - mean) * 10 + mean) > 50


def test_few_pictures_and_constant_features_do_not_break_it(familiarity):
    few = torch.cat([torch.rand(4, 30, generator=torch.Generator().manual_seed(2)), torch.ones(4, 10)], dim=1)
    measure = familiarity.Familiarity(familiarity.fit(few, turned(few)))
    assert torch.isfinite(measure.distance(few)).all()
