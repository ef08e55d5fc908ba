"""One service for a spool, and one for a SQLite database, on one machine."""

import os
import subprocess
import sys

import pytest

from osteo_pacs.config import Settings
from osteo_pacs.service import alone
from osteo_pacs.service.alone import ServesAlready, serving_alone

HOLD = """
import sys, time
from osteo_pacs.config import load
from osteo_pacs.service.alone import serving_alone
from pathlib import Path
with serving_alone(load(Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""
SERVER = "postgresql+psycopg://osteo@db/osteo"


@pytest.fixture
def settings(tmp_path):
    def settings_of(spool="spool", url=""):
        (tmp_path / spool).mkdir(exist_ok=True)
        url = url or f"sqlite:///{tmp_path}/jobs.db"
        return Settings(database={"url": url}, spool={"directory": tmp_path / spool})

    return settings_of


@pytest.mark.parametrize(
    "other", [{}, {"spool": "another"}, {"url": SERVER}], ids=["the same", "one database", "one spool"]
)
def test_a_second_one_is_refused_with_its_remedy(settings, other):
    with serving_alone(settings()):
        with (
            pytest.raises(ServesAlready, match=r"Another `osteo-pacs serve` runs") as caught,
            serving_alone(settings(**other)),
        ):
            pass
        assert "End that one first" in caught.value.remedy
    with serving_alone(settings(**other)):
        pass


def test_hosts_that_share_a_server_and_a_spool_each_have_one(settings, monkeypatch):
    with serving_alone(settings(url=SERVER)):
        monkeypatch.setattr(alone.socket, "gethostname", lambda: "another")
        with serving_alone(settings(url=SERVER)):
            assert len(list(settings(url=SERVER).spool.directory.iterdir())) == 2


def test_a_refused_one_takes_no_lock_along(settings):
    with serving_alone(settings("one")):
        with pytest.raises(ServesAlready), serving_alone(settings("two")):
            pass
        with serving_alone(settings("two", SERVER)):
            pass


def test_the_lock_ends_with_its_process_however_it_ends(settings, tmp_path):
    held = settings()
    config = tmp_path / "config.toml"
    config.write_text(f'[database]\nurl = "{held.database.url}"\n[spool]\ndirectory = "{held.spool.directory}"\n')
    holder = subprocess.Popen([sys.executable, "-c", HOLD, config], stdout=subprocess.PIPE, env=os.environ)
    with holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(ServesAlready), serving_alone(held):
            pass
        holder.kill()
        holder.wait(10)
        with serving_alone(held):
            pass
