"""The process that trains: MONAI's workflow on the bundle's own training configuration.

``python -m osteo_pacs.retrain.training.workflow ORDER``, alone or, for several GPUs, under torchrun. It steps back
behind the service, tells how far it is in a file, ends between two steps when asked, and at once when its trainer
is gone.

Of the configuration it needs ``train#trainer``, ``validate#evaluator``, ``network``, and what `overrides` sets.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from osteo_pacs.infer.metadata import STATE
from osteo_pacs.retrain.data_set.checked import open_dataset
from osteo_pacs.retrain.training.background import step_back
from osteo_pacs.retrain.training.exposure import add_exposure, exposure_of
from osteo_pacs.retrain.training.workspace import Workspace

STOPPED = 75
"""Exit status of a training that was asked to end before it was over (EX_TEMPFAIL of sysexits.h)."""
FAILED = 1
NUMBERS = {"epochs": "max_epochs", "batch_size": "batch_size", "learning_rate": "learning_rate",
           "patience": "patience", "seed": "seed"}  # fmt: skip
"""A plan's numbers, by the configuration's names."""
CAREFUL = 0.1
"""Training that goes on from trained weights has this part of the configuration's learning rate."""


def main(order_path: Path) -> int:
    """Trains, fixes the operating point and seals the bundle: 0; or `STOPPED`."""
    _end_with_the_trainer()
    order = json.loads(order_path.read_text(encoding="utf-8"))
    step_back(order["niceness"])
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        return _train(order, stop)
    except Exception as error:  # noqa: BLE001 - whatever broke it, the trainer is told, and the log has the rest
        traceback.print_exc()
        Workspace(Path(order["folder"])).tell_error(_innermost(error))
        return FAILED


def overrides(order: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of the configuration that an order sets."""
    plan = order["plan"]
    changed = {key: plan[number] for number, key in NUMBERS.items() if plan[number] is not None}
    changed |= {
        "bundle_root": order["bundle"],
        "dataset_dir": order["dataset"],
        "output_dir": order["checkpoints"],
    }
    changed |= {f"record#{key}": value for key, value in order["lineage"].items()}
    if order["device"] != "auto" and plan["gpus"] <= 1:
        changed["device"] = f"$torch.device('{order['device']}')"
    if plan["start"] == "active" and plan["learning_rate"] is None:
        config = json.loads((Path(order["bundle"]) / "configs" / "train.json").read_text(encoding="utf-8"))
        changed["learning_rate"] = config["learning_rate"] * CAREFUL
    return changed


def _train(order: Mapping[str, Any], stop: threading.Event) -> int:
    import torch
    from monai.bundle.workflows import ConfigWorkflow

    from osteo_pacs.retrain.training.steps import Steps
    from osteo_pacs.retrain.training.tracking import attach_tracker

    torch.set_num_threads(order["threads"])
    workspace, bundle = Workspace(Path(order["folder"])), Path(order["bundle"])
    sys.path.insert(0, str(bundle))
    is_first = os.environ.get("RANK", "0") == "0"
    if is_first:
        seen = exposure_of(open_dataset(Path(order["dataset"])))
        add_exposure(bundle, seen, goes_on=order["plan"]["start"] == "active")
    configs = ["train.json", *(["multi_gpu_train.json"] if order["plan"]["gpus"] > 1 else [])]
    checkpoint = workspace.newest_checkpoint()
    workflow = ConfigWorkflow(
        config_file=[str(bundle / "configs" / name) for name in configs],
        workflow_type="train",
        **overrides(order),
        resume=str(checkpoint) if checkpoint else None,
    )
    workflow.initialize()
    trainer, evaluator = workflow.trainer, workflow.evaluator
    if order["plan"]["start"] == "active" and checkpoint is None:
        weights = torch.load(bundle / STATE, map_location="cpu", weights_only=True)
        workflow.parser.get_parsed_content("network").load_state_dict(weights)
    if (epochs := workspace.trained_epochs()) is not None:
        # It was ended behind its last epoch, which early stopping may have chosen: another one must not follow.
        trainer.state.max_epochs = epochs
    steps = Steps(workspace, stop, is_first=is_first)
    steps.attach(trainer, evaluator)
    if is_first:
        attach_tracker(order["tracking"], trainer, evaluator)
    workflow.run()
    if steps.was_stopped:
        return STOPPED
    steps.tell_trained(trainer)
    workflow.finalize()
    return 0


def _innermost(error: BaseException) -> BaseException:
    """What MONAI wraps into the expression that it evaluated."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _end_with_the_trainer() -> None:
    """The trainer holds the other end of standard input: an end of file there means that it is gone."""

    def wait() -> None:
        os.read(sys.stdin.fileno(), 1)
        os._exit(STOPPED)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
