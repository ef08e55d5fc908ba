"""The licence of every pinned package, as its own metadata names it."""

from __future__ import annotations

import sys
from importlib.metadata import PackageMetadata, metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "deploy"))

import lock  # noqa: E402 - the script beside the lock files

HEAD = """# Licences

Every package of `constraints.txt` with the licence that its own metadata names. `program` is installed in a
hospital; `development` is what the tests and the comparison of networks need beside it. osteo_pacs itself is under
the Apache License 2.0, and its wheel holds none of these packages. pylibjpeg-libjpeg (GPL), psycopg (LGPL),
pathspec and hypothesis (MPL) are copyleft: who passes on a whole environment passes them on under their terms.
"""
LONGEST = 60


def page() -> str:
    """The page, from what is installed."""
    needed = lock.needed_names() | {lock.BY_ITSELF}
    rows = [
        f"| {pin.partition('==')[0]} | {pin.partition('==')[2]} | {licence(metadata(name))} "
        f"| {'program' if name in needed else 'development'} |"
        for name, pin in sorted(lock.pins().items())
    ]
    return "\n".join([HEAD, "| package | version | licence | for |", "|---|---|---|---|", *rows, ""])


def licence(described: PackageMetadata) -> str:
    """The SPDX expression, else the classifiers, else a short word."""
    if expression := described.get("License-Expression"):
        return str(expression)
    classifiers = described.get_all("Classifier") or []
    named = [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License :: OSI Approved ::")]
    words = str(described.get("License") or "").strip().splitlines()
    short = words[0] if words and len(words[0]) <= LONGEST else ""
    return "; ".join(named) or short or "not told"
