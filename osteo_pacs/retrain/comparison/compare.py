"""The paper's comparison on simulated patients: five networks, the same folds, augmentation and budget."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch
from monai.bundle.config_parser import ConfigParser
from monai.data.meta_tensor import MetaTensor

from osteo_pacs.clock import Clock
from osteo_pacs.evidence.measures import AT_THRESHOLD, Readings, auroc, judge
from osteo_pacs.evidence.resample import resamples
from osteo_pacs.images import GreyImage
from osteo_pacs.infer.bundle import load_bundle
from osteo_pacs.infer.device import choose_device, describe_device
from osteo_pacs.infer.metadata import BundleUnusable
from osteo_pacs.infer.predict import Model
from osteo_pacs.infer.sealed_modules import bundle_scripts
from osteo_pacs.phantom import spine_image
from osteo_pacs.phantom.side_by_side import in_processes
from osteo_pacs.retrain.comparison.cross_validation import Division, Outcome, cross_validate
from osteo_pacs.retrain.comparison.kept_folds import KeptFolds
from osteo_pacs.retrain.comparison.learning import (
    Augment,
    Budget,
    Course,
    Pictures,
    has_bfloat16,
    milliseconds,
)
from osteo_pacs.retrain.comparison.networks import (
    TITLES,
    build,
    parameters_of,
    take_weights,
    version_of_pytorchcv,
    weights_sha256,
)
from osteo_pacs.retrain.judging.evaluate import Place, versions
from osteo_pacs.retrain.judging.reading import Decode, decoding
from osteo_pacs.retrain.judging.test_set import Picture
from osteo_pacs.sealed import open_sealed

FIRST_PATIENT = 60_000_000
TRAINING = "configs/train.json"
MEASURES = {**AT_THRESHOLD, "auroc": auroc}


class Tell(Protocol):
    """Hears what is done next."""

    def __call__(self, sentence: str, /) -> None:
        """Takes one sentence."""
        ...


@dataclass(frozen=True, slots=True)
class Contest:
    """Who is compared on whom.

    Attributes:
        patients, positives: simulated, one picture each; the paper had 174 and 114.
        folds: of the cross-validation; every patient is tested once.
        networks: names of `TITLES`.
        weights: files of pre-trained weights by network; the others start from scratch.
        resamples, seed: of the bootstrap; the seed also draws folds and weights.
    """

    patients: int = 174
    positives: int = 114
    folds: int = 5
    networks: tuple[str, ...] = tuple(TITLES)
    weights: Mapping[str, Path] = field(default_factory=dict)
    resamples: int = 2000
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison that is done.

    Attributes:
        record: what it came to, as JSON can hold it.
        kept: its folds, to be forgotten once the record is safe.
    """

    record: dict[str, Any]
    kept: KeptFolds


def compare(
    bundle: Path, contest: Contest, budget: Budget, *, place: Place, folder: Path, clock: Clock, tell: Tell
) -> Compared:
    """Trains and tests every network in every fold that is not kept in the folder.

    Raises:
        BundleTampered, BundleUnusable, DeviceMissing: as `load_bundle` and `augmentation` say.
        NetworkMissing, WeightsUnfit: as `build`, `take_weights` and `weights_sha256` say.
    """
    at, started = clock(), time.monotonic()
    model = load_bundle(bundle, "cpu", threads=place.threads)
    # A runtime that reads pictures with threads of its own leaves PyTorch one.
    torch.set_num_threads(place.threads or len(os.sched_getaffinity(0)))
    course = Course(budget, augmentation(bundle), choose_device(place.device))
    weights = {name: weights_sha256(file) for name, file in contest.weights.items()}
    made = _made(bundle, model, course, place)
    fresh_networks = partial(_fresh_networks, contest, model.network)
    # Built first, so that a package or weights that do not do are told before anything takes long.
    networks = fresh_networks()
    tell(f"Simulating {contest.patients} patients")
    with decoding(bundle) as decode:
        pictures = simulate(contest, model, decode)
    kept = KeptFolds(folder, _of_a_fold(contest, course, pictures) | {"weights": weights, "made": made})
    division = Division(contest.folds, contest.seed)
    outcome = cross_validate(fresh_networks, pictures, division, course, kept=kept, tell=tell)
    study = ("patients", "positives", "folds", "resamples", "seed")
    results = _results(networks, outcome, pictures, contest, course)
    seconds = round(time.monotonic() - started + outcome.earlier_s, 1)
    record = {
        "schema": 1,
        "study": {name: getattr(contest, name) for name in study},
        "budget": asdict(budget),
        "networks": [result | {"weights_sha256": weights.get(result["name"])} for result in results],
        "made": made | {"command": place.command, "at": at.isoformat(timespec="seconds"), "seconds": seconds},
    }
    return Compared(record, kept)


def simulate(contest: Contest, model: Model, decode: Decode) -> Pictures:
    """The patients' pictures as the bundle prepares them; the positives come first."""
    images, labels = [], []
    for picture in in_processes(partial(_spine, contest.positives), range(contest.patients)):
        grey = decode(picture)
        if isinstance(grey, GreyImage):
            images.append(_prepared(grey, model))
            labels.append(int(bool(picture.truth.is_osteoporotic)))
    return Pictures(torch.stack(images), torch.tensor(labels))


def _spine(positives: int, place: int) -> Picture:
    seed = FIRST_PATIENT + place
    return Picture(seed, *spine_image(seed, is_osteoporotic=place < positives))


def augmentation(bundle: Path) -> Augment:
    """That of the bundle's own training configuration.

    Raises:
        BundleTampered: a file of the bundle is not the sealed one.
        BundleUnusable: the bundle is older than 0.6.0, whose training changed one picture at a time.
    """
    sealed = open_sealed(bundle)
    config = json.loads(sealed.read(TRAINING))
    if "augmentation" not in config:
        raise BundleUnusable(
            f"{TRAINING} in {bundle} augments no whole batches; bundles from 0.6.0 do.",
            remedy="Name a newer bundle: --bundle FOLDER.",
        )
    parser = ConfigParser({"augmentation": config["augmentation"]})
    with bundle_scripts(sealed):
        augment: Augment = parser.get_parsed_content("augmentation")
    return augment


def _made(bundle: Path, model: Model, course: Course, place: Place) -> dict[str, Any]:
    """With what the networks are trained."""
    return {
        "bundle": model.version.version,
        "bundle_sha256": open_sealed(bundle).manifest_sha256,
        "device": describe_device(place.device),
        "threads": torch.get_num_threads(),
        "precision": "bfloat16" if has_bfloat16(course.device) else "float32",
        "versions": versions() | version_of_pytorchcv(),
    }


def _of_a_fold(contest: Contest, course: Course, pictures: Pictures) -> dict[str, Any]:
    """What a fold's result follows from, besides."""
    seen = hashlib.sha256(pictures.images.numpy().tobytes() + pictures.labels.numpy().tobytes())
    return {
        "pictures_sha256": seen.hexdigest(),
        "folds": contest.folds,
        "seed": contest.seed,
        "networks": contest.networks,
        "budget": asdict(course.budget),
    }


def _fresh_networks(contest: Contest, cnn: torch.nn.Sequential) -> dict[str, torch.nn.Module]:
    """Every network as it is before its training, the same in every fold."""
    networks = {}
    for name in contest.networks:
        torch.manual_seed(contest.seed)
        networks[name] = build(name, cnn)
        if name in contest.weights:
            take_weights(networks[name], contest.weights[name])
    return networks


def _results(
    networks: Mapping[str, torch.nn.Module], outcome: Outcome, pictures: Pictures, contest: Contest, course: Course
) -> list[dict[str, Any]]:
    """Every network's part of the record."""
    return [
        {
            "name": name,
            "title": TITLES[name],
            "parameters": parameters_of(network),
            "figures": _figures(pictures.labels, outcome.scores[name], contest),
            "ms_a_study": round(milliseconds(network, pictures.images[0], course), 2),
            "training_s": round(outcome.training_s[name], 1),
        }
        for name, network in networks.items()
    ]


def _figures(labels: torch.Tensor, scores: torch.Tensor, contest: Contest) -> dict[str, Any]:
    readings = Readings(labels.numpy() > 0, scores.numpy(), scores.numpy() >= 0.5)  # noqa: PLR2004 - fixed
    draws = resamples(range(len(readings)), contest.resamples, contest.seed)
    return {key: found.to_dict() for key, found in judge(readings, draws, MEASURES).items()}


def _prepared(grey: GreyImage, model: Model) -> torch.Tensor:
    meta = {} if grey.spacing_mm is None else {"spacing_mm": grey.spacing_mm}
    image = MetaTensor(torch.as_tensor(grey.pixels, dtype=torch.float32)[None], meta=meta)
    prepared: torch.Tensor = model.prepare({"image": image})["image"].as_tensor()
    return prepared
