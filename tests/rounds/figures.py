"""Memory, descriptors and threads of each process of a service over time, and whether they grow."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import psutil

from services import Service

EVERY_S = 2.0
MIB = 1 << 20
ROLES = ("listener", "worker", "courier", "scheduler")


@dataclass(frozen=True, slots=True)
class Rule:
    """How much more the last third of the samples may show than the middle one, by their medians.

    The first third is the warm-up: caches fill, the first studies load what is loaded late.
    """

    absolute: float
    relative: float

    def allows(self, before: float, after: float) -> bool:
        return after - before <= max(self.absolute, self.relative * before)


RULES = {"rss_mib": Rule(8, 0.05), "descriptors": Rule(3, 0), "threads": Rule(2, 0)}


@dataclass(frozen=True, slots=True)
class Sample:
    """One process at one moment."""

    rss_mib: float
    descriptors: int
    threads: int


class Watcher(threading.Thread):
    """Samples every process of a service until ``stop``; a process that dies begins another series."""

    def __init__(self, service: Service) -> None:
        super().__init__(daemon=True)
        self.series: defaultdict[str, list[Sample]] = defaultdict(list)
        self._service = service
        self._stopping = threading.Event()

    def run(self) -> None:
        """Until ``stop``."""
        while not self._stopping.wait(EVERY_S):
            supervisor = psutil.Process(self._service.process.pid)
            for process in (supervisor, *supervisor.children(recursive=True)):
                self._sample(process, supervisor)

    def stop(self) -> None:
        self._stopping.set()
        self.join()

    def _sample(self, process: psutil.Process, supervisor: psutil.Process) -> None:
        try:
            with process.oneshot():
                name = "supervisor" if process == supervisor else _role(process)
                sample = Sample(process.memory_info().rss / MIB, process.num_fds(), process.num_threads())
        except psutil.Error:
            return
        self.series[f"{name}-{process.pid}"].append(sample)


def _role(process: psutil.Process) -> str:
    return next((role for role in ROLES if role in process.cmdline()), "decoder")


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure of a process: the medians of the middle and of the last third, and the most there was."""

    process: str
    measure: str
    middle: float
    last: float
    most: float

    @property
    def is_flat(self) -> bool:
        return RULES[self.measure].allows(self.middle, self.last)


def figures(series: dict[str, list[Sample]], *, least: int = 9) -> list[Figure]:
    """Of each process that was sampled often enough."""
    return [
        _figure(process, measure, [getattr(sample, measure) for sample in samples])
        for process, samples in sorted(series.items())
        if len(samples) >= least
        for measure in RULES
    ]


def _figure(process: str, measure: str, values: Sequence[float]) -> Figure:
    third = len(values) // 3
    middle, last = median(values[third : 2 * third]), median(values[2 * third :])
    return Figure(process.rpartition("-")[0], measure, round(middle, 1), round(last, 1), round(max(values), 1))


def watched(service: Service, action: Callable[[], None]) -> dict[str, list[Sample]]:
    """The samples of a service while ``action()`` runs."""
    watcher = Watcher(service)
    watcher.start()
    try:
        action()
    finally:
        watcher.stop()
    return dict(watcher.series)
