"""Reports, their documents and deliveries; on both databases."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import pytest
from rows import NOW, add_jobs, add_study, job
from sqlalchemy.exc import IntegrityError

from osteo_pacs.db import deliveries, model_versions, reports
from osteo_pacs.db.tables import JobKind

BUNDLE = model_versions.NewModelVersion("spine", "1.0", "b" * 64, "c" * 64, "2.25.9")


@dataclass(frozen=True)
class Document:
    kind: str
    sop_instance_uid: str
    sop_class_uid: str = "1.2.840.10008.5.1.4.1.1.88.34"
    series_instance_uid: str = "2.25.1"
    content: bytes = b"DICM"


def documents(serial):
    kinds = ("comprehensive_3d_sr", "comprehensive_sr", "text_sr")
    return [Document(kind, f"2.25.{serial}.{number}") for number, kind in enumerate(kinds)]


@pytest.fixture
def new(database):
    """A report of a study that has none."""
    with database.write() as session:
        model_version_id = model_versions.register(session, BUNDLE, NOW)
    return reports.NewReport(
        study_id=add_study(database),
        input_digest="d" * 64,
        model_version_id=model_version_id,
        outcome="positive",
        probability=0.75,
        created_at=NOW,
    )


def add(database, report, serial, destinations=("pacs",), sr_kinds=("comprehensive_3d_sr", "comprehensive_sr")):
    with database.write() as session:
        report_id = reports.add_report(session, report, documents(serial))
    for name in destinations:
        [job_id] = add_jobs(database, study_id=report.study_id, kind=JobKind.DELIVER, destination=name)
        with database.write() as session:
            deliveries.add_delivery(
                session,
                report_id=report_id,
                job_id=job_id,
                destination=name,
                sr_kinds=sr_kinds,
                other_kinds=("text_sr",),
            )
    return report_id


def test_a_study_without_a_report_has_no_latest(database, new):
    with database.read() as session:
        assert reports.latest_report(session, new.study_id) is None
        assert reports.list_reports(session, new.study_id) == []
        assert not reports.report_exists(session, new.study_id, new.input_digest, new.model_version_id)


def test_the_latest_report_tells_its_documents_for_its_successor(database, new):
    report_id = add(database, new, 1)
    with database.read() as session:
        latest = reports.latest_report(session, new.study_id)
        assert reports.report_exists(session, new.study_id, new.input_digest, new.model_version_id)
    assert (latest.report_id, latest.revision) == (report_id, 1)
    assert [(d.kind, d.sop_instance_uid) for d in latest.documents] == [
        ("comprehensive_3d_sr", "2.25.1.0"),
        ("comprehensive_sr", "2.25.1.1"),
        ("text_sr", "2.25.1.2"),
    ]


def test_a_late_instance_makes_a_revision_that_names_its_predecessor(database, new):
    first_id = add(database, new, 1)
    late = replace(new, input_digest="e" * 64, outcome="refused", probability=None, supersedes_id=first_id)
    add(database, late, 2)
    with database.read() as session:
        first, second = reports.list_reports(session, new.study_id)
    assert (first.revision, first.sop_instance_uid, first.supersedes) == (1, "2.25.1.0", None)
    assert (second.revision, second.sop_instance_uid, second.supersedes) == (2, "2.25.2.0", "2.25.1.0")
    assert (first.outcome, first.probability, first.model_version) == ("positive", 0.75, "1.0")
    assert (second.outcome, second.probability) == ("refused", None)


def test_a_report_with_another_predecessor_than_the_latest_is_outdated(database, new):
    add(database, new, 1)
    with pytest.raises(reports.ReportOutdated):
        add(database, replace(new, input_digest="e" * 64), 2)


def test_one_input_set_and_model_version_gives_one_report(database, new):
    first_id = add(database, new, 1)
    with pytest.raises(IntegrityError):
        add(database, replace(new, supersedes_id=first_id), 2)


def test_of_two_first_reports_of_a_study_at_once_one_stays(database, new):
    barrier, outdated = threading.Barrier(2, timeout=30), []

    def write(serial):
        barrier.wait()
        try:
            add(database, replace(new, input_digest=str(serial) * 64), serial, destinations=())
        except reports.ReportOutdated as error:
            outdated.append(error)

    threads = [threading.Thread(target=write, args=(serial,)) for serial in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with database.read() as session:
        assert len(reports.list_reports(session, new.study_id)) == 1
    assert len(outdated) == 1


def test_the_sr_that_was_sent_stands_for_the_report(database, new):
    add(database, new, 1)
    with database.write() as session:
        [delivery] = deliveries.list_deliveries(session, new.study_id)
        deliveries.mark_delivered(session, delivery.job_id, sent_sop_instance_uid="2.25.1.1", now=NOW)
        [report] = reports.list_reports(session, new.study_id)
    assert report.sop_instance_uid == "2.25.1.1"


def test_the_sr_that_a_destination_prefers_stands_for_an_unsent_report(database, new):
    add(database, new, 1, sr_kinds=("comprehensive_sr",))
    with database.read() as session:
        [report] = reports.list_reports(session, new.study_id)
    assert report.sop_instance_uid == "2.25.1.1"


def test_a_report_that_is_not_sent_has_no_sr(database, new):
    with database.write() as session:
        reports.add_report(session, replace(new, outcome="refused", probability=None), [])
        [report] = reports.list_reports(session, new.study_id)
        assert deliveries.list_deliveries(session, new.study_id) == []
    assert report.sop_instance_uid is None


def test_a_delivery_gives_the_documents_in_the_order_of_preference(database, new):
    report_id = add(database, new, 1, sr_kinds=("comprehensive_sr", "comprehensive_3d_sr"))
    with database.read() as session:
        [delivery] = deliveries.list_deliveries(session, new.study_id)
        outgoing = deliveries.documents_for_delivery(session, delivery.job_id)
    assert (outgoing.report_id, outgoing.destination) == (report_id, "pacs")
    assert [document.sop_instance_uid for document in outgoing.srs] == ["2.25.1.1", "2.25.1.0"]
    assert [document.sop_instance_uid for document in outgoing.others] == ["2.25.1.2"]
    assert {document.content for document in (*outgoing.srs, *outgoing.others)} == {b"DICM"}


def test_a_job_that_delivers_nothing_has_no_documents(database):
    [job_id] = add_jobs(database)
    with database.read() as session, pytest.raises(LookupError):
        deliveries.documents_for_delivery(session, job_id)


def test_a_delivery_shows_how_far_its_job_is(database, new):
    add(database, new, 1, destinations=("research", "pacs"))
    with database.write() as session:
        found = deliveries.list_deliveries(session, new.study_id)
        assert [(d.destination, d.state, d.attempts, d.delivered_at) for d in found] == [
            ("pacs", "available", 0, None),
            ("research", "available", 0, None),
        ]
        job_id = found[0].job_id
        deliveries.mark_delivered(
            session, job_id, sent_sop_instance_uid="2.25.1.0", now=NOW, warning="0xB000 " + "x" * 300
        )
        delivered = deliveries.list_deliveries(session, new.study_id)[0]
    assert (delivered.delivered_at, len(delivered.warning)) == (NOW, 255)
    assert job(database, job_id).destination == "pacs"
