"""The reference of the audit trail names every event as the program writes it, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import audit_samples
from audit_samples import SAMPLES
from osteo_pacs.audit import events, model_events
from osteo_pacs.audit.chain import link
from osteo_pacs.db.audit import CONTENT
from osteo_pacs.dicom.audit import EventId, EventType, ObjectKind, Role
from osteo_pacs.receive import refusals
from osteo_pacs.service import activity

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "audit.md").read_text(encoding="utf-8")
KNOWN = {code: code for codes in (EventId, EventType, Role, ObjectKind) for code in codes}
TRIPLES = re.findall(r"\((\d+), ([\w-]+), ([^()]+)\)", PAGE.replace("\n", " "))
ROWS = [[cell.strip() for cell in row.split("|")] for row in re.findall(r"^\| (\(1101.*) \|$", PAGE, re.MULTILINE)]


@pytest.mark.parametrize("triple", TRIPLES, ids=lambda triple: triple[0])
def test_a_code_is_named_as_the_messages_do(triple):
    value, scheme, meaning = triple
    assert (scheme, meaning) == (getattr(KNOWN[value], "scheme", "DCM"), KNOWN[value].meaning)


@pytest.mark.parametrize("code", KNOWN, ids=lambda code: code.name)
def test_every_code_is_named(code):
    assert code.value in {value for value, _, _ in TRIPLES}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_event_has_its_row_with_type_action_and_outcome(name):
    record = SAMPLES[name]
    rows = [row for row in ROWS if row[0].startswith(f"({record.event_id},")]
    fitting = [
        row
        for row in rows
        if (f"({record.event_type}," in row[1] if record.event_type else not row[1])
        and row[2] == record.action
        and re.search(rf"\b{record.outcome.value}\b", row[3])
    ]
    assert fitting


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[4][:40])
def test_every_row_is_an_event_that_is_written(row):
    assert any(
        row[0].startswith(f"({record.event_id},") and row[2] == record.action for record in SAMPLES.values()
    )


def test_every_function_that_makes_an_event_has_a_sample():
    makers = {
        name
        for module in (events, model_events)
        for name, value in vars(module).items()
        if getattr(value, "__module__", "") == module.__name__
    }
    samples = Path(audit_samples.__file__).read_text(encoding="utf-8")
    used = set(re.findall(r"events\.(\w+)\(", samples))
    assert {name for name in makers if not name.startswith("_")} == used


def test_the_chain_is_told_as_it_is_made():
    [told] = re.findall(r"^\{(.*)\}$", PAGE, re.MULTILINE)
    assert sorted(re.findall(r'"(\w+)"', told)) == sorted([*CONTENT, "position", "previous"])
    assert len(link("0" * 64, 1, {})) == 64


def test_the_limits_are_those_of_the_code():
    assert f"Beyond {refusals.MOST} addresses" in PAGE
    assert f"at most\n{2 * (refusals.MOST + 1)} of these rows" in PAGE
    assert f"after {activity.ALERT_AGAIN_AFTER.seconds // 60} minutes" in PAGE
    assert refusals.WINDOW.seconds == 5 * 60
