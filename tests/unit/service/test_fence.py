"""What a process must not load cannot be loaded."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from osteo_pacs.service.fence import ASSOCIATIONS, LEARNING, TRAINING, forbid


@pytest.fixture
def fenced(monkeypatch):
    """Fences last as long as the test."""
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    return forbid


def test_what_is_forbidden_is_not_imported_whoever_asks(fenced):
    fenced(frozenset({"wave"}))
    with pytest.raises(ImportError, match="wave is not for this process"):
        import wave  # noqa: F401


def test_a_part_of_it_is_forbidden_too(fenced):
    fenced(frozenset({"wsgiref"}))
    with pytest.raises(ImportError, match="wsgiref is not for this process"):
        import wsgiref.util  # noqa: F401


def test_everything_else_is_imported_as_before(fenced, monkeypatch):
    fenced(frozenset({"wsgiref"}))
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    import colorsys

    assert colorsys.rgb_to_yiq


def test_what_is_loaded_already_is_told(fenced):
    with pytest.raises(ImportError, match="json is not for this process, and is loaded"):
        fenced(frozenset({"json"}))


@pytest.mark.parametrize(
    ("role", "package"),
    [
        *((role, package) for role in ("listener", "courier", "scheduler") for package in sorted(LEARNING)),
        *((role, package) for role in ("worker", "shadow") for package in sorted(ASSOCIATIONS | TRAINING)),
    ],
)
def test_a_process_that_starts_has_its_fence(role, package):
    program = f"""
from types import SimpleNamespace
from osteo_pacs.service import process, {role}

def reach(_settings):
    import {package}

process.check_before_start = reach
{role}.run(SimpleNamespace(log=SimpleNamespace(level="error", format="json")))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    event = json.loads(done.stderr)
    assert (event["event"], event["error_type"]) == ("crashed", "ImportError")
    assert "fence.py" in event["exception"]
    assert done.returncode == 1
