"""What is installed is named by its digest, by its licence, and by what is known against it."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version

import pytest

from house import licences
from house.licences import ROOT, lock

sys.path.append(str(ROOT / "deploy"))

import audit

REQUIREMENTS = ROOT / "deploy" / "requirements.lock"
DEVELOPMENT = ROOT / "deploy" / "development.lock"
TOOLS = [ROOT / "deploy" / f"{name}.lock" for name in lock.TOOLS]
DIGEST = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


def locked(path):
    """The pins of a lock file, each with the number of its digests."""
    entries = re.split(r"\n(?=[A-Za-z])", path.read_text(encoding="utf-8").partition("\n")[2].strip())
    return {entry.split()[0].lower(): len(DIGEST.findall(entry)) for entry in entries}


def normalised(pins):
    return {f"{name}=={pin.partition('==')[2]}" for name, pin in pins.items()}


def test_the_lock_files_hold_the_pinned_versions_and_no_others():
    pinned = normalised({name: pin for name, pin in lock.pins().items() if name != "torch"})
    program, development = locked(REQUIREMENTS), locked(DEVELOPMENT)
    assert program.keys() | development.keys() == pinned, "run `make lock`"
    assert not program.keys() & development.keys()


def test_what_the_program_needs_is_locked_for_the_program():
    names = {pin.partition("==")[0] for pin in locked(REQUIREMENTS)}
    assert names == lock.needed_names(), "run `make lock`"
    assert {"pydicom", "monai", "sqlalchemy", "cryptography"} <= names
    assert not {"pytest", "hypothesis", "highdicom"} & names


@pytest.mark.parametrize("path", [REQUIREMENTS, DEVELOPMENT, *TOOLS], ids=lambda p: p.name)
def test_every_pin_has_its_digests(path):
    assert [pin for pin, digests in locked(path).items() if not digests] == []


def test_what_is_installed_here_is_what_is_pinned():
    pins = {name: pin.partition("==")[2] for name, pin in lock.pins().items()}
    # torch names its build behind a plus.
    assert {name: version(name).partition("+")[0] for name in pins} == pins


def test_every_package_has_a_licence():
    assert "not told" not in licences.page()


def test_the_page_names_every_copyleft_licence():
    copyleft = re.findall(
        r"^\| (\S+) \| \S+ \| [^|]*(?:GPL|GNU|MPL|Mozilla)[^|]*\|", licences.page(), re.MULTILINE
    )
    head = licences.HEAD.replace("psycopg", "psycopg psycopg-binary")
    assert [name for name in copyleft if name not in head] == []
    assert "pylibjpeg-libjpeg" in copyleft


CLEAN = {"name": "a", "version": "1", "vulns": []}
KNOWN = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
SKIPPED = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "status", "words"),
    [
        ([CLEAN], 0, "1 of 1 packages were looked up"),
        ([CLEAN, KNOWN], 1, "b 2: CVE-1, mended in ['3']"),
        ([CLEAN, SKIPPED], 3, "NOT AUDITED: c"),
        ([KNOWN, SKIPPED], 1, "NOT AUDITED: c"),
        ([SKIPPED], 3, "0 of 1 packages were looked up"),
    ],
)
def test_an_audit_says_what_it_could_not_look_up(packages, status, words):
    told, lines = audit.judge({"dependencies": packages})
    assert told == status
    assert any(words in line for line in lines)


def test_an_audit_without_a_database_fails_and_says_so(monkeypatch, capsys):
    monkeypatch.setattr(audit, "ask", lambda _program, _database: None)
    assert audit.main("pip-audit") == audit.INCOMPLETE
    assert "NOTHING WAS AUDITED" in capsys.readouterr().out
