"""A candidate and the active model on a data set's test part, on the worker's own way, and what the gate says."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom import Dataset

from osteo_pacs.clock import Clock
from osteo_pacs.decode import Decoded, Decoder
from osteo_pacs.dicom.age import age_years
from osteo_pacs.evidence.cases import Case, Said, age_band
from osteo_pacs.evidence.gate import Leak, Limits
from osteo_pacs.evidence.gate_record import gate_record
from osteo_pacs.images import GreyImage
from osteo_pacs.infer.bundle import load_bundle
from osteo_pacs.infer.device import describe_device
from osteo_pacs.retrain.data_set.checked import DataSet, Item, require_cases
from osteo_pacs.retrain.judging.evaluate import Place, describe_bundle, versions
from osteo_pacs.retrain.judging.reading import Answer, Reader
from osteo_pacs.retrain.training.exposure import exposure_of, read_exposure
from osteo_pacs.sealed import open_sealed

TEST = "test"
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """The candidate's bundle, the cases that both models have seen, and the record with every figure and rule."""

    bundle: Path
    cases: tuple[Case, ...]
    record: dict[str, Any]


def judge_candidate(
    candidate: Path, active: Path, dataset: DataSet, limits: Limits, *, place: Place, clock: Clock, tell: Tell
) -> Judged:
    """Reads the test part with both, and judges.

    Raises:
        BundleTampered, BundleUnusable, DeviceMissing: as `load_bundle` says.
        OneClassOnly, TooFewCases: in the test part.
    """
    require_cases(dataset, TEST, 1)
    at, started = clock(), time.monotonic()
    items = dataset.parts[TEST]
    said = {}
    for name, bundle in (("candidate", candidate), ("active", active)):
        tell(f"Reading {len(items)} images with the {name} model")
        said[name] = _read(bundle, dataset, items, place)
    cases = _cases(dataset, items, said["candidate"], said["active"], active)
    tell("Judging")
    record = {
        "schema": 1,
        "dataset": {"sha256": dataset.sha256, "parts": dataset.counts()},
        "candidate": describe_bundle(candidate),
        "active": describe_bundle(active),
        **gate_record(cases, _leak(candidate, dataset), limits),
    }
    record["made"] = {
        "command": place.command,
        "at": at.isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - started, 1),
        "device": describe_device(place.device),
        "versions": versions(),
    }
    return Judged(candidate, cases, record)


def _read(bundle: Path, dataset: DataSet, items: tuple[Item, ...], place: Place) -> list[Said]:
    model = load_bundle(bundle, place.device, threads=place.threads)
    with _decoding(bundle) as decode:
        answers = Reader(model, decode).read(dataset.path(item) for item in items)
        return [_said(answer) for _, answer in answers]


@contextmanager
def _decoding(bundle: Path) -> Iterator[Callable[[Path], GreyImage | str]]:
    with Decoder(bundle) as decoder:

        def decode(path: Path) -> GreyImage | str:
            decoded = decoder.decode(path)
            return decoded.image if isinstance(decoded, Decoded) else decoded.reason.value

        yield decode


def _said(answer: Answer) -> Said:
    return Said(answer.probability, answer.is_called, answer.refusal)


def _cases(
    dataset: DataSet, items: tuple[Item, ...], candidate: list[Said], active: list[Said], bundle: Path
) -> tuple[Case, ...]:
    with Decoder(bundle) as decoder:
        return tuple(
            Case(
                name=str(item["image"]),
                patient=str(item.get("patient") or item["image"]),
                is_positive=bool(item["label"]),
                groups=_groups(item, decoder, dataset.path(item)),
                candidate=first,
                active=second,
            )
            for item, first, second in zip(items, candidate, active, strict=True)
        )


def _groups(item: Item, decoder: Decoder, path: Path) -> tuple[tuple[str, str], ...]:
    """What the list says of the patient and the scanner; where it says nothing, what the header does."""
    known = {name: item.get(name) for name in ("sex", "age_years", "scanner")}
    if None in known.values() and isinstance(header := decoder.header(path), Dataset):
        told = {"sex": header.get("PatientSex"), "age_years": age_years(header)}
        told["scanner"] = header.get("ManufacturerModelName") or header.get("Manufacturer")
        known = {name: told[name] if value is None else value for name, value in known.items()}
    found = [("sex", known["sex"]), ("scanner", known["scanner"])]
    found.append(("age", None if known["age_years"] is None else age_band(known["age_years"])))
    return tuple((by, str(name)) for by, name in found if name)


def _leak(candidate: Path, dataset: DataSet) -> Leak:
    seen = read_exposure(open_sealed(candidate))
    if seen is None:
        return Leak(None, None)
    test = exposure_of(dataset, (TEST,))
    return Leak(len(seen.images & test.images), len(seen.patients & test.patients))


def cases_as_json(cases: tuple[Case, ...]) -> str:
    """A line for each image, so that every figure can be computed again."""
    lines = [
        json.dumps({
            "image": case.name,
            "is_positive": case.is_positive,
            "groups": dict(case.groups),
            "candidate": _facts(case.candidate),
            "active": _facts(case.active),
        })
        for case in cases
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _facts(said: Said) -> dict[str, Any]:
    return {"probability": said.probability, "is_called": said.is_called, "refusal": said.refusal}
