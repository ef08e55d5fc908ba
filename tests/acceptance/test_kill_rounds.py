"""Processes die and freeze and peers let go under load, round after round: nothing that was promised is lost."""

from __future__ import annotations

import os
import secrets

import pytest

from databases import KINDS, drop_postgresql, new_url, url_at_head
from rounds.mishaps import MISHAPS
from rounds.turmoil import Turmoil

SEED_VARIABLE = "ROUNDS_SEED"
"""Set it to repeat the rounds of a run that failed."""


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_acknowledged_is_kept_read_and_delivered_once_whatever_dies(tmp_path, kind):
    seed = int(os.environ.get(SEED_VARIABLE) or secrets.randbelow(10**6))
    print(f"{SEED_VARIABLE}={seed}")  # noqa: T201 - how to repeat it
    url = new_url(kind, tmp_path) if kind == "sqlite" else url_at_head(kind, tmp_path)
    with Turmoil(tmp_path / "service", database_url=url, seed=seed) as turmoil:
        for number, mishap in enumerate(MISHAPS, start=1):
            losses = turmoil.round(mishap, studies=1, everything=number == len(MISHAPS))
            assert not losses, f"{SEED_VARIABLE}={seed}, round {number}:\n" + "\n".join(losses)
        print(*turmoil.told, sep="\n")  # noqa: T201 - what this run was
        assert len(turmoil.acknowledged) == 2 * 3 * len(MISHAPS)
    if kind == "postgresql":
        drop_postgresql(url)
