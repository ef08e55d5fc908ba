"""Promotions and rollbacks under load: every study is read once, by one version, and its SR names that one."""

import io
import json
import threading
from collections import Counter
from contextlib import contextmanager
from itertools import count

import pytest
from pydicom import dcmread, dcmwrite
from sqlalchemy import select

from bundles import another_bundle, seal
from osteo_pacs.db.audit import list_records
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import Document, Job, JobState, ModelVersionRow, Report, Study
from osteo_pacs.phantom import demo_study, write_study
from peers.dcmtk import storescu
from peers.polling import until
from services import Service

CALLED = "OSTEO_PACS"
SHIPPED, CANDIDATE, BROKEN = "0.3.0", "0.4.0", "0.5.0"
AT_ONCE = 4
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
    spine = dcmread(next(path for path in write_study(demo_study(11), folder) if "ap" in path.name))
    return ([_copy(spine, folder, f"{number}.{each}") for each in range(AT_ONCE)] for number in count(1))


def _copy(spine, folder, suffix):
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(spine, keyword, f"2.25.1{keyword.count('I')}.{len(keyword)}.{suffix}")
    spine.file_meta.MediaStorageSOPInstanceUID = spine.SOPInstanceUID
    path = folder / f"{suffix}.dcm"
    dcmwrite(path, spine)
    return path


def readings(database):
    """For each report its study, the version in the database, and the one that its SR names."""
    with database.read() as session:
        rows = session.execute(
            select(Study.study_instance_uid, ModelVersionRow.version, Document.content)
            .join(Report, Report.study_id == Study.id)
            .join(ModelVersionRow, Report.model_version_id == ModelVersionRow.id)
            .join(Document, Document.report_id == Report.id)
            .where(Document.kind == "comprehensive_3d_sr")
        ).all()
    return [(uid, version, named_version(content)) for uid, version, content in rows]


def named_version(content):
    """The algorithm's version (111003, DCM), which every measurement group names alike."""
    sr = dcmread(io.BytesIO(content))
    named = {item.TextValue for item in _items(sr) if item.ConceptNameCodeSequence[0].CodeValue == "111003"}
    [version] = named
    return version


def _items(container):
    for item in container.get("ContentSequence", []):
        yield item
        yield from _items(item)


def read_count(service):
    return len([*service.events("study_read")])


def test_promotions_under_load_lose_nothing_and_mix_nothing(service, database_url, rounds, candidate):
    assert service.run("model", "import", str(candidate)).returncode == 0
    refused = service.run("model", "promote", CANDIDATE)
    assert refused.returncode != 0
    assert f"osteo-pacs model gate {CANDIDATE}" in refused.stderr
    sent, is_enough = [], threading.Event()

    def load():
        while not is_enough.is_set():
            files = next(rounds)
            storescu(service.port, *files, called=CALLED)
            sent.extend(files)
            # A round always waits while another is read.
            until(lambda: read_count(service) >= len(sent) - AT_ONCE, timeout_s=120, every_s=0.05)

    sender = threading.Thread(target=load)
    sender.start()
    for words in CHANGES:
        done = service.run("model", *words)
        assert done.returncode == 0, done.stderr
        assert "2 of 2 workers read with it" in done.stdout
        before = len(sent)
        until(lambda: len(sent) > before + 2 * AT_ONCE, timeout_s=120, every_s=0.05)  # noqa: B023 - ends in its turn
    is_enough.set()
    sender.join()
    until(lambda: read_count(service) >= len(sent), timeout_s=120, every_s=0.1, what="every study read")

    database = Database(database_url)
    found = readings(database)
    assert len(found) == len({uid for uid, *_ in found}) == len(sent)
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
    for worker in workers:
        worker.suspend()
    done = service.run("model", "promote", CANDIDATE, "--override", "--reason", "a test", "--wait", "0")
    assert "still reads with" in done.stderr
    weights.write_bytes(b"damaged")
    for worker in workers:
        worker.resume()
