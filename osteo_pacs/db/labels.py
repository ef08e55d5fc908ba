"""Labels: what a reader, a scanner or a file says of a study. A label is only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from osteo_pacs.db.tables import Label


@dataclass(frozen=True, slots=True)
class NewLabel:
    """One statement on a study: ``source`` says where it came from, ``author`` who made it.

    ``facts`` keeps what it was derived from, such as a T-score and its cut-off.
    """

    study_id: int
    is_positive: bool
    source: str
    labelled_at: datetime
    author: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLabel(NewLabel):
    """A label that the database keeps."""

    id: int
    created_at: datetime


def add_label(session: Session, new: NewLabel, now: datetime) -> int:
    """Adds a label beside those there are, and returns its id."""
    row = Label(
        study_id=new.study_id,
        is_positive=new.is_positive,
        source=new.source,
        author=new.author,
        facts=dict(new.facts),
        labelled_at=new.labelled_at,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def labelled_since(session: Session, since: datetime | None) -> int:
    """How many studies got a label after a time, or ever."""
    counted = select(func.count(Label.study_id.distinct()))
    return session.scalar(counted if since is None else counted.where(Label.created_at > since)) or 0


def list_labels(session: Session, study_id: int | None = None) -> list[KnownLabel]:
    """The labels of a study, or of all, the oldest statement first."""
    wanted = select(Label).order_by(Label.labelled_at, Label.id)
    if study_id is not None:
        wanted = wanted.where(Label.study_id == study_id)
    return [
        KnownLabel(
            study_id=row.study_id,
            is_positive=row.is_positive,
            source=row.source,
            labelled_at=row.labelled_at,
            author=row.author,
            facts=row.facts,
            id=row.id,
            created_at=row.created_at,
        )
        for row in session.scalars(wanted)
    ]
