from __future__ import annotations

import pytest

from osteo_pacs.doctor import versions
from osteo_pacs.doctor.check import examine


def look():
    [check] = [examine(examination) for examination in versions.examinations()]
    return check


def test_what_is_installed_is_new_enough():
    check = look()
    assert check.ok
    assert "pynetdicom 3" in check.detail


@pytest.mark.parametrize("found", ["3.0.3", "2.9", "3.0.3+cpu"])
def test_a_package_below_its_floor_is_told_with_both_versions(monkeypatch, found):
    monkeypatch.setattr(versions, "FLOORS", {"pynetdicom": "3.0.4"})
    monkeypatch.setattr(versions, "version", lambda _package: found)
    check = look()
    assert not check.ok
    assert f"pynetdicom {found} (needed: 3.0.4)" in check.detail


@pytest.mark.parametrize("found", ["3.0.4", "3.0.10", "3.1", "3.0.4+cpu"])
def test_versions_are_compared_as_numbers(monkeypatch, found):
    monkeypatch.setattr(versions, "FLOORS", {"pynetdicom": "3.0.4"})
    monkeypatch.setattr(versions, "version", lambda _package: found)
    assert look().ok
