"""Pictures that must be refused: other regions, spines with implants or the wrong way, report pages, nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from osteo_pacs.phantom import chest, femur, lateral, limbs, whole_body
from osteo_pacs.phantom.exposure import ToneCurve, expose
from osteo_pacs.phantom.filters import enlarge, smooth_noise
from osteo_pacs.phantom.geometry import Geometry, chest_geometry, region_geometry, total_body_geometry
from osteo_pacs.phantom.grid import Grid, Plane
from osteo_pacs.phantom.kinds import PhantomKind
from osteo_pacs.phantom.nothing import noise_picture
from osteo_pacs.phantom.page import report_page
from osteo_pacs.phantom.patient import Patient
from osteo_pacs.phantom.render import Grey, draw_spine, render_spine
from osteo_pacs.phantom.scanner import SCANNERS, ScannerStyle

Anatomy = Callable[[Grid, Patient, np.random.Generator], Plane]
_AIR = 0.04


@dataclass(frozen=True, slots=True)
class _Region:
    """A region's anatomy and field; ``in_air`` where the field is wider than the body."""

    anatomy: Anatomy
    field_mm: tuple[float, float]
    in_air: bool = False


_REGIONS: dict[PhantomKind, _Region] = {
    PhantomKind.FEMUR_LEFT: _Region(partial(femur.femur_density, is_left=True), femur.FIELD_MM),
    PhantomKind.FEMUR_RIGHT: _Region(partial(femur.femur_density, is_left=False), femur.FIELD_MM),
    PhantomKind.LATERAL_SPINE: _Region(lateral.lateral_density, lateral.FIELD_MM),
    PhantomKind.KNEE_LEFT: _Region(partial(limbs.knee_density, is_left=True), limbs.KNEE_FIELD_MM, in_air=True),
    PhantomKind.KNEE_RIGHT: _Region(partial(limbs.knee_density, is_left=False), limbs.KNEE_FIELD_MM, in_air=True),
    PhantomKind.FOREARM: _Region(limbs.forearm_density, limbs.FOREARM_FIELD_MM, in_air=True),
    PhantomKind.CHEST: _Region(chest.chest_density, chest.FIELD_MM, in_air=True),
    PhantomKind.TOTAL_BODY: _Region(whole_body.whole_body_density, whole_body.FIELD_MM, in_air=True),
}


_WRONG_WAYS: dict[PhantomKind, Callable[[Grey], Grey]] = {
    PhantomKind.SPINE_UPSIDE_DOWN: np.flipud,
    PhantomKind.SPINE_TURNED: np.rot90,
    PhantomKind.SPINE_NEGATIVE: np.invert,
}
"""An AP spine that a wrong header or a careless export has turned over, turned by a quarter, or inverted."""


def draw_out_of_scope(kind: PhantomKind, patient: Patient, rng: np.random.Generator) -> Grey:
    """The picture, uint8: (rows, columns), or (rows, columns, 3) for a report page."""
    if kind in _REGIONS:
        return _draw_region(kind, patient, rng)
    if kind is PhantomKind.SPINE_HARDWARE:
        return draw_spine(patient, rng, hardware=True).grey
    if kind in _WRONG_WAYS:
        return np.ascontiguousarray(_WRONG_WAYS[kind](render_spine(patient, rng)))
    if kind is PhantomKind.REPORT_PAGE:
        return report_page(patient, render_spine(patient, rng), rng)
    return noise_picture(rng)


def _draw_region(kind: PhantomKind, patient: Patient, rng: np.random.Generator) -> Grey:
    region = _REGIONS[kind]
    geometry = _geometry(kind, patient.scanner, region.field_mm, rng)
    grid = geometry.samples
    density = region.anatomy(grid, patient, rng)
    scanner = SCANNERS[patient.scanner]
    background = np.float32(scanner.black * (_AIR if region.in_air else 1.0))
    density += background * (1 + np.float32(0.08) * smooth_noise(rng, (grid.rows, grid.columns), (5, 5)))
    seen = expose(density, patient.scanner, grid, patient.confounders.tissue_cm, rng)
    return enlarge(ToneCurve.draw(scanner, rng).grey(seen), geometry.rows, geometry.columns)


def _geometry(
    kind: PhantomKind, style: ScannerStyle, field: tuple[float, float], rng: np.random.Generator
) -> Geometry:
    if kind is PhantomKind.TOTAL_BODY:
        return total_body_geometry(style)
    if kind is PhantomKind.CHEST:
        return chest_geometry()
    height, width = field
    if kind in {PhantomKind.FEMUR_LEFT, PhantomKind.FEMUR_RIGHT}:
        height += float(rng.uniform(0, femur.EXTRA_HEIGHT_MM))
    return region_geometry(style, height, width)
