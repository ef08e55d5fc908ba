"""Writes the lock files from constraints.txt: ``make lock``; they name every file of each version by its digest.

``requirements.lock`` holds what the program needs, ``development.lock`` what the tests need beside it,
``tools.lock`` what makes a release, and ``fuzz.lock`` what ``make fuzz`` searches with; it has no build for every
machine. torch is in none: one version of it has many builds, for the CPU and for each CUDA, from more places than
one.

usage: deploy/lock.py UV    (run by the interpreter of .venv, which has every package)
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
NEEDED_TO_BUILD = ("hatchling", "editables")
BY_ITSELF = "torch"
TOOLS = ("tools", "fuzz")
OLDEST_PYTHON = "3.11"
PLATFORM = {"python_version": OLDEST_PYTHON, "python_full_version": "3.11.0", "sys_platform": "linux"}
HEAD = "# Written by `make lock`.\n"


def pins() -> dict[str, str]:
    """Every pinned package, by its normalised name, as ``name==version``."""
    lines = [line for line in CONSTRAINTS.read_text(encoding="utf-8").splitlines() if "==" in line]
    return {canonicalize_name(line.partition("==")[0]): line for line in lines}


def needed_names() -> set[str]:
    """What the program needs to be built and run, by its normalised name, torch left out."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["cpu"], *NEEDED_TO_BUILD]
    return closure(wanted) & set(pins()) - {BY_ITSELF}


def closure(wanted: Iterable[str]) -> set[str]:
    """The normalised names of what these requirements need on Linux, themselves included."""
    found: set[tuple[str, str]] = set()
    left = [Requirement(text) for text in wanted]
    while left:
        requirement = left.pop()
        for extra in ("", *requirement.extras):
            key = (canonicalize_name(requirement.name), extra)
            if key not in found:
                found.add(key)
                left += _needs(requirement.name, extra)
    return {name for name, _ in found}


def _needs(name: str, extra: str) -> list[Requirement]:
    try:
        needed = [Requirement(text) for text in requires(name) or ()]
    except PackageNotFoundError:
        return []
    return [one for one in needed if one.marker is None or one.marker.evaluate({**PLATFORM, "extra": extra})]


def write_lock(uv: str, path: Path, names: Iterable[str]) -> None:
    """Names the files of these pinned packages by their digests."""
    pinned = pins()
    listed = "\n".join(pinned[name] for name in sorted(names)) + "\n"
    path.write_text(HEAD + _compiled(uv, listed, "--no-deps"), encoding="utf-8")


def _compiled(uv: str, listed: str, *options: str) -> str:
    command = [uv, "pip", "compile", "--quiet", "--universal", "--python-version", OLDEST_PYTHON, *options]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "-"]
    done = subprocess.run(command, input=listed, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    return done.stdout


def main(uv: str) -> None:
    """Writes the lock files of the program, of its development, and of the tools."""
    needed, deploy = needed_names(), ROOT / "deploy"
    write_lock(uv, deploy / "requirements.lock", needed)
    write_lock(uv, deploy / "development.lock", set(pins()) - needed - {BY_ITSELF})
    for name in TOOLS:
        wanted = (deploy / f"{name}.in").read_text(encoding="utf-8")
        (deploy / f"{name}.lock").write_text(HEAD + _compiled(uv, wanted), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
