"""Recording the course of a training by MONAI's own handlers: TensorBoard, or MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from osteo_pacs.errors import ConfigurationError

PACKAGES = {"tensorboard": "tensorboard", "mlflow": "mlflow-skinny"}
"""By the word in the configuration: the package that pip installs."""
EXPERIMENT = "osteo-pacs"


class TrackerMissing(ConfigurationError):
    """The package that [training] tracking needs is not installed."""


def require_tracker(tracking: str) -> None:
    """Refuses a tracker that is not installed.

    Raises:
        TrackerMissing: it is not.
    """
    if tracking != "none" and find_spec(tracking) is None:
        package = PACKAGES[tracking]
        raise TrackerMissing(
            f'tracking = "{tracking}".', remedy=f'python -m pip install {package}, or write tracking = "none".'
        )


def tracking_of(tracking: str, uri: str, directory: Path, run_id: int) -> dict[str, Any]:
    """What the process that trains needs to know; by default everything stays in the trainings' folder."""
    folder = directory.absolute() / tracking
    # MLflow takes a plain folder no longer.
    where = uri or f"sqlite:///{folder}/mlflow.db" if tracking == "mlflow" else str(folder)
    return {"kind": tracking, "where": where, "folder": str(folder), "run": f"training-{run_id:06d}"}


def attach_tracker(tracking: Mapping[str, Any], trainer: Any, evaluator: Any) -> None:
    """Records loss and validation figures from now on."""
    if tracking["kind"] == "tensorboard":
        _attach_tensorboard(str(Path(tracking["where"]) / tracking["run"]), trainer, evaluator)
    elif tracking["kind"] == "mlflow":
        Path(tracking["folder"]).mkdir(parents=True, exist_ok=True)
        _attach_mlflow(tracking, trainer, evaluator)


def _attach_tensorboard(folder: str, trainer: Any, evaluator: Any) -> None:
    from monai.handlers.tensorboard_handlers import TensorBoardStatsHandler

    from osteo_pacs.retrain.training.steps import loss_of

    steps = TensorBoardStatsHandler(log_dir=folder, tag_name="loss", output_transform=loss_of, epoch_log=False)
    epochs = TensorBoardStatsHandler(
        log_dir=folder, iteration_log=False, global_epoch_transform=lambda _: trainer.state.epoch
    )
    steps.attach(trainer)
    epochs.attach(evaluator)


def _attach_mlflow(tracking: Mapping[str, Any], trainer: Any, evaluator: Any) -> None:
    from monai.handlers.mlflow_handler import MLFlowHandler

    from osteo_pacs.retrain.training.steps import loss_of

    where = {"tracking_uri": tracking["where"], "experiment_name": EXPERIMENT, "run_name": tracking["run"]}
    steps = MLFlowHandler(**where, tag_name="loss", output_transform=loss_of, epoch_log=False)
    epochs = MLFlowHandler(**where, iteration_log=False, global_epoch_transform=lambda _: trainer.state.epoch)
    steps.attach(trainer)
    epochs.attach(evaluator)
