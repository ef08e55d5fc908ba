"""Promotions and rollbacks under load: every study is read once, by one version, and its SR names that one."""

import json
from collections import Counter
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from bundles import another_bundle, seal, shipped_version
from osteo_pacs.db.audit import list_records
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import Job, JobState
from osteo_pacs.phantom import demo_study, write_study
from peers.dcmtk import storescu
from peers.polling import until
from services import Service, froze_outside_a_transaction
from under_load import AT_ONCE, Load, copies, readings

CALLED = "OSTEO_PACS"
SHIPPED, CANDIDATE, BROKEN = shipped_version(), "9.0.0", "9.1.0"
CHANGES = (
    ("promote", CANDIDATE, "--override", "--reason", "a test of the swap"),
    ("rollback",),
    ("promote", CANDIDATE),
)


@pytest.fixture(scope="module")
def candidate(tmp_path_factory):
    """The shipped model, calibrated otherwise."""
    return another_bundle(tmp_path_factory.mktemp("bundles") / "candidate", CANDIDATE, offset=0.3)


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """Sealed as it should be, and without sense: its network is a name that MONAI does not know."""
    folder = another_bundle(tmp_path_factory.mktemp("bundles") / "broken", BROKEN)
    inference = folder / "configs" / "inference.json"
    config = json.loads(inference.read_text())
    config["network_def"] = {"_target_": "nowhere.Network"}
    inference.write_text(json.dumps(config))
    seal(folder)
    return folder


@contextmanager
def two_workers(folder, database_url):
    settings = {"worker": {"processes": 2}, "completeness": {"quiet_s": 0.3}}
    with Service(folder / "service", database_url=database_url, settings=settings) as running:
        until(lambda: len([*running.events("worker_ready")]) == 2, timeout_s=60, every_s=0.1)
        yield running


@pytest.fixture
def service(tmp_path, database_url):
    with two_workers(tmp_path, database_url) as running:
        yield running


@pytest.fixture
def sqlite_service(tmp_path, sqlite_url):
    with two_workers(tmp_path, sqlite_url) as running:
        yield running


@pytest.fixture(scope="module")
def rounds(tmp_path_factory):
    """Rounds of studies of one spine image each, without an end: the same picture under UIDs of its own."""
    folder = tmp_path_factory.mktemp("studies")
    return copies(next(path for path in write_study(demo_study(11), folder) if "ap" in path.name), folder)


def read_count(service):
    return len([*service.events("study_read")])


def test_promotions_under_load_lose_nothing_and_mix_nothing(service, database_url, rounds, candidate):
    assert service.run("model", "import", str(candidate)).returncode == 0
    refused = service.run("model", "promote", CANDIDATE)
    assert refused.returncode != 0
    assert f"osteo-pacs model gate {CANDIDATE}" in refused.stderr
    with Load(service, rounds, called=CALLED) as load:
        for words in CHANGES:
            done = service.run("model", *words)
            assert done.returncode == 0, done.stderr
            assert "2 of 2 workers read with it" in done.stdout
            load.wait_for_more()

    database = Database(database_url)
    found = readings(database)
    assert len(found) == len({uid for uid, *_ in found}) == len(load.sent)
    assert all(version == named for _, version, named in found)
    assert set(Counter(version for _, version, _ in found)) == {SHIPPED, CANDIDATE}
    with database.read() as session:
        jobs = session.execute(select(Job.state, Job.attempts)).all()
        told = [kept.record.description for kept in list_records(session, limit=1000)]
    database.close()
    assert {tuple(job) for job in jobs} == {(JobState.COMPLETED, 1)}
    assert sum("promoted without the gate, because: a test of the swap" in each for each in told) == 1
    assert sum("rolled back to" in each for each in told) == 1
    assert not [*service.events("process_died")]


def test_a_broken_candidate_never_goes_into_service(sqlite_service, rounds, broken, candidate):
    service = sqlite_service
    assert service.run("model", "import", str(broken)).returncode == 0
    refused = service.run("model", "promote", BROKEN, "--override", "--reason", "it is urgent")
    assert refused.returncode != 0
    assert "cannot be built" in refused.stderr
    assert [each["version"] for each in service.ask("model", "list") if each["state"] == "active"] == [SHIPPED]

    # One that went bad after its trial: the workers keep what they have, and say so.
    assert service.run("model", "import", str(candidate)).returncode == 0
    [digest] = [each["bundle_sha256"] for each in service.ask("model", "list") if each["version"] == CANDIDATE]
    weights = service.folder / "var" / "models" / digest / "models" / "model.safetensors"
    good = weights.read_bytes()
    _promote_and_damage(service, weights)
    until(lambda: len([*service.events("model_not_loaded")]) >= 2, timeout_s=60, every_s=0.1)
    shown = service.ask("model", "show", CANDIDATE)
    assert {each["failed_version"] for each in shown["serving"]} == {CANDIDATE}
    assert {each["version"] for each in shown["serving"]} == {SHIPPED}
    assert "has been changed" in shown["serving"][0]["failure"]

    storescu(service.port, *next(rounds), called=CALLED)
    until(lambda: read_count(service) >= AT_ONCE, timeout_s=60, every_s=0.1)
    assert {event["model_version"] for event in service.events("study_read")} == {SHIPPED}

    weights.write_bytes(good)
    assert "2 of 2" in service.run("model", "rollback").stdout


def _promote_and_damage(service, weights):
    """The bundle is damaged before a worker has loaded it: they are stopped meanwhile."""
    workers = service.children("worker")
    url = service.environment["OSTEO_PACS__DATABASE__URL"]
    for worker in workers:
        until(lambda worker=worker: froze_outside_a_transaction(worker, url), every_s=0.1)
    done = service.run("model", "promote", CANDIDATE, "--override", "--reason", "a test", "--wait", "0")
    assert "still reads with" in done.stderr
    weights.write_bytes(b"damaged")
    for worker in workers:
        worker.resume()
