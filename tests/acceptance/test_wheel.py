"""The wheel alone is a working program: it carries the migrations, the bundle and the default configuration."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / "constraints.txt"


def run(*command, cwd, **environment):
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("osteo_pacs-*.whl")
    return built


def test_the_wheel_carries_what_the_program_needs(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = "osteo_pacs/shipped"
    assert f"{shipped}/config.toml" in names
    assert f"{shipped}/migrations/env.py" in names
    assert f"{shipped}/monai_bundle/manifest.json" in names
    assert f"{shipped}/monai_bundle/models/model.safetensors" in names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "benchmarks/"))]


@pytest.mark.timeout(1200)
def test_installed_in_an_empty_environment_it_does_the_main_job(wheel, tmp_path):
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    # Most of what is installed is never imported here.
    install = (python, "-m", "pip", "install", "--quiet", "--no-compile", "--constraint", CONSTRAINTS)
    # torch alone and first: beside others, pip may settle on another build of it.
    run(*install, "torch", cwd=tmp_path)
    run(*install, wheel, cwd=tmp_path)

    shown = run(environment / "bin" / "osteo-pacs", "demo", cwd=tmp_path)

    assert "AP Spine' is an AP spine" in shown
    assert "Osteoporosis: " in shown
    where = run(python, "-c", "import osteo_pacs; print(osteo_pacs.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(environment)
