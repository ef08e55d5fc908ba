from __future__ import annotations

import pytest
import torch
from monai.transforms import Affine

from osteo_pacs import shipped
from osteo_pacs.infer.sealed_modules import bundle_scripts
from osteo_pacs.sealed import open_sealed

NOTHING = {"flipped": 0, "moved": 0, "rotation": 0, "scale": 0, "shift": 0, "noisy": 0, "noise": 0}


@pytest.fixture(scope="module")
def augmentation():
    """The bundle's augmentation with one kind of change."""
    with bundle_scripts(open_sealed(shipped.BUNDLE)):
        module = __import__("scripts.augmentation", fromlist=["*"])
    return lambda **changes: module.Augmentation(**NOTHING | changes)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(4)


def pictures(count=40):
    """Smooth ones, so that a resampled pixel is what stood there."""
    y, x = torch.meshgrid(torch.linspace(0, 3, 64), torch.linspace(0, 2, 40), indexing="ij")
    return torch.stack([(torch.sin(x + n) * torch.cos(y))[None] for n in range(count)])


def test_without_a_change_pictures_stay(augmentation):
    torch.testing.assert_close(augmentation()(pictures()), pictures(), atol=1e-5, rtol=0)


def test_a_flip_lets_left_and_right_change_places(augmentation):
    torch.testing.assert_close(augmentation(flipped=1)(pictures()), pictures().flip(3), atol=1e-5, rtol=0)


def test_some_pictures_are_flipped_and_others_not(augmentation):
    changed = augmentation(flipped=0.5)(pictures())
    stayed = (changed - pictures()).abs().amax(dim=(1, 2, 3)) < 1e-4
    turned = (changed - pictures().flip(3)).abs().amax(dim=(1, 2, 3)) < 1e-4
    assert torch.equal(stayed, ~turned)
    assert 8 < stayed.sum() < 32


def in_pixels(moves):
    """For (row, column) from the middle of a picture of 64 x 40, as MONAI's transforms take them."""
    half = torch.tensor([32.0, 20.0])
    moves = moves.flip(1)[:, :, [1, 0, 2]]
    return torch.cat([moves[:, :, :2] * half[:, None] / half, moves[:, :, 2:] * half[:, None]], dim=2)


@pytest.mark.parametrize(
    ("change", "most", "found"),
    [
        ("rotation", 0.3, lambda moves: moves[:, 1, 0].asin()),
        ("scale", 0.2, lambda moves: moves[:, 0, 0] - 1),
        ("scale", 0.2, lambda moves: moves[:, 1, 1] - 1),
        ("shift", 9, lambda moves: moves[:, 0, 2]),
        ("shift", 9, lambda moves: moves[:, 1, 2]),
    ],
)
def test_half_of_the_pictures_move_up_to_the_stated_limit(augmentation, change, most, found):
    moved = found(in_pixels(augmentation(moved=0.5, **{change: most})._moves(pictures(2000)))).abs()
    assert 0.95 * most < moved.max() < 1.001 * most
    assert 0.45 < (moved > 0.001 * most).float().mean() < 0.55


def test_pictures_are_turned_as_by_monai_for_one_picture(augmentation):
    turned = augmentation(moved=1, rotation=0.3, shift=4, scale=0.1, flipped=0.5)
    torch.manual_seed(5)
    changed = turned(pictures(6))
    torch.manual_seed(5)
    for picture, after, move in zip(pictures(6), changed, in_pixels(turned._moves(pictures(6))), strict=True):
        matrix = torch.eye(3)
        matrix[:2] = move
        expected, _ = Affine(affine=matrix, padding_mode="zeros", image_only=False)(picture)
        torch.testing.assert_close(after, torch.as_tensor(expected), atol=1e-4, rtol=0)


def test_the_middle_stays_where_it_is_and_straight_lines_are_turned_without_a_shear(augmentation):
    """A picture that is turned keeps its distances in pixels, whatever its proportions."""
    [move] = in_pixels(augmentation(moved=1, rotation=0.3)._moves(pictures(1)))
    turn = move[:, :2]
    torch.testing.assert_close(turn @ turn.T, torch.eye(2))
    assert not move[:, 2].any()


def test_what_comes_in_from_outside_is_black(augmentation):
    changed = augmentation(moved=1, shift=12)(torch.ones(200, 1, 64, 64))
    assert changed.amin() == 0
    assert changed[:, :, 12:-12, 12:-12].amin() > 0.999


def test_noise_has_a_deviation_of_its_own_in_every_picture_up_to_the_limit(augmentation):
    noise = augmentation(noisy=0.5, noise=0.1)(torch.zeros(200, 1, 64, 64)).std(dim=(1, 2, 3))
    assert 70 < (noise == 0).sum() < 130
    assert 0.09 < noise.max() < 0.105
    assert noise[noise > 0].min() < 0.02


def test_one_seed_gives_one_batch(augmentation):
    both = []
    for _ in range(2):
        torch.manual_seed(6)
        both.append(augmentation(moved=1, shift=5, noisy=1, noise=0.1)(pictures()))
    assert torch.equal(*both)


def test_a_batch_is_changed_and_its_labels_are_not(augmentation):
    labels = torch.rand(40, 2)
    images, kept = augmentation(flipped=1).prepare_batch({"image": pictures(), "label": labels}, "cpu")
    assert torch.equal(labels, kept)
    assert not torch.equal(images, pictures())
