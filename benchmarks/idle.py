"""What it costs to wait: the CPU time of a service that has nothing to do, beside a plain script at the same time.

    python benchmarks/idle.py --output idle.json

Of all processes of ``osteo-pacs serve``, as percent of one core: with nobody connected, and with associations that
are open and silent. The two states come in turn, round by round.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from common import cpu_s, machine, options_of, progress, ratios, spent, spread, write_report
from contenders import OsteoPacs, PlainScript, Reader, reading
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian

from osteo_pacs.deliver.association import Association, Peer
from osteo_pacs.deliver.deadline import Deadline
from osteo_pacs.deliver.wire import Wire

CALM_S = 3.0
PROPOSAL = [(str(ComputedRadiographyImageStorage), str(ExplicitVRLittleEndian))]
Percents = dict[str, float]
"""By process, of one core."""


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="how long each state is watched (default 30)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each state is watched (default 3)")
    parser.add_argument("--associations", type=int, default=20, help="open and silent (default 20)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="idle-", dir=options.folder) as folder:
        report = measured(Path(folder), options.associations, options.rounds, options.seconds)
        write_report(report, options.output)


def measured(folder: Path, associations: int, rounds: int, seconds: float) -> dict[str, Any]:
    facts = machine()
    readers = OsteoPacs(folder / "ours", {}), PlainScript(folder / "script")
    found: dict[int, list[list[Percents]]] = {0: [], associations: []}
    with reading(*readers):
        for number in range(1, rounds + 1):
            for count, repeats in found.items():
                with open_associations(readers, count):
                    time.sleep(CALM_S)
                    repeats.append(watched(readers, seconds))
                progress(f"round {number} of {rounds}: {count} associations, {totals(repeats[-1])} percent")
    states = {str(count): summary(readers, repeats) for count, repeats in found.items()}
    watch = {"seconds": seconds, "rounds": rounds}
    return {"benchmark": "idle", **watch, "percent_of_a_core_by_open_associations": states, "machine": facts}


@contextmanager
def open_associations(readers: Sequence[Reader], count: int) -> Iterator[None]:
    """That many associations with each reader."""
    with ExitStack() as stack:
        for reader in readers:
            for _ in range(count):
                peer = Peer("127.0.0.1", reader.port, reader.ae_title, "BENCHMARK")
                association = Association.request(Wire(), peer, PROPOSAL, Deadline.after(30))
                stack.callback(association.release, Deadline.after(3600))
        yield


def watched(readers: Sequence[Reader], seconds: float) -> list[Percents]:
    """What each reader uses while nothing happens."""
    started_s = time.monotonic()
    before = [cpu_s(reader.pid) for reader in readers]
    time.sleep(seconds)
    after = [cpu_s(reader.pid) for reader in readers]
    passed_s = time.monotonic() - started_s
    return [
        {role: 100 * used_s / passed_s for role, used_s in spent(first, last).items()}
        for first, last in zip(before, after, strict=True)
    ]


def totals(percents: Sequence[Percents]) -> list[float]:
    return [round(sum(each.values()), 2) for each in percents]


def summary(readers: Sequence[Reader], repeats: Sequence[Sequence[Percents]]) -> dict[str, Any]:
    by_reader = list(zip(*repeats, strict=True))
    ours, script = ([sum(each.values()) for each in of_reader] for of_reader in by_reader)
    names = [reader.name for reader in readers]
    by_process = {
        role: round(statistics.median(each[role] for each in by_reader[0]), 2) for role in by_reader[0][0]
    }
    return {
        names[0]: spread(ours, 2) | {"by_process": by_process},
        names[1]: spread(script, 2),
        # A script that nobody is connected to sleeps in accept().
        "ratio": ratios(ours, script) if min(script) else None,
    }


if __name__ == "__main__":
    main()
