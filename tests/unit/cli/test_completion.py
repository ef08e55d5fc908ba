"""What the shell completes."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from osteo_pacs.cli import app
from osteo_pacs.cli.choices import JobKindName, JobStateName, StudyStateName

DESTINATION = '[[destinations]]\nname = "{}"\nhost = "127.0.0.1"\nport = 1\nae_title = "PACS"\n'


def completed(*words):
    """What bash offers for the last word."""
    line = ["osteo-pacs", *map(str, words)]
    environment = {
        "_OSTEO_PACS_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(line),
        "COMP_CWORD": str(len(line) - 1),
    }
    result = CliRunner().invoke(app, [], prog_name="osteo-pacs", env=environment)
    assert result.exit_code == 0, result.output
    return result.stdout.split()


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("".join(map(DESTINATION.format, ("archive", "pacs", "research"))), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("queue", "list", "--state"), JobStateName),
        (("study", "list", "--state"), StudyStateName),
        (("queue", "pause", "--kind"), JobKindName),
    ],
)
def test_states_and_kinds_are_completed(words, names):
    assert completed(*words, "") == [str(name) for name in names]


def test_commands_are_completed():
    assert completed("queue", "pr") == ["prioritize"]
    assert set(completed("study", "")) == {"list", "show", "reprocess", "forget"}


@pytest.mark.parametrize("words", [("queue", "list"), ("queue", "drain"), ("selftest",)])
def test_destinations_are_those_of_the_configuration(config, words):
    assert completed("--config", config, *words, "--destination", "") == ["archive", "pacs", "research"]
    assert completed("--config", config, *words, "--destination", "re") == ["research"]


def test_without_a_configuration_nothing_is_offered_and_nothing_said(tmp_path):
    assert completed("--config", tmp_path / "none.toml", "queue", "list", "--destination", "") == []
