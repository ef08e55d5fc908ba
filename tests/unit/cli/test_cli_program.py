from __future__ import annotations

import json
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

import osteo_pacs
from osteo_pacs.cli import app
from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.program import NotFound, Program, exit_code_of
from osteo_pacs.db.revision import DatabaseNotAtHead
from osteo_pacs.db.session import DatabaseUnavailable
from osteo_pacs.errors import ConfigurationError, PermanentError

HEAVY = (
    "alembic", "apscheduler", "highdicom", "monai", "numpy", "pydantic", "pydicom", "pynetdicom", "rich",
    "sqlalchemy", "structlog", "torch",
)  # fmt: skip
LOADED = f"""
import sys
from osteo_pacs.cli import main
try:
    main()
except SystemExit as end:
    loaded = sorted(set({HEAVY}) & set(sys.modules))
    print(loaded, file=sys.stderr)
    raise SystemExit(end.code or len(loaded))
"""


def commands(group=None, names=()):
    """Every command and group as the words one types."""
    command = group or typer.main.get_command(app)
    yield names
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*names, name))


@pytest.mark.parametrize("names", list(commands()), ids=" ".join)
def test_help_answers_without_loading_anything_heavy(names):
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *names, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: ")


def test_version_is_the_package_s(run):
    result = run("--version")
    assert result.exit_code == ExitCode.OK
    assert result.stdout == f"osteo-pacs {osteo_pacs.__version__}\n"


def test_without_a_command_the_help_is_shown_as_wrong_usage(run):
    result = run()
    assert result.exit_code == ExitCode.USAGE
    assert "Usage: " in result.output


def test_a_mistyped_command_is_answered_with_the_right_one(run):
    result = run("serv")
    assert result.exit_code == ExitCode.USAGE
    assert "serve" in result.stderr


# -- which configuration


def test_the_configuration_is_named_before_the_command(run, tmp_path):
    (tmp_path / "here.toml").write_text("[listener]\nport = 1\n")
    assert "listener.port = 1\n" in run("--config", "here.toml", "config", "show").stdout


@pytest.mark.parametrize("command", [["serve"], ["config", "check"], ["study", "list"]])
def test_after_the_command_it_is_answered_with_its_place(run, command):
    result = run(*command, "--config", "here.toml")
    assert result.exit_code == ExitCode.USAGE
    assert "No such option: --config. It stands before the command" in " ".join(result.stderr.split())


def test_an_option_of_no_command_has_no_place(run):
    result = run("config", "check", "--nope")
    assert result.exit_code == ExitCode.USAGE
    assert "stands before" not in result.stderr


def test_the_environment_names_the_configuration(run, tmp_path, monkeypatch):
    (tmp_path / "there.toml").write_text("[listener]\nport = 2\n")
    monkeypatch.setenv("OSTEO_PACS_CONFIG", "there.toml")
    assert "listener.port = 2\n" in run("config", "show").stdout


def test_else_it_is_the_folder_s(run, tmp_path):
    (tmp_path / "config.toml").write_text("[listener]\nport = 3\n")
    assert "listener.port = 3\n" in run("config", "show").stdout


# -- errors


def test_an_error_is_a_message_with_its_remedy_and_no_traceback(run):
    result = run("config", "check")
    assert result.exit_code == ExitCode.CONFIGURATION
    first, second = result.stderr.splitlines()
    assert first.startswith("osteo-pacs: The configuration cannot be used: ")
    assert "osteo-pacs config init" in second
    assert result.stdout == ""


def test_an_error_is_json_where_json_was_asked_for(run):
    result = run("config", "check", "--json")
    assert result.exit_code == ExitCode.CONFIGURATION
    error = json.loads(result.stderr)["error"]
    assert error["type"] == "ConfigurationError"
    assert error["exit_code"] == ExitCode.CONFIGURATION
    assert error["message"]
    assert error["remedy"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("x"), ExitCode.CONFIGURATION),
        (DatabaseUnavailable("x"), ExitCode.DATABASE),
        (DatabaseNotAtHead("x"), ExitCode.DATABASE),
        (NotFound("x"), ExitCode.NOT_FOUND),
        (PermanentError("x"), ExitCode.FAILED),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error, code):
    assert exit_code_of(error) is code


def test_an_error_that_is_none_of_ours_is_not_hidden():
    broken = typer.Typer(cls=Program)

    @broken.command()
    def one() -> None:
        raise ZeroDivisionError

    @broken.command()
    def two() -> None:
        pass

    result = CliRunner().invoke(broken, ["one"])
    assert isinstance(result.exception, ZeroDivisionError)
