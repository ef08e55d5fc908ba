"""What dicom3tools and DCMTK say of a file; an empty list is a pass."""

from __future__ import annotations

import html
import re
import subprocess
from pathlib import Path

from peers import program

EXPLAINED = (
    # dicom3tools of 2022 predates it in Contributing Equipment; IHE AIR requires it.
    re.compile(r"DeviceUID\(0018,1002\)> - Attribute is not present in standard DICOM IOD"),
    # Empty in the source.
    re.compile(r"StudyID\(0020,0010\)> - Missing attribute or value that would be needed to build DICOMDIR"),
    # Our private scheme, declared in the Coding Scheme Identification Sequence.
    re.compile(r"CodingSchemeDesignator\(0008,0102\)\[1\]> - Unrecognized defined term = <99OSTEOPACS>"),
    # DCMTK 3.6 checks the characters of few sets, and reads the text of the others all the same.
    re.compile(r"The VR checker does not support this Specific Character Set"),
    re.compile(r"Reading unknown/unsupported SpecificCharacterSet \(\\ISO 2022 IR 87\)"),
    re.compile(r"SpecificCharacterSet \(0008,0005\) value '\\ISO 2022 IR 87' not supported"),
)
# How Horos and OsiriX call dsr2html to show a report.
AS_HOROS_DOES = (
    "+X1", "--unknown-relationship", "--ignore-constraints", "--ignore-item-errors", "--skip-invalid-items",
)  # fmt: skip
VERDICT = re.compile(r"Osteoporosis: (Present|Absent|Undetermined|PRESENT|ABSENT|NOT EVALUATED)\b")


def dciodvfy(path: Path) -> list[str]:
    """dicom3tools: the IOD, its modules and every value."""
    return [line for line in _messages(_run("dciodvfy", "-new", path)) if line.startswith(("Error", "Warning"))]


def dsrdump(path: Path) -> list[str]:
    """DCMTK: the tree and the relationships that its IOD allows; any message is a complaint."""
    run = _run("dsrdump", path)
    return [*_messages(run), *_status(run)]


def dsr2html(path: Path) -> list[str]:
    """DCMTK as Horos calls it: the verdict must be there to read."""
    run = _run("dsr2html", *AS_HOROS_DOES, path)
    if run.returncode:
        return [*_messages(run), *_status(run)]
    text = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", run.stdout)).split())
    return [] if VERDICT.search(text) else ["no verdict to read"]


def dcm2xml(path: Path) -> list[str]:
    """DCMTK: every element can be read to its end."""
    run = _run("dcm2xml", path, "/dev/null")
    return [*_messages(run), *_status(run)]


def _messages(run: subprocess.CompletedProcess[str]) -> list[str]:
    lines = run.stderr.splitlines()
    return [line for line in lines if not any(explained.search(line) for explained in EXPLAINED)]


def _status(run: subprocess.CompletedProcess[str]) -> list[str]:
    return [f"exit status {run.returncode}"] if run.returncode else []


def _run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [program(name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=60)
