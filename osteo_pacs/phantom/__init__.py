"""A spine DXA simulator with known truth, for the demonstration, self-tests and the demonstration weights.

``patient`` draws who is scanned and how dense the spine is, from published BMD (``reference``) and with what makes
reading hard (``confounders``); ``spine`` and ``vertebra`` lay the anatomy out, ``surroundings``, ``degeneration``
and ``hardware`` add what lies around and over it; ``exposure``, ``frame`` and ``overlay`` make it the picture of
one of the scanners in ``scanner``; ``study`` and ``header`` make it DICOM. Nothing here is a real patient.
"""

from osteo_pacs.phantom.confounders import CONFOUNDER_NAMES, Confounders
from osteo_pacs.phantom.kinds import OUT_OF_SCOPE, PhantomKind, Truth
from osteo_pacs.phantom.observer import ideal_observer_score, ideal_observer_t_score
from osteo_pacs.phantom.patient import Patient, draw_patient
from osteo_pacs.phantom.render import render_spine
from osteo_pacs.phantom.sampling import out_of_scope_image, spine_image
from osteo_pacs.phantom.scanner import ScannerStyle
from osteo_pacs.phantom.study import PhantomStudy, demo_study, make_study, write_study

__all__ = [
    "CONFOUNDER_NAMES",
    "OUT_OF_SCOPE",
    "Confounders",
    "Patient",
    "PhantomKind",
    "PhantomStudy",
    "ScannerStyle",
    "Truth",
    "demo_study",
    "draw_patient",
    "ideal_observer_score",
    "ideal_observer_t_score",
    "make_study",
    "out_of_scope_image",
    "render_spine",
    "spine_image",
    "write_study",
]
