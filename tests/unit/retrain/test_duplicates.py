"""Copies of a picture are found, other pictures are not taken for copies."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from osteo_pacs.phantom import spine_image
from osteo_pacs.retrain.data_set.burned_in import has_text
from osteo_pacs.retrain.data_set.duplicates import difference_hash, joined, near_pairs

SEEDS = range(300, 306)


@pytest.fixture(scope="module")
def spines():
    grey = [spine_image(seed, overlay=False)[0] for seed in SEEDS]
    return [picture if picture.ndim == 2 else picture.mean(axis=2).astype(np.uint8) for picture in grey]


def as_scan(picture):
    return np.asarray(picture, dtype=np.float32) / 255


def in_jpeg(picture):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=60)
    return np.asarray(Image.open(file))


def scaled(picture):
    return np.asarray(Image.fromarray(picture).resize((picture.shape[1] * 4 // 5, picture.shape[0] * 4 // 5)))


@pytest.mark.parametrize("copy", [in_jpeg, scaled])
def test_a_copy_in_jpeg_or_of_another_size_is_nearly_the_same(spines, copy):
    hashes = [difference_hash(as_scan(picture)) for picture in [*spines, copy(spines[2])]]
    assert [*near_pairs(hashes)] == [(2, len(spines))]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=30))
def test_joined_keys_stand_in_one_group_each(pairs):
    groups = joined(range(21), pairs)
    assert sorted(key for group in groups for key in group) == [*range(21)]
    assert all(any({one, other} <= group for group in groups) for one, other in pairs)
    assert len(groups) >= 21 - len(pairs)


@pytest.mark.parametrize(("letters", "background"), [(255, None), (0, 230)])
def test_a_name_burned_in_is_found(spines, letters, background):
    missed = 0
    for picture in spines:
        written = Image.fromarray(picture)
        draw = ImageDraw.Draw(written)
        if background:
            draw.rectangle((0, 40, written.width, 70), fill=background)
        draw.text((8, 44), "DOE^JANE 1950-01-01", fill=letters, font_size=18)
        missed += not has_text(as_scan(written))
    assert missed == 0


def test_a_spine_without_text_is_not_taken_for_text(spines):
    assert [has_text(as_scan(picture)) for picture in spines] == [False] * len(spines)
