"""The shape of the code: who may import what, how long a file is, how things are called."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from house.reference import PACKAGE, ROOT

LONGEST_FILE = 300
FOLDERS = ("osteo_pacs", "tests", "migrations", "monai_bundle", "deploy", "benchmarks")
SOURCES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
MODULES = sorted(PACKAGE.rglob("*.py"))
VAGUE = re.compile(r"(?i)(manager|helper|util|worklist|misc|common)")
UNDONE = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_keep_the_contracts():
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", [path for path in SOURCES if path.parent.name != "versions"], ids=relative)
def test_a_file_is_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_nothing_is_left_undone(path):
    assert path == Path(__file__) or not UNDONE.search(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_names_say_what_a_thing_is(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    names = [relative(path), *(node.name for node in ast.walk(tree) if isinstance(node, kinds))]
    assert [name for name in names if VAGUE.search(name)] == []


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_says_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_the_bundle_and_the_package_never_import_each_other():
    def imported(path):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield node.module

    bundle = sorted((ROOT / "monai_bundle").rglob("*.py"))
    assert not any(name.startswith("osteo_pacs") for path in bundle for name in imported(path))
    assert not any(name.startswith("monai_bundle") for path in MODULES for name in imported(path))
