"""The checker of the kill rounds finds each thing that could be lost."""

from __future__ import annotations

from hashlib import sha256

import pytest
from sqlalchemy import delete, select

from databases import database
from osteo_pacs.clock import utc_now
from osteo_pacs.db.tables import Delivery, Document, Instance, Job, JobState, Report, Study
from osteo_pacs.findings import input_digest
from osteo_pacs.jobs.states import entering
from outgoing import add_outgoing
from peers.documents import part10
from receiving.process import data_set_of
from rounds.archive import Archive, digest_of
from rounds.checker import Checker

__all__ = ["database"]
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PATH, UID = "instances/one.dcm", "1.2.3"


class Kept:
    """An installation that lost nothing: an instance, its report, and what the PACS got of it."""

    def __init__(self, database, folder):
        self.database, self.spool, self.archive = database, folder, Archive()
        self.checker = Checker(database, folder)
        content = part10(sop_instance_uid=UID)
        (folder / "instances").mkdir()
        (folder / PATH).write_bytes(content)
        self.acknowledged = {UID: sha256(data_set_of(content)).hexdigest()}
        [job_id] = add_outgoing(database, "pacs")
        with database.write() as session:
            self._complete(session, job_id)

    def _complete(self, session, job_id):
        study, report = session.scalars(select(Study)).one(), session.scalars(select(Report)).one()
        session.add(an_instance(study.id, UID, PATH, self.acknowledged[UID]))
        study.completed_at, study.complete_reason = utc_now(), "quiet"
        report.input_digest = input_digest([UID])
        for name, value in entering(JobState.COMPLETED, utc_now()).items():
            setattr(session.get_one(Job, job_id), name, value)
        delivery = session.scalars(select(Delivery)).one()
        documents = session.scalars(select(Document).order_by(Document.id)).all()
        delivery.delivered_at, delivery.sent_sop_instance_uid = utc_now(), documents[0].sop_instance_uid
        for document in documents:
            self.archive.digests[document.sop_instance_uid].add(digest_of(document.content))
            self.archive.taken.add(document.sop_instance_uid)

    def losses(self):
        return self.checker.losses(self.acknowledged, self.archive)

    def change(self, table, **values):
        with self.database.write() as session:
            for row in session.scalars(select(table)):
                for name, value in values.items():
                    setattr(row, name, value)


def an_instance(study_id, uid, path, digest):
    return Instance(
        study_id=study_id,
        sop_instance_uid=uid,
        sop_class_uid="1",
        series_instance_uid="1",
        transfer_syntax_uid="1",
        sha256=digest,
        size_bytes=1,
        path=path,
        calling_ae_title="A",
        received_at=utc_now(),
    )


def drop(kept, table):
    with kept.database.write() as session:
        session.execute(delete(table))


def add_late(kept):
    with kept.database.write() as session:
        session.add(an_instance(session.scalars(select(Study.id)).one(), "1.2.4", "other", "0" * 64))


PLANTED = {
    "has no row": lambda kept: drop(kept, Instance),
    "another digest": lambda kept: kept.change(Instance, sha256="0" * 64),
    "no file": lambda kept: (kept.spool / PATH).unlink(),
    "other bytes": lambda kept: (kept.spool / PATH).write_bytes(part10()),
    "there is no report": lambda kept: drop(kept, Report),
    "not read from all": add_late,
    "a gap": lambda kept: kept.change(Report, revision=2, supersedes_id=1),
    "is cancelled": lambda kept: kept.change(
        Job, **entering(JobState.CANCELLED, utc_now()), last_error="by a person"
    ),
    "is not delivered": lambda kept: kept.change(Delivery, delivered_at=None),
    "never said Success": lambda kept: kept.archive.taken.clear(),
    "which no report has": lambda kept: kept.archive.digests["9.9"].add("0"),
    "with other bytes than": lambda kept: kept.archive.digests[next(iter(kept.archive.digests))].add("0"),
}


@pytest.fixture
def kept(database, tmp_path):
    return Kept(database, tmp_path)


def test_nothing_lost_is_nothing_told(kept):
    assert kept.losses() == []
    assert kept.checker.waiting() == []


@pytest.mark.parametrize("words", PLANTED)
def test_what_was_lost_is_told(kept, words):
    PLANTED[words](kept)
    assert [loss for loss in kept.losses() if words in loss], kept.losses()


def test_what_is_still_to_be_done_is_told(kept):
    kept.change(Study, completed_at=None, complete_reason=None)
    kept.change(Job, **entering(JobState.AVAILABLE, utc_now()))
    assert [" ".join(what.split()[:1]) for what in kept.checker.waiting()] == ["study", "job"]
