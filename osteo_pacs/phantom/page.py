"""Report pages: a densitometer sends them as pictures, and a spine on them is no spine picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from osteo_pacs.phantom import reference
from osteo_pacs.phantom.overlay import font_of
from osteo_pacs.phantom.patient import Patient
from osteo_pacs.phantom.scanner import SCANNERS

_PAGE = (816, 1056)
_INK = (20, 20, 20)


def report_page(patient: Patient, spine: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A densitometry report as a colour page, shape (1056, 816, 3): picture, table of results, reference plot."""
    page = Image.new("RGB", _PAGE, (255, 255, 255))
    draw = ImageDraw.Draw(page)
    scanner = SCANNERS[patient.scanner]
    draw.text((40, 30), "PHANTOM DENSITOMETRY CENTRE", fill=_INK, font=font_of(22))
    lines = ("Name: PHANTOM", f"Sex: {patient.sex.value}", f"Age: {patient.age_years}", f"Model: {scanner.model}")
    for index, line in enumerate(lines):
        draw.text((40 + 380 * (index % 2), 75 + 22 * (index // 2)), line, fill=_INK, font=font_of(15))
    draw.line((40, 125, 776, 125), fill=_INK, width=2)
    height = int(rng.integers(380, 450))
    picture = Image.fromarray(spine).resize((int(height * 0.78), height))
    page.paste(picture, (50, 150))
    _draw_table(draw, patient, 150 + height + 30)
    _draw_reference_plot(draw, patient, (440, 160, 760, 150 + height))
    return np.asarray(page)


def _draw_table(draw: ImageDraw.ImageDraw, patient: Patient, top: int) -> None:
    mean, sd = reference.young_adult(SCANNERS[patient.scanner].make, patient.sex)
    draw.text((40, top), "DXA Results Summary", fill=_INK, font=font_of(17))
    for column, title in enumerate(("Region", "BMD (g/cm2)", "T-score", "Z-score")):
        draw.text((40 + 160 * column, top + 32), title, fill=_INK, font=font_of(14))
    rows = [*zip(reference.LEVELS, patient.bmd_g_cm2, strict=True), ("L1-L4", patient.l1_l4_bmd_g_cm2)]
    ratios = (*reference.level_ratio(), 1.0)
    for index, ((name, bmd), ratio) in enumerate(zip(rows, ratios, strict=True)):
        y = top + 58 + 24 * index
        t_score = (bmd / ratio - mean) / sd
        values = (name, f"{bmd:.3f}", f"{t_score:.1f}", f"{patient.z_score - patient.t_score + t_score:.1f}")
        for column, text in enumerate(values):
            draw.text((40 + 160 * column, y), text, fill=_INK, font=font_of(14))
    draw.text((40, top + 200), "Simulated report of a phantom. Not a patient.", fill=_INK, font=font_of(13))


def _draw_reference_plot(draw: ImageDraw.ImageDraw, patient: Patient, box: tuple[int, int, int, int]) -> None:
    """BMD against age over the bands of the WHO's classes."""
    left, top, right, bottom = box
    height = bottom - top
    bands = ((0.45, (190, 230, 190)), (0.65, (250, 240, 170)), (1.0, (250, 190, 180)))
    start = float(top)
    for end, colour in bands:
        draw.rectangle((left, start, right, top + end * height), fill=colour)
        start = top + end * height
    draw.rectangle(box, outline=_INK)
    for shift in (-0.12, 0.0, 0.12):
        curve = [
            (
                left + (age - 20) / 70 * (right - left),
                top + height * (0.28 + shift + 0.00006 * max(age - 45, 0) ** 2),
            )
            for age in range(20, 91, 2)
        ]
        draw.line(curve, fill=(90, 90, 90), width=1)
    x = left + (patient.age_years - 20) / 70 * (right - left)
    y = top + height * float(np.clip(0.33 - 0.13 * patient.t_score, 0.02, 0.98))
    draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=_INK)
    draw.text((left, bottom + 6), "BMD by age, AP spine", fill=_INK, font=font_of(13))
