"""Searches for inputs that show a defect: ``python -m fuzz.search TARGET SECONDS``; needs atheris.

An input that shows one is left in ``tests/fuzz/corpus/TARGET``, and the exit status is not 0: it belongs into the
commit that mends it. What covers new code is kept in ``build/fuzzing/TARGET``, where the next search goes on.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["osteo_pacs", "pydicom"]):
    from fuzz.targets import TARGETS

from fuzz.seeds import seeds_of

ROOT = Path(__file__).parents[2]
SLOWEST_S = 25
MEMORY_MIB = 2048
LARGEST_BYTES = 8192


def main(name: str, seconds: str) -> None:
    found, crashes = ROOT / "build" / "fuzzing" / name, ROOT / "tests" / "fuzz" / "corpus" / name
    for folder in (found, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds_of(name)):
        (found / f"seed-{number}").write_bytes(seed)
    options = {
        "max_total_time": seconds,
        "timeout": SLOWEST_S,
        "rss_limit_mb": MEMORY_MIB,
        "max_len": LARGEST_BYTES,
        "artifact_prefix": f"{crashes}/",
        "print_final_stats": 1,
    }
    arguments = [f"-{key}={value}" for key, value in options.items()]
    atheris.Setup([name, *arguments, str(found), str(crashes)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
