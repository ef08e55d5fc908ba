"""The trainer under supervision: there while it is wanted, and no longer."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from databases import opened, url_at_head
from osteo_pacs.config import Settings
from osteo_pacs.db import training_runs
from osteo_pacs.db.audit import list_records
from osteo_pacs.db.training_runs import TrainingPlan
from osteo_pacs.service import child as child_module
from osteo_pacs.service import trainer_on_demand
from osteo_pacs.service.trainer_on_demand import TrainerOnDemand
from peers.polling import until

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def started(monkeypatch):
    """The command lines of the trainers that were started; each ends at once with the status that is set."""
    commands, real = [], subprocess.Popen
    monkeypatch.setattr(trainer_on_demand, "LOOK_EVERY_S", 0)

    def start(command, **options):
        commands.append(command)
        return real([sys.executable, "-c", f"raise SystemExit({start.status})"], **options)

    start.status = 0
    monkeypatch.setattr(child_module.subprocess, "Popen", start)
    start.commands = commands
    return start


@pytest.fixture
def database(tmp_path):
    with opened(url_at_head("sqlite", tmp_path)) as found:
        yield found


def settings_of(database, **training):
    return Settings(database={"url": str(database.url)}, training=training)


def queue(database):
    with database.write() as session:
        training_runs.add_training(session, TrainingPlan(), "", NOW)


def test_no_trainer_runs_while_no_training_waits(started, database, tmp_path):
    trainer = TrainerOnDemand(settings_of(database), database)
    trainer.start_if_wanted(tmp_path)
    assert started.commands == []
    queue(database)
    trainer.start_if_wanted(tmp_path)
    trainer.start_if_wanted(tmp_path)
    [command] = started.commands
    assert command[-2:] == ["trainer", "--until-idle"]
    trainer.child.end_by(time.monotonic() + 10)


def test_none_is_started_where_the_configuration_says_so(started, database, tmp_path):
    queue(database)
    TrainerOnDemand(settings_of(database, on_demand=False), database).start_if_wanted(tmp_path)
    assert started.commands == []


@pytest.mark.parametrize(("status", "told"), [(0, 0), (1, 1)])
def test_a_trainer_that_ends_by_itself_is_no_death_and_one_that_breaks_is(
    started, database, tmp_path, status, told
):
    started.status = status
    queue(database)
    trainer = TrainerOnDemand(settings_of(database), database)
    trainer.start_if_wanted(tmp_path)
    process = trainer.child._process
    until(lambda: process.poll() is not None)
    trainer.start_if_wanted(tmp_path)
    with database.read() as session:
        assert len(list_records(session)) == told
    assert trainer.child.is_running is False, "an early end is waited out"
