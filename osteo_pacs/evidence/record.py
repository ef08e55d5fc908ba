"""The evidence of one bundle on disk: ``evidence.json``, and ``patients.csv`` with every test patient."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from osteo_pacs.errors import PermanentError
from osteo_pacs.evidence.rows import Row, from_csv, to_csv

SCHEMA = 1
"""Raised when a key changes its meaning; ``evidence.schema.json`` describes it."""

EVIDENCE = "evidence.json"
PATIENTS = "patients.csv"
_SCHEMA_FILE = Path(__file__).parent / "evidence.schema.json"


class EvidenceUnreadable(PermanentError):
    """The evidence cannot be read."""

    remedy = "Write it anew with `osteo-pacs model evaluate`."


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found: the record with its figures, and the patients that it was computed from."""

    record: Mapping[str, Any]
    rows: tuple[Row, ...]


def write_evidence(folder: Path, evidence: Evidence) -> None:
    """Writes both files; the record names the table's digest."""
    folder.mkdir(parents=True, exist_ok=True)
    table = to_csv(evidence.rows).encode()
    record = {**evidence.record, "patients_sha256": hashlib.sha256(table).hexdigest()}
    _check(record)
    (folder / PATIENTS).write_bytes(table)
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / EVIDENCE).write_text(text + "\n", encoding="utf-8")


def read_evidence(folder: Path) -> Evidence:
    """Reads both files.

    Raises:
        EvidenceUnreadable: they are missing, of another schema, or not of one evaluation.
        RowsUnreadable: the table is damaged.
    """
    try:
        record = json.loads((folder / EVIDENCE).read_text(encoding="utf-8"))
        table = (folder / PATIENTS).read_bytes()
    except (OSError, ValueError) as error:
        raise EvidenceUnreadable(f"{folder}: {error}"[:200]) from error
    _check(record)
    if hashlib.sha256(table).hexdigest() != record["patients_sha256"]:
        raise EvidenceUnreadable(f"{folder / PATIENTS} is not the table that {EVIDENCE} was computed from")
    return Evidence(record, tuple(from_csv(table.decode())))


def _check(record: Any) -> None:
    schema = json.loads(_SCHEMA_FILE.read_text(encoding="utf-8"))
    try:
        jsonschema.validate(record, schema)
    except jsonschema.ValidationError as error:
        raise EvidenceUnreadable(f"{error.json_path}: {error.message}"[:200]) from error
