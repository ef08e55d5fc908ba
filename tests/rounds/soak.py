"""``make soak``: rounds of kills, then one long life under honest and hostile load, on both databases.

    python -m rounds.soak --minutes 60 --output build

A half of the time is for each database: 50 rounds an hour with a mishap each, then a quarter of the time in which
nothing dies, every process is sampled, and the figures must not grow. Status 1 where something was lost or grew.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from itertools import cycle, islice
from pathlib import Path
from random import Random

from databases import KINDS, drop_postgresql, url_at_head
from rounds.figures import Figure, figures, watched
from rounds.hostile import attack, touch
from rounds.mishaps import MISHAPS, Victim
from rounds.turmoil import Turmoil

ROUNDS_PER_MINUTE = 50 / 60
ATTACKS = 20


@dataclass
class Result:
    """What one database's half of a soak came to."""

    database: str
    rounds: int = 0
    steady_s: float = 0.0
    instances: int = 0
    reports_received: int = 0
    attacks: int = 0
    stopped_in_time: bool = False
    losses: list[str] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)

    @property
    def growing(self) -> list[Figure]:
        return [figure for figure in self.figures if not figure.is_flat]

    @property
    def has_passed(self) -> bool:
        return not self.losses and not self.growing and self.stopped_in_time


def main() -> int:
    """The program; its exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--output", type=Path, default=Path("build"))
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    given = parser.parse_args()
    say(f"seed {given.seed}, {given.minutes:g} minutes")
    results = [soak(kind, given.minutes / len(KINDS), given.seed) for kind in KINDS]
    write(results, given.output, minutes=given.minutes, seed=given.seed)
    return 0 if all(result.has_passed for result in results) else 1


def soak(kind: str, minutes: float, seed: int) -> Result:
    """Rounds of kills, then a life without any, on one database."""
    result = Result(kind)
    with tempfile.TemporaryDirectory(prefix="op-soak-") as folder:
        url = url_at_head(kind, Path(folder))
        with Turmoil(Path(folder) / "service", database_url=url, seed=seed, workers=2) as turmoil:
            rounds = max(len(MISHAPS), round(minutes * 2 * ROUNDS_PER_MINUTE))
            for mishap in islice(cycle(MISHAPS), rounds):
                tell(result, turmoil, turmoil.round(mishap))
                result.rounds += 1
            restart(turmoil)
            samples = watched(turmoil.service, lambda: live(turmoil, result, minutes * 60 / 2))
            result.figures = figures(samples)
            tell(result, turmoil, turmoil.losses(everything=True))
            result.instances = len(turmoil.acknowledged)
            result.reports_received = turmoil.archive.received
            result.stopped_in_time = turmoil.service.stop() == 0
        if kind == "postgresql":
            drop_postgresql(url)
    return result


def restart(turmoil: Turmoil) -> None:
    """An orderly end and another start, both workers up."""
    turmoil.service.stop()
    turmoil.service.start()


def live(turmoil: Turmoil, result: Result, seconds: float) -> None:
    """Honest and hostile peers, and no death."""
    began_s = time.monotonic()

    def harass(victim: Victim, random: Random) -> str:
        for _ in range(ATTACKS):
            attack(victim.service.port, random)
        touch(victim.service.port, ATTACKS)
        result.attacks += 2 * ATTACKS
        return f"{ATTACKS} attacks"

    while time.monotonic() - began_s < seconds:
        tell(result, turmoil, turmoil.round(harass))
    result.steady_s = round(time.monotonic() - began_s)


def tell(result: Result, turmoil: Turmoil, losses: list[str]) -> None:
    """A line for each round."""
    result.losses += losses
    say(f"{result.database}: {turmoil.told[-1]}; {len(turmoil.acknowledged)} instances; {len(losses)} losses")
    for loss in losses:
        say(f"  LOST {loss}")


def write(results: list[Result], output: Path, *, minutes: float, seed: int) -> None:
    """``soak.json`` and ``soak.md``."""
    output.mkdir(parents=True, exist_ok=True)
    facts = {"minutes": minutes, "seed": seed, "results": [asdict(result) for result in results]}
    (output / "soak.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    page = "\n".join(line for result in results for line in page_of(result))
    (output / "soak.md").write_text(page, encoding="utf-8")
    say(page)


def page_of(result: Result) -> list[str]:
    """A short table in Markdown."""
    return [
        f"## {result.database}: {'passed' if result.has_passed else 'FAILED'}",
        "",
        summary_of(result),
        "",
        "| process | measure | middle third | last third | most | |",
        "|---|---|---|---|---|---|",
        *(
            f"| {one.process} | {one.measure} | {one.middle:g} | {one.last:g} | {one.most:g} "
            f"| {'flat' if one.is_flat else 'GROWS'} |"
            for one in result.figures
        ),
        "",
    ]


def summary_of(result: Result) -> str:
    """What was done and what was lost."""
    return (
        f"{result.rounds} rounds with a mishap each, then {result.steady_s:.0f} s with {result.attacks} attacks "
        f"and no death; {result.instances} instances acknowledged, {result.reports_received} objects at the PACS, "
        f"{len(result.losses)} losses."
    )


def say(words: str) -> None:
    """To standard output, at once."""
    print(words, flush=True)  # noqa: T201 - a program's word


if __name__ == "__main__":
    sys.exit(main())
