"""The process that trains, from its trainer's side: started, asked to end, or ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from osteo_pacs.retrain.training.workspace import Workspace, write_whole

GRACE_S = 10.0
"""How long a step, or the fixing of the operating point, has to end when the training is stopped."""
MODULE = "osteo_pacs.retrain.training.workflow"


class TrainingProcess:
    """A process group of its own, that ends with its trainer at the latest."""

    def __init__(self, workspace: Workspace, order: Mapping[str, Any]) -> None:
        write_whole(workspace.order, order)
        command = [sys.executable, *_launcher(order["plan"]["gpus"]), "-m", MODULE, str(workspace.order)]
        with workspace.log.open("ab") as log:
            # The pipe is never written to: its end tells the process that its trainer is gone.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=_environment(order),
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """Its number, and its group's."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs; negative where a signal ended it."""
        return self._process.poll()

    def stop(self) -> int:
        """Lets it end between two steps, or ends it; its exit status."""
        if self._process.poll() is None:
            self._process.terminate()
        ends_s = time.monotonic() + GRACE_S
        while self._process.poll() is None and time.monotonic() < ends_s:
            time.sleep(0.05)
        self.kill()
        return self._process.returncode

    def kill(self) -> None:
        """Ends the whole group at once."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()


def _launcher(gpus: int) -> list[str]:
    if gpus <= 1:
        return []
    return ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(gpus)]


def _environment(order: Mapping[str, Any]) -> dict[str, str]:
    threads = str(order["threads"])
    hidden = {"CUDA_VISIBLE_DEVICES": ""} if order["device"] == "cpu" else {}
    return os.environ | {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads} | hidden
