"""Where the folders that ship with the program lie: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_IN_WHEEL = _PACKAGE / "shipped"
_ROOT = _IN_WHEEL if _IN_WHEEL.is_dir() else _PACKAGE.parent

CONFIG = _ROOT / "config.toml"
MIGRATIONS = _ROOT / "migrations"
BUNDLE = _ROOT / "monai_bundle"
