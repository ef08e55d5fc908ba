from __future__ import annotations

import sqlite3

import pytest

import osteo_pacs.db.server
from databases import opened, url_at_head
from osteo_pacs.doctor import database
from osteo_pacs.doctor.check import examine


@pytest.fixture
def look(settings):
    def look_at(url):
        return [
            examine(examination) for examination in database.examinations(settings(f'[database]\nurl = "{url}"'))
        ]

    return look_at


def test_a_database_at_head_is_right(look, tmp_path):
    reachable, version, at_head = look(url_at_head("sqlite", tmp_path))
    assert (reachable.name, reachable.ok) == ("database", True)
    assert (version.name, version.ok) == ("database version", True)
    assert (at_head.name, at_head.ok) == ("migration", True)


def test_a_file_that_is_not_there_is_told_and_not_made(look, tmp_path):
    checks = look(f"sqlite:///{tmp_path}/no/jobs.db")
    assert {check.remedy for check in checks if not check.ok} == {"Run `osteo-pacs db upgrade`."}
    assert [check.name for check in checks if not check.ok] == ["database", "migration"]
    assert not (tmp_path / "no").exists()


def test_tables_of_another_version_are_told(look, tmp_path):
    url = url_at_head("sqlite", tmp_path)
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.commit()
    connection.close()
    reachable, _, at_head = look(url)
    assert reachable.ok
    assert not at_head.ok
    assert "it is at 0000, the program at" in at_head.detail
    assert "A newer osteo_pacs" in at_head.remedy


def test_a_file_that_is_no_database_is_told(look, tmp_path):
    (tmp_path / "jobs.db").write_bytes(b"no database " * 100)
    wrong = [check.name for check in look(f"sqlite:///{tmp_path}/jobs.db") if not check.ok]
    assert wrong == ["database", "migration"]


def test_a_server_that_does_not_answer_is_told_without_its_password(look):
    checks = look("postgresql+psycopg://osteo:s3cret@127.0.0.1:1/osteo")
    assert not any(check.ok for check in checks)
    assert all(check.remedy for check in checks)
    assert "s3cret" not in str(checks)


def test_a_server_that_is_too_old_is_told_with_both_versions(look, tmp_path, monkeypatch):
    with opened(url_at_head("postgresql", tmp_path)) as server:
        url = server.url.render_as_string(hide_password=False)
        _, right, _ = look(url)
        monkeypatch.setattr(osteo_pacs.db.server, "OLDEST", 99)
        _, old, _ = look(url)
    assert right.ok
    assert right.detail.startswith("PostgreSQL 1")
    assert not old.ok
    assert "PostgreSQL 1" in old.detail
    assert "16 or later" in old.remedy
