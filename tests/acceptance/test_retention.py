"""A small disk, a crash and a late instance: space comes back, and nothing is lost that is still to be sent."""

import os
import subprocess
import sys
from datetime import UTC, datetime

from pydicom.uid import Comprehensive3DSRStorage
from sqlalchemy import select

from databases import ON_POSTGRESQL
from disks import small_disk
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import Instance, Job, JobState, OpenAssociation, Study
from osteo_pacs.jobs.states import entering
from osteo_pacs.phantom import demo_study, write_study
from osteo_pacs.receive.admission import Rejection
from peers.dcmtk import storescu
from peers.polling import until
from receiving import RawPeer, an_instance, associate_rq
from receiving.process import installation
from services import Service, destination

CALLED = "OSTEO_PACS"
SOON = {"backoff_s": 0.5, "max_backoff_s": 2}
AT_ONCE_DAYS = 1e-9
ASSOCIATE_AC, ASSOCIATE_RJ = 2, 3
MIB = 1 << 20


def answer_to_association(port):
    """The type of the answer, and what a rejection says."""
    with RawPeer(port) as peer:
        peer.send(associate_rq())
        kind, body = peer.read()
        if kind == ASSOCIATE_AC:
            peer.release()
        return kind, tuple(body[1:4]) if kind == ASSOCIATE_RJ else ()


def free_bytes(folder):
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def instances_in(spool):
    return sorted((spool / "instances").rglob("*.dcm"))


def srs_of(pacs, study):
    return pacs.instances(study.study_instance_uid, sop_class_uid=Comprehensive3DSRStorage)


def state_of(service, study):
    return service.ask("study", "show", study.study_instance_uid)["state"]


def test_a_full_disk_rejects_associations_until_what_was_sent_has_made_room(
    tmp_path, sqlite_url, pacs, study, files
):
    with small_disk(tmp_path / "disk", 64) as disk:
        settings = {
            "spool": {"directory": str(disk / "spool"), "min_free_mib": 20},
            "retention": {"every_s": 0.5, "pressure_min_days": 0, "low_free_mib": 21, "high_free_mib": 24},
            "jobs": SOON,
        }
        to_pacs = destination("pacs", pacs.port, pacs.ae_title, connect_timeout_s=2, send_timeout_s=5)
        pacs.stop()
        with Service(
            tmp_path / "service", database_url=sqlite_url, destinations=[to_pacs], settings=settings
        ) as service:
            storescu(service.port, *files, called=CALLED)
            until(lambda: [*service.events("delivery_failed")], timeout_s=60, every_s=0.1)
            (disk / "filler").write_bytes(bytes(free_bytes(disk) - 20 * MIB + 1))

            rejection = Rejection.DISK_SPACE.result_source_reason
            assert answer_to_association(service.port) == (ASSOCIATE_RJ, (2, 3, 2)) == (ASSOCIATE_RJ, rejection)
            runs = len([*service.events("retention_ran")])
            until(lambda: len([*service.events("retention_ran")]) > runs + 2, every_s=0.1)
            assert [*service.events("space_short")]
            assert not any(event["studies"] for event in service.events("retention_ran"))
            plan = service.ask("retention", "plan")
            assert [(one["reason"], one["studies"]) for one in plan["staying"]] == [("undelivered", 1)]
            assert len(instances_in(disk / "spool")) == len(files)

            pacs.start()
            until(lambda: answer_to_association(service.port)[0] == ASSOCIATE_AC, timeout_s=60, every_s=0.2)

            assert len(srs_of(pacs, study)) == 1
            shown = service.ask("study", "show", study.study_instance_uid)
            assert shown["state"] == "delivered"
            assert all(instance["removed_at"] for instance in shown["instances"])
            assert len(shown["reports"]) == 1
            assert not instances_in(disk / "spool")

            another = demo_study(12)
            more = write_study(another, tmp_path / "more")
            (disk / "filler").unlink()
            storescu(service.port, *more, called=CALLED)
            until(lambda: state_of(service, another) == "delivered", timeout_s=60, every_s=0.2)


@ON_POSTGRESQL
def test_a_late_instance_of_a_study_that_gave_its_files_up_waits_for_the_others(service, pacs, study, files):
    service.environment["OSTEO_PACS__RETENTION__DELIVERED_DAYS"] = str(AT_ONCE_DAYS)
    *first, late = files
    storescu(service.port, *first, called=CALLED)
    until(lambda: state_of(service, study) == "delivered", timeout_s=60, every_s=0.2)
    gone = service.ask("retention", "run")
    assert (gone["studies"], gone["instances"]) == (1, len(first))

    storescu(service.port, late, called=CALLED)
    until(lambda: state_of(service, study) == "parked", timeout_s=60, every_s=0.2)
    [parked] = service.ask("queue", "list", "--state", "parked")
    assert "Send the whole study again from the PACS, then retry the job." in parked["last_error"]
    assert len(service.ask("study", "show", study.study_instance_uid)["reports"]) == 1

    storescu(service.port, *files, called=CALLED)
    assert service.run("queue", "retry", str(parked["id"])).returncode == 0
    until(lambda: len(srs_of(pacs, study)) == 2, timeout_s=60, every_s=0.2)
    shown = service.ask("study", "show", study.study_instance_uid)
    assert [report["revision"] for report in shown["reports"]] == [1, 2]
    assert not any(instance["removed_at"] for instance in shown["instances"])


def settle(installed):
    """What was received is complete and has nothing to read."""
    database = Database(installed.database_url)
    now = datetime.now(UTC)
    with database.write() as session:
        study = session.scalars(select(Study)).one()
        study.completed_at, study.complete_reason = now, "quiet"
        times = {"run_at": now, "created_at": now, "enqueued_at": now}
        done = entering(JobState.COMPLETED, now)
        session.add(Job(kind="infer", dedupe_key="infer", study_id=study.id, **times, **done))
    database.close()


def rows_of(installed, column):
    """The values of a column that are not empty."""
    database = Database(installed.database_url)
    with database.read() as session:
        values = list(session.scalars(select(column).where(column.is_not(None))))
    database.close()
    return values


def test_what_a_kill_leaves_between_the_commit_and_the_removal_a_start_clears_away(tmp_path):
    installed = installation(tmp_path)
    with installed.listener(), RawPeer(installed.port) as peer:
        peer.associate()
        uid = "2.25.1234"
        assert [peer.c_store(an_instance(study=uid)).status for _ in range(3)] == [0, 0, 0]
        peer.release()
        until(lambda: not rows_of(installed, OpenAssociation.study_id))
    settle(installed)
    files = instances_in(tmp_path / "var/spool")
    strace = ["strace", "-f", "-o", "/dev/null", "-e", "trace=unlink", "-e", "inject=unlink:signal=KILL:when=2"]
    environment = installed.environment | {"OSTEO_PACS__RETENTION__NOTHING_TO_READ_DAYS": str(AT_ONCE_DAYS)}
    command = [*strace, sys.executable, "-m", "osteo_pacs", "retention", "run"]
    killed = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert killed.returncode != 0
    left = [file for file in files if file.exists()]
    assert (len(files), len(left), len(rows_of(installed, Instance.removed_at))) == (3, 2, 3)

    for file in left:
        # As old as what retention takes.
        os.utime(file, (0, 0))
    with installed.listener() as listener:
        until(lambda: listener.event("orphans_removed"))
    assert instances_in(tmp_path / "var/spool") == []
