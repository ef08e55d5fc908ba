"""Every command keeps the habits that scripts and auditors lean on."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re

import pytest
import typer

import osteo_pacs
from house import reference
from osteo_pacs.cli import app
from osteo_pacs.errors import OsteoPacsError

CLI = reference.PACKAGE / "cli"
LEAVES = {
    words: command
    for words, command in reference.walk(typer.main.get_command(app))
    if not hasattr(command, "commands")
}
WITHOUT_JSON = {
    ("demo",): "a story for people",
    ("serve",): "a process, which logs JSON",
    ("listener",): "a process",
    ("worker",): "a process",
    ("courier",): "a process",
    ("scheduler",): "a process",
    ("shadow",): "a process",
    ("trainer",): "a process",
    ("config", "init"): "writes a file",
    ("model", "card"): "writes a page",
    ("model", "compare"): "writes JSON to a file",
    ("audit", "export"): "prints XML",
    ("label", "export"): "prints CSV",
    ("training", "follow"): "is watched; `training show` prints JSON",
}
CHANGES = re.compile(r"\.write\(\) as session|\bKeeper\(|\bEraser\(|migrate\.upgrade\(")
"""What a command says that changes the database or the spool."""
RAISED_WITH_A_REMEDY = {
    "NotFound",
    "NotConfirmed",
    "NoTitleOfOurOwn",
    "DemonstrationFailed",
    "BackupFailed",
    "GateNotPassed",
    "TrackerMissing",
}
"""What helps differs from case to case, and is told where they are raised."""
TOLD_BY_OTHERS = {
    "ClaimLost": "the queue goes on",
    "ReportOutdated": "the study is read again",
    "LaneHung": "the process is started again",
    "TrainingLost": "another trainer carries it on",
    "FolderInUse": "the training is put back",
    "StoppedBeforehand": "the training is put back",
    "StudyChanged": "the shadow counts it",
    "CommitUnknown": "the sender sends again",
    "AssociationAborted": "a delivery or `doctor` tells",
    "AssociationRejected": "a delivery or `doctor` tells; the reason names what to mend",
    "QueryRefused": "`selftest` tells",
    "NotDicom": "a delivery or `doctor` tells",
    "NotSendable": "`send` names the file",
    "DataSetUnparsable": "the sender gets a status",
    "_Misfit": "the sender gets a status",
    "Refused": "the sender gets a status",
    "ProtocolError": "the association is aborted",
    "PeerGone": "the association is over",
    "PeerTooSlow": "the association is aborted",
    "HandshakeRefused": "the connection is closed",
    "UnknownChoice": "its message lists the choices",
    "ConfigurationError": "its mistakes name the keys",
    "RetryableError": "a kind of error",
    "PermanentError": "a kind of error",
}
"""Errors that a person does not meet, or not alone."""


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_a_command_prints_json_or_says_why_not(words):
    has_json = any("--json" in parameter.opts for parameter in LEAVES[words].params)
    assert has_json is (words not in WITHOUT_JSON)


@pytest.mark.parametrize("file", sorted(CLI.glob("*.py")), ids=lambda file: file.stem)
def test_what_changes_something_names_its_user(file):
    source = file.read_text(encoding="utf-8")
    assert "who_types()" in source or not CHANGES.search(source)


def test_the_changing_commands_are_found():
    found = {file.stem for file in CLI.glob("*.py") if CHANGES.search(file.read_text(encoding="utf-8"))}
    assert found >= {
        "queue_order",
        "queue_pauses",
        "study_reprocess",
        "study_forget",
        "retention",
        "db",
        "selftest",
    }


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_what_asks_can_be_told_not_to_and_can_be_tried_dry(words):
    names = {name for parameter in LEAVES[words].params for name in parameter.opts}
    assert "--yes" not in names or "--dry-run" in names


def errors(base=OsteoPacsError):
    for error in base.__subclasses__():
        yield error
        yield from errors(error)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_every_error_says_what_to_do_next():
    for module in pkgutil.walk_packages(osteo_pacs.__path__, "osteo_pacs."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    named = RAISED_WITH_A_REMEDY | TOLD_BY_OTHERS.keys()
    ours = [error for error in errors() if error.__module__.startswith("osteo_pacs.")]
    assert len(ours) > 30
    assert [error.__name__ for error in ours if not error.remedy and error.__name__ not in named] == []
    assert [error.__name__ for error in ours if error.remedy and not error.remedy.endswith(".")] == []


def raised(tree):
    """The calls that are raised or returned as an error, by the error's name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED_WITH_A_REMEDY:
            yield node


@pytest.mark.parametrize(
    "file", sorted(reference.PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(reference.PACKAGE))
)
def test_an_error_without_a_remedy_of_its_own_is_raised_with_one(file):
    calls = list(raised(ast.parse(file.read_text(encoding="utf-8"))))
    without = [call.lineno for call in calls if not any(keyword.arg == "remedy" for keyword in call.keywords)]
    assert without == []
