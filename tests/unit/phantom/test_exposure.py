"""From areal density to grey."""

import numpy as np
import pytest

from osteo_pacs.phantom.chance import random_stream
from osteo_pacs.phantom.exposure import ToneCurve, expose
from osteo_pacs.phantom.grid import Grid
from osteo_pacs.phantom.scanner import SCANNERS, ScannerStyle

GRID = Grid(80, 90, 0.5, 0.5)


def test_grey_rises_with_density_and_stays_below_white():
    density = np.linspace(0, 4, 400, dtype=np.float32)

    grey = ToneCurve(0.9).grey(density).astype(int)

    assert grey[0] == 0
    assert (np.diff(grey) >= 0).all()
    assert grey[-1] < 252


def test_grey_can_be_turned_back_into_density():
    density = np.linspace(0.05, 1.6, 50, dtype=np.float32)
    curve = ToneCurve(0.9)

    assert curve.density(curve.grey(density)) == pytest.approx(density, abs=0.015)


def test_windows_scatter_by_several_percent_around_the_scanners_own():
    scanner = SCANNERS[ScannerStyle.HOLOGIC]
    rng = random_stream(1, "windows")
    gains = np.array([ToneCurve.draw(scanner, rng).gain * scanner.white for _ in range(500)])

    assert np.median(gains) == pytest.approx(1, abs=0.02)
    assert 0.03 < gains.std() < 0.12


def test_exposure_keeps_the_mean_density():
    density = np.full((GRID.rows, GRID.columns), 0.9, np.float32)

    seen = expose(density, ScannerStyle.GE_IDXA, GRID, 20, random_stream(2, "noise"))

    assert seen.mean() == pytest.approx(0.9, abs=0.005)
    assert seen.std() > 0.03


def test_a_point_is_spread_over_its_neighbours():
    density = GRID.zeros()
    density[40, 45] = 100

    seen = expose(density, ScannerStyle.GE_IDXA, GRID, 10, random_stream(2, "noise"))

    assert seen[40, 45] < 40
    assert seen[40, 46] > 5
