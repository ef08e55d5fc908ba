from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from osteo_pacs import shipped
from osteo_pacs.images import GreyImage
from osteo_pacs.infer.bundle import load_bundle
from osteo_pacs.phantom import spine_image
from spines import grey


@pytest.fixture(scope="session")
def model():
    return load_bundle(shipped.BUNDLE, "cpu", threads=1, batch_size=4)


@pytest.fixture
def bundle(tmp_path) -> Path:
    """A copy of the bundle that a test may change."""
    folder = tmp_path / "bundle"
    shutil.copytree(shipped.BUNDLE, folder, ignore=shutil.ignore_patterns("__pycache__", "eval", "runs"))
    return folder


@pytest.fixture(scope="session")
def spines() -> list[GreyImage]:
    """Six AP spines of several scanners."""
    pictures = (spine_image(seed) for seed in range(6))
    return [grey(pixels, truth.scanner) for pixels, truth in pictures]
