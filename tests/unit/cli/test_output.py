from __future__ import annotations

import io
import json
import sys
import time
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path

import pytest

from osteo_pacs.cli.output import as_text, console, print_json, print_table

COLUMNS = ("id", "state", "study_instance_uid", "last_error")
UID = "2.25." + "1" * 59
ROWS = [(1, "parked", UID, "0x0122: " + "it does not support the SOP Class " * 4), (2, "completed", UID, None)]


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Colour(StrEnum):
    RED = "red"


@pytest.fixture
def on_terminal(monkeypatch):
    """Prints to a terminal of 80 columns and gives what it shows."""

    def show(*arguments, **options):
        # Within the test: pytest puts its own standard output back before each.
        monkeypatch.setattr(sys, "stdout", Terminal())
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("TERM", "dumb")
        print_table(*arguments, **options)
        return sys.stdout.getvalue()

    return show


def test_away_from_a_terminal_a_table_is_tab_separated_lines(capsys):
    print_table(COLUMNS, ROWS, if_empty="", below=COLUMNS[2:])
    header, first, second = capsys.readouterr().out.splitlines()
    assert header.split("\t") == list(COLUMNS)
    assert first.split("\t") == [str(cell) for cell in ROWS[0]]
    assert second.split("\t") == ["2", "completed", UID, ""]


@pytest.mark.parametrize("to_stderr", [False, True])
def test_away_from_a_terminal_a_line_is_as_long_as_it_is(capsys, to_stderr):
    line = "a value of many words " * 20
    console(to_stderr=to_stderr).print(line)
    assert capsys.readouterr()[to_stderr] == f"{line}\n"


def test_a_cell_cannot_break_the_lines_apart(capsys):
    print_table(("a", "b"), [("x\ty", "1\n2")], if_empty="")
    assert capsys.readouterr().out.splitlines()[1] == "x y\t1 2"


def test_on_a_terminal_a_table_fits_80_columns_and_a_uid_stays_whole(on_terminal):
    lines = on_terminal(COLUMNS, ROWS, if_empty="", below=COLUMNS[2:]).splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.strip() for line in lines].count(UID) == 2
    assert lines[0].split() == ["id", "state"]
    assert lines[1].split() == ["1", "parked"]


def test_no_rows_are_told_on_standard_error(capsys):
    print_table(COLUMNS, [], if_empty="No jobs.")
    assert capsys.readouterr() == ("", "No jobs.\n")


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (True, "yes"), (False, "no"), (0, "0"), (Colour.RED, "red"), (0.5, "0.5")]
)
def test_a_cell_is_read_by_people(value, text):
    assert as_text(value) == text


@pytest.mark.parametrize(("zone", "text"), [("UTC", "12:00:00+00:00"), ("XYZ-5:30", "17:30:00+05:30")])
def test_a_time_is_local_and_says_its_offset(monkeypatch, zone, text):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert as_text(datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC)) == f"2026-03-01 {text}"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_json_has_times_in_utc_and_plain_values(capsys):
    moment = datetime(2026, 3, 1, 14, 0, 0, 500000, tzinfo=timezone(timedelta(hours=2)))
    print_json(
        {"at": moment, "now": moment.astimezone(UTC), "path": Path("/a"), "state": Colour.RED, "none": None}
    )
    assert json.loads(capsys.readouterr().out) == {
        "at": "2026-03-01T12:00:00.500000Z",
        "now": "2026-03-01T12:00:00.500000Z",
        "path": "/a",
        "state": "red",
        "none": None,
    }


def test_what_is_no_json_is_a_mistake_of_ours():
    with pytest.raises(TypeError, match="object is no JSON"):
        print_json(object())
