"""One sheet of examples: ``python -m osteo_pacs.phantom.contact_sheet OUT.png``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageDraw

from osteo_pacs.phantom.chance import random_stream
from osteo_pacs.phantom.confounders import Confounders
from osteo_pacs.phantom.filters import to_grey
from osteo_pacs.phantom.kinds import OUT_OF_SCOPE
from osteo_pacs.phantom.out_of_scope import draw_out_of_scope
from osteo_pacs.phantom.overlay import font_of
from osteo_pacs.phantom.patient import Patient, draw_patient
from osteo_pacs.phantom.reference import young_adult
from osteo_pacs.phantom.render import Grey, draw_spine
from osteo_pacs.phantom.scanner import SCANNERS, ScannerStyle

Example = tuple[str, Grey]

_TILE = (190, 222)
_CAPTION = 16
_COLUMNS = 7
_PLAIN = Confounders(tissue_cm=19)
_CONFOUNDERS = {
    "scoliosis": replace(_PLAIN, scoliosis_deg=24),
    "osteophytes": replace(_PLAIN, osteophytes=0.9),
    "aortic calcification": replace(_PLAIN, aortic_calcification=0.95),
    "compression fracture L2": replace(_PLAIN, fractured_level=1, height_loss=0.42),
    "dense vertebra L3": replace(_PLAIN, dense_level=2),
    "metal": replace(_PLAIN, metal=4),
    "malposition": replace(_PLAIN, rotation_deg=6, shift_mm=(-16, 4)),
    "obesity, 31 cm": replace(_PLAIN, tissue_cm=31),
}


def draw_contact_sheet() -> Image.Image:
    """Scanner styles at two T-scores, confounders, and the kinds that must be refused; always the same."""
    examples = [*_styles(), *_confounded(), *_out_of_scope()]
    width, height = _TILE
    rows = -(-len(examples) // _COLUMNS)
    sheet = Image.new("L", (_COLUMNS * width, rows * (height + _CAPTION)), 40)
    draw = ImageDraw.Draw(sheet)
    for place, (caption, grey) in enumerate(examples):
        left, top = place % _COLUMNS * width, place // _COLUMNS * (height + _CAPTION)
        tile = Image.fromarray(grey)
        tile.thumbnail((width - 4, height - 4), Image.Resampling.LANCZOS)
        sheet.paste(tile, (left + (width - tile.width) // 2, top + (height - tile.height) // 2))
        draw.text((left + width / 2, top + height + 6), caption, fill=230, font=font_of(11), anchor="mm")
    return sheet


def _styles() -> Iterator[Example]:
    """Each style without osteoporosis and with it."""
    for style in ScannerStyle:
        for t_score in (0.3, -3.2):
            patient = _patient(style, t_score, _PLAIN)
            caption = f"{SCANNERS[style].model}, T {patient.t_score:+.1f}"
            yield caption, _spine(patient, 4, overlay=style is ScannerStyle.HOLOGIC and t_score < 0)


def _confounded() -> Iterator[Example]:
    for place, (name, confounders) in enumerate(_CONFOUNDERS.items()):
        style = ScannerStyle.HOLOGIC if place % 4 == 1 else ScannerStyle.GE_IDXA
        yield name, _spine(_patient(style, -1.4, confounders), place, overlay=False)


def _out_of_scope() -> Iterator[Example]:
    patient = _patient(ScannerStyle.GE_IDXA, -0.8, _PLAIN)
    for kind in OUT_OF_SCOPE:
        yield f"refuse: {kind}", to_grey(draw_out_of_scope(kind, patient, random_stream(15, kind.value)))


def _patient(style: ScannerStyle, t_score: float, confounders: Confounders) -> Patient:
    """Someone whose four vertebrae are scaled to the T-score."""
    drawn = replace(draw_patient(random_stream(5, "contact sheet"), style), confounders=_PLAIN)
    mean, sd = young_adult(SCANNERS[style].make, drawn.sex)
    factor = (mean + t_score * sd) / (mean + drawn.t_score * sd)
    l1, l2, l3, l4 = (bmd * factor for bmd in drawn.bmd_g_cm2)
    return replace(drawn, bmd_g_cm2=(l1, l2, l3, l4), confounders=confounders)


def _spine(patient: Patient, seed: int, *, overlay: bool) -> Grey:
    return draw_spine(patient, random_stream(seed, patient.scanner), overlay=overlay).grey


def main() -> None:
    """Writes the sheet to the path on the command line."""
    parser = argparse.ArgumentParser(description="Draw a sheet of simulated DXA pictures.")
    parser.add_argument("out", type=Path, help="PNG file to write")
    draw_contact_sheet().save(parser.parse_args().out, optimize=True)


if __name__ == "__main__":
    main()
