"""Each defence that the threat model names is proved by a test that is there."""

from __future__ import annotations

import re

from house.reference import ROOT

PAGE = (ROOT / "docs" / "explanation" / "threat-model.md").read_text(encoding="utf-8")


def test_every_test_that_it_names_is_there():
    named = re.findall(r"`([a-z_/]+\.py)`", PAGE)
    assert len(set(named)) > 10
    assert [name for name in named if not (ROOT / "tests" / name).is_file()] == []


def test_every_defence_names_a_test():
    table = PAGE.partition("## What guards it")[2].partition("## What is not")[0]
    rows = [row for row in table.splitlines() if row.startswith("| ")][1:]
    assert rows
    assert [row for row in rows if not re.search(r"`[a-z_/]+\.py` ?[|,]", row)] == []
