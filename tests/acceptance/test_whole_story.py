"""A hospital's story, told through the program: from readers' reports to a model in service, and back.

``STORY_PATIENTS=400`` is its whole size. Few patients decide little: the gate's margins here are wide enough for a
test part of two or three dozen images, where those that ship would say that there are too few.
"""

import json
import os
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bundles import shipped_version
from databases import ON_POSTGRESQL
from hospital import examinations, mistaken, reading_room_list, verified
from osteo_pacs.db.audit import list_records
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import Job, JobState
from osteo_pacs.phantom.chance import happens, random_stream
from peers.dcmtk import StoreScp, storescu
from peers.polling import until
from services import Service, destination
from under_load import Load, copies, readings

CALLED = "OSTEO_PACS"
PATIENTS = int(os.environ.get("STORY_PATIENTS", "80"))
SHIPPED = shipped_version()
GOOD, SPOILT = f"{SHIPPED}+training.1", f"{SHIPPED}+training.2"
WRONG = (0, 7)
"""Where the first reader is wrong, and the second is not."""
READ_TWICE = 20
LIMITS = {
    "sensitivity_margin": 0.5,
    "specificity_margin": 0.5,
    "auroc_margin": 0.1,
    "max_ece": 0.35,
    "refusal_margin": 0.3,
    "min_positives": 8,
    "min_negatives": 8,
}
SMALL = ("--epochs", "2", "--batch-size", "4")


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    return examinations(tmp_path_factory.mktemp("hospital"), PATIENTS)


@pytest.fixture
def pacs(tmp_path):
    with StoreScp(tmp_path / "pacs") as running:
        yield running


@pytest.fixture
def service(tmp_path, database_url, pacs):
    # The same secret always makes the same parts.
    key = tmp_path / "site.key"
    key.write_text("5a" * 32)
    key.chmod(0o600)
    settings = {
        "completeness": {"quiet_s": 1},
        "datasets": {"key_file": str(key), "test_share": 0.35, "folds": 2, "min_per_class": 2},
        "training": {"min_cases": 2, "device": "cpu", "niceness": 0},
        "gate": LIMITS,
    }
    to_pacs = destination("pacs", pacs.port, pacs.ae_title, picture=False, text_twin=False)
    with Service(
        tmp_path / "service", database_url=database_url, destinations=[to_pacs], settings=settings
    ) as running:
        yield running


def typed(service, *words, exit_code=0):
    done = service.run(*words)
    assert done.returncode == exit_code, done.stdout + done.stderr
    return done.stdout + done.stderr


@ON_POSTGRESQL
@pytest.mark.timeout(300 + 5 * PATIENTS)
def test_a_hospital_labels_trains_judges_promotes_refuses_and_goes_back(
    service, pacs, hospital, database_url, tmp_path
):
    reports = studies_are_read(service, pacs, hospital, database_url)
    readers_label_them(service, reports, hospital, tmp_path)
    disagreement_is_settled(service, hospital, tmp_path)

    built = service.ask("dataset", "build")
    assert built["is_new"]
    assert sum(part["images"] for part in built["parts"].values()) > PATIENTS * 0.9
    train(service, *SMALL, "--learning-rate", "0.00001")
    refused = typed(service, "model", "promote", GOOD, exit_code=1)
    assert "it was not judged" in refused
    assert verdicts(service, GOOD, tmp_path / "good")["is_passed"]
    promoted_under_load(service, hospital, database_url, tmp_path)

    labels_are_spoilt(service, reports, hospital, tmp_path)
    # No data set was built of the new labels: the trainer does it first.
    train(service, *SMALL, "--learning-rate", "0.003")
    assert [one["id"] for one in service.ask("dataset", "list")] == [2, 1]
    found_worse(verdicts(service, SPOILT, tmp_path / "spoilt"))
    refused = typed(service, "model", "promote", SPOILT, exit_code=1)
    assert "it was judged and has not passed" in refused
    assert active(service) == GOOD

    assert f"Model version {SHIPPED} is in service again" in typed(service, "model", "rollback")
    assert active(service) == SHIPPED
    nothing_was_lost(database_url)
    assert not [*service.events("process_died")]


def studies_are_read(service, pacs, hospital, database_url):
    """The PACS has reports for readers to verify; of a picture unlike those of training it has none."""
    storescu(service.port, *[one.file for one in hospital], called=CALLED)
    until(
        lambda: len([*service.events("study_read")]) == PATIENTS,
        timeout_s=60 + 2 * PATIENTS, every_s=0.5, what="every study read",
    )  # fmt: skip
    until(lambda: {state for state, _ in jobs(database_url)} == {JobState.COMPLETED}, timeout_s=60, every_s=0.5)
    reports = pacs.instances()
    assert PATIENTS * 0.9 < len(reports) <= PATIENTS
    return reports


def jobs(database_url):
    database = Database(database_url)
    with database.read() as session:
        found = [tuple(job) for job in session.execute(select(Job.state, Job.attempts))]
    database.close()
    return found


def readers_label_them(service, reports, hospital, folder):
    """A reader verifies each report, and is wrong on two."""
    says = mistaken(hospital, WRONG)
    at = datetime(2026, 2, 1, 8, tzinfo=UTC)
    storescu(service.port, *verified(reports, says, folder / "first", at=at, reader="READER^ONE"), called=CALLED)
    documents_are_interpreted(service, len(reports))
    assert labelled(service) == {report.StudyInstanceUID: 1 for report in reports}


def documents_are_interpreted(service, count):
    until(
        lambda: len([*service.events("document_interpreted")]) == count,
        timeout_s=60 + PATIENTS, every_s=0.5, what=f"{count} documents interpreted",
    )  # fmt: skip


def labelled(service):
    """How many statements there are on each study."""
    found = service.ask("label", "list", "--limit", "100000")
    return {one["study_instance_uid"]: one["statements"] for one in found}


def disagreement_is_settled(service, hospital, folder):
    """A second reader's list disagrees on those two, and a person decides."""
    says = mistaken(hospital[:READ_TWICE], ())
    listed = reading_room_list(folder / "second.csv", says, date="2026-02-02", reader="r2")
    assert f"Would add {READ_TWICE} labels" in typed(service, "label", "import", str(listed), "--dry-run")
    typed(service, "label", "import", str(listed))
    disputed = {one["study_instance_uid"] for one in service.ask("label", "conflicts")}
    assert disputed == {hospital[place].study_instance_uid for place in WRONG}
    for place in WRONG:
        word = "positive" if hospital[place].is_osteoporotic else "negative"
        reason = ("--reason", "both readers looked again")
        typed(service, "label", "resolve", hospital[place].study_instance_uid, word, *reason)
    assert service.ask("label", "conflicts") == []


def train(service, *words):
    assert "is a candidate" in typed(service, "model", "train", *words, "--follow")


def verdicts(service, version, folder):
    """What the gate says on the test part of the first data set, whose labels were settled."""
    done = service.run("model", "gate", version, "--dataset", "1", "--output", str(folder), "--json")
    said = json.loads(done.stdout)
    assert done.returncode == (0 if said["is_passed"] else 1)
    return said | {"by_rule": {rule["rule"]: rule for rule in said["rules"]}}


def promoted_under_load(service, hospital, database_url, folder):
    (folder / "load").mkdir()
    with Load(service, copies(hospital[0].file, folder / "load"), called=CALLED) as load:
        load.wait_for_more()
        assert "1 of 1 workers read with it" in typed(service, "model", "promote", GOOD)
        load.wait_for_more()
    assert active(service) == GOOD
    database = Database(database_url)
    found = readings(database)
    database.close()
    assert len(found) == len({uid for uid, *_ in found}) == PATIENTS + len(load.sent)
    assert all(version == named for _, version, named in found)
    assert {version for _, version, _ in found} == {SHIPPED, GOOD}


def labels_are_spoilt(service, reports, hospital, folder):
    """Another reader verifies every report anew, and says of half of them what comes to mind."""
    noise = random_stream(3, "noise")
    says = mistaken(hospital, {place for place in range(PATIENTS) if happens(noise, 0.5)})
    before = sum(labelled(service).values())
    interpreted = len([*service.events("document_interpreted")])
    at = datetime(2026, 3, 1, 8, tzinfo=UTC)
    storescu(service.port, *verified(reports, says, folder / "noise", at=at, reader="READER^TWO"), called=CALLED)
    documents_are_interpreted(service, interpreted + len(reports))
    assert sum(labelled(service).values()) == before + len(reports)


def found_worse(said):
    """By a rule that compares the two, not for want of cases."""
    assert not said["is_passed"]
    by_rule = said["by_rule"]
    for rule in ("test images unseen in training", "enough positive images", "enough negative images"):
        assert by_rule[rule]["verdict"] == "pass"
    assert by_rule["AUROC not lower by the margin"]["verdict"] == "fail"


def active(service):
    [version] = [one["version"] for one in service.ask("model", "list") if one["state"] == "active"]
    return version


def nothing_was_lost(database_url):
    database = Database(database_url)
    with database.read() as session:
        told = [kept.record.description for kept in list_records(session, limit=100_000)]
    database.close()
    assert set(jobs(database_url)) == {(JobState.COMPLETED, 1)}
    assert sum("did not pass the gate" in each for each in told) == 1
    assert sum("rolled back to" in each for each in told) == 1
