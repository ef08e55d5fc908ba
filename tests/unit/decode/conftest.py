from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from osteo_pacs import shipped
from osteo_pacs.decode import Decoder


@pytest.fixture(scope="session")
def rendering():
    """The bundle's module that turns stored pixels into grey."""
    spec = importlib.util.spec_from_file_location("rendering", shipped.BUNDLE / "scripts" / "rendering.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def decoder():
    with Decoder(shipped.BUNDLE) as decoder:
        yield decoder


@pytest.fixture
def ramp() -> np.ndarray:
    """100 x 120 values from 0 to 255, rising from left to right."""
    return np.tile(np.linspace(0, 255, 120).astype(np.uint8), (100, 1))
