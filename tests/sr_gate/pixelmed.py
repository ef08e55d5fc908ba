"""PixelMed's template validator (PS3.16): the tree against TID 1500 and the relationships of its IOD."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from peers import MissingProgram, program

JAR = Path("/usr/share/java/pixelmed.jar")
LAUNCHER = Path(__file__).with_name("ValidateReports.java")
OPTIONS = (
    # From 17 on Java caps the XPath operators that the compiled templates need.
    *(f"-Djdk.xml.xpath{limit}=0" for limit in ("ExprGrpLimit", "ExprOpLimit", "TotalOpLimit")),
    *("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
)
EXPLAINED = (
    # The context group is extensible, with a baseline; PixelMed says Error all the same.
    re.compile(r'121058,DCM,"Procedure reported"\): Code .* not found in context group 100'),
    # The rows for qualitative evaluations are newer than PixelMed's tables.
    re.compile(r'"Measurement Group"\)/(CODE|TEXT) \(\d+,(SCT|DCM),"[^"]*"\): Content Item not in template'),
)


def start_pixelmed(paths: Iterable[Path]) -> subprocess.Popen[str]:
    """Starts the validation of all files in one virtual machine; `complaints` waits for its answer."""
    if not JAR.exists():
        raise MissingProgram(f"{JAR} is not installed; run: apt-get install pixelmed-apps")
    command = [program("java"), *OPTIONS, "-cp", JAR, LAUNCHER, *paths]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def complaints(validation: subprocess.Popen[str]) -> dict[Path, list[str]]:
    """What PixelMed says of each file, without what is explained."""
    output, errors = validation.communicate(timeout=800)
    if "jdk.compiler" in errors:
        raise MissingProgram("java starts no source file; run: apt-get install default-jdk-headless")
    assert validation.returncode == 0, errors
    answers = (answer.split("\n", 1) for answer in output.split("FILE ")[1:])
    return {Path(name): list(_complaints(answer)) for name, answer in answers}


def _complaints(answer: str) -> Iterator[str]:
    for needed in ("Found Root Template TID_1500", "IOD validation complete"):
        if needed not in answer:
            yield f"no '{needed}'"
    for line in answer.splitlines():
        is_complaint = line.startswith(("Error", "Warning")) or "Exception" in line
        if is_complaint and not any(explained.search(line) for explained in EXPLAINED):
            yield line
