"""What the bytes of strangers may never do: the seeds, and what earlier searches have kept, tried again."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz.seeds import seeds_of
from fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
LIMIT_BYTES = 200_000


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_find_no_defect(name):
    seeds = list(seeds_of(name))
    assert seeds
    for seed in seeds:
        TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
def test_cut_seeds_find_no_defect(name):
    for seed in seeds_of(name):
        for end in range(0, len(seed), max(1, len(seed) // 5)):
            TARGETS[name](seed[:end])


@pytest.mark.parametrize(
    "path", sorted(CORPUS.glob("*/*")), ids=lambda path: f"{path.parent.name}-{path.name[:12]}"
)
def test_what_a_search_has_kept_finds_no_defect(path):
    TARGETS[path.parent.name](path.read_bytes())


def test_the_corpus_is_small_and_of_known_targets():
    paths = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert {path.parent.name for path in paths} <= TARGETS.keys()
    assert sum(path.stat().st_size for path in paths) < LIMIT_BYTES
