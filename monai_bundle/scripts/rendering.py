"""From stored pixels to grey, as a reader's monitor would show them (PS3.3 C.11, PS3.4 N.2).

``stored_values`` reads the first frame and ``render_values`` takes it through Modality LUT, VOI LUT and
photometric interpretation to float32 rows x columns in 0 (black) to 1 (white); ``render`` does both.
It needs numpy and pydicom alone, so that a small bounded process can use it as well as MONAI's reader.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_rescale, apply_voi, pixel_array

if TYPE_CHECKING:
    from pydicom import Dataset

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Rec. 601, the weights of Y in YBR_FULL (PS3.3 C.7.6.3.1.2)."""

SPACINGS_BY_MODEL = {"prodigy": ((1.05, 0.60), (0.60, 0.60)), "idxa": ((0.25, 0.25),)}
"""Pixel spacings (row, column) in mm of scanners whose headers are silent, by a part of their model name.

Prodigies send their samples as they are, or with rows interpolated until the pixels are square.
"""

MAKERS_OF_OBLONG_PIXELS = re.compile(r"\b(ge|lunar)\b", re.IGNORECASE)
"""In Manufacturer (0008,0070): makers whose scanners send oblong pixels, some without a word of it."""

TALLEST_FIELD_MM = 300
"""No AP spine scan is taller, so a spacing that makes it so is not the picture's."""

LARGEST_VALUE = 1e30
"""Beyond it single precision overflows; what is not a number is not below it either."""

ONE_SAMPLE, THREE_SAMPLES = 2, 3
"""Axes of an array with one and with three samples per pixel."""

COLOURED, MOST_COLOURED = 0.1, 0.2
"""Distance of a pixel's samples from which it counts as coloured, and the share of such pixels in a grey picture.

Lines and labels are coloured. More than that is a picture of something else, or one whose photometric
interpretation is wrong: its grey would be false.
"""

GREYSCALE = ("MONOCHROME1", "MONOCHROME2")
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")


class UnreadablePixelsError(ValueError):
    """The pixels cannot be shown as grey."""


def render(ds: Dataset) -> np.ndarray:
    """The first frame as float32 rows x columns in 0 to 1, bright where a monitor would be bright.

    Raises:
        UnreadablePixelsError: the values are not numbers, or the photometric interpretation does not fit them.
    """
    return render_values(ds, stored_values(ds))


def stored_values(ds: Dataset) -> np.ndarray:
    """The first frame's values, rows x columns or rows x columns x 3; YBR is already RGB."""
    values: np.ndarray = pixel_array(ds, index=0)
    return values


def render_values(ds: Dataset, values: np.ndarray) -> np.ndarray:
    """``values`` as `render` gives them; ``ds`` holds the attributes that say what they mean."""
    photometric = str(ds.PhotometricInterpretation)
    if photometric == "PALETTE COLOR" and values.ndim == ONE_SAMPLE:
        colours = apply_color_lut(values, ds)
        grey = _luma(colours, float(np.iinfo(colours.dtype).max))
    elif photometric in COLOUR and values.ndim == THREE_SAMPLES:
        grey = _luma(values, float(2**ds.BitsStored - 1))
    elif photometric in GREYSCALE and values.ndim == ONE_SAMPLE:
        grey = _monochrome(ds, values)
    else:
        raise UnreadablePixelsError(f"photometric interpretation {photometric[:16]!r} does not fit the pixels")
    return np.clip(grey, 0, 1, out=grey)


def spacing_mm(ds: Dataset) -> tuple[float, float] | None:
    """The distance between rows and between columns, in mm; None where nothing tells, and pixels are square.

    Pixel Spacing (0028,0030), Imager Pixel Spacing (0018,1164) and Nominal Scanned Pixel Spacing (0018,2010)
    are believed in this order, then what is known of the scanner. Pixel Aspect Ratio (0028,0034) gives
    a spacing whose scale is arbitrary.

    Raises:
        UnreadablePixelsError: the maker's pixels are often not square, and neither spacing nor model is told.
    """
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio"):
        pair = _positive_pair(ds.get(keyword))
        if pair is not None:
            return pair
    return _spacing_by_model(ds)


def _spacing_by_model(ds: Dataset) -> tuple[float, float] | None:
    model = str(ds.get("ManufacturerModelName", "")).lower()
    spacings = next((known for name, known in SPACINGS_BY_MODEL.items() if name in model), None)
    if spacings is None:
        if MAKERS_OF_OBLONG_PIXELS.search(str(ds.get("Manufacturer", ""))):
            raise UnreadablePixelsError("the proportions of its pixels are not known")
        return None
    rows = ds.get("Rows") or 0
    return next((spacing for spacing in spacings if rows * spacing[0] <= TALLEST_FIELD_MM), None)


def _positive_pair(value: Any) -> tuple[float, float] | None:
    try:
        row, column = (float(part) for part in value)
    except (TypeError, ValueError):
        return None
    is_sane = 1e-3 < row < 1e3 and 1e-3 < column < 1e3  # noqa: PLR2004 - from a micrometre to a metre
    return (row, column) if is_sane else None


def _luma(colours: np.ndarray, full_scale: float) -> np.ndarray:
    shown = colours[..., :3].astype(np.float32) / np.float32(full_scale)
    is_coloured = shown.max(axis=-1) - shown.min(axis=-1) > COLOURED
    if np.count_nonzero(is_coloured) > MOST_COLOURED * is_coloured.size:
        raise UnreadablePixelsError("it is a picture in colour")
    grey: np.ndarray = shown @ LUMA
    return grey


def _monochrome(ds: Dataset, values: np.ndarray) -> np.ndarray:
    modality = _modality(ds, values)
    if np.issubdtype(modality.dtype, np.floating) and not (np.abs(modality) < LARGEST_VALUE).all():
        raise UnreadablePixelsError("some values are not numbers")
    if ds.get("VOILUTSequence"):
        item = ds.VOILUTSequence[0]
        seen = apply_voi(modality, ds, index=0)
        grey = seen.astype(np.float32) / np.float32(2 ** item.LUTDescriptor[2] - 1)
    else:
        grey = _window(modality, *_window_of(ds, modality))
    is_inverted = ds.PhotometricInterpretation == "MONOCHROME1" or ds.get("PresentationLUTShape") == "INVERSE"
    return 1 - grey if is_inverted else grey


def _modality(ds: Dataset, values: np.ndarray) -> np.ndarray:
    if ds.get("ModalityLUTSequence"):
        return apply_modality_lut(values, ds)
    if "RescaleSlope" in ds and "RescaleIntercept" in ds:
        with np.errstate(all="ignore"):
            return apply_rescale(values, ds)
    return values


def _window_of(ds: Dataset, modality: np.ndarray) -> tuple[float, float, str]:
    """Centre, width and function of the first window (PS3.3 C.11.2.1.2), or one over the whole range.

    Without a window stored values keep their place between the least and the largest that their bits can hold:
    grey tells the density here, so a picture must not be stretched to the values that happen to occur. Only
    values without bits of their own, of a Modality LUT or in floating point, use the range that occurs.
    """
    centre, width = _first(ds.get("WindowCenter")), _first(ds.get("WindowWidth"))
    if centre is not None and width is not None and width >= 1:
        return centre, width, str(ds.get("VOILUTFunction") or "LINEAR")
    if ds.get("BitsStored") and not ds.get("ModalityLUTSequence"):
        low, high = _range_of_bits(ds)
    else:
        low, high = float(modality.min()), float(modality.max())
    return (low + high) / 2, max(high - low, 1e-6), "LINEAR_EXACT"


def _range_of_bits(ds: Dataset) -> tuple[float, float]:
    slope, intercept = float(ds.get("RescaleSlope") or 1), float(ds.get("RescaleIntercept") or 0)
    span = 2**ds.BitsStored - 1
    first = -(span + 1) // 2 if ds.PixelRepresentation else 0
    return slope * first + intercept, slope * (first + span) + intercept


def _first(value: Any) -> float | None:
    """The first of one or several decimal strings."""
    if value is None or value == "":
        return None
    return float(value if isinstance(value, (str, float, int)) else value[0])


def _window(values: np.ndarray, centre: float, width: float, function: str) -> np.ndarray:
    """Values through a window (PS3.3 C.11.2.1.2.1 and C.11.2.1.3): 0 to 1 inside it, beyond where it cuts."""
    shown = values.astype(np.float32)
    if function == "SIGMOID":
        return np.asarray(1 / (1 + np.exp(-4 * (shown - np.float32(centre)) / np.float32(width))), np.float32)
    if function == "LINEAR_EXACT":
        return (shown - np.float32(centre)) / np.float32(width) + np.float32(0.5)
    return (shown - np.float32(centre - 0.5)) / np.float32(max(width - 1, 1e-6)) + np.float32(0.5)
