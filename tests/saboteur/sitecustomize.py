"""Python runs this at the start of each process of a service that has this folder on its PYTHONPATH.

While the file that the environment names is there, the network does what the file says instead of reading.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

ORDERS = Path(os.environ.get("SABOTEUR_ORDERS", "/nonexistent"))
MODULE = "osteo_pacs.infer.predict"


def _obey(order: str) -> None:
    import torch

    match order:
        case "hang":
            time.sleep(3600)
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "cuda":
            raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")
        case "memory":
            raise torch.OutOfMemoryError("CUDA out of memory.")


class _Saboteur:
    """Finds the module as Python would, and has its one way to the network go past the orders."""

    def find_spec(self, name: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        del target
        if name != MODULE:
            return None
        spec = PathFinder.find_spec(name, path)
        load = spec.loader.exec_module

        def load_and_spoil(module: ModuleType) -> None:
            load(module)
            read = module.run_with_retry

            def run_with_retry(runtime, batch):
                def obedient(part):
                    if ORDERS.is_file():
                        _obey(ORDERS.read_text())
                    return runtime(part)

                return read(obedient, batch)

            module.run_with_retry = run_with_retry

        spec.loader.exec_module = load_and_spoil
        return spec


sys.meta_path.insert(0, _Saboteur())
