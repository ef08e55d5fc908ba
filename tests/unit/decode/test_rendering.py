from __future__ import annotations

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence

from images import image_dataset


def test_bytes_keep_their_place_between_black_and_white(rendering, ramp):
    grey = rendering.render(image_dataset(ramp))
    assert grey.dtype == np.float32
    assert grey.shape == (100, 120)
    np.testing.assert_allclose(grey, ramp / 255, atol=1e-6)


def test_a_dark_byte_image_is_not_stretched(rendering):
    grey = rendering.render(image_dataset(np.full((4, 4), 51, np.uint8)))
    np.testing.assert_allclose(grey, 0.2, atol=1e-6)


def test_monochrome1_is_inverted(rendering, ramp):
    grey = rendering.render(image_dataset(ramp, PhotometricInterpretation="MONOCHROME1"))
    np.testing.assert_allclose(grey, 1 - ramp / 255, atol=1e-6)


def test_inverse_presentation_lut_shape_inverts_once(rendering, ramp):
    attributes = {"PresentationLUTShape": "INVERSE", "PhotometricInterpretation": "MONOCHROME1"}
    np.testing.assert_allclose(rendering.render(image_dataset(ramp, **attributes)), 1 - ramp / 255, atol=1e-6)


def test_rows_and_columns_are_not_swapped(rendering):
    values = np.zeros((3, 5), np.uint8)
    values[0, 4] = 255
    grey = rendering.render(image_dataset(values))
    assert grey[0, 4] == 1
    assert grey.sum() == 1


def test_linear_window_follows_the_standards_formula(rendering):
    values = np.array([[0, 999, 1000, 2048, 3095, 3096]], np.uint16)
    grey = rendering.render(image_dataset(values, WindowCenter=2048, WindowWidth=2096, BitsStored=12, HighBit=11))
    expected = np.clip((values - 2047.5) / 2095 + 0.5, 0, 1)
    np.testing.assert_allclose(grey, expected, atol=1e-5)


def test_the_first_of_several_windows_counts(rendering, ramp):
    several = rendering.render(image_dataset(ramp, WindowCenter=[64, 200], WindowWidth=[64, 10]))
    one = rendering.render(image_dataset(ramp, WindowCenter=64, WindowWidth=64))
    np.testing.assert_array_equal(several, one)


def test_sigmoid_window_is_half_at_its_centre(rendering):
    attributes = {"WindowCenter": 100, "WindowWidth": 50, "VOILUTFunction": "SIGMOID"}
    grey = rendering.render(image_dataset(np.array([[0, 100, 255]], np.uint8), **attributes))
    assert grey[0, 1] == pytest.approx(0.5)
    assert grey[0, 0] < 0.01
    assert grey[0, 2] > 0.99


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_a_picture_of_any_depth_without_a_window_shows_the_same_grey(rendering, ramp, bits):
    values = np.round(ramp / 255 * (2**bits - 1)).astype(np.uint16)
    grey = rendering.render(image_dataset(values, BitsStored=bits, HighBit=bits - 1))
    np.testing.assert_allclose(grey, ramp / 255, atol=0.6 / (2**bits - 1))


def test_a_dark_deep_picture_without_a_window_is_not_stretched(rendering):
    grey = rendering.render(image_dataset(np.array([[0, 400, 819]], np.uint16), BitsStored=12, HighBit=11))
    np.testing.assert_allclose(grey, [[0, 400 / 4095, 0.2]], atol=1e-6)


def test_values_of_a_modality_lut_without_a_window_use_the_range_that_occurs(rendering):
    item = Dataset()
    item.LUTDescriptor, item.LUTData, item.ModalityLUTType = [3, 0, 16], [1000, 1500, 2000], "US"
    item["LUTDescriptor"].VR, item["LUTData"].VR = "US", "US"
    ds = image_dataset(np.array([[0, 1, 2]], np.uint8), ModalityLUTSequence=Sequence([item]))
    np.testing.assert_allclose(rendering.render(ds), [[0, 0.5, 1]], atol=1e-6)


def test_identity_rescale_of_bytes_keeps_their_place(rendering, ramp):
    grey = rendering.render(image_dataset(ramp, RescaleSlope=1, RescaleIntercept=0))
    np.testing.assert_allclose(grey, ramp / 255, atol=1e-6)


def test_negative_rescale_slope_turns_the_values_before_the_window(rendering):
    values = np.array([[0, 100, 200]], np.uint8)
    attributes = {"RescaleSlope": -1, "RescaleIntercept": 200, "WindowCenter": 100.5, "WindowWidth": 201}
    np.testing.assert_allclose(rendering.render(image_dataset(values, **attributes)), [[1, 0.5, 0]], atol=1e-5)


def test_signed_values_pass_through_their_window(rendering):
    values = np.array([[-100, 0, 100]], np.int16)
    grey = rendering.render(image_dataset(values, WindowCenter=0.5, WindowWidth=201))
    np.testing.assert_allclose(grey, [[0, 0.5, 1]], atol=1e-5)


def test_voi_lut_maps_values(rendering):
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [4, 0, 8], [255, 128, 64, 0]
    item["LUTDescriptor"].VR, item["LUTData"].VR = "US", "US"
    ds = image_dataset(np.array([[0, 1, 2, 3]], np.uint8), VOILUTSequence=Sequence([item]))
    np.testing.assert_allclose(rendering.render(ds), [[1, 128 / 255, 64 / 255, 0]], atol=1e-6)


def test_rgb_becomes_luma(rendering):
    colours = np.full((5, 4, 3), 255, np.uint8)
    colours[0, :3] = [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
    grey = rendering.render(image_dataset(colours))
    np.testing.assert_allclose(grey[0], [0.299, 0.587, 0.114, 1], atol=1e-5)


def test_colours_are_scaled_by_the_bits_that_are_stored(rendering):
    colours = np.full((4, 4, 3), 819, np.uint16)
    grey = rendering.render(image_dataset(colours, BitsStored=12, HighBit=11))
    np.testing.assert_allclose(grey, 0.2, atol=1e-6)


def test_grey_samples_that_claim_another_colour_space_are_refused(rendering, ramp):
    ds = image_dataset(np.repeat(ramp[..., None], 3, axis=-1), PhotometricInterpretation="YBR_FULL")
    with pytest.raises(rendering.UnreadablePixelsError, match="in colour"):
        rendering.render(ds)


def test_ybr_full_shows_its_luminance(rendering):
    ybr = np.full((2, 2, 3), 128, np.uint8)
    ybr[..., 0] = [[0, 50], [100, 200]]
    grey = rendering.render(image_dataset(ybr, PhotometricInterpretation="YBR_FULL"))
    np.testing.assert_allclose(grey, ybr[..., 0] / 255, atol=0.01)


def test_palette_colour_is_looked_up(rendering):
    ds = image_dataset(np.array([[0, 1]], np.uint8), PhotometricInterpretation="PALETTE COLOR")
    for colour in ("Red", "Green", "Blue"):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [2, 0, 16])
        ds[f"{colour}PaletteColorLookupTableDescriptor"].VR = "US"
        setattr(ds, f"{colour}PaletteColorLookupTableData", np.array([65535, 0], np.uint16).tobytes())
    np.testing.assert_allclose(rendering.render(ds), [[1, 0]], atol=1e-4)


def test_of_several_frames_the_first_is_shown(rendering, ramp):
    ds = image_dataset(ramp, NumberOfFrames=2)
    ds.PixelData = ramp.tobytes() + (255 - ramp).tobytes()
    np.testing.assert_allclose(rendering.render(ds), ramp / 255, atol=1e-6)


def test_not_a_number_after_scaling_is_refused(rendering, ramp):
    ds = image_dataset(ramp, RescaleSlope="1e308", RescaleIntercept="1e308")
    with pytest.raises(rendering.UnreadablePixelsError, match="not numbers"):
        rendering.render(ds)


@pytest.mark.parametrize("photometric", ["RGB", "PALETTE COLOUR", "HSV"])
def test_photometric_interpretation_that_does_not_fit_is_refused(rendering, ramp, photometric):
    ds = image_dataset(ramp)
    values = rendering.stored_values(ds)
    ds.PhotometricInterpretation = photometric
    with pytest.raises(rendering.UnreadablePixelsError, match="does not fit"):
        rendering.render_values(ds, values)


def test_constant_deep_values_do_not_divide_by_zero(rendering):
    grey = rendering.render(image_dataset(np.full((3, 3), 700, np.uint16)))
    assert np.isfinite(grey).all()


@pytest.mark.parametrize(
    ("attributes", "spacing"),
    [
        ({"PixelSpacing": [0.5, 0.25]}, (0.5, 0.25)),
        ({"ImagerPixelSpacing": [0.6, 0.6]}, (0.6, 0.6)),
        ({"PixelAspectRatio": [7, 4]}, (7.0, 4.0)),
        ({"ManufacturerModelName": "Lunar Prodigy Advance"}, (1.05, 0.60)),
        ({"ManufacturerModelName": "Lunar Prodigy", "Rows": 285}, (1.05, 0.60)),
        ({"ManufacturerModelName": "Lunar Prodigy", "Rows": 380}, (0.60, 0.60)),
        ({"ManufacturerModelName": "Lunar Prodigy", "Rows": 900}, None),
        ({"ManufacturerModelName": "Lunar iDXA"}, (0.25, 0.25)),
        ({"PixelSpacing": [0, 0], "ManufacturerModelName": "Lunar iDXA"}, (0.25, 0.25)),
        ({"PixelSpacing": [-1, 1]}, None),
        ({"PixelSpacing": None}, None),
        ({"Manufacturer": "HOLOGIC"}, None),
        ({"Manufacturer": "Vantage Imaging"}, None),
        ({"Manufacturer": "GE Healthcare", "PixelSpacing": [0.6, 0.6]}, (0.6, 0.6)),
        ({}, None),
    ],
)
def test_spacing_is_the_first_that_can_be_believed(rendering, ramp, attributes, spacing):
    assert rendering.spacing_mm(image_dataset(ramp, **attributes)) == spacing


@pytest.mark.parametrize("maker", ["GE Healthcare", "GE MEDICAL SYSTEMS", "Lunar", "LUNAR Corporation"])
def test_unknown_proportions_of_a_maker_of_oblong_pixels_are_refused(rendering, ramp, maker):
    with pytest.raises(rendering.UnreadablePixelsError, match="proportions"):
        rendering.spacing_mm(image_dataset(ramp, Manufacturer=maker, ManufacturerModelName="DPX"))
