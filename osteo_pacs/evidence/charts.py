"""The four pictures of the model card, drawn from the rows alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from osteo_pacs.evidence.measures import BINS, Readings, bin_of
from osteo_pacs.evidence.proportion import share
from osteo_pacs.evidence.rows import Row, ideal_readings, model_readings, uncalibrated_readings
from osteo_pacs.evidence.svg import BLUE, GREY, ORANGE, Axis, Chart, Point, unit_axis

_POINTS = 250
"""A curve keeps about so many of its corners: no eye sees more."""


def draw_charts(rows: Sequence[Row], threshold: float) -> dict[str, str]:
    """SVG by file name. Only patients that were read appear."""
    read = [row for row in rows if row.probability is not None]
    model, ideal = model_readings(read), ideal_readings(read)
    return {
        "roc.svg": roc_chart(model, ideal),
        "precision-recall.svg": precision_recall_chart(model, ideal),
        "reliability.svg": reliability_chart(model, uncalibrated_readings(read)),
        "score-by-t-score.svg": score_chart(read, threshold),
    }


def roc_chart(model: Readings, ideal: Readings, names: tuple[str, str] = ("model", "ideal observer")) -> str:
    """Sensitivity over 1 - specificity, with the point at which the model works."""
    chart = Chart("ROC", unit_axis("1 - specificity"), unit_axis("sensitivity"))
    chart.line([(0, 0), (1, 1)], GREY, dashed=True)
    for readings, colour, label in ((ideal, ORANGE, names[1]), (model, BLUE, names[0])):
        hits, false_alarms = _counts(readings)
        chart.line(_thinned(false_alarms / false_alarms[-1], hits / hits[-1]), colour, label=label)
    for readings, colour in ((ideal, ORANGE), (model, BLUE)):
        called, labels = readings.called, readings.labels
        chart.dots([(float(called[~labels].mean()), float(called[labels].mean()))], colour, size=10)
    return chart.render()


def precision_recall_chart(model: Readings, ideal: Readings) -> str:
    """Precision over sensitivity; the dashed line is the share of positives."""
    chart = Chart("Precision and recall", unit_axis("sensitivity (recall)"), unit_axis("precision"))
    prevalence = float(model.labels.mean())
    chart.line([(0, prevalence), (1, prevalence)], GREY, dashed=True)
    for readings, colour, label in ((ideal, ORANGE, "ideal observer"), (model, BLUE, "model")):
        hits, false_alarms = (part[1:] for part in _counts(readings))
        chart.line(_thinned(hits / hits[-1], hits / (hits + false_alarms)), colour, label=label)
    return chart.render()


def reliability_chart(
    calibrated: Readings, raw: Readings, names: tuple[str, str] = ("calibrated", "before calibration")
) -> str:
    """How often what was given a probability came true, in ten bins, with Wilson's intervals."""
    chart = Chart("Calibration", unit_axis("probability given"), unit_axis("share that is osteoporotic"))
    chart.line([(0, 0), (1, 1)], GREY, dashed=True)
    for readings, colour, label in ((raw, GREY, names[1]), (calibrated, BLUE, names[0])):
        points, bars = [], []
        for place in range(BINS):
            inside = bin_of(readings.scores) == place
            if inside.any():
                found = share(int(readings.labels[inside].sum()), int(inside.sum()))
                given = float(readings.scores[inside].mean())
                points.append((given, found.value))
                bars.append((given, found.low, found.high))
        chart.bars(bars, colour)
        chart.line(points, colour)
        chart.dots(points, colour, label=label, size=7)
    return chart.render()


def score_chart(rows: Sequence[Row], threshold: float) -> str:
    """Every patient: probability over true T-score; the lines are the label's edge and the threshold."""
    x = Axis("true T-score of L1-L4", -6, 5, tuple(range(-6, 6)))
    chart = Chart("Probability by T-score", x, unit_axis("probability"), legend_on_top=True)
    for is_positive, colour, label in ((False, BLUE, "not osteoporotic"), (True, ORANGE, "osteoporotic")):
        chosen = [row for row in rows if row.is_osteoporotic is is_positive]
        points = [(min(max(row.t_score, x.low), x.high), float(row.probability or 0)) for row in chosen]
        chart.dots(points, colour, label=label, size=3)
    chart.line([(-2.5, 0), (-2.5, 1)], GREY, dashed=True)
    chart.line([(x.low, threshold), (x.high, threshold)], GREY, dashed=True)
    return chart.render()


def _counts(readings: Readings) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Hits and false alarms from the strictest threshold to the loosest, from 0 on; ties fall together."""
    order = np.argsort(-readings.scores, kind="stable")
    scores, labels = readings.scores[order], readings.labels[order]
    ends = np.flatnonzero(np.concatenate((scores[1:] != scores[:-1], [True])))
    hits, seen = np.cumsum(labels)[ends].astype(np.float64), (ends + 1).astype(np.float64)
    return np.concatenate(([0.0], hits)), np.concatenate(([0.0], seen - hits))


def _thinned(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> list[Point]:
    kept = np.unique(np.linspace(0, len(x) - 1, min(_POINTS, len(x))).astype(np.intp))
    return list(zip(x[kept].tolist(), y[kept].tolist(), strict=True))
