from __future__ import annotations

import os
import pwd
import socket

from osteo_pacs.db import training_runs
from osteo_pacs.db.audit import list_records
from osteo_pacs.db.training_runs import Outcome, TrainingPlan, TrainingState

PERSON = f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"


def queue(installation):
    with installation.database.write() as session:
        return training_runs.add_training(
            session, TrainingPlan("/d", epochs=3), "anna@host", training_runs.database_now(session)
        )


def claim(installation, progress=None):
    with installation.database.write() as session:
        held = training_runs.claim_training(session, trainer="t", lease_s=60)
        training_runs.renew(session, held, 60, progress or {})
        return held


def test_trainings_are_listed_with_how_far_they_are(installation):
    queue(installation)
    queue(installation)
    claim(installation, {"phase": "training", "epoch": 2, "epochs": 3, "val_auroc": 0.9})
    newest, oldest = installation.json("training", "list")
    assert (newest["id"], newest["state"], oldest["state"]) == (2, "queued", "running")
    assert oldest["progress"]["epoch"] == 2
    assert "\ttraining\t2\t3\t0.9\t" in installation.lines("training", "list")[2]


def test_one_training_is_shown_in_full(installation):
    queue(installation)
    shown = dict(line.split("\t", 1) for line in installation.lines("training", "show", 1))
    assert (shown["plan epochs"], shown["requested_by"], shown["state"]) == ("3", "anna@host", "queued")


def test_a_training_that_is_not_there_is_told_with_the_command_that_lists_them(installation):
    for verb in ("show", "cancel", "follow"):
        assert "osteo-pacs training list" in installation.error("training", verb, 7, exit_code=5)


def test_to_cancel_is_audited_with_who_did_it(installation):
    queue(installation)
    assert installation.lines("training", "cancel", 1) == ["Training 1 is cancelled."]
    with installation.database.read() as session:
        [kept] = list_records(session)
    assert PERSON in [participant.user_id for participant in kept.record.participants]
    assert kept.record.description == "training 1 cancelled"
    assert "stays so" in installation.error("training", "cancel", 1, exit_code=1)


def test_to_follow_ends_with_the_training_and_tells_why_nothing_came_of_it(installation):
    queue(installation)
    held = claim(installation)
    with installation.database.write() as session:
        training_runs.end_training(
            session, held, Outcome(TrainingState.FAILED, "No memory."), training_runs.database_now(session)
        )
    assert "Training 1 is failed. No memory." in installation.error("training", "follow", 1, exit_code=1)


def test_a_training_without_any_data_set_is_refused(installation):
    assert "none has been built yet" in installation.error("model", "train", exit_code=1)
