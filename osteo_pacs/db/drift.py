"""What drift is judged by, and the figures that were found; a figure that has not changed is not kept again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from osteo_pacs.db import model_versions
from osteo_pacs.db.labels import counting_labels
from osteo_pacs.db.tables import DriftFigure, Label, Report
from osteo_pacs.findings import Outcome, RefusalReason
from osteo_pacs.labels.effective import LabelRules


class Figure(StrEnum):
    """What is watched."""

    SCORE_SHIFT = "score_shift"
    REFUSAL_RISE = "refusal_rise"
    AGREEMENT = "agreement"


@dataclass(frozen=True, slots=True)
class Reading:
    """The last that a version said of a study; ``label`` is the one that counts, where it was asked for."""

    report_id: int
    study_id: int
    outcome: str
    probability: float | None
    label: bool | None = None


@dataclass(frozen=True, slots=True)
class DriftState:
    """A figure of a model version; ``value`` is None where the window or the reference has too few cases.

    Attributes:
        figure: which.
        value: the index, the rise of a share, or a share.
        reference: the refused share of the reference, or what chance alone gives; None where there is none.
        threshold: beyond it lies the alarm, where the figure is not chance.
        is_alarm: whether it is raised.
        studies: how many cases the figure rests on.
        needed: fewer give no value.
        window_from: when the window begins.
        computed_at: when it was last looked at and had changed.
    """

    figure: Figure
    value: float | None
    reference: float | None
    threshold: float
    is_alarm: bool
    studies: int
    needed: int
    window_from: datetime
    computed_at: datetime


def first_readings(session: Session, model_version_id: int, count: int) -> list[Reading]:
    """The first studies that this version read."""
    wanted = _of(model_version_id).order_by(Report.id).limit(count)
    return _latest_of_each(session, wanted)


def readings_since(
    session: Session, model_version_id: int, since: datetime, after_report_id: int
) -> list[Reading]:
    """The studies that this version read in the window, those of the reference left out."""
    wanted = _of(model_version_id).where(Report.created_at >= since, Report.id > after_report_id)
    return _latest_of_each(session, wanted.order_by(Report.id))


def labelled_since(session: Session, model_version_id: int, since: datetime, rules: LabelRules) -> list[Reading]:
    """The studies that this version read, whenever, and labelled in the window; with the label that counts."""
    new_label = exists().where(Label.study_id == Report.study_id, Label.created_at >= since)
    found = _latest_of_each(session, _of(model_version_id).where(new_label).order_by(Report.id))
    labels = counting_labels(session, (one.study_id for one in found), rules)
    return [replace(one, label=labels.get(one.study_id)) for one in found]


def keep(session: Session, model_version_id: int, states: Iterable[DriftState]) -> list[DriftState]:
    """Keeps the figures that have changed; returns those whose alarm was raised or cleared by that."""
    before = {state.figure: state for state in _newest(session, model_version_id)}
    crossed = []
    for state in states:
        last = before.get(state.figure)
        if last is None or not _is_same(last, state):
            session.add(_row(model_version_id, state))
        if state.is_alarm != (last is not None and last.is_alarm):
            crossed.append(state)
    session.flush()
    return crossed


def drift_state(session: Session) -> list[DriftState]:
    """The newest figures of the version in service; none before they were first looked at."""
    active_id = model_versions.active_id(session)
    return _newest(session, active_id) if active_id is not None else []


def _of(model_version_id: int) -> Select[*tuple[Any, ...]]:
    columns = (Report.id, Report.study_id, Report.outcome, Report.probability)
    return select(*columns).where(Report.model_version_id == model_version_id)


def _latest_of_each(session: Session, wanted: Select[*tuple[Any, ...]]) -> list[Reading]:
    found = {row[1]: Reading(*row) for row in session.execute(wanted)}
    outside = _never_for_the_model(
        session, [one.report_id for one in found.values() if one.outcome == Outcome.REFUSED]
    )
    return [one for one in found.values() if one.report_id not in outside]


def _never_for_the_model(session: Session, report_ids: Sequence[int]) -> set[int]:
    """Refusals that say nothing of the model: the study was no spine, or the patient too young."""
    outside = set()
    for start in range(0, len(report_ids), 500):
        some = report_ids[start : start + 500]
        for report_id, readings in session.execute(select(Report.id, Report.readings).where(Report.id.in_(some))):
            reasons = [RefusalReason(refusal["reason"]) for refusal in readings.get("refusals", [])]
            if reasons and not any(reason.is_about_quality for reason in reasons):
                outside.add(report_id)
    return outside


def _is_same(last: DriftState, state: DriftState) -> bool:
    return replace(last, computed_at=state.computed_at, window_from=state.window_from) == state


def _newest(session: Session, model_version_id: int) -> list[DriftState]:
    newest = (
        select(func.max(DriftFigure.id))
        .where(DriftFigure.model_version_id == model_version_id)
        .group_by(DriftFigure.figure)
    )
    rows = session.scalars(select(DriftFigure).where(DriftFigure.id.in_(newest)).order_by(DriftFigure.id))
    return [
        DriftState(
            figure=Figure(row.figure),
            value=row.value,
            reference=row.reference,
            threshold=row.threshold,
            is_alarm=row.is_alarm,
            studies=row.studies,
            needed=row.needed,
            window_from=row.window_from,
            computed_at=row.computed_at,
        )
        for row in rows
    ]


def _row(model_version_id: int, state: DriftState) -> DriftFigure:
    return DriftFigure(
        model_version_id=model_version_id,
        figure=str(state.figure),
        value=state.value,
        reference=state.reference,
        threshold=state.threshold,
        is_alarm=state.is_alarm,
        studies=state.studies,
        needed=state.needed,
        window_from=state.window_from,
        computed_at=state.computed_at,
    )
