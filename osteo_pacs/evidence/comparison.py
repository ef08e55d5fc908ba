"""The page of comparisons as Markdown, from their records alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from osteo_pacs.evidence.markdown import figure, paragraph, table

Record = Mapping[str, Any]

HEAD = """
    `osteo-pacs model compare` trains the 21-layer CNN and the four networks that Naeem et al. 2025 (doi
    10.3389/fncom.2025.1712896) compared it with, on simulated patients. It wrote this page; do not edit it.
"""
PROTOCOL = """
    {folds}-fold cross-validation by patient: folds are drawn before anything is augmented, both classes spread
    evenly, every patient is tested once and by a network that never saw them, and only training parts are
    augmented. Every network gets the same folds, the same augmented pictures in the same order (those of the
    bundle's training configuration), {epochs} of {batch_size} pictures a step at {size} x {size}, AdamW from a
    rate of {learning_rate:g} down a half cosine, epoch by epoch, and class weights. Nothing was tuned for any of
    them, and no epoch was chosen by its test figures. Positive from a probability of one half on. Intervals hold
    95 % ({resamples} bootstrap resamples of patients).
"""
SMALL = """
    **Read this table as a proof that the command works, not as a ranking.** A training for use sees larger
    pictures than {size} x {size}, or has more than {epochs}.
"""
CONDITIONS = """
    `{command}`, {day}: {seconds:.0f} seconds on {device} with {threads}, trained in {precision}. The 21-layer CNN
    has the layers of the bundle's version {bundle}. All times are by the clock on the wall, beside whatever else
    the machine did, so that they are no comparison; milliseconds are those of one picture by itself, in eager
    PyTorch and float32.
"""
PAPER = """
    The paper prints, for its 21-layer CNN on 174 images (114 "affected by osteoporosis"): accuracy 97.14 %, F1
    97.16 %, recall 95.41 %, precision 99.04 %. These cannot be set beside the table above:
"""
CAVEATS = """
    Our 21-layer CNN is a reconstruction. The paper's full text, and with it the layer table, the input size,
    the training settings, the split and the baselines' figures, was not available to us.

    The images are almost certainly a public set of 60 normal, 60 osteopenia and 54 osteoporosis images (60 + 54
    = 114), so that its positive class would be a T-score of about -1.0 or lower, not the WHO's -2.5.

    The one confusion matrix of up to 300 images that gives its accuracy, recall and precision is 104 hits, 5
    misses, 1 false alarm and 100 rejections. 101 negatives cannot come from 60 originals: the test set very
    probably held augmented copies of training images. Such figures are no goal.

    Ours are simulated pictures with known BMD. They say nothing about how these networks would do on patients.
"""
"""One a paragraph."""

ENOUGH_EPOCHS, ENOUGH_ROWS = 10, 200


def render_comparison(records: Sequence[Record]) -> str:
    """The page, a section for each comparison."""
    return "\n".join(_lines(records)).rstrip() + "\n"


def _lines(records: Sequence[Record]) -> Iterator[str]:
    yield from ("# The 21-layer CNN beside other networks", "")
    yield from paragraph(HEAD)
    for record in records:
        yield from _section(record)
    yield from ("## The paper's own figures", "")
    yield from paragraph(PAPER)
    for caveat in CAVEATS.split("\n\n"):
        first, *rest = paragraph(caveat)[:-1]
        yield from (f"- {first}", *(f"  {line}" for line in rest))


def _section(record: Record) -> Iterator[str]:
    study, made = record["study"], record["made"]
    budget = record["budget"] | {"epochs": _counted(record["budget"]["epochs"], "epoch")}
    yield from (f"## {study['patients']} simulated patients, {study['positives']} of them osteoporotic", "")
    if record["budget"]["epochs"] < ENOUGH_EPOCHS or budget["size"] < ENOUGH_ROWS:
        yield from paragraph(SMALL, **budget)
    yield from _table(record)
    yield from paragraph(PROTOCOL, folds=study["folds"], resamples=study["resamples"], **budget)
    how = {name: made[name] for name in ("command", "bundle", "seconds", "device", "precision")}
    yield from paragraph(CONDITIONS, day=made["at"][:10], threads=_counted(made["threads"], "thread"), **how)
    yield from paragraph(", ".join(f"{name} {number}" for name, number in made["versions"].items()) + ".")


def _table(record: Record) -> Iterator[str]:
    names = ("accuracy", "precision", "sensitivity", "f1", "auroc")
    rows = [
        (
            network["title"],
            "from scratch" if network["weights_sha256"] is None else f"`{network['weights_sha256'][:12]}`",
            *(figure(name, network["figures"][name]) for name in names),
            f"{network['parameters'] / 1e6:.1f} M",
            f"{network['ms_a_study']:.1f}",
            f"{network['training_s']:.0f}",
        )
        for network in record["networks"]
    ]
    head = ("network", "weights", "accuracy", "precision", "recall", "F1", "AUROC", "parameters", "ms a study")
    yield from table((*head, "training, s"), rows)


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
