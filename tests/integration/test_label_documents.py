"""Readers' documents by C-STORE: kept by the listener, interpreted by a worker, labels in the database."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from pydicom import dcmread

from databases import KINDS, drop_postgresql, url_at_head
from osteo_pacs import shipped
from osteo_pacs.clock import utc_now
from osteo_pacs.config.labels import Labels
from osteo_pacs.config.sections import Completeness
from osteo_pacs.db import audit, feedback, labels, model_versions, reports
from osteo_pacs.db.model_versions import NewModelVersion
from osteo_pacs.decode import Decoder
from osteo_pacs.dicom import codes
from osteo_pacs.dicom.audit import EventId
from osteo_pacs.labels.effective import LabelRules, Says, effective
from osteo_pacs.phantom.study import make_study
from osteo_pacs.receive.completeness import complete_due_studies
from osteo_pacs.report import DocumentKind
from osteo_pacs.worker import documents as documents_module
from osteo_pacs.worker.documents import DocumentReader
from peers.dcmtk import storescu
from reader_documents import key_objects, scanner_report, successor
from receiving.listener import running_listener
from sr_gate.results import documents, finding

RULES = LabelRules.of(("sr", "csv", "t_score"), -2.5)
T_SCORES = {"t_scores": [{"meaning": "T-score", "region_meaning": "L1-L4"}], "every_s": 0.001}
BUNDLE = NewModelVersion("spine", "1.0", "b" * 64, "c" * 64, "2.25.9")
QUIET = Completeness(quiet_s=0.001, max_wait_s=0.002)


@pytest.fixture(params=KINDS)
def listener(request, tmp_path):
    url = url_at_head(request.param, tmp_path)
    with running_listener(tmp_path, database_url=url) as running:
        yield running
    if request.param == "postgresql":
        drop_postgresql(url)


class Worker:
    """Completes studies and interprets their documents, as the scheduler and a worker do."""

    def __init__(self, listener, decoder) -> None:
        self.database = listener.database
        self.decoder = decoder
        self.reader = DocumentReader(
            database=listener.database,
            spool=listener.spool,
            rules=Labels(**T_SCORES),
            clock=utc_now,
        )

    def work(self) -> None:
        complete_due_studies(self.database, utc_now() + timedelta(minutes=1), QUIET, [].append)
        while not self.reader.read_due(self.decoder):
            pass
        with self.database.read() as session:
            assert feedback.waiting_documents(session, 10) == []

    def label_of(self, uid):
        with self.database.read() as session:
            [(study_id, _)] = labels.find_studies(session, uid)
            known = labels.list_labels(session, study_id)
            made = feedback.documents_of(session, study_id)
        return effective([one.statement for one in known], RULES), known, made


@pytest.fixture
def worker(listener):
    with Decoder(shipped.BUNDLE) as decoder:
        yield Worker(listener, decoder)


def report_on(listener, ds):
    """Our positive report on a received image, in the database as a worker leaves it."""
    kind = DocumentKind.COMPREHENSIVE_3D_SR
    [written] = documents([ds], finding(ds, 0.9), kinds=frozenset({kind})).values()
    with listener.database.write() as session:
        [(study_id, _)] = labels.find_studies(session, ds.StudyInstanceUID)
        new = reports.NewReport(
            study_id=study_id,
            input_digest="1" * 64,
            model_version_id=model_versions.register(session, BUNDLE, utc_now()),
            outcome="positive",
            probability=0.9,
            created_at=utc_now(),
        )
        reports.add_report(session, new, [written])
    return dcmread(io.BytesIO(written.content))


def send(listener, folder, *datasets):
    paths = [folder / f"{number}.dcm" for number in range(len(datasets))]
    for ds, path in zip(datasets, paths, strict=True):
        ds.save_as(path, enforce_file_format=True)
    storescu(listener.port, *paths, called="OSTEO_PACS")


def test_readers_documents_become_labels_and_rejections(listener, worker, tmp_path):
    spine = make_study(7).datasets[0]
    uid = str(spine.StudyInstanceUID)
    send(listener, tmp_path, spine)
    ours = report_on(listener, spine)

    # Our own report comes back, an unverified copy of a reader comes, and the scanner's measurements.
    unverified = successor(ours, present=False)
    unverified.VerificationFlag = "UNVERIFIED"
    measured = scanner_report(spine, {"L1-L4": (("x", "99Y", "T-score"), -3.0)})
    send(listener, tmp_path, ours, unverified, measured)
    worker.work()
    found, known, made = worker.label_of(uid)
    assert (found.says, found.source, len(known)) == (Says.POSITIVE, "t_score", 1)
    assert sorted(one.state for one in made) == ["label", "nothing", "nothing"]
    told = {one.reason for one in made}
    assert {"it is a report of ours that came back", "it succeeds our report and is not verified"} < told

    # A reader corrects us; the scanner disagrees, and the reader counts. Sent twice, it is one label.
    corrected = successor(ours, present=False)
    send(listener, tmp_path, corrected)
    send(listener, tmp_path, corrected)
    worker.work()
    found, known, _ = worker.label_of(uid)
    assert (found.says, found.source, found.is_conflicting, len(known)) == (Says.NEGATIVE, "sr", True, 2)

    # Key Objects reject the image: the study is left out.
    send(listener, tmp_path, key_objects(spine, codes.REJECTED_FOR_QUALITY_REASONS))
    worker.work()
    found, _, made = worker.label_of(uid)
    assert (found.says, found.source) == (Says.EXCLUDE, "rejection")
    assert [one.state for one in made].count("rejection") == 1
    with listener.database.read() as session:
        events = [kept.record for kept in audit.list_records(session, limit=100)]
    assert sum(event.event_id is EventId.PROCEDURE_RECORD and event.studies == (uid,) for event in events) == 3


def test_a_document_of_an_unknown_study_is_kept_without_a_label(listener, worker, tmp_path):
    spine = make_study(8).datasets[0]
    document = successor(scanner_report(spine, {}), present=True)
    send(listener, tmp_path, document)
    worker.work()
    found, known, [made] = worker.label_of(str(spine.StudyInstanceUID))
    assert (found.says, known) == (None, [])
    assert (made.state, made.reason) == (
        "nothing",
        "it succeeds no report of ours and has no T-score that [labels] names",
    )
    assert len(listener.instances()) == 1

    with listener.database.write() as session:
        assert feedback.await_again(session) == 1
    worker.work()
    assert worker.label_of(str(spine.StudyInstanceUID))[2][0].state == "nothing"


def test_two_workers_that_read_one_document_make_one_label(listener, worker, tmp_path):
    spine = make_study(9).datasets[0]
    send(listener, tmp_path, scanner_report(spine, {"L1-L4": (("x", "99Y", "T-score"), -3.0)}))
    complete_due_studies(listener.database, utc_now() + timedelta(minutes=1), QUIET, [].append)
    with listener.database.read() as session:
        [waiting] = feedback.waiting_documents(session, 10)
    for _ in range(2):
        worker.reader._read(waiting, worker.decoder)
    assert len(worker.label_of(str(spine.StudyInstanceUID))[1]) == 1


def test_a_fault_of_ours_costs_one_document_and_not_the_worker(listener, worker, tmp_path, monkeypatch):
    spine = make_study(10).datasets[0]
    send(listener, tmp_path, scanner_report(spine, {}))
    monkeypatch.setattr(documents_module, "interpret", lambda *_, **__: 1 / 0)
    worker.work()
    [made] = worker.label_of(str(spine.StudyInstanceUID))[2]
    assert (made.state, made.reason) == ("unreadable", documents_module.OUR_FAULT)
