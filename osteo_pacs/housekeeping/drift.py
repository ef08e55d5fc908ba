"""The watch over the model in service: scores, refusals and agreement of a window of time, and their alarms.

The figures are those of `osteo_pacs.evidence.drift` and `osteo_pacs.evidence.proportion`. An alarm needs both: a
figure beyond its threshold, and one that chance does not explain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from osteo_pacs.clock import Clock
from osteo_pacs.config.drift import Drift
from osteo_pacs.db import drift, model_versions
from osteo_pacs.db.drift import DriftState, Figure, Reading
from osteo_pacs.db.session import Database
from osteo_pacs.findings import Outcome
from osteo_pacs.labels.effective import LabelRules
from osteo_pacs.log import get_logger


def drift_watch(database: Database, settings: Drift, rules: LabelRules, clock: Clock) -> Callable[[], None]:
    """The duty."""

    def watch() -> None:
        watch_drift(database, settings, rules, clock())

    return watch


def watch_drift(database: Database, settings: Drift, rules: LabelRules, now: datetime) -> list[DriftState]:
    """Judges the version in service, keeps its figures, and tells of each alarm once when it comes and goes."""
    since = now - timedelta(days=settings.window_days)
    with database.read() as session:
        active = model_versions.active(session)
        if active is None:
            return []
        reference = drift.first_readings(session, active.id, settings.reference_studies)
        after = max((one.report_id for one in reference), default=0)
        window = drift.readings_since(session, active.id, since, after)
        labelled = drift.labelled_since(session, active.id, since, rules)
    states = [
        _score_shift(settings, reference, window, since, now),
        _refusal_rise(settings, reference, window, since, now),
        _agreement(settings, labelled, since, now),
    ]
    with database.write() as session:
        crossed = drift.keep(session, active.id, states)
    for state in crossed:
        _tell(state, active.version)
    return states


def _score_shift(
    settings: Drift, reference: Sequence[Reading], window: Sequence[Reading], since: datetime, now: datetime
) -> DriftState:
    from osteo_pacs.evidence.drift import population_stability

    before, scores = _scores(reference), _scores(window)
    value = chance = None
    if min(len(before), len(scores)) >= settings.min_studies:
        shift = population_stability(before, scores)
        value, chance = round(shift.index, 4), round(shift.by_chance, 4)
    limit = settings.max_score_shift
    return DriftState(
        figure=Figure.SCORE_SHIFT,
        value=value,
        reference=chance,
        threshold=limit,
        is_alarm=value is not None and chance is not None and value > max(limit, chance),
        studies=min(len(before), len(scores)),
        needed=settings.min_studies,
        window_from=since,
        computed_at=now,
    )


def _refusal_rise(
    settings: Drift, reference: Sequence[Reading], window: Sequence[Reading], since: datetime, now: datetime
) -> DriftState:
    from osteo_pacs.evidence.drift import share_rise

    value, before, is_alarm = None, None, False
    if min(len(reference), len(window)) >= settings.min_studies:
        rise = share_rise((_refused(reference), len(reference)), (_refused(window), len(window)))
        value, before = round(rise.value, 4), round(_refused(reference) / len(reference), 4)
        is_alarm = rise.value > settings.max_refusal_rise and rise.low > 0
    return DriftState(
        figure=Figure.REFUSAL_RISE,
        value=value,
        reference=before,
        threshold=settings.max_refusal_rise,
        is_alarm=is_alarm,
        studies=min(len(reference), len(window)),
        needed=settings.min_studies,
        window_from=since,
        computed_at=now,
    )


def _agreement(settings: Drift, labelled: Sequence[Reading], since: datetime, now: datetime) -> DriftState:
    from osteo_pacs.evidence.proportion import share

    judged = [one for one in labelled if one.outcome != Outcome.REFUSED and one.label is not None]
    value, is_alarm = None, False
    if len(judged) >= settings.min_labels:
        agreeing = share(sum((one.outcome == Outcome.POSITIVE) == one.label for one in judged), len(judged))
        value, is_alarm = round(agreeing.value, 4), agreeing.high < settings.min_agreement
    return DriftState(
        figure=Figure.AGREEMENT,
        value=value,
        reference=None,
        threshold=settings.min_agreement,
        is_alarm=is_alarm,
        studies=len(judged),
        needed=settings.min_labels,
        window_from=since,
        computed_at=now,
    )


def _scores(readings: Sequence[Reading]) -> list[float]:
    return [one.probability for one in readings if one.probability is not None]


def _refused(readings: Sequence[Reading]) -> int:
    return sum(one.outcome == Outcome.REFUSED for one in readings)


def _tell(state: DriftState, version: str) -> None:
    facts = {
        "name": str(state.figure),
        "value": state.value,
        "limit": state.threshold,
        "studies": state.studies,
        "model_version": version,
    }
    if state.is_alarm:
        get_logger().error("drift_alarm", **facts)
    else:
        get_logger().info("drift_cleared", **facts)
