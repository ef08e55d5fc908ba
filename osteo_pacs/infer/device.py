"""The device that the network runs on, and what it is in words."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osteo_pacs.errors import ConfigurationError

if TYPE_CHECKING:
    # Imported where it is used: it takes seconds and half a gigabyte, and a start is refused without it.
    import torch

GIB = 1024**3


class DeviceMissing(ConfigurationError):
    """The device that the configuration asks for is not there."""

    remedy = 'Set [worker] device to "cpu" or "auto", or mend the driver (`nvidia-smi` must answer).'


def choose_device(asked: str) -> torch.device:
    """``cpu``, ``cuda``, or for ``auto`` CUDA where there is one.

    Raises:
        DeviceMissing: CUDA is asked for and is not there.
    """
    import torch

    has_cuda = torch.cuda.is_available()
    if asked.startswith("cuda") and not has_cuda:
        raise DeviceMissing(asked)
    if asked == "auto":
        return torch.device("cuda" if has_cuda else "cpu")
    return torch.device(asked)


def describe_device(asked: str) -> str:
    """The device that ``cpu``, ``cuda`` or ``auto`` means on this machine.

    Raises:
        DeviceMissing: CUDA is asked for and is not there.
    """
    import torch

    if choose_device(asked).type == "cuda":
        found = torch.cuda.get_device_properties(0)
        return f"{found.name}, {found.total_memory / GIB:.0f} GiB, CUDA {torch.version.cuda}"
    return f"CPU, {len(os.sched_getaffinity(0))} cores"
