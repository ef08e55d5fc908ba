"""Labels in a CSV file: a header line, then a line for each statement, in any delimiter that Sniffer knows.

    lines, mistakes = read_labels(content, now)

Columns, in any order: `study` (or `accession_number`, or `study_instance_uid`), `label`, `date`, and `reader`,
which may be missing. Others are passed over. No mistake quotes what a line holds: it may name a patient.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time

from osteo_pacs.labels.effective import Says

STUDY_COLUMNS = ("study", "accession_number", "study_instance_uid")
LABEL, READER, DATE = "label", "reader", "date"
WORDS = {
    "positive": Says.POSITIVE, "negative": Says.NEGATIVE, "exclude": Says.EXCLUDE,
    "1": Says.POSITIVE, "0": Says.NEGATIVE,
}  # fmt: skip
DELIMITERS = ",;\t|"
LONGEST = 64


@dataclass(frozen=True, slots=True)
class Line:
    """A statement, and the number of its line in the file; the header is line 1."""

    number: int
    study: str
    says: Says
    reader: str
    labelled_at: datetime


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a line, and how to mend it."""

    number: int
    sentence: str


def read_labels(content: bytes, now: datetime) -> tuple[list[Line], list[Mistake]]:
    """Every statement that can be read, and every mistake.

    Args:
        content: the file, UTF-8 with or without a byte order mark.
        now: no statement was made later.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n") + 1
        return [], [Mistake(number, "is not UTF-8; save the file as CSV UTF-8")]
    rows = _rows(text)
    number, names = next(rows, (1, []))
    columns = [name.strip().lower().replace(" ", "_") for name in names]
    if wrong := _wrong_header(columns):
        return [], [Mistake(number, wrong)]
    lines: list[Line] = []
    mistakes: list[Mistake] = []
    for number, cells in rows:
        found = _read(number, columns, cells, now)
        if isinstance(found, Line):
            lines.append(found)
        else:
            mistakes.extend(found)
    mistakes += _contradictions(lines)
    return lines, sorted(mistakes, key=lambda mistake: mistake.number)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the number of its last line."""
    header = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def _wrong_header(columns: list[str]) -> str:
    known = [name for name in columns if name in STUDY_COLUMNS]
    if len(known) != 1:
        return f"needs one column that names the study: {', '.join(STUDY_COLUMNS)}"
    if missing := [name for name in (LABEL, DATE) if name not in columns]:
        return f"needs the column {missing[0]}"
    twice = {name for name in columns if name in {LABEL, READER, DATE} and columns.count(name) > 1}
    return f"has the column {min(twice)} twice" if twice else ""


def _read(number: int, columns: list[str], cells: list[str], now: datetime) -> Line | list[Mistake]:
    if len(cells) != len(columns):
        return [Mistake(number, f"has {len(cells)} cells where the header has {len(columns)}")]
    row = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    study = next(row[name] for name in STUDY_COLUMNS if name in row)
    says, at = WORDS.get(row[LABEL].lower()), _moment(row[DATE])
    wrong = [
        ("the study is missing", not study),
        ("the study is longer than 64 characters", len(study) > LONGEST),
        (f"the label is none of {', '.join(WORDS)}", says is None),
        ("the date is none; write it as 2026-03-01 or 2026-03-01T12:00", at is None),
        ("the date has not come yet", at is not None and at > now),
        ("the reader is longer than 64 characters", len(row.get(READER, "")) > LONGEST),
    ]
    if says is None or at is None or any(is_so for _, is_so in wrong):
        return [Mistake(number, sentence) for sentence, is_so in wrong if is_so]
    return Line(number, study, says, row.get(READER, ""), at)


def _moment(text: str) -> datetime | None:
    """A date is its midnight in UTC; a time without a zone is this machine's."""
    try:
        at = datetime.fromisoformat(text)
        if len(text) <= len("2026-03-01"):
            return datetime.combine(at, time(), UTC)
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _contradictions(lines: list[Line]) -> Iterator[Mistake]:
    """One reader says one thing of a study at one time."""
    first: dict[tuple[str, str, datetime], Line] = {}
    for line in lines:
        before = first.setdefault((line.study, line.reader, line.labelled_at), line)
        if before.says is not line.says:
            yield Mistake(line.number, f"contradicts line {before.number}; keep one of them")


def as_csv(statements: Iterable[tuple[str, Says, str, datetime, str]]) -> str:
    """Statements as a file that can be imported again: study, label, reader, date and source of each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("study_instance_uid", LABEL, READER, DATE, "source"))
    for study, says, reader, labelled_at, source in statements:
        writer.writerow((study, says, reader, labelled_at.astimezone(UTC).isoformat(), source))
    return text.getvalue()
