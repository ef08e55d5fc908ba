"""Pictures that must be refused."""

import json

import numpy as np
import pytest

from osteo_pacs.phantom import OUT_OF_SCOPE, PhantomKind, ScannerStyle, out_of_scope_image
from osteo_pacs.phantom.chance import random_stream
from osteo_pacs.phantom.filters import to_grey
from osteo_pacs.phantom.out_of_scope import draw_out_of_scope
from osteo_pacs.phantom.patient import draw_patient


@pytest.mark.parametrize("style", ScannerStyle)
@pytest.mark.parametrize("kind", OUT_OF_SCOPE)
def test_every_kind_has_a_grey_picture_in_every_style(kind, style):
    grey, truth = out_of_scope_image(kind, 3, scanner=style)

    assert grey.ndim == 2
    assert grey.dtype == np.uint8
    assert truth.kind is kind
    assert (truth.is_readable, truth.is_osteoporotic, truth.t_score) == (False, None, None)


@pytest.mark.parametrize("kind", OUT_OF_SCOPE)
def test_one_seed_is_one_picture(kind):
    assert np.array_equal(out_of_scope_image(kind, 4)[0], out_of_scope_image(kind, 4)[0])


@pytest.mark.parametrize(
    ("kind", "rows", "columns"),
    [
        (PhantomKind.FEMUR_LEFT, range(537, 601), 680),
        (PhantomKind.FEMUR_RIGHT, range(537, 601), 680),
        (PhantomKind.LATERAL_SPINE, range(1768, 1769), 808),
        (PhantomKind.TOTAL_BODY, range(791, 792), 272),
    ],
)
def test_an_idxa_makes_pictures_of_its_own_sizes(kind, rows, columns):
    for seed in range(4):
        shape = out_of_scope_image(kind, seed, scanner=ScannerStyle.GE_IDXA)[0].shape

        assert shape[0] in rows
        assert shape[1] == columns


def test_the_left_hip_has_its_shaft_on_the_other_side_than_the_right():
    left, right = (
        out_of_scope_image(kind, 1, scanner=ScannerStyle.GE_IDXA)[0][-60:]
        for kind in (PhantomKind.FEMUR_LEFT, PhantomKind.FEMUR_RIGHT)
    )

    assert left[:, 340:].mean() > left[:, :340].mean() + 20
    assert right[:, :340].mean() > right[:, 340:].mean() + 20


def test_implants_saturate_the_middle_of_the_spine():
    grey, _ = out_of_scope_image(PhantomKind.SPINE_HARDWARE, 2, scanner=ScannerStyle.HOLOGIC)

    assert (grey[:, grey.shape[1] // 4 : -grey.shape[1] // 4] >= 253).mean() > 0.02


def test_a_report_page_is_a_colour_page_and_mostly_paper():
    patient = draw_patient(random_stream(1, "page"), ScannerStyle.HOLOGIC)

    page = draw_out_of_scope(PhantomKind.REPORT_PAGE, patient, random_stream(1, "page"))

    assert page.shape == (1056, 816, 3)
    assert (page == 255).all(axis=2).mean() > 0.4
    assert to_grey(page).shape == (1056, 816)


def test_pictures_of_nothing_come_in_several_sorts():
    roughness = {
        round(float(np.diff(out_of_scope_image(PhantomKind.NOISE, seed)[0].astype(float), axis=1).std()) / 8)
        for seed in range(25)
    }

    assert len(roughness) >= 3


def test_the_truth_can_be_written_as_json():
    text = json.dumps(out_of_scope_image(PhantomKind.CHEST, 1)[1].to_dict())

    assert json.loads(text)["kind"] == "chest"
    assert json.loads(text)["t_score"] is None
