from __future__ import annotations

import shutil

import pytest

from osteo_pacs import shipped
from osteo_pacs.config import load
from osteo_pacs.doctor import files
from osteo_pacs.doctor.check import examine

SERVER = '[database]\nurl = "postgresql+psycopg://osteo:secret-word@db.example/osteo_pacs"\n'


@pytest.fixture
def look(tmp_path):
    """The checks of a configuration with these lines and rights, by name."""

    def look_at(lines="", mode=0o600):
        config = tmp_path / "config.toml"
        config.write_text(lines, encoding="utf-8")
        config.chmod(mode)
        checks = [examine(examination) for examination in files.examinations(load(config), config)]
        return {check.name: check for check in checks}

    return look_at


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_a_password_for_its_user_and_group_alone_is_right(look, mode):
    assert look(SERVER, mode)["configuration rights"].ok


def test_a_password_that_everyone_can_read_is_told_without_it(look, tmp_path):
    check = look(SERVER, 0o644)["configuration rights"]
    assert not check.ok
    assert f"chmod o-rwx {tmp_path}/config.toml" in check.remedy
    assert "secret-word" not in f"{check}"


def test_a_password_from_the_environment_is_not_the_file_s(look, monkeypatch):
    monkeypatch.setenv("OSTEO_PACS__DATABASE__URL", "postgresql+psycopg://osteo:secret-word@db.example/x")
    assert look("", 0o644)["configuration rights"].ok


def test_without_a_password_everyone_may_read_it_and_no_one_change_it(look):
    assert look("", 0o644)["configuration rights"].ok
    check = look("", 0o646)["configuration rights"]
    assert not check.ok
    assert "every user can change" in check.detail


@pytest.mark.parametrize("name", ["jobs.db", "jobs.db-journal"])
def test_a_database_that_others_may_read_is_told_with_the_command(look, tmp_path, name):
    lines = f'[database]\nurl = "sqlite:///{tmp_path}/jobs.db"\n'
    for file in ("jobs.db", "jobs.db-journal"):
        (tmp_path / file).touch(mode=0o600)
    assert look(lines)["database rights"].ok
    (tmp_path / name).chmod(0o640)
    check = look(lines)["database rights"]
    assert not check.ok
    assert f"chmod 600 {tmp_path}/{name}`" in check.remedy


def test_a_database_on_a_server_has_no_file(look):
    assert "database rights" not in look(SERVER)


def test_a_bundle_that_everyone_can_change_is_told(look, tmp_path):
    bundle = tmp_path / "bundle"
    shutil.copytree(shipped.BUNDLE, bundle)
    lines = f'[model]\nbundle = "{bundle}"\n'
    assert look(lines)["bundle rights"].ok
    (bundle / "configs" / "inference.json").chmod(0o666)
    check = look(lines)["bundle rights"]
    assert not check.ok
    assert "configs/inference.json" in check.detail
    assert f"chmod -R o-w {bundle}" in check.remedy


def test_a_model_store_that_everyone_can_change_is_told(look, tmp_path):
    store = tmp_path / "models"
    lines = f'[model]\nstore = "{store}"\n'
    assert "model store rights" not in look(lines)
    (store / ("a" * 64)).mkdir(parents=True)
    assert look(lines)["model store rights"].ok
    (store / ("a" * 64)).chmod(0o777)
    check = look(lines)["model store rights"]
    assert not check.ok
    assert f"chmod -R o-w {store}" in check.remedy
