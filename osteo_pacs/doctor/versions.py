"""The packages that faults were found in: are they at least at the versions that mended them?"""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Iterator
from importlib.metadata import version

from osteo_pacs.doctor.check import Check, Examination, failed, passed

FLOORS = {"pynetdicom": "3.0.4", "pydicom": "3.0.2", "torch": "2.10", "monai": "1.6", "sqlalchemy": "2.0.36"}
"""Below these, the way from C-STORE to the report is not safe."""


def examinations() -> Iterator[Examination]:
    """All packages at once."""
    yield Examination("versions", _versions)


def _versions() -> Check:
    found = {package: version(package) for package in FLOORS}
    old = [f"{p} {found[p]} (needed: {floor})" for p, floor in FLOORS.items() if _parts(found[p]) < _parts(floor)]
    if old:
        return failed(
            "versions", f"too old: {', '.join(old)}", "Install osteo-pacs again with its pinned versions."
        )
    listed = ", ".join(f"{package} {number}" for package, number in found.items())
    return passed("versions", f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {listed}")


def _parts(number: str) -> tuple[int, ...]:
    """The release as numbers; what follows it (``+cpu``, ``rc1``) is left out."""
    release = number.partition("+")[0].split(".")
    return tuple(int(part) for part in release if part.isdigit())
