"""The units of deploy/systemd, judged by systemd's own tools."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from systemd import SERVICES, UNITS, analyze, exposure, values

PAGE = (UNITS.parents[1] / "docs" / "how-to" / "install-as-a-service.md").read_text(encoding="utf-8")
PROGRAM = "/opt/osteo_pacs/bin/osteo-pacs"
ROLES = {"listener", "worker", "courier", "scheduler", "shadow", "serve", "trainer"}


@pytest.fixture
def installed(tmp_path):
    """The units with a program that is there, and in every unit the lines of a drop-in, if one is named."""

    def units(drop_in=""):
        for path in (*UNITS.glob("*.service"), *UNITS.glob("*.target")):
            text = path.read_text(encoding="utf-8").replace(
                PROGRAM, str(Path(sys.executable).parent / "osteo-pacs")
            )
            (tmp_path / path.name).write_text(text)
            if drop_in and path.suffix == ".service":
                folder = tmp_path / f"{path.name}.d"
                folder.mkdir()
                (folder / drop_in).write_bytes((UNITS / drop_in).read_bytes())
        return sorted(path for path in tmp_path.iterdir() if path.is_file())

    return units


@pytest.mark.parametrize("drop_in", ["", "gpu.conf", "postgresql.conf"])
def test_systemd_finds_nothing_wrong_with_them(installed, drop_in):
    done = analyze("verify", "--man=no", *installed(drop_in))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_mistake_would_be_found(installed):
    path = next(path for path in installed() if path.name == "osteo-pacs.service")
    path.write_text(path.read_text().replace("ProtectSystem=strict", "ProtectSystems=strict"))
    assert "ProtectSystems" in analyze("verify", "--man=no", path).stderr


@pytest.mark.parametrize("unit", SERVICES)
def test_the_documentation_tells_the_unit_s_score(unit):
    told = re.search(rf"^\| `{re.escape(unit)}` \|.*\| ([\d.]+) \|$", PAGE, re.MULTILINE)
    assert told, f"{unit} has no row"
    # Another version of systemd may weigh a line differently.
    is_same = analyze("--version").stdout.split()[1] == re.search(r"systemd (\d+)", PAGE)[1]
    assert exposure(unit) == pytest.approx(float(told[1]), abs=0.001 if is_same else 0.5)


def test_every_process_has_a_unit_that_starts_it():
    commands = {values(unit, "ExecStart")[0].removeprefix(f"{PROGRAM} ") for unit in SERVICES}
    assert commands == ROLES


@pytest.mark.parametrize("unit", SERVICES)
@pytest.mark.parametrize(
    "line",
    [
        "User=osteo_pacs", "UMask=0077", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes",
        "PrivateDevices=yes", "RestrictNamespaces=yes", "StateDirectoryMode=0700", "LimitCORE=0",
        "SystemCallFilter=@system-service", "SystemCallFilter=~@privileged",
    ],
)  # fmt: skip
def test_no_unit_is_without_its_bounds(unit, line):
    key, value = line.split("=", 1)
    assert value in values(unit, key)
    assert values(unit, "MemoryMax")
    assert values(unit, "RestrictAddressFamilies")


@pytest.mark.parametrize(
    "unit", ["osteo-pacs-worker@.service", "osteo-pacs-scheduler.service", "osteo-pacs-shadow.service"]
)
def test_what_meets_no_peer_reaches_no_address(unit):
    assert values(unit, "RestrictAddressFamilies") == ["AF_UNIX"]
    assert values(unit, "IPAddressDeny") == ["any"]


@pytest.mark.parametrize("unit", SERVICES)
def test_only_what_listens_may_open_a_low_port(unit):
    may = unit in {"osteo-pacs-listener.service", "osteo-pacs.service"}
    assert values(unit, "CapabilityBoundingSet") == ["CAP_NET_BIND_SERVICE" if may else ""]


def test_the_page_names_every_file_of_the_folder():
    assert [path.name for path in UNITS.iterdir() if path.name not in PAGE] == []
