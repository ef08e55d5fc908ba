from __future__ import annotations

import json

import pytest

from osteo_pacs import shipped
from osteo_pacs.config.urls import sqlite_file, without_password

SERVER = "postgresql+psycopg://osteo:s3cret@db/osteo"


def test_init_writes_the_shipped_file_which_can_be_used(run, tmp_path):
    assert run("config", "init").exit_code == 0
    assert (tmp_path / "config.toml").read_text() == shipped.CONFIG.read_text()
    assert run("config", "check").exit_code == 0


def test_init_overwrites_nothing(run, tmp_path):
    (tmp_path / "config.toml").write_text("mine")
    result = run("config", "init")
    assert result.exit_code == 3
    assert "is there already" in result.stderr
    assert (tmp_path / "config.toml").read_text() == "mine"


def test_init_where_it_may_not_write_says_so(run):
    result = run("config", "init", "no/such/folder.toml")
    assert result.exit_code == 3
    assert "cannot be written" in result.stderr


def test_check_tells_the_file_and_where_reports_go(run, tmp_path):
    (tmp_path / "config.toml").write_text(
        '[[destinations]]\nname = "pacs"\nhost = "h"\nport = 1\nae_title = "P"\n'
    )
    answer = json.loads(run("config", "check", "--json").stdout)
    assert answer == {"file": str(tmp_path / "config.toml"), "ok": True, "destinations": ["pacs"]}


def test_check_warns_of_what_works_and_is_hardly_meant(run, tmp_path):
    (tmp_path / "config.toml").write_text("[selection]\nrules = []\n")
    result = run("config", "check")
    assert result.exit_code == 0
    assert "No [[destinations]]" in result.stderr
    assert "[selection] rules is empty: nothing is read." in result.stderr


def test_check_warns_of_a_password_that_everyone_can_read(run, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text(f'[database]\nurl = "{SERVER}"\n')
    config.chmod(0o644)
    result = run("config", "check")
    assert result.exit_code == 0
    assert f"chmod o-rwx {config}" in result.stderr
    assert "s3cret" not in result.output
    config.chmod(0o640)
    assert "chmod" not in run("config", "check").stderr


def test_check_names_every_mistake(run, tmp_path):
    (tmp_path / "config.toml").write_text("[listener]\nprot = 1\n[wroker]\nbatch_size = 1\n")
    result = run("config", "check")
    assert result.exit_code == 3
    assert "did you mean port?" in result.stderr
    assert "did you mean worker?" in result.stderr


def test_check_gives_programs_a_list_of_mistakes_and_a_remedy(run, tmp_path):
    (tmp_path / "config.toml").write_text("[listener]\nprot = 1\n[worker]\nbatch_size = 0\n")
    result = run("config", "check", "--json")
    assert result.exit_code == 3
    error = json.loads(result.stderr)["error"]
    assert [mistake.partition(":")[0] for mistake in error["mistakes"]] == [
        "[listener] prot",
        "[worker] batch_size = 0",
    ]
    assert error["remedy"]


def test_check_looks_keywords_up_and_looks_for_the_bundle(run, tmp_path):
    (tmp_path / "config.toml").write_text(
        '[model]\nbundle = "no/bundle"\n[worker]\nbatch_size = 0\n'
        '[[selection.rules]]\nname = "r"\nread = true\nreason = "{Nope}"\n'
        'when = [{ attribute = "NoSuch", is_present = true }]\n'
    )
    result = run("config", "check")
    assert result.exit_code == 3
    for mistake in (
        "'no/bundle': there is no such folder",
        "'NoSuch' is no keyword",
        "'Nope' is no",
        "batch_size",
    ):
        assert mistake in result.stderr


def test_show_tells_what_is_in_force_with_the_environment(run, tmp_path, monkeypatch):
    (tmp_path / "config.toml").write_text("[listener]\nport = 9\n")
    monkeypatch.setenv("OSTEO_PACS__LISTENER__PORT", "104")
    settings = json.loads(run("config", "show", "--json").stdout)
    assert settings["listener"]["port"] == 104
    assert settings["spool"]["directory"] == str(tmp_path / "var/spool")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_show_hides_the_password(run, tmp_path, form):
    (tmp_path / "config.toml").write_text(f'[database]\nurl = "{SERVER}"\n')
    result = run("config", "show", *form)
    assert result.exit_code == 0
    assert "osteo:***@db" in result.stdout
    assert "s3cret" not in result.output


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (SERVER, "postgresql+psycopg://osteo:***@db/osteo"),
        ("postgresql+psycopg://osteo:a:b@c@db/osteo", "postgresql+psycopg://osteo:***@db/osteo"),
        ("postgresql+psycopg://osteo@db/osteo", "postgresql+psycopg://osteo@db/osteo"),
        (
            "postgresql+psycopg://db/o?user=u&password=x&port=1",
            "postgresql+psycopg://db/o?user=u&password=***&port=1",
        ),
        ("sqlite:////srv/jobs.db", "sqlite:////srv/jobs.db"),
    ],
)
def test_a_url_is_shown_without_its_password(url, shown):
    assert without_password(url) == shown


def test_only_a_sqlite_url_has_a_file():
    assert str(sqlite_file("sqlite:////srv/jobs.db?timeout=3")) == "/srv/jobs.db"
    assert sqlite_file(SERVER) is None
