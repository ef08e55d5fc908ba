"""Labels: what a reader, a scanner or a file says of a study. One is only ever added, and the same one once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from osteo_pacs.db.insert import insert_if_absent
from osteo_pacs.db.tables import Label, Study
from osteo_pacs.labels.effective import LabelRules, Says, Source, Statement, effective

T_SCORE = "t_score"
"""The key of a label's facts that holds the T-score it was derived from."""
LONGEST_AUTHOR = 64
CHUNK = 500
"""Studies in one statement."""


@dataclass(frozen=True, slots=True)
class NewLabel:
    """One statement on a study: ``source`` says where it came from, ``author`` who made it.

    ``is_positive`` is None where the study is not to be trained or tested on. ``facts`` keeps what it was derived
    from, such as a T-score and its cut-off.
    """

    study_id: int
    is_positive: bool | None
    source: str
    labelled_at: datetime
    author: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Names the statement, so that the same one is kept once."""
        at = self.labelled_at.timestamp()
        content = [self.is_positive, self.source, at, self.author[:LONGEST_AUTHOR], dict(self.facts)]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLabel(NewLabel):
    """A label that the database keeps."""

    id: int
    created_at: datetime

    @property
    def statement(self) -> Statement:
        """The label as `osteo_pacs.labels` judges it."""
        says, t_score = Says.of(self.is_positive), self.facts.get(T_SCORE)
        return Statement(self.id, says, Source(self.source), self.labelled_at, t_score)


@dataclass(frozen=True, slots=True)
class LabelledStudy:
    """A study with all that was said of it, the oldest first."""

    study_id: int
    study_instance_uid: str
    labels: tuple[KnownLabel, ...]


def add_label(session: Session, new: NewLabel, now: datetime) -> int | None:
    """Adds a label beside those there are, and returns its id; None where the same one is there already.

    The study's row is held until the transaction ends: retention judges no study to which something is added.
    """
    session.execute(select(Study.id).where(Study.id == new.study_id).with_for_update())
    values = {
        "study_id": new.study_id,
        "digest": new.digest,
        "is_positive": new.is_positive,
        "source": new.source,
        "author": new.author[:LONGEST_AUTHOR],
        "facts": dict(new.facts),
        "labelled_at": new.labelled_at,
        "created_at": now,
    }
    label_id: int | None = insert_if_absent(session, Label, values, ("study_id", "digest"))
    return label_id


def is_said(session: Session, new: NewLabel) -> bool:
    """Whether the same author has said the same at that time, from whatever source we know it."""
    same = select(Label.id).where(
        Label.study_id == new.study_id,
        Label.author == new.author[:LONGEST_AUTHOR],
        Label.labelled_at == new.labelled_at,
        Label.is_positive.is_(new.is_positive),
    )
    return session.scalar(same.limit(1)) is not None


def labelled_since(session: Session, since: datetime | None) -> int:
    """How many studies got a label after a time, or ever."""
    counted = select(func.count(Label.study_id.distinct()))
    return session.scalar(counted if since is None else counted.where(Label.created_at > since)) or 0


def list_labels(session: Session, study_id: int) -> list[KnownLabel]:
    """The labels of a study, the oldest statement first."""
    wanted = select(Label).where(Label.study_id == study_id).order_by(Label.labelled_at, Label.id)
    return [_known(row) for row in session.scalars(wanted)]


def labelled_studies(session: Session) -> list[LabelledStudy]:
    """Every study that something was said of, the one first that came first."""
    # One statement: PostgreSQL shows a second one the labels that were committed since the first.
    rows = session.execute(
        select(Study.id, Study.study_instance_uid, Label)
        .join(Label, Label.study_id == Study.id)
        .order_by(Study.id, Label.labelled_at, Label.id)
    )
    return [
        LabelledStudy(study_id, uid, tuple(_known(row.Label) for row in said))
        for (study_id, uid), said in groupby(rows, key=lambda row: (row.id, row.study_instance_uid))
    ]


def counting_labels(session: Session, study_ids: Iterable[int], rules: LabelRules) -> dict[int, bool]:
    """Of each study the label that counts, as `osteo_pacs.labels.effective` says; only where one does."""
    by_study: dict[int, list[Statement]] = {}
    ids = sorted(set(study_ids))
    for start in range(0, len(ids), CHUNK):
        for row in session.scalars(select(Label).where(Label.study_id.in_(ids[start : start + CHUNK]))):
            by_study.setdefault(row.study_id, []).append(_known(row).statement)
    said = {study_id: effective(statements, rules).says for study_id, statements in by_study.items()}
    return {study_id: says is Says.POSITIVE for study_id, says in said.items() if says not in {None, Says.EXCLUDE}}


def find_studies(session: Session, name: str) -> Sequence[tuple[int, str]]:
    """Ids and UIDs of the studies with this Study Instance UID, else of those with this accession number."""
    columns = select(Study.id, Study.study_instance_uid).order_by(Study.id)
    for column in (Study.study_instance_uid, Study.accession_number):
        if name and (found := session.execute(columns.where(column == name)).all()):
            return [(row.id, row.study_instance_uid) for row in found]
    return []


def _known(row: Label) -> KnownLabel:
    return KnownLabel(
        study_id=row.study_id,
        is_positive=row.is_positive,
        source=row.source,
        labelled_at=row.labelled_at,
        author=row.author,
        facts=row.facts,
        id=row.id,
        created_at=row.created_at,
    )
