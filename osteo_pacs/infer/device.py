"""Where the network would run, in words."""

from __future__ import annotations

import os

import torch

from osteo_pacs.infer.bundle import DeviceMissing

GIB = 1024**3


def describe_device(asked: str) -> str:
    """The device that ``cpu``, ``cuda`` or ``auto`` means on this machine.

    Raises:
        DeviceMissing: CUDA is asked for and is not there.
    """
    if asked != "cpu" and torch.cuda.is_available():
        found = torch.cuda.get_device_properties(0)
        return f"{found.name}, {found.total_memory / GIB:.0f} GiB, CUDA {torch.version.cuda}"
    if asked == "cuda":
        raise DeviceMissing(asked)
    return f"CPU, {len(os.sched_getaffinity(0))} cores"
