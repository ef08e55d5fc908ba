"""The gate's report as one HTML file: nothing is fetched, it opens offline, on a dark screen and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from osteo_pacs.evidence.cases import Case, pair_of
from osteo_pacs.evidence.charts import reliability_chart, roc_chart

NAMES = ("candidate", "active")
STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --ground: #ffffff; --line: #d0d7de; --good: #1a7f37;
  --bad: #b42318; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --ground: #0d1117; --line: #30363d; --good: #3fb950; --bad: #ff7b72; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); max-width: 62rem;
  margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .6rem; text-align: left; vertical-align: top; }
td.n { font-variant-numeric: tabular-nums; white-space: nowrap; }
.pass { color: var(--good); font-weight: 600; } .fail { color: var(--bad); font-weight: 600; }
.charts { display: flex; flex-wrap: wrap; gap: 1rem; } svg { max-width: 100%; height: auto; }
.warning { border-left: .3rem solid var(--bad); padding-left: .8rem; }
"""


def render_page(record: Mapping[str, Any], cases: Sequence[Case]) -> str:
    """The whole file."""
    candidate, active = record["candidate"], record["active"]
    title = f"{candidate['name']} {candidate['version']} against {active['version']}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        _verdict(record),
        _warning(record),
        "<h2>Rules</h2>",
        _rules(record["rules"]),
        "<h2>Figures</h2>",
        _figures(record["figures"]),
        f'<div class="charts">{_charts(cases)}</div>',
        "<h2>Where this comes from</h2>",
        _origin(record),
    ]
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    )
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<style>{STYLE}</style></head><body>\n'
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _verdict(record: Mapping[str, Any]) -> str:
    word, css = ("passes", "pass") if record["is_passed"] else ("does not pass", "fail")
    refused = {name: record["refused"][name]["images"] for name in NAMES}
    return (
        f'<p>The candidate <span class="{css}">{word}</span> the gate. {record["images"]} test images, '
        f"{record['positives']} of them positive; {record['read_by_both']} were read by both models, "
        f"{refused['candidate']} were refused by the candidate and {refused['active']} by the active model.</p>"
    )


def _warning(record: Mapping[str, Any]) -> str:
    shown = [name for name in NAMES if record[name]["is_demonstration"]]
    if not shown:
        return ""
    who = " and the ".join(shown)
    return f'<p class="warning">The {who} model: trained on simulated images, not for clinical use.</p>'


def _rules(rules: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        [
            escape(rule["rule"]),
            _estimate(rule["figure"]),
            f"{rule['limit']:g}",
            f'<span class="{rule["verdict"]}">{rule["verdict"]}</span>',
            escape(rule["detail"]),
        ]
        for rule in rules
    ]
    return _table(("rule", "figure (95 % interval)", "limit", "verdict", "on"), rows)


def _figures(figures: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        [escape(name), *(_estimate(columns[column]) for column in (*NAMES, "difference"))]
        for name, columns in figures.items()
    ]
    return _table(("figure", *NAMES, "difference, paired"), rows)


def _charts(cases: Sequence[Case]) -> str:
    pair = pair_of(cases)
    if not pair.labels.any() or pair.labels.all():
        return ""
    return roc_chart(pair.candidate, pair.active, NAMES) + reliability_chart(pair.candidate, pair.active, NAMES)


def _origin(record: Mapping[str, Any]) -> str:
    lines = [
        ("data set", record["dataset"]["sha256"]),
        *((f"{name} bundle", record[name]["manifest_sha256"]) for name in NAMES),
        *((f"{name} operating point", f"{record[name]['decision']['threshold']:g}") for name in NAMES),
        (
            "bootstrap",
            f"{record['bootstrap']['resamples']} resamples of patients, seed {record['bootstrap']['seed']}",
        ),
        ("command", record["made"]["command"]),
        ("made", f"{record['made']['at']}, {record['made']['device']}"),
    ]
    return _table(("", ""), [[escape(name), escape(str(value))] for name, value in lines])


def _estimate(figure: Mapping[str, float | None]) -> str:
    if figure["value"] is None:
        return "-"
    if figure["low"] == figure["high"]:
        return f"{figure['value']:g}"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>"
        + "".join(f'<td class="n">{cell}</td>' if place else f"<td>{cell}</td>" for place, cell in enumerate(row))
        + "</tr>\n"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"
