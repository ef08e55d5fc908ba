"""AP spine pictures: the BMD in them, what surrounds it, and each scanner's habits."""

from dataclasses import replace

import numpy as np
import pytest

from osteo_pacs.phantom import Confounders, ScannerStyle, draw_patient, render_spine, spine_image
from osteo_pacs.phantom.chance import random_stream
from osteo_pacs.phantom.render import draw_spine

PLAIN = Confounders(tissue_cm=19)


def patient(style=ScannerStyle.GE_IDXA, factor=1.0, confounders=PLAIN, seed=3):
    drawn = draw_patient(random_stream(seed, "picture"), style)
    return replace(drawn, bmd_g_cm2=tuple(factor * b for b in drawn.bmd_g_cm2), confounders=confounders)


def picture(*args, seed=8, overlay=False, **kwargs):
    return draw_spine(patient(*args, **kwargs), random_stream(seed, "spine"), overlay=overlay)


def grey_of_levels(drawn):
    return [float(drawn.grey[r.top : r.bottom, r.left : r.right].mean()) for r in drawn.regions]


@pytest.mark.parametrize("style", ScannerStyle)
@pytest.mark.parametrize("seed", range(6))
def test_bone_in_each_outline_has_the_patients_bmd(style, seed):
    someone = draw_patient(random_stream(seed, "bmd"), style)
    whole = replace(someone, confounders=replace(someone.confounders, fractured_level=None, dense_level=None))

    drawn = draw_spine(whole, random_stream(seed, "spine"))

    assert drawn.bone_g_cm2 == pytest.approx(whole.bmd_g_cm2, rel=0.005)


def test_a_collapsed_vertebra_keeps_its_mineral_in_less_area():
    broken = picture(confounders=replace(PLAIN, fractured_level=1, height_loss=0.4))

    density = broken.bone_g_cm2[1] / patient().bmd_g_cm2[1]
    assert 1.3 < density < 1 / 0.6
    assert broken.regions[1].bottom - broken.regions[1].top < 0.75 * (
        broken.regions[2].bottom - broken.regions[2].top
    )


@pytest.mark.parametrize("style", ScannerStyle)
def test_denser_bone_is_brighter_in_every_level(style):
    greys = np.array([grey_of_levels(picture(style, factor)) for factor in (0.7, 0.85, 1.0, 1.15)])

    assert (np.diff(greys, axis=0) > 5).all()


def test_brightness_alone_does_not_give_the_bmd_away():
    greys = [np.mean(grey_of_levels(picture(seed=seed))) for seed in range(24)]

    assert np.std(greys) > 0.02 * np.mean(greys)


@pytest.mark.parametrize("style", ScannerStyle)
def test_the_levels_lie_in_the_picture_from_top_to_bottom(style):
    drawn = picture(style)
    rows, columns = drawn.grey.shape

    assert [r.top for r in drawn.regions] == sorted(r.top for r in drawn.regions)
    assert all(0 <= r.left < r.right <= columns and 0 <= r.top < r.bottom <= rows for r in drawn.regions)


@pytest.mark.parametrize("style", ScannerStyle)
def test_vertebrae_are_bright_on_dark_soft_tissue(style):
    drawn = picture(style)
    region = drawn.regions[2]
    width = (region.right - region.left) // 4
    beside = drawn.grey[region.bottom - 4 : region.bottom + 8, region.left - 2 * width : region.left - width]

    assert np.median(drawn.grey[region.top : region.bottom, region.left : region.right]) > np.median(beside) + 50


@pytest.mark.parametrize("seed", range(12))
def test_pictures_have_the_scanners_own_sizes(seed):
    idxa, prodigy, hologic = (spine_image(seed, scanner=style)[0] for style in ScannerStyle)

    assert idxa.shape == (780, 716)
    assert 233 <= prodigy.shape[0] <= 405
    assert 248 <= prodigy.shape[1] <= 300
    assert hologic.shape[0] > 1.2 * hologic.shape[1]
    assert all(grey.dtype == np.uint8 for grey in (idxa, prodigy, hologic))


def test_outside_the_scanned_area_ge_pictures_are_saturated_white():
    white = [(picture(seed=seed).grey == 252).mean() for seed in range(20)]
    hologic = [(picture(ScannerStyle.HOLOGIC, seed=seed).grey == 252).mean() for seed in range(20)]

    assert max(white) > 0.08
    assert max(hologic) < 0.01


def test_the_white_edge_is_straight_within_each_sweep():
    edges = [np.argmax(row != 252) for row in picture(seed=7).grey[60:720]]

    steps = np.flatnonzero(np.diff(edges))
    assert len(steps) == 0 or np.diff(steps).min(initial=99) > 20


def test_thick_tissue_makes_the_picture_noisy():
    def roughness(tissue_cm):
        grey = picture(confounders=replace(PLAIN, tissue_cm=tissue_cm)).grey.astype(float)
        region = picture().regions[2]
        return np.diff(grey[region.top : region.bottom, region.left : region.right], axis=1).std()

    assert roughness(32) > 1.5 * roughness(19)


def test_an_overlay_changes_only_its_own_pixels():
    bare, lined = picture(ScannerStyle.HOLOGIC), picture(ScannerStyle.HOLOGIC, overlay=True)

    changed = (bare.grey != lined.grey).mean()
    assert 0.001 < changed < 0.08
    assert (bare.has_overlay, lined.has_overlay) == (False, True)


@pytest.mark.parametrize(
    "confounders",
    [
        replace(PLAIN, scoliosis_deg=25),
        replace(PLAIN, osteophytes=0.9),
        replace(PLAIN, aortic_calcification=0.9),
        replace(PLAIN, dense_level=2),
        replace(PLAIN, metal=4),
        replace(PLAIN, rotation_deg=6),
        replace(PLAIN, shift_mm=(15.0, 0.0)),
    ],
    ids=lambda confounders: "-".join(confounders.names),
)
def test_every_confounder_shows(confounders):
    with_it, without = picture(confounders=confounders).grey, picture().grey

    assert (np.abs(with_it.astype(int) - without) > 25).mean() > 0.002


def test_scoliosis_tilts_neighbours_against_each_other():
    def sideways(drawn):
        middles = [(r.left + r.right) / 2 for r in drawn.regions]
        return np.abs(np.diff(middles, n=2)).max()

    assert sideways(picture(confounders=replace(PLAIN, scoliosis_deg=30))) > sideways(picture()) + 4


def test_one_seed_is_one_picture():
    (first, truth), (again, same) = spine_image(5), spine_image(5)

    assert np.array_equal(first, again)
    assert truth == same
    assert not np.array_equal(first, spine_image(6, scanner=truth.scanner)[0])


def test_render_spine_gives_the_pixels_of_the_drawn_picture():
    someone = patient(ScannerStyle.GE_PRODIGY)

    pixels = render_spine(someone, random_stream(1, "spine"))

    assert np.array_equal(pixels, draw_spine(someone, random_stream(1, "spine")).grey)


def test_the_truth_of_a_seed_says_what_was_asked():
    _, truth = spine_image(9, scanner=ScannerStyle.HOLOGIC, is_osteoporotic=True, overlay=True)

    assert truth.is_osteoporotic is True
    assert truth.t_score <= -2.5
    assert truth.scanner is ScannerStyle.HOLOGIC
    assert truth.has_overlay
    assert truth.to_dict()["l1_l4_bmd_g_cm2"] == round(truth.patient.l1_l4_bmd_g_cm2, 4)
