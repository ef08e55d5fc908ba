from __future__ import annotations

import pytest

from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.db.revision import DatabaseNotAtHead
from osteo_pacs.sealed import BundleTampered
from osteo_pacs.service import courier, listener, scheduler, shadow, supervisor, worker

PROCESSES = {"listener": listener, "worker": worker, "courier": courier, "scheduler": scheduler, "shadow": shadow}


@pytest.mark.parametrize(("command", "process"), PROCESSES.items())
def test_each_process_runs_with_the_settings_and_its_exit_code_is_the_program_s(
    installation, monkeypatch, command, process
):
    given = []
    monkeypatch.setattr(process, "run", lambda settings: given.append(settings) or 1)
    assert installation.run(command).exit_code == 1
    assert given[0].database.url == str(installation.database.url)


def test_serve_gets_the_file_too_for_the_processes_that_it_starts(installation, monkeypatch):
    given = []
    monkeypatch.setattr(supervisor, "serve", lambda settings, config: given.append((settings, config)) or 0)
    assert installation.run("serve").exit_code == 0
    [(settings, config)] = given
    assert config == installation.config
    assert settings.listener.port == 11112


@pytest.mark.parametrize("command", ["serve", *PROCESSES])
def test_with_a_configuration_that_cannot_be_used_nothing_starts(run, tmp_path, command):
    (tmp_path / "config.toml").write_text("[listener]\nprot = 1\n")
    result = run(command)
    assert result.exit_code == ExitCode.CONFIGURATION
    assert "did you mean port?" in result.stderr


@pytest.mark.parametrize(
    ("error", "code"), [(DatabaseNotAtHead("0000"), ExitCode.DATABASE), (BundleTampered("x"), ExitCode.FAILED)]
)
def test_a_refusal_to_start_is_a_message_with_its_remedy(installation, monkeypatch, error, code):
    def refuse(_settings, _config):
        raise error

    monkeypatch.setattr(supervisor, "serve", refuse)
    message = installation.error("serve", exit_code=code)
    assert error.message in message
    assert error.remedy in message
