"""How long a study waits for its report while a model is trained on the same machine, beside the same without.

    python benchmarks/while_training.py --output while_training.json

One service, as shipped. Studies of one image go one after the other, in rounds: some while nothing else runs, then
as many while the trainer that the service starts makes its steps. The ratio is of medians, round by round. The
quiet time is taken off.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common import machine, options_of, percentile, progress, spread, wait_for, write_report
from contenders import OsteoPacs, Settings, reading
from latency import QUIET_S, WARM_UP, wait_of
from studies import Scanner

from osteo_pacs.phantom.dataset import Part, write_dataset

FOR_EVER = ("--epochs", "100000", "--patience", "100000")


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--studies", type=int, default=20, help="studies in each half of a round (default 20)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--images", type=int, default=256, help="images that are trained on (default 256)")
    parser.add_argument("--niceness", type=int, default=19, help="of the training (default 19, as shipped)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="while-training-", dir=options.folder) as folder:
        write_report(measured(Path(folder), options), options.output)


def measured(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    studies, rounds, images = options.studies, options.rounds, options.images
    facts = machine()
    scanner = Scanner(folder / "scanner")
    parts = (Part("training", images, 31_000_000, 0.5), Part("validation", 16, 32_000_000, 0.5))
    (folder / "dataset").mkdir()
    write_dataset(folder / "dataset", parts)
    settings: Settings = {
        "completeness": {"quiet_s": QUIET_S},
        "training": {"min_cases": 2, "niceness": options.niceness},
    }
    ours = OsteoPacs(folder / "ours", settings)
    alone: list[list[float]] = []
    beside: list[list[float]] = []
    with reading(ours):
        times(ours, scanner, WARM_UP)
        for number in range(rounds):
            progress(f"round {number + 1} of {rounds}")
            alone.append(times(ours, scanner, studies))
            training = begin_training(ours, folder / "dataset")
            beside.append(times(ours, scanner, studies))
            end_training(ours, training)
    return {
        "benchmark": "while_training",
        "quiet_s_taken_off": QUIET_S,
        "studies_in_each": studies,
        "niceness": options.niceness,
        "alone_s": distribution(alone),
        "while_training_s": distribution(beside),
        "ratio_of_medians": spread(
            [statistics.median(b) / statistics.median(a) for a, b in zip(alone, beside, strict=True)], 2
        ),
        "machine": facts,
    }


def times(ours: OsteoPacs, scanner: Scanner, studies: int) -> list[float]:
    """Seconds from each study's request to its report."""
    return [wait_of(ours, study).from_request_s - QUIET_S for study in scanner.studies(studies)]


def begin_training(ours: OsteoPacs, dataset: Path) -> str:
    """Queues a training, and waits until the trainer that the service starts makes steps; its number."""
    training = str(command(ours, "model", "train", "--dataset", str(dataset), *FOR_EVER)["training"])
    wait_for(
        lambda: bool(command(ours, "training", "show", training)["progress"].get("step")),
        timeout_s=600,
        every_s=1,
        what="the training makes steps",
    )
    return training


def end_training(ours: OsteoPacs, training: str) -> None:
    """Cancels it, and waits until it is over."""
    command(ours, "training", "cancel", training)
    wait_for(
        lambda: command(ours, "training", "show", training)["state"] == "cancelled",
        timeout_s=120,
        every_s=1,
        what="the training is cancelled",
    )


def command(ours: OsteoPacs, *words: str) -> Any:
    """What a command of the installation prints as JSON."""
    line = [sys.executable, "-m", "osteo_pacs", "--config", str(ours.config), *words, "--json"]
    done = subprocess.run(line, capture_output=True, text=True, check=True, env=ours.environment)
    return json.loads(done.stdout)


def distribution(rounds: Sequence[Sequence[float]]) -> dict[str, float]:
    values = [value for one in rounds for value in one]
    return {"p50": round(percentile(values, 0.5), 3), "p95": round(percentile(values, 0.95), 3)}


if __name__ == "__main__":
    main()
