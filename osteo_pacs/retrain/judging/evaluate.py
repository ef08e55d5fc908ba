"""The evidence of one bundle: the locked test set, the same patients with and without overlay, what to refuse."""

from __future__ import annotations

import json
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import osteo_pacs
from osteo_pacs import shipped
from osteo_pacs.clock import Clock
from osteo_pacs.config import load
from osteo_pacs.evidence.goals import judge_goals
from osteo_pacs.evidence.record import SCHEMA, Evidence
from osteo_pacs.evidence.resample import LEVEL
from osteo_pacs.evidence.rows import Row, rounded
from osteo_pacs.evidence.summary import Bootstrap, compare_overlay, refusals, summarise
from osteo_pacs.infer.bundle import load_bundle
from osteo_pacs.infer.device import describe_device
from osteo_pacs.infer.metadata import METADATA, WEIGHTS
from osteo_pacs.phantom import OUT_OF_SCOPE
from osteo_pacs.retrain.judging.reading import Answer, Reader, dataset_of, decoding
from osteo_pacs.retrain.judging.test_set import Picture, SetDigest, ideal_probability, out_of_scope, spines
from osteo_pacs.sealed import open_sealed
from osteo_pacs.select import decide

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is read.

    Attributes:
        patients: of the test set.
        overlay_patients: how many of them are read again with and without overlay.
        pictures_per_kind: of each kind that must be refused.
        bootstrap: of the intervals.
    """

    patients: int = 3000
    overlay_patients: int = 600
    pictures_per_kind: int = 100
    bootstrap: Bootstrap = field(default_factory=Bootstrap)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the model runs, and the command that is recorded."""

    device: str = "auto"
    threads: int | None = None
    command: str = "osteo-pacs model evaluate"


def evaluate(bundle: Path, plan: Plan, place: Place, clock: Clock, tell: Tell) -> Evidence:
    """Reads everything and makes the figures; ``tell`` hears what is done next.

    Raises:
        BundleTampered, BundleUnusable, DeviceMissing: as `load_bundle` says.
    """
    at, started = clock(), time.monotonic()
    described = describe_bundle(bundle)
    model = load_bundle(bundle, place.device, threads=place.threads)
    digests = {name: SetDigest() for name in ("test", "overlay", "out_of_scope")}
    with decoding(bundle) as decode:
        reader = Reader(model, decode)
        tell(f"Reading {plan.patients} spines")
        rows = read_rows(reader, spines(plan.patients), digests["test"])
        tell(f"Reading {plan.overlay_patients} of them without and with overlay")
        ways = [
            read_rows(reader, spines(plan.overlay_patients, overlay=overlay), digests["overlay"])
            for overlay in (False, True)
        ]
        tell(f"Reading {plan.pictures_per_kind} pictures of each kind that must be refused")
        counts, selected = _judge_kinds(reader, plan.pictures_per_kind, digests["out_of_scope"])
    tell("Computing the intervals")
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "bundle": described,
        "bootstrap": {"resamples": plan.bootstrap.resamples, "seed": plan.bootstrap.seed, "level": LEVEL},
        "sets": {name: digest.to_dict() for name, digest in digests.items()},
        "test": summarise(rows, plan.bootstrap),
        "overlay": compare_overlay(ways[0], ways[1], plan.bootstrap),
        "refusals": {
            "spines": refusals({"ap-spine": _outcomes(rows)}),
            "out_of_scope": refusals(counts, selected),
        },
    }
    record["goals"] = judge_goals(record)
    record["made"] = _circumstances(place, at, time.monotonic() - started, model.runtime.name)
    return Evidence(record, tuple(rows))


def _circumstances(place: Place, at: datetime, seconds: float, runtime: str) -> dict[str, Any]:
    return {
        "command": place.command,
        "at": at.isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "device": describe_device(place.device),
        "runtime": runtime,
        "versions": versions(),
    }


def read_rows(reader: Reader[Picture], pictures: Iterable[Picture], digest: SetDigest) -> list[Row]:
    """A row for each spine picture, rounded as the table keeps it."""
    rows = []
    for picture, answer in reader.read(pictures):
        digest.add(picture)
        rows.append(rounded(_row(picture, answer)))
    return rows


def describe_bundle(folder: Path) -> dict[str, Any]:
    """What the evidence says of the bundle, from its sealed metadata."""
    sealed = open_sealed(folder)
    metadata = json.loads(sealed.read(METADATA))
    return {
        "name": metadata["name"],
        "version": metadata["version"],
        "weights_sha256": sealed.digests[WEIGHTS],
        "manifest_sha256": sealed.manifest_sha256,
        "decision": metadata["decision"],
        "is_demonstration": bool(metadata["product"]["is_demonstration"]),
        "intended_use": metadata.get("intended_use", ""),
        "data_source": metadata.get("data_source", ""),
        "limitations": list(metadata["product"]["limitations"]),
        "training": metadata.get("training", {}),
    }


def versions() -> dict[str, str]:
    """What computed the figures."""
    packages = ("torch", "monai", "numpy", "scipy", "pydicom", "pillow")
    return {
        "osteo_pacs": osteo_pacs.__version__,
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }


def _row(picture: Picture, answer: Answer) -> Row:
    truth, patient = picture.truth, picture.truth.patient
    if patient is None or truth.t_score is None:
        raise ValueError(f"a picture of kind {truth.kind} has no row")
    return Row(
        seed=picture.seed,
        scanner=truth.scanner.value,
        sex=patient.sex.value,
        age_years=patient.age_years,
        confounders=truth.confounders,
        has_overlay=truth.has_overlay,
        t_score=truth.t_score,
        is_osteoporotic=bool(truth.is_osteoporotic),
        ideal_probability=ideal_probability(picture),
        raw_probability=answer.raw_probability,
        probability=answer.probability,
        is_called=answer.is_called,
        refusal=answer.refusal,
    )


def _judge_kinds(
    reader: Reader[Picture], count: int, digest: SetDigest
) -> tuple[Mapping[str, Counter[str]], Mapping[str, int]]:
    """By kind: how often pictures were refused for what, and how many the shipped rules select by their header."""
    rules = load(shipped.CONFIG, {}).selection.rules
    found: dict[str, Counter[str]] = {}
    selected: dict[str, int] = {}
    for kind in OUT_OF_SCOPE:
        outcomes: Counter[str] = Counter()
        named = 0
        for picture, answer in reader.read(out_of_scope(kind, count)):
            digest.add(picture)
            outcomes[answer.refusal] += 1
            named += decide(dataset_of(picture, kind), rules).is_selected
        found[kind.value], selected[kind.value] = outcomes, named
    return found, selected


def _outcomes(rows: Iterable[Row]) -> Counter[str]:
    return Counter(row.refusal for row in rows)
