"""How many studies a second go the whole way when many come at once, beside a plain script in the same run.

    python benchmarks/burst.py --output burst.json

A burst is pushed over several associations with DCMTK's storescu, each study one AP spine image. The clock runs
from the start of the senders until the last report is a file of the sink; of osteo_pacs that holds the quiet time,
for which it waits because more instances may come. It sends SRs alone, as the script does, or with a picture and
a text beside each when it is to do what it does as shipped. The two are measured in turn, round by round. A small
round before the others warms up and is not counted.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common import ENVIRONMENT, cpu_s, machine, options_of, progress, ratios, spent, spread, wait_for, write_report
from contenders import OsteoPacs, PlainScript, Reader, Settings, reading
from studies import Scanner

QUIET_S = 1.0
WARM_UP = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """What is pushed: ``rounds`` times ``studies`` studies over ``associations``."""

    studies: int
    associations: int
    rounds: int
    workers: int
    sends_srs_alone: bool


@dataclass(frozen=True, slots=True)
class Burst:
    """One burst: studies a second, and CPU milliseconds a study by process."""

    studies_per_s: float
    cpu_ms: dict[str, float]


@dataclass
class Bursts:
    """All bursts of one reader."""

    each: list[Burst] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        return [burst.studies_per_s for burst in self.each]

    @property
    def cpu_ms(self) -> list[float]:
        return [sum(burst.cpu_ms.values()) for burst in self.each]

    @property
    def cpu_ms_by_process(self) -> dict[str, float]:
        roles = self.each[0].cpu_ms
        return {role: round(statistics.median(burst.cpu_ms[role] for burst in self.each), 1) for role in roles}

    def as_json(self) -> dict[str, Any]:
        return {"studies_per_s": spread(self.rates, 1), "cpu_ms_each": spread(self.cpu_ms, 1)}


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--studies", type=int, default=200, help="studies in a burst (default 200)")
    parser.add_argument("--associations", type=int, default=4, help="senders at once (default 4)")
    parser.add_argument("--rounds", type=int, default=5, help="bursts of each that count (default 5)")
    parser.add_argument("--workers", type=int, default=1, help="[worker] processes (default 1, as shipped)")
    parser.add_argument("--as-shipped", action="store_true", help="osteo_pacs sends picture and text with each SR")
    options = parser.parse_args()
    plan = Plan(options.studies, options.associations, options.rounds, options.workers, not options.as_shipped)
    with tempfile.TemporaryDirectory(prefix="burst-", dir=options.folder) as folder:
        write_report(measured(Path(folder), plan), options.output)


def measured(folder: Path, plan: Plan) -> dict[str, Any]:
    facts = machine()
    scanner = Scanner(folder / "scanner")
    settings: Settings = {"completeness": {"quiet_s": QUIET_S}, "worker": {"processes": plan.workers}}
    ours = OsteoPacs(folder / "ours", settings, sends_srs_alone=plan.sends_srs_alone)
    script = PlainScript(folder / "script")
    bursts = {reader.name: Bursts() for reader in (ours, script)}
    with reading(ours, script):
        for reader in (ours, script):
            burst(reader, scanner.studies(min(WARM_UP, plan.studies)), plan)
        for number in range(1, plan.rounds + 1):
            studies = scanner.studies(plan.studies)
            for reader in (ours, script):
                bursts[reader.name].each.append(burst(reader, studies, plan))
                rate = bursts[reader.name].rates[-1]
                progress(f"round {number} of {plan.rounds}: {reader.name} {rate:.1f} studies/s")
    return summary(bursts[ours.name], bursts[script.name], plan) | {"machine": facts}


def burst(reader: Reader, studies: Sequence[Path], plan: Plan) -> Burst:
    """Pushes the studies and waits for all of their reports."""
    reader.sink.clear()
    # What earlier rounds wrote is not this one's to wait for.
    os.sync()
    before, started_s = cpu_s(reader.pid), time.time()
    push(reader, studies, plan.associations)
    wait_for(
        lambda: reader.sink.count() == len(studies),
        timeout_s=60 + len(studies),
        what=f"{len(studies)} reports of {reader.name}",
    )
    seconds = reader.sink.arrivals_s()[-1] - started_s
    cpu = spent(before, cpu_s(reader.pid))
    return Burst(len(studies) / seconds, {role: s * 1000 / len(studies) for role, s in cpu.items()})


def push(reader: Reader, studies: Sequence[Path], associations: int) -> None:
    command = ["storescu", "-aec", reader.ae_title, "127.0.0.1", str(reader.port)]
    shares = [studies[first::associations] for first in range(associations)]
    senders = [
        subprocess.Popen(
            [*command, *map(str, share)], env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        for share in shares
        if share
    ]
    for sender in senders:
        _, errors = sender.communicate()
        if sender.returncode or errors:
            raise SystemExit(f"storescu to {reader.name}: {errors.decode()[-500:]}")


def summary(ours: Bursts, script: Bursts, plan: Plan) -> dict[str, Any]:
    return {
        "benchmark": "burst",
        "studies": plan.studies,
        "associations": plan.associations,
        "workers": plan.workers,
        "osteo_pacs_sends_srs_alone": plan.sends_srs_alone,
        "quiet_s_included": QUIET_S,
        "osteo_pacs": ours.as_json() | {"cpu_ms_each_by_process": ours.cpu_ms_by_process},
        "plain_script": script.as_json(),
        "ratio": ratios(ours.rates, script.rates),
        "ratio_of_cpu": ratios(ours.cpu_ms, script.cpu_ms),
    }


if __name__ == "__main__":
    main()
