from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from monai.data.meta_tensor import MetaTensor
from PIL import Image

from osteo_pacs import shipped
from osteo_pacs.infer.sealed_modules import bundle_scripts
from osteo_pacs.sealed import open_sealed


@pytest.fixture(scope="module")
def preprocess():
    with bundle_scripts(open_sealed(shipped.BUNDLE)):
        return __import__("scripts.preprocess", fromlist=["CropToScand"])


def staircase() -> np.ndarray:
    """A grey scan of 60 x 50 in a picture of 100 x 90, saturated outside, with steps in its left edge."""
    grey = np.ones((100, 90), np.float32)
    for top, left in ((20, 20), (40, 23), (60, 17)):
        grey[top : top + 20, left:70] = 0.4
    return grey


def item(grey: np.ndarray, **meta) -> dict:
    return {"image": MetaTensor(torch.from_numpy(grey)[None], meta=meta)}


def test_the_crop_is_the_scan_with_its_staircase_edge(preprocess):
    image = preprocess.CropToScand("image", margin=0)(item(staircase()))["image"]
    assert image.meta["region"] == (17, 20, 70, 80)
    assert image.shape == (1, 60, 53)
    assert image.max() == pytest.approx(0.4)
    assert image.meta["coverage"] == pytest.approx(60 * 50 / 9000, abs=0.01)


def test_the_pixels_beside_the_edge_are_outside_too(preprocess):
    image = preprocess.CropToScand("image", margin=4)(item(staircase()))["image"]
    assert image.meta["region"] == (21, 24, 66, 76)
    assert image[0, 20:40, :6].max() == 0, "the step is as deep inside as outside"


def test_a_picture_that_lossy_jpeg_has_been_through_is_cropped_alike(preprocess):
    grey = staircase() * 252 / 255
    noisy = io.BytesIO()
    Image.fromarray((grey * 255).astype(np.uint8)).save(noisy, "JPEG", quality=85)
    lossy = np.asarray(Image.open(noisy), np.float32) / 255
    crop = preprocess.CropToScand("image")
    assert crop(item(lossy))["image"].meta["region"] == crop(item(grey))["image"].meta["region"]


def test_bright_bone_inside_the_scan_stays(preprocess):
    grey = staircase()
    grey[45:55, 40:50] = 1
    assert preprocess.CropToScand("image", margin=0)(item(grey))["image"].max() == 1


def test_black_margins_are_cut_too(preprocess):
    grey = np.zeros((50, 60), np.float32)
    grey[5:45, 10:50] = 0.5
    assert preprocess.CropToScand("image", margin=0)(item(grey))["image"].meta["region"] == (10, 5, 50, 45)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_picture_without_a_scan_keeps_its_size_and_has_no_coverage(preprocess, value):
    image = preprocess.CropToScand("image", margin=0)(item(np.full((30, 40), value, np.float32)))["image"]
    assert image.meta["region"] == (0, 0, 40, 30)
    assert image.meta["coverage"] == 0


def test_a_few_specks_outside_do_not_widen_the_crop(preprocess):
    grey = staircase()
    grey[3, 5] = 0.5
    assert preprocess.CropToScand("image", margin=0)(item(grey))["image"].meta["region"] == (17, 20, 70, 80)


def test_the_square_keeps_proportions_and_centres(preprocess):
    image = preprocess.FitSquared("image", size=224)(item(np.ones((100, 50), np.float32)))["image"]
    assert image.shape == (1, 224, 224)
    inside = image[0] > 0.5
    assert inside.any(dim=1).sum() == 224
    assert inside.any(dim=0).sum() == 112
    assert inside[:, 56:168].all()


@pytest.mark.parametrize(
    ("shape", "spacing", "fitted"),
    [
        ((100, 50), None, (224, 112)),
        ((100, 100), (1.05, 0.60), (224, 128)),
        ((1, 1000), None, (1, 224)),
        ((300, 300), (0.25, 0.25), (224, 224)),
    ],
)
def test_proportions_follow_the_spacing(preprocess, shape, spacing, fitted):
    assert preprocess.fitted(shape, spacing, 224) == fitted


def test_meta_passes_through_both(preprocess):
    image = preprocess.CropToScand("image", margin=0)(item(staircase(), spacing_mm=(1.0, 0.5)))
    square = preprocess.FitSquared("image")(image)["image"]
    assert square.meta["region"] == (17, 20, 70, 80)
    assert square.meta["spacing_mm"] == (1.0, 0.5)
