"""A process that refuses the configuration at its first start ends the service; it would refuse for ever."""

import subprocess
import sys

import pytest

from databases import new_url
from osteo_pacs.config import load
from osteo_pacs.service import child, supervisor
from osteo_pacs.service.supervisor import serve
from peers import free_port

ROLE = "import sys, time; role = sys.argv[1]"


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(f'[database]\nurl = "{new_url("sqlite", tmp_path)}"\n[listener]\nport = {free_port()}\n')
    return path


def serve_with(monkeypatch, config, worker):
    """Serves with processes that live long, but for the worker."""
    real = subprocess.Popen
    source = f"{ROLE}; {worker} if role == 'worker' else time.sleep(60)"

    def start(command, **options):
        if "osteo_pacs" not in command:
            return real(command, **options)
        return real([sys.executable, "-c", source, command[-1]], **options)

    monkeypatch.setattr(child.subprocess, "Popen", start)
    # What holds for the life of a process would hold for the other tests too.
    for bound in ("forbid", "keep_files_private", "log_crashes"):
        monkeypatch.setattr(supervisor, bound, lambda *_: None)
    return serve(load(config), config)


def test_a_refusal_is_the_service_s_and_nothing_runs_on(monkeypatch, config, capfd):
    assert serve_with(monkeypatch, config, "sys.exit(3)") == 3
    log = capfd.readouterr().err
    assert "process_refused" in log
    assert "worker-1" in log
    assert "process_died" not in log
    assert "stopped" in log
