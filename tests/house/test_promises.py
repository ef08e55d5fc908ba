"""Each promise and each fault on the page of promises is shown by a test that is there."""

from __future__ import annotations

import ast
import re

import pytest

from house.reference import ROOT

PAGE = (ROOT / "docs" / "explanation" / "promises.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`([a-z_/]+\.py)::(test_\w+)`")


def functions(path):
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_test_that_it_names_is_there():
    named = set(NAMED.findall(PAGE))
    assert len(named) > 40
    assert sorted(name for path, name in named if name not in functions(path)) == []


@pytest.mark.parametrize(("heading", "least"), [("Promises", 8), ("Faults", 20)])
def test_every_row_names_a_test(heading, least):
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [row for row in section.splitlines() if row.startswith("| ")][1:]
    assert len(rows) >= least
    assert [row for row in rows if not NAMED.search(row)] == []
