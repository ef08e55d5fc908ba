from __future__ import annotations

import json
import sqlite3
import subprocess
import sys

import pytest

from databases import new_url, opened
from osteo_pacs.cli.exit_codes import ExitCode

NOBODY = "postgresql+psycopg://osteo:s3cret@127.0.0.1:1/osteo"


LOADED = """
import sys
from osteo_pacs.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


@pytest.fixture
def empty(tmp_path):
    (tmp_path / "config.toml").write_text('[database]\nurl = "sqlite:///new/jobs.db"\n')
    return tmp_path / "new" / "jobs.db"


def test_upgrade_makes_a_database_that_commands_can_use(run, empty):
    assert run("db", "upgrade").exit_code == ExitCode.OK
    assert empty.is_file()
    assert run("study", "list").exit_code == ExitCode.OK


def test_a_command_that_only_asks_loads_nothing_of_migrations(run, empty):
    run("db", "upgrade")
    command = ("--config", empty.parents[1] / "config.toml", "study", "list", "--json")
    done = subprocess.run([sys.executable, "-c", LOADED, *command], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
    loaded = set(done.stderr.split())
    assert "sqlalchemy" in loaded
    assert "alembic" not in loaded


def test_upgrade_twice_changes_nothing(run, empty):
    first = json.loads(run("db", "upgrade", "--json").stdout)
    second = json.loads(run("db", "upgrade", "--json").stdout)
    assert empty.is_file()
    assert first["upgraded_from"] is None
    assert second["upgraded_from"] == second["current"] == first["head"]
    assert "already" in run("db", "upgrade").stdout


def test_status_at_head(run, empty):
    run("db", "upgrade")
    result = run("db", "status", "--json")
    assert result.exit_code == ExitCode.OK
    status = json.loads(result.stdout)
    assert status["is_at_head"] is True
    assert status["url"] == f"sqlite:///{empty}"


@pytest.mark.parametrize(
    "command", [["db", "status"], ["study", "list"], ["queue", "list"], ["queue", "show", "1"]]
)
def test_a_file_that_is_not_there_is_not_made_by_looking(run, empty, command):
    result = run(*command)
    assert result.exit_code == ExitCode.DATABASE
    assert "osteo-pacs db upgrade" in result.stderr
    assert not empty.exists()


def test_status_of_a_file_that_is_not_there_is_a_status(run, empty):
    result = run("db", "status", "--json")
    assert result.exit_code == ExitCode.DATABASE
    status = json.loads(result.stdout)
    assert (status["current"], status["is_at_head"], status["is_empty"]) == (None, False, True)
    assert not empty.exists()


def test_a_file_that_cannot_be_opened_is_named_with_a_remedy_for_files(run, tmp_path):
    (tmp_path / "jobs.db").mkdir()
    (tmp_path / "config.toml").write_text('[database]\nurl = "sqlite:///jobs.db"\n')
    result = run("db", "upgrade")
    assert result.exit_code == ExitCode.DATABASE
    assert f"{tmp_path}/jobs.db: unable to open database file" in result.stderr
    assert "Give the file and its folder" in result.stderr
    assert "Start it" not in result.stderr


@pytest.mark.parametrize("command", [["db", "status"], ["study", "list"], ["queue", "retry", "--all"]])
def test_a_database_without_tables_is_told_with_the_command_to_run(run, empty, command):
    empty.parent.mkdir()
    empty.touch()
    result = run(*command)
    assert result.exit_code == ExitCode.DATABASE
    assert "osteo-pacs db upgrade" in result.output


def test_a_file_that_is_no_database_is_told(run, empty):
    empty.parent.mkdir()
    empty.write_bytes(b"no database " * 100)
    result = run("study", "list")
    assert result.exit_code == ExitCode.DATABASE
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", [["db", "upgrade"], ["db", "status"], ["study", "list"]])
def test_a_server_that_does_not_answer_is_told_without_its_password(run, tmp_path, command):
    (tmp_path / "config.toml").write_text(f'[database]\nurl = "{NOBODY}"\n')
    result = run(*command)
    assert result.exit_code == ExitCode.DATABASE
    assert "does not answer" in result.stderr
    assert "s3cret" not in result.output


@pytest.mark.parametrize("command", [["db", "upgrade"], ["db", "status"], ["study", "list"]])
def test_a_database_that_a_newer_program_upgraded_is_left_alone(run, empty, command):
    run("db", "upgrade")
    connection = sqlite3.connect(empty)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    result = run(*command)
    assert result.exit_code == ExitCode.DATABASE
    assert "A newer osteo_pacs has upgraded it" in result.stderr
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]
    connection.close()


def test_the_same_commands_work_on_postgresql(run, tmp_path):
    with opened(new_url("postgresql", tmp_path)) as database:
        url = database.url.render_as_string(hide_password=False)
        (tmp_path / "config.toml").write_text(f'[database]\nurl = "{url}"\n')
        assert run("study", "list").exit_code == ExitCode.DATABASE
        assert run("db", "upgrade").exit_code == ExitCode.OK
        assert run("db", "status").exit_code == ExitCode.OK
        assert run("queue", "pause", "--kind", "infer").stdout == "Paused: infer jobs.\n"
        assert json.loads(run("study", "list", "--json").stdout) == []


@pytest.mark.usefixtures("empty")
def test_a_backup_is_a_database_that_commands_can_use(run, tmp_path):
    run("db", "upgrade")
    copy = tmp_path / "copy.db"
    told = json.loads(run("db", "backup", copy, "--json").stdout)
    assert told == {"file": str(copy), "size_bytes": copy.stat().st_size}
    assert copy.stat().st_mode & 0o777 == 0o600
    (tmp_path / "config.toml").write_text(f'[database]\nurl = "sqlite:///{copy}"\n')
    assert run("db", "status").exit_code == ExitCode.OK
    assert run("audit", "verify").exit_code == ExitCode.OK


@pytest.mark.usefixtures("empty")
def test_a_backup_is_audited_with_its_user(run, tmp_path):
    run("db", "upgrade")
    run("db", "backup", tmp_path / "copy.db")
    last = json.loads(run("audit", "list", "--json").stdout)[0]
    assert "copy.db" in json.dumps(last)


@pytest.mark.usefixtures("empty")
def test_a_backup_overwrites_nothing(run, tmp_path):
    run("db", "upgrade")
    (tmp_path / "copy.db").write_text("mine")
    result = run("db", "backup", tmp_path / "copy.db")
    assert result.exit_code == ExitCode.DATABASE
    assert "is there already" in result.stderr
    assert (tmp_path / "copy.db").read_text() == "mine"


@pytest.mark.usefixtures("empty")
def test_a_backup_that_cannot_be_written_leaves_nothing(run, tmp_path):
    run("db", "upgrade")
    result = run("db", "backup", tmp_path / "nowhere" / "copy.db")
    assert result.exit_code == ExitCode.DATABASE
    assert "No such file or directory" in result.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_backup_of_postgresql_names_its_tool(run, tmp_path):
    with opened(new_url("postgresql", tmp_path)) as database:
        url = database.url.render_as_string(hide_password=False)
        (tmp_path / "config.toml").write_text(f'[database]\nurl = "{url}"\n')
        run("db", "upgrade")
        result = run("db", "backup", tmp_path / "copy.db")
        assert result.exit_code == ExitCode.DATABASE
        assert "pg_dump" in result.stderr
