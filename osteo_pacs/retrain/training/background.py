"""Stepping back: a process that trains takes what the service leaves."""

from __future__ import annotations

import os

import psutil


def step_back(niceness: int) -> None:
    """From now on other processes of this machine come first, at the processor and at the disk; 0 changes nothing.

    SCHED_BATCH never takes the processor from a process that was woken up for a study (sched(7)).
    """
    if niceness:
        os.setpriority(os.PRIO_PROCESS, 0, niceness)
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)


def threads_of(configured: int) -> int:
    """How many threads a training may use; 0 stands for half of the cores."""
    return configured or max(1, len(os.sched_getaffinity(0)) // 2)
