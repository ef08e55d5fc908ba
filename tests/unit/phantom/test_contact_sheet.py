"""The sheet of examples in the documentation."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from osteo_pacs.phantom import contact_sheet

DOCUMENTED = Path(__file__).parents[3] / "docs" / "images" / "phantoms.png"


def test_the_command_writes_the_sheet(tmp_path, monkeypatch):
    out = tmp_path / "sheet.png"
    monkeypatch.setattr(sys, "argv", ["contact_sheet", str(out)])

    contact_sheet.main()

    with Image.open(out) as drawn, Image.open(DOCUMENTED) as shown:
        assert drawn.size == shown.size
    assert out.stat().st_size < 1_000_000


def test_the_documented_sheet_shows_the_phantoms_as_they_are():
    drawn = np.asarray(contact_sheet.draw_contact_sheet(), int)
    with Image.open(DOCUMENTED) as picture:
        shown = np.asarray(picture.convert("L"), int)

    # Fonts and interpolation may differ by a little between versions of Pillow; anatomy may not.
    assert np.abs(drawn - shown).mean() < 2
