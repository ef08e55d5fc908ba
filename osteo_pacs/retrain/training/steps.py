"""What is looked at between two steps of a training: whether it should end, and how far it is."""

from __future__ import annotations

import threading
import time
from typing import Any

from ignite.engine import Events

from osteo_pacs.retrain.training.workspace import Workspace

TELL_EVERY_S = 0.5


class Steps:
    """Follows one trainer and its evaluator; only the first of several processes tells."""

    def __init__(self, workspace: Workspace, stop: threading.Event, *, is_first: bool) -> None:
        self._workspace = workspace
        self._stop = stop
        self.is_first = is_first
        self.was_stopped = False
        self._began_s = 0.0
        self._began_at = 0
        self._told_s = 0.0
        self._aurocs: list[float] = []

    def attach(self, trainer: Any, evaluator: Any) -> None:
        """Follows from now on."""
        self.tell({"phase": "preparing"})
        # Behind the handlers that load a checkpoint.
        trainer.add_event_handler(Events.EPOCH_STARTED, self._begin)
        trainer.add_event_handler(Events.ITERATION_COMPLETED, self._step)
        trainer.add_event_handler(Events.EPOCH_COMPLETED, self._epoch)
        evaluator.add_event_handler(Events.COMPLETED, self._validated)

    def tell(self, progress: dict[str, Any]) -> None:
        """Writes it down."""
        if self.is_first:
            self._workspace.tell_progress(progress)

    def tell_trained(self, trainer: Any) -> None:
        """The last epoch is over."""
        if self.is_first:
            self._workspace.tell_trained(trainer.state.epoch)
            self.tell(self._progress(trainer) | {"phase": "fixing", "eta_s": None})

    def _begin(self, trainer: Any) -> None:
        if not self._began_s:
            self._began_s, self._began_at = time.monotonic(), trainer.state.iteration

    def _step(self, trainer: Any) -> None:
        if self._stop.is_set():
            self.was_stopped = True
            trainer.terminate()
        if time.monotonic() - self._told_s >= TELL_EVERY_S:
            self._told_s = time.monotonic()
            self.tell(self._progress(trainer))

    def _epoch(self, trainer: Any) -> None:
        self.tell(self._progress(trainer))

    def _validated(self, evaluator: Any) -> None:
        self._aurocs.append(float(evaluator.state.metrics["val_auroc"]))

    def _progress(self, trainer: Any) -> dict[str, Any]:
        state = trainer.state
        total, done = state.epoch_length * state.max_epochs, state.iteration
        here = max(1, done - self._began_at)
        per_step_s = (time.monotonic() - self._began_s) / here
        return {
            "phase": "training",
            "epoch": state.epoch,
            "epochs": state.max_epochs,
            "step": done,
            "steps": total,
            "loss": loss_of(state.output),
            "val_auroc": round(self._aurocs[-1], 4) if self._aurocs else None,
            "best_val_auroc": round(max(self._aurocs), 4) if self._aurocs else None,
            "eta_s": round(per_step_s * (total - done)),
        }


def loss_of(output: Any) -> float | None:
    """A step's loss by what MONAI's trainer leaves of it: a dictionary, or one for each picture of the batch."""
    last = output[0] if isinstance(output, list) and output else output
    return round(float(last["loss"]), 4) if isinstance(last, dict) and "loss" in last else None
