"""Looks up every pinned version in a database of known vulnerabilities: ``make audit``.

usage: deploy/audit.py PIP_AUDIT

Exit status: 0 none is known of any package, 1 some are known, 3 not every package could be looked up. pip-audit by
itself says "No known vulnerabilities found" of packages that its database does not answer for.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DATABASES = ("osv", "pypi")
CLEAN, VULNERABLE, INCOMPLETE = 0, 1, 3


def ask(pip_audit: str, database: str) -> Mapping[str, Any] | None:
    """What a database knows of constraints.txt; None where it does not answer."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "report.json"
        command = [pip_audit, "--progress-spinner", "off", "--disable-pip", "--no-deps"]
        command += ["--vulnerability-service", database, "--requirement", ROOT / "constraints.txt"]
        command += ["--format", "json", "--output", output]
        subprocess.run(command, check=False, capture_output=True)
        return json.loads(output.read_text(encoding="utf-8")) if output.is_file() else None


def judge(report: Mapping[str, Any]) -> tuple[int, list[str]]:
    """The exit status, and a line for each thing to be said."""
    packages = report["dependencies"]
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    lines = [
        f"{package['name']} {package['version']}: {found['id']}, mended in {found['fix_versions']}"
        for package in packages
        for found in package.get("vulns", ())
    ]
    status = VULNERABLE if lines else CLEAN
    lines.append(f"{len(packages) - len(skipped)} of {len(packages)} packages were looked up.")
    if skipped:
        shown = ", ".join(skipped[:5]) + (", ..." if len(skipped) > len(skipped[:5]) else "")
        lines.append(f"NOT AUDITED: {shown}. The database cannot be reached from here, or does not know them.")
        status = status or INCOMPLETE
    return status, lines


def main(pip_audit: str) -> int:
    """Asks one database after the other until one answers for everything."""
    status, lines = INCOMPLETE, ["NOTHING WAS AUDITED: no vulnerability database can be reached from here."]
    for database in DATABASES:
        report = ask(pip_audit, database)
        if report is not None:
            status, lines = judge(report)
            lines.insert(0, f"Database: {database}")
            if status != INCOMPLETE:
                break
    sys.stdout.write("\n".join(lines) + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
