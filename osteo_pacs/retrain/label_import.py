"""Labels from a file into the database: nothing of it where a line is wrong, and nothing twice.

plan = plan_import(session, content, now)  # what would be added, what not and why
added = carry_out(session, plan, now, by=person)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from osteo_pacs.audit.events import COMMAND_LINE, study_labelled
from osteo_pacs.audit.record import Participant
from osteo_pacs.db import audit, labels
from osteo_pacs.db.labels import NewLabel
from osteo_pacs.db.session import Session
from osteo_pacs.labels.csv_file import Line, Mistake, read_labels
from osteo_pacs.labels.effective import Source


@dataclass(frozen=True, slots=True)
class Addition:
    """A line's label, and its study's UID."""

    number: int
    study_instance_uid: str
    label: NewLabel


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do.

    Attributes:
        known: lines whose label is there already.
        unmatched: lines whose study was never received, or was forgotten.
        mistakes: what is wrong, by line.
    """

    additions: tuple[Addition, ...]
    known: tuple[int, ...]
    unmatched: tuple[int, ...]
    mistakes: tuple[Mistake, ...]


def plan_import(session: Session, content: bytes, now: datetime) -> ImportPlan:
    """What the file would add."""
    lines, mistakes = read_labels(content, now)
    wrong = {mistake.number for mistake in mistakes}
    additions: dict[tuple[int, str], Addition] = {}
    known: list[int] = []
    unmatched: list[int] = []
    for line in lines:
        found = labels.find_studies(session, line.study)
        if len(found) > 1:
            sentence = f"names {len(found)} studies by one accession number; name it by its Study Instance UID"
            mistakes.append(Mistake(line.number, sentence))
        elif not found:
            unmatched.append(line.number)
        elif line.number not in wrong:
            addition = _addition(line, *found[0])
            place = (addition.label.study_id, addition.label.digest)
            if place in additions or labels.is_said(session, addition.label):
                known.append(line.number)
            else:
                additions[place] = addition
    in_order = tuple(sorted(mistakes, key=lambda mistake: mistake.number))
    return ImportPlan(tuple(additions.values()), tuple(known), tuple(unmatched), in_order)


def carry_out(session: Session, plan: ImportPlan, now: datetime, *, by: Participant) -> int:
    """Adds what the plan names, and returns how many labels are new; each is audited."""
    return sum(_add(session, addition, now, by) for addition in plan.additions)


def _add(session: Session, addition: Addition, now: datetime, by: Participant) -> bool:
    if labels.add_label(session, addition.label, now) is None:
        return False
    word = {True: "positive", False: "negative", None: "exclude"}[addition.label.is_positive]
    told = f"label {word} from csv"
    audit.append(session, study_labelled(told, addition.study_instance_uid, now, role=COMMAND_LINE, by=by))
    return True


def _addition(line: Line, study_id: int, uid: str) -> Addition:
    label = NewLabel(study_id, line.says.is_positive, Source.CSV, line.labelled_at, line.reader)
    return Addition(line.number, uid, label)
