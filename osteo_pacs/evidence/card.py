"""The model card as Markdown, from the evidence alone: ``osteo-pacs model card``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from osteo_pacs.evidence.goals import LEAST_POSITIVES
from osteo_pacs.evidence.markdown import LABELS, NO_FIGURE, figure, paragraph, percent, points, table, words

CHARTS = {
    "roc.svg": "ROC",
    "precision-recall.svg": "Precision and recall",
    "reliability.svg": "Calibration",
    "score-by-t-score.svg": "Probability by T-score",
}
WARNING = """
    > **For demonstration only, not for clinical use.** This model was trained on simulated images, and judged
    on simulated images. Nothing here says how it would do on a patient. No patient may be managed by its
    answers.
"""
METHOD = """
    Intervals hold 95 %. Those of figures are percentiles of {resamples} bootstrap resamples of patients (seed
    {seed}); those of refusals and of changed answers are Wilson's. The **ideal observer** reads the true BMD
    once, with the precision error of a scan (1.5 %): no reading of a picture can be expected to do better. It
    calls a patient positive when that reading is at or below -2.5. The model's threshold was fixed on the
    validation part before this test set was read. The figures are of the patients that were read; the others
    stand under [Refusals](#refusals).
"""
MEANING = """
    ECE is taken over ten equal bins; a small sample has an ECE above 0 even if it is perfectly calibrated. The
    dashed lines show chance, the share of positives, perfect calibration, and in the last picture the label's
    edge (T-score -2.5) and the threshold.
"""
READ = """
    {patients} simulated patients as they are referred, {positives} of them osteoporotic; {read} were read.
    Positive from a calibrated probability of {threshold} on.
"""
OVERLAY = """
    The same {patients} patients ({positives} osteoporotic) without and with the lines and labels that a
    densitometer burns in; nothing else in a picture differs. {read_both_ways} were read both ways. The answer
    changed in {changed}; the probability moved by {mean_shift} on average.
"""
REFUSALS = """
    Every picture came before the model with a header that says AP spine, so that the picture alone could tell. In
    service the header is looked at first: of the headers that scanners give these kinds, "selected" tells how many
    the shipped rules let through. The check that refuses upside-down spines was fitted on others of them; what
    refuses the other kinds was fitted on AP spines alone, but for the limits of size, contrast, coverage and
    saturation, which were set by hand. How it is built (which layers of the network, how many components and
    training pictures) was chosen with pictures of all these kinds in view, of other seeds, after earlier builds
    had let lateral spines and forearms through. So no kind here is wholly unseen, and one that is not here may be
    refused less often.
"""
ORIGIN = """
    `{command}` wrote [evidence.json]({sources}/evidence.json) and [patients.csv]({sources}/patients.csv) on
    {day} in {seconds:.0f} seconds ({device}, {runtime}).
"""
DIGESTS = "Weights `{weights}`, manifest `{manifest}`; evidence.json has the whole digests."

Record = Mapping[str, Any]


def render_card(evidence: Record, images: str, sources: str) -> str:
    """The page.

    Args:
        evidence: as `osteo_pacs.evidence.record` keeps it.
        images: where the charts lie, relative to the page, e.g. ``images/model-card``.
        sources: where the evidence lies, relative to the page.
    """
    parts = (
        _head(evidence),
        _goals(evidence),
        _figures(evidence, images),
        _calibration(evidence),
        _subgroups(evidence),
        _overlay(evidence),
        _refusals(evidence),
        _model(evidence),
        _origin(evidence, sources),
    )
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def _head(evidence: Record) -> Iterator[str]:
    bundle = evidence["bundle"]
    yield from (f"# Model card: {bundle['name']}, version {bundle['version']}", "")
    yield from paragraph("Written by `osteo-pacs model card` from measured results; do not edit it.")
    if bundle["is_demonstration"]:
        yield from paragraph(WARNING)


def _goals(evidence: Record) -> Iterator[str]:
    yield from ("## Goals", "")
    rows = []
    for goal in evidence["goals"]:
        found = NO_FIGURE if goal["figure"] is None else f"{goal['figure']:.4f}"
        said = f"{found}; {goal['detail']}" if goal["detail"] else found
        rows.append((goal["goal"], f"{goal['limit']:g}", said, "met" if goal["is_met"] else "**not met**"))
    yield from table(("goal", "limit", "found", ""), rows)
    yield from paragraph(
        "Subgroups with fewer than {least} osteoporotic patients are shown below but not judged.",
        least=LEAST_POSITIVES,
    )


def _figures(evidence: Record, images: str) -> Iterator[str]:
    test = evidence["test"]
    yield from ("## Figures", "")
    counts = {name: test[name] for name in ("patients", "positives", "read")}
    yield from paragraph(READ, threshold=evidence["bundle"]["decision"]["threshold"], **counts)
    rows = [
        (
            label,
            figure(name, test["model"][name]),
            figure(name, test["ideal_observer"][name]),
            points(name, test["difference"][name]),
        )
        for name, label in LABELS.items()
    ]
    yield from table(("", "model", "ideal observer", "model - ideal observer"), rows)
    yield from paragraph(f"AUROC with DeLong's interval: {figure('auroc', test['model']['auroc_delong'])}.")
    yield from paragraph(METHOD, **evidence["bootstrap"])
    yield from (f"![{title}]({images}/{file})" for file, title in CHARTS.items())
    yield ""
    yield from paragraph(MEANING)


def _calibration(evidence: Record) -> Iterator[str]:
    test = evidence["test"]
    yield from ("## Calibration", "")
    yield from paragraph(f"Method: {evidence['bundle']['decision'].get('calibration', 'none')}.")
    rows = [
        (LABELS[name], figure(name, test["before_calibration"][name]), figure(name, test["model"][name]))
        for name in ("ece", "brier")
    ]
    yield from table(("", "before", "after"), rows)


def _subgroups(evidence: Record) -> Iterator[str]:
    yield from ("## Subgroups", "")
    rows = [
        (
            group["by"],
            words(group["name"]),
            group["patients"],
            group["positives"],
            *(figure(name, group["model"][name]) for name in ("sensitivity", "specificity", "auroc", "accuracy")),
            figure("accuracy", group["ideal_observer"]["accuracy"]),
        )
        for group in evidence["test"]["subgroups"]
    ]
    measured = ("sensitivity", "specificity", "AUROC", "accuracy", "ideal observer's accuracy")
    yield from table(("", "", "patients", "osteoporotic", *measured), rows)


def _overlay(evidence: Record) -> Iterator[str]:
    overlay = evidence["overlay"]
    yield from ("## Burned-in lines and labels", "")
    counts = {name: overlay[name] for name in ("patients", "positives", "read_both_ways", "mean_shift")}
    yield from paragraph(OVERLAY, changed=percent(overlay["changed_calls"]), **counts)
    rows = [
        (
            LABELS[name],
            figure(name, overlay["without"][name]),
            figure(name, overlay["with"][name]),
            points(name, overlay["difference"][name]),
        )
        for name in ("accuracy", "sensitivity", "specificity", "auroc")
    ]
    yield from table(("", "without", "with", "with - without"), rows)


def _refusals(evidence: Record) -> Iterator[str]:
    yield from ("## Refusals", "")
    yield from paragraph(REFUSALS)
    kinds = [*evidence["refusals"]["spines"], *evidence["refusals"]["out_of_scope"]]
    rows = [
        (words(k["kind"]), k["pictures"], k["selected_by_header"], percent(k["share"]), _reasons(k["reasons"]))
        for k in kinds
    ]
    yield from table(("kind", "pictures", "selected", "refused", "reasons"), rows)


def _reasons(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{words(reason)} {number}" for reason, number in reasons.items())


def _model(evidence: Record) -> Iterator[str]:
    bundle = evidence["bundle"]
    decision = bundle["decision"]
    yield from ("## The model", "")
    if bundle["intended_use"]:
        yield from paragraph(bundle["intended_use"])
    yield f"- Label: {decision['label_definition']}."
    if bundle["data_source"]:
        yield f"- Trained on: {bundle['data_source']}."
    if "threshold_rule" in decision:
        yield f"- Threshold {decision['threshold']}: {decision['threshold_rule']}."
    yield from (f"- Training, {words(key)}: {fact}." for key, fact in bundle.get("training", {}).items())
    yield from (f"- {sentence}" for sentence in bundle["limitations"])
    yield ""


def _origin(evidence: Record, sources: str) -> Iterator[str]:
    made, bundle = evidence["made"], evidence["bundle"]
    yield from ("## Where these figures come from", "")
    how = {name: made[name] for name in ("command", "seconds", "device", "runtime")}
    yield from paragraph(ORIGIN, sources=sources, day=made["at"][:10], **how)
    sets = [
        (words(name), part["pictures"], f"{part['first_seed']} to {part['last_seed']}", f"`{part['sha256'][:16]}`")
        for name, part in evidence["sets"].items()
    ]
    yield from table(("set", "pictures", "seeds", "sha256"), sets)
    yield from paragraph(DIGESTS, weights=bundle["weights_sha256"][:16], manifest=bundle["manifest_sha256"][:16])
    yield from paragraph(", ".join(f"{name} {number}" for name, number in made["versions"].items()) + ".")
