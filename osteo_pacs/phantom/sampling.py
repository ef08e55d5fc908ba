"""Pictures by seed, without DICOM: one seed, one picture."""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom.chance import random_stream
from osteo_pacs.phantom.filters import to_grey
from osteo_pacs.phantom.kinds import PhantomKind, Truth
from osteo_pacs.phantom.out_of_scope import draw_out_of_scope
from osteo_pacs.phantom.patient import draw_patient
from osteo_pacs.phantom.render import Grey, draw_spine
from osteo_pacs.phantom.scanner import ScannerStyle

_STYLES = tuple(ScannerStyle)
_STYLE_SHARE = (0.4, 0.3, 0.3)


def draw_scanner(rng: np.random.Generator) -> ScannerStyle:
    """One of the styles, the iDXA a little more often."""
    return _STYLES[int(rng.choice(len(_STYLES), p=_STYLE_SHARE))]


def spine_image(
    seed: int,
    *,
    scanner: ScannerStyle | None = None,
    is_osteoporotic: bool | None = None,
    overlay: bool | None = None,
) -> tuple[Grey, Truth]:
    """An AP spine picture, uint8 of shape (rows, columns), and its truth.

    Without ``scanner`` the styles are mixed; with ``is_osteoporotic`` the patient is drawn on that condition.
    ``overlay`` forces or forbids burned-in lines and labels; nothing else in the picture depends on it.
    """
    people = random_stream(seed, "patient")
    style = draw_scanner(people) if scanner is None else scanner
    patient = draw_patient(people, style, is_osteoporotic=is_osteoporotic)
    picture = draw_spine(patient, random_stream(seed, "spine"), overlay=overlay)
    truth = Truth(PhantomKind.AP_SPINE, style, patient, picture.regions, picture.has_overlay)
    return picture.grey, truth


def out_of_scope_image(kind: PhantomKind, seed: int, *, scanner: ScannerStyle | None = None) -> tuple[Grey, Truth]:
    """A picture that must be refused, uint8 of shape (rows, columns); report pages are turned to grey."""
    people = random_stream(seed, "patient")
    style = draw_scanner(people) if scanner is None else scanner
    patient = draw_patient(people, style)
    picture = draw_out_of_scope(kind, patient, random_stream(seed, kind.value))
    return to_grey(picture), Truth(kind, style, patient)
