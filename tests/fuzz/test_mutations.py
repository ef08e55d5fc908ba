"""A little of what ``make fuzz`` does, the same at every run: seeds with bytes changed, cut and doubled."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.seeds import seeds_of
from fuzz.targets import TARGETS

EXAMPLES = {"header_scan": 400, "conversation": 300, "pictures": 200, "decoding_process": 60, "false_answers": 200}


@cache
def seeds(name: str) -> list[bytes]:
    return list(seeds_of(name))


@st.composite
def mutants(draw, name: str) -> bytes:
    content = bytearray(draw(st.sampled_from(seeds(name))))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(0, len(content) - 1)))
        end = min(len(content), start + draw(st.integers(0, 16)))
        match draw(st.sampled_from(["change", "cut", "double", "fill"])):
            case "change":
                content[start:end] = draw(st.binary(min_size=end - start, max_size=end - start))
            case "cut":
                del content[start:end]
            case "double":
                content[start:start] = content[start:end]
            case _:
                content[start:end] = b"\xff" * (end - start)
    return bytes(content)


@pytest.mark.parametrize("name", TARGETS)
def test_changed_seeds_find_no_defect(name):
    @settings(max_examples=EXAMPLES[name])
    @given(mutants(name))
    def search(data):
        TARGETS[name](data)

    search()
