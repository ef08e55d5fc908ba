"""What a unit of deploy/systemd allows, as systemd itself judges it."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

from peers.programs import program

UNITS = Path(__file__).parents[1] / "deploy" / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))


def analyze(*arguments: object) -> subprocess.CompletedProcess[str]:
    """``systemd-analyze``, which needs no running systemd for what is asked here."""
    command = [program("systemd-analyze"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def exposure(unit: str) -> float:
    """The score of ``systemd-analyze security``: 0 is closed, 10 is open."""
    done = analyze("security", "--offline=true", UNITS / unit)
    found = re.search(r"Overall exposure level for .*: ([\d.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    return float(found[1])


def values(unit: str, key: str) -> list[str]:
    """Every value that a unit gives a key, in order."""
    return re.findall(rf"^{key}=(.*)$", (UNITS / unit).read_text(encoding="utf-8"), re.MULTILINE)


def allowed_calls(unit: str) -> set[str]:
    """The system calls that a unit's filters leave."""
    allowed: set[str] = set()
    for line in values(unit, "SystemCallFilter"):
        named = set().union(*(_calls(name) for name in line.removeprefix("~").split()))
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


@cache
def _calls(name: str) -> frozenset[str]:
    if not name.startswith("@"):
        return frozenset([name])
    lines = [line.strip() for line in analyze("syscall-filter", name).stdout.splitlines()[1:]]
    names = [line for line in lines if line and not line.startswith("#")]
    assert names, f"systemd-analyze does not know {name}"
    return frozenset().union(*(_calls(inner) for inner in names))
