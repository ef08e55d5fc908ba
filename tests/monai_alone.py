"""Commands of the bundle by MONAI alone: each in a process of its own that cannot import osteo_pacs.

What ``python -m monai.bundle`` loads takes seconds of CPU, so a server loads it once; every command is its fork.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
import tempfile
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path

TIMEOUT_S = 250
LOADED = ("monai.bundle", "ignite.engine", "ignite.handlers")


def serve() -> None:
    """Starts the server; commands see the environment that it was started in."""
    multiprocessing.set_forkserver_preload(list(LOADED))
    forkserver.ensure_running()


def start(module: str, *arguments: str, cwd: Path, output: Path) -> ForkServerProcess:
    """``python -m MODULE ARGUMENTS`` in a folder, with what it says in a file."""
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=_run, args=(module, arguments, cwd, output))
    process.start()
    return process


def run(module: str, *arguments: str, cwd: Path) -> tuple[int, str]:
    """The exit status, and what was said."""
    with tempfile.NamedTemporaryFile(mode="r") as output:
        process = start(module, *arguments, cwd=cwd, output=Path(output.name))
        process.join(TIMEOUT_S)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"{module} {' '.join(arguments)}: {output.read()[-3000:]}")
        return process.exitcode, output.read()


def _run(module: str, arguments: tuple[str, ...], cwd: Path, output: Path) -> None:
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.chdir(cwd)
    sys.path.insert(0, str(cwd))
    # Importing it fails.
    sys.modules["osteo_pacs"] = None  # type: ignore[assignment]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
