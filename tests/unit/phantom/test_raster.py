"""Shapes on a plane of areal density."""

import numpy as np
import pytest

from osteo_pacs.phantom.chance import random_stream
from osteo_pacs.phantom.filters import blur, enlarge, smooth_noise
from osteo_pacs.phantom.grid import Grid
from osteo_pacs.phantom.raster import add_ellipse, add_tube, rounded

GRID = Grid(100, 120, 1.0, 0.5)


def test_x_is_zero_in_the_middle_and_y_at_the_top():
    assert GRID.x_mm()[0, 0] == pytest.approx(-GRID.x_mm()[0, -1])
    assert GRID.y_mm()[0, 0] == pytest.approx(0.5)


def test_a_window_beyond_the_plane_is_empty():
    window = GRID.window(500, 10, 600, 20)

    assert GRID.zeros()[window.where].size == 0
    assert window.x.size == 0


def test_a_tube_is_as_dense_as_its_wall_and_core_along_the_axis():
    plane = GRID.zeros()

    add_tube(plane, GRID, [(0.0, 10.0), (0.0, 90.0)], [8.0], compact=1.0, spongy=0.2)

    assert plane[50, 60] == pytest.approx(1.0 * (1 - 0.78) + 0.2 * 0.78, abs=0.01)
    assert plane[50, 60 + 13] > plane[50, 60], "the wall is brightest where the beam runs along it"
    assert plane[50, 60 + 18] == 0


def test_joints_of_a_tube_do_not_add_up():
    straight, bent = GRID.zeros(), GRID.zeros()
    add_tube(straight, GRID, [(0.0, 10.0), (0.0, 90.0)], [6.0], compact=1.0, spongy=1.0)
    add_tube(bent, GRID, [(0.0, 10.0), (0.0, 50.0), (0.0, 90.0)], [6.0], compact=1.0, spongy=1.0)

    assert bent == pytest.approx(straight, abs=1e-4)


def test_separate_bones_add_up_along_the_beam():
    plane = GRID.zeros()
    for _ in range(2):
        add_ellipse(plane, GRID, (0.0, 50.0), (10.0, 20.0), density=0.4)

    assert plane[50, 60] == pytest.approx(0.8, abs=0.01)


def test_an_ellipse_outside_the_plane_changes_nothing():
    plane = GRID.zeros()

    add_ellipse(plane, GRID, (0.0, -80.0), (10.0, 20.0), density=0.4, rim=1.0)

    assert not plane.any()


def test_a_rounded_path_passes_through_its_points():
    points = [(0.0, 0.0), (10.0, 5.0), (12.0, 30.0)]

    path = rounded(points, 5)

    assert np.array([path[0], path[5], path[10]]) == pytest.approx(np.array(points))
    assert len(path) == 11


def test_blur_keeps_the_total_and_the_shape():
    plane = GRID.zeros()
    plane[50, 60] = 1

    seen = blur(plane, 1.1, 0.8)

    assert seen.shape == plane.shape
    assert seen.sum() == pytest.approx(1, abs=1e-4)
    assert seen[50, 60] < 0.3


def test_smooth_noise_has_hills_of_about_unit_height():
    hills = smooth_noise(random_stream(1, "hills"), (200, 200), (20, 20))

    assert abs(hills.mean()) < 0.2
    assert 0.5 < hills.std() < 1.2
    assert np.abs(np.diff(hills, axis=0)).max() < 1


def test_a_picture_of_the_right_size_is_left_alone():
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)

    assert enlarge(grey, 3, 4) is grey
    assert enlarge(grey, 6, 8).shape == (6, 8)
