"""The paper's comparison on simulated patients: five networks, the same folds, augmentation and budget."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
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
from osteo_pacs.retrain.comparison.learning import (
    Augment,
    Budget,
    Course,
    Pictures,
    has_bfloat16,
    milliseconds,
    probabilities,
    standardised,
    train,
)
from osteo_pacs.retrain.comparison.networks import TITLES, build, parameters_of, take_weights
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


def compare(
    bundle: Path, contest: Contest, budget: Budget, *, place: Place, clock: Clock, tell: Tell
) -> dict[str, Any]:
    """Trains and tests every network in every fold; returns the record of the comparison.

    Raises:
        BundleTampered, BundleUnusable, DeviceMissing: as `load_bundle` and `augmentation` say.
        NetworkMissing, WeightsUnfit: as `build` and `take_weights` say.
    """
    at, started = clock(), time.monotonic()
    model = load_bundle(bundle, "cpu", threads=place.threads)
    # A runtime that reads pictures with threads of its own leaves PyTorch one.
    torch.set_num_threads(place.threads or len(os.sched_getaffinity(0)))
    device = choose_device(place.device)
    course = Course(budget, augmentation(bundle), device)
    tell(f"Simulating {contest.patients} patients")
    with decoding(bundle) as decode:
        pictures = simulate(contest, model, decode)
    networks = _networks(model.network, pictures, contest, course, tell)
    return {
        "schema": 1,
        "study": {
            name: getattr(contest, name) for name in ("patients", "positives", "folds", "resamples", "seed")
        },
        "budget": asdict(budget),
        "networks": networks,
        "made": {
            "command": place.command,
            "bundle": model.version.version,
            "at": at.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - started, 1),
            "device": describe_device(place.device),
            "threads": torch.get_num_threads(),
            "precision": "bfloat16" if has_bfloat16(device) else "float32",
            "versions": versions(),
        },
    }


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


def fold_of(labels: Sequence[int], folds: int, seed: int) -> list[int]:
    """Each patient's fold; both classes are spread evenly."""
    rng = np.random.Generator(np.random.PCG64(seed))
    place = np.zeros(len(labels), dtype=np.intp)
    for label in sorted(set(labels)):
        members = np.flatnonzero(np.array(labels) == label)
        place[rng.permutation(members)] = np.arange(len(members)) % folds
    return [int(fold) for fold in place]


def _networks(
    cnn: torch.nn.Sequential, pictures: Pictures, contest: Contest, course: Course, tell: Tell
) -> list[dict[str, Any]]:
    """Every network's part of the record."""
    folds = torch.tensor(fold_of(pictures.labels.tolist(), contest.folds, contest.seed))
    names = contest.networks
    scores = {name: torch.zeros(len(pictures), dtype=torch.double) for name in names}
    seconds, weights, networks = dict.fromkeys(names, 0.0), dict.fromkeys(contest.weights, ""), {}
    for fold in range(contest.folds):
        tell(f"Training without fold {fold + 1} of {contest.folds}: {', '.join(TITLES[name] for name in names)}")
        for name in names:
            torch.manual_seed(contest.seed)
            networks[name] = build(name, cnn)
            if name in contest.weights:
                weights[name] = take_weights(networks[name], contest.weights[name])
        training, testing = (pictures.take(torch.nonzero(where)[:, 0]) for where in (folds != fold, folds == fold))
        learning = standardised(training, training)
        taken = train([networks[name] for name in names], learning, course, contest.seed + fold)
        for name, its_seconds in zip(names, taken, strict=True):
            seconds[name] += its_seconds
            scores[name][folds == fold] = probabilities(networks[name], standardised(testing, training), course)
    return [
        {
            "name": name,
            "title": TITLES[name],
            "weights_sha256": weights.get(name),
            "parameters": parameters_of(networks[name]),
            "figures": _figures(pictures.labels, scores[name], contest),
            "ms_a_study": round(milliseconds(networks[name], pictures.images[0], course), 2),
            "training_s": round(seconds[name], 1),
        }
        for name in names
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
