"""The programs of DCMTK are found also where pynetdicom's, which bear the same names, come first on the PATH."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from peers import program

ROOT = Path(__file__).parents[2]
OURS = Path(sys.executable).parent
NAMESAKES = ["echoscu", "storescp", "storescu"]


@pytest.fixture
def activated(monkeypatch):
    """The PATH as an activated virtual environment leaves it."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(OURS), os.environ["PATH"]]))


@pytest.mark.usefixtures("activated")
@pytest.mark.parametrize("name", NAMESAKES)
def test_in_an_activated_environment_the_peer_is_dcmtk_s(name):
    assert Path(shutil.which(name)).parent == OURS, "pynetdicom installs one"
    done = subprocess.run([program(name), "--version"], capture_output=True, text=True, check=True)
    assert "dcmtk: " in done.stdout


@pytest.mark.usefixtures("activated")
def test_in_an_activated_environment_benchmarks_start_dcmtk_s():
    code = "import common; print(common.first_line(['storescp', '--version']))"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "benchmarks")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert "dcmtk: storescp" in done.stdout


def test_a_namesake_does_not_pass_for_dcmtk_when_peers_are_installed(tmp_path):
    for name, answer in {**dict.fromkeys(NAMESAKES, ""), "id": "echo 1000"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{answer}\n")
        (tmp_path / name).chmod(0o755)
    command = [shutil.which("bash"), ROOT / ".ci" / "install-peers"]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "apt-get install dcmtk " in done.stderr
