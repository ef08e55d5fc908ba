"""Pictures that must be refused: other regions, spines with implants, report pages, nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from osteo_pacs.phantom import chest, femur, lateral, limbs, whole_body
from osteo_pacs.phantom.exposure import ToneCurve, expose
from osteo_pacs.phantom.geometry import Geometry, region_geometry, total_body_geometry
from osteo_pacs.phantom.kinds import PhantomKind
from osteo_pacs.phantom.page import noise_picture, report_page
from osteo_pacs.phantom.patient import Patient
from osteo_pacs.phantom.raster import Grid, Plane, smooth_noise
from osteo_pacs.phantom.render import Grey, draw_spine, render_spine
from osteo_pacs.phantom.scanner import SCANNERS, ScannerStyle

Anatomy = Callable[[Grid, Patient, np.random.Generator], Plane]

_REGIONS: dict[PhantomKind, tuple[Anatomy, tuple[float, float]]] = {
    PhantomKind.FEMUR_LEFT: (partial(femur.femur_density, is_left=True), femur.FIELD_MM),
    PhantomKind.FEMUR_RIGHT: (partial(femur.femur_density, is_left=False), femur.FIELD_MM),
    PhantomKind.LATERAL_SPINE: (lateral.lateral_density, lateral.FIELD_MM),
    PhantomKind.KNEE_LEFT: (partial(limbs.knee_density, is_left=True), limbs.KNEE_FIELD_MM),
    PhantomKind.KNEE_RIGHT: (partial(limbs.knee_density, is_left=False), limbs.KNEE_FIELD_MM),
    PhantomKind.FOREARM: (limbs.forearm_density, limbs.FOREARM_FIELD_MM),
    PhantomKind.CHEST: (chest.chest_density, chest.FIELD_MM),
    PhantomKind.TOTAL_BODY: (whole_body.whole_body_density, (1900.0, 650.0)),
}


def draw_out_of_scope(kind: PhantomKind, patient: Patient, rng: np.random.Generator) -> Grey:
    """The picture, uint8: (rows, columns), or (rows, columns, 3) for a report page."""
    if kind in _REGIONS:
        return _draw_region(kind, patient, rng)
    if kind is PhantomKind.SPINE_HARDWARE:
        return draw_spine(patient, rng, hardware=True).grey
    if kind is PhantomKind.REPORT_PAGE:
        return report_page(patient, render_spine(patient, rng), rng)
    return noise_picture(rng)


def _draw_region(kind: PhantomKind, patient: Patient, rng: np.random.Generator) -> Grey:
    anatomy, field = _REGIONS[kind]
    geometry = _geometry(kind, patient.scanner, field, rng)
    grid = geometry.samples
    density = anatomy(grid, patient, rng)
    scanner = SCANNERS[patient.scanner]
    density += np.float32(scanner.black) * (
        1 + np.float32(0.08) * smooth_noise(rng, grid.rows, grid.columns, (5, 5))
    )
    seen = expose(density, patient.scanner, geometry, patient.confounders.tissue_cm, rng)
    return ToneCurve.draw(scanner, rng).grey(seen)


def _geometry(
    kind: PhantomKind, style: ScannerStyle, field: tuple[float, float], rng: np.random.Generator
) -> Geometry:
    if kind is PhantomKind.TOTAL_BODY:
        return total_body_geometry(style)
    height, width = field
    if kind in {PhantomKind.FEMUR_LEFT, PhantomKind.FEMUR_RIGHT}:
        height += float(rng.uniform(0, femur.EXTRA_HEIGHT_MM))
    return region_geometry(style, height, width)
