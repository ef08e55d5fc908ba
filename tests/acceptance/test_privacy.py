"""Studies that succeed, fail and attack, every attribute marked: no mark is found where identity must not be."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from identity import QUOTED, instance_of, mark, marks_in, marks_of, plant
from osteo_pacs.db.session import Database
from osteo_pacs.phantom.kinds import PhantomKind
from osteo_pacs.phantom.study import make_study
from peers.polling import until
from peers.programs import free_port
from receiving.instances import uid_value
from receiving.raw_peer import RawPeer
from services import Service, destination

READ_WITHIN_S = 120
OUTCOMES = {
    "read": "read",
    "no spine": "nothing_to_read",
    "under age": "refused",
    "metal": "refused",
    "cut off": "refused",
    "odd colours": "refused",
    "odd character set": "read",
    "two patients": "parked",
}


class Watch:
    """Looks again and again at what a process shows of itself, and at what lies in the temporary folder."""

    def __init__(self, service: Service, temporary: Path) -> None:
        self._service = service
        self._temporary = temporary
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.seen: list[str] = []

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        self._thread.join(10)

    def _titles(self):
        with suppress(psutil.Error):
            for process in psutil.Process(self._service.process.pid).children(recursive=True):
                yield " ".join([*process.cmdline(), process.name()])

    def _watch(self) -> None:
        while not self._is_over.wait(0.1):
            self.seen += self._titles()
            for path in self._temporary.rglob("*"):
                self.seen.append(str(path))
                with suppress(OSError):
                    self.seen.append(path.read_bytes().decode(errors="replace") if path.is_file() else "")


@pytest.fixture
def temporary(tmp_path):
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def service(tmp_path, database_url, pacs, temporary):
    """The whole service, with one PACS that answers and one that does not."""
    to = [destination("pacs", pacs.port, pacs.ae_title), destination("away", free_port(), "AWAY")]
    running = Service(tmp_path / "service", database_url=database_url, destinations=to)
    running.environment["TMPDIR"] = str(temporary)
    with running:
        yield running


def a_study(seed, *kinds, **attributes):
    """A planted study of these kinds, with these attributes in place of marks."""
    datasets = make_study(seed, kinds=kinds or (PhantomKind.AP_SPINE,)).datasets
    study_instance_uid = mark("UI")
    for ds in datasets:
        plant(ds)
        ds.StudyInstanceUID = study_instance_uid
        ds.PatientID = datasets[0].PatientID
        ds.IssuerOfPatientID = datasets[0].IssuerOfPatientID
        for keyword, value in attributes.items():
            setattr(ds, keyword, value)
    return list(datasets)


def without_half_its_pixels(ds):
    ds.PixelData = ds.PixelData[: len(ds.PixelData) // 2]
    return ds


def of_another_patient(ds):
    other = plant(make_study(60).datasets[0])
    other.StudyInstanceUID = ds.StudyInstanceUID
    return other


@pytest.fixture
def studies():
    """What ends well, what is passed over or refused, and what fails; each a list of Data Sets."""
    parked = a_study(50)
    return {
        "read": a_study(11, PhantomKind.AP_SPINE, PhantomKind.FEMUR_LEFT),
        "no spine": a_study(12, PhantomKind.FEMUR_LEFT, PhantomKind.TOTAL_BODY),
        "under age": a_study(13, PatientAge="012Y"),
        "metal": a_study(14, PhantomKind.SPINE_HARDWARE),
        "cut off": [without_half_its_pixels(ds) for ds in a_study(15)],
        "odd colours": a_study(16, PhotometricInterpretation=mark("CS")),
        "odd character set": a_study(17, SpecificCharacterSet=mark("CS")),
        "two patients": [*parked, of_another_patient(parked[0])],
    }


def attacks(ds):
    """Instances that are refused, each with marks where it hurts."""
    good = instance_of(ds)
    evil = f"../../{mark('LO')}/{mark('LO')}".encode()
    head, pixels = good.data_set[:2000], good.data_set[2000:]
    nested = b"\x40\x00\x75\x02\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 40
    yield replace(good, sop_instance_uid=evil)
    yield replace(good, sop_instance_uid=uid_value(mark("UI")))
    yield replace(good, sop_class_uid=uid_value(mark("UI")))
    yield replace(good, raw=good.data_set.replace(str(ds.StudyInstanceUID).encode(), evil[:20].ljust(20)))
    yield replace(good, raw=head)
    yield replace(good, raw=nested + good.data_set)
    yield replace(good, raw=mark("LO").encode() * 50)
    yield replace(good, raw=head + pixels[:-2] + b"QZ")


def send(port, instances, calling="SCANNER"):
    """The statuses of instances sent on one association."""
    with RawPeer(port) as peer:
        peer.associate(calling=calling)
        answers = [peer.c_store(instance) for instance in instances]
        peer.release()
    return answers


def is_over(service, studies):
    """Whether every study has been looked at, and the PACS that is away has been tried."""
    ended = [event for name in ("study_read", "study_not_read", "study_failed") for event in service.events(name)]
    return len(ended) >= len(studies) and [*service.events("report_delivered"), *service.events("delivery_failed")]


def outcomes_of(service, studies):
    """How each study ended: whatever the model found is "read", else its refusal, else its state."""
    listed = {study["study_instance_uid"]: study for study in service.ask("study", "list")}
    ended = {name: listed[datasets[0].StudyInstanceUID] for name, datasets in studies.items()}
    found = {"positive": "read", "negative": "read", "undetermined": "read", "refused": "refused"}
    return {name: found.get(study["outcome"], study["state"]) for name, study in ended.items()}


def spoken(service):
    """What the program says to its user where it may name no patient, by the command."""
    commands = (("queue", "list"), ("study", "show", "2.25.1"), ("db", "status"), ("config", "show"))
    said = {" ".join(command): service.run(*command) for command in commands}
    return {command: done.stdout + done.stderr for command, done in said.items()}


def shown(service, datasets):
    """What `study show` tells of a study, and which marks it may hold: its UIDs, and what a rule quotes."""
    may = marks_of(datasets, "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", *QUOTED)
    told = service.run("study", "show", datasets[0].StudyInstanceUID)
    assert told.returncode == 0
    return marks_in(told.stdout + told.stderr) - may


def kept_for_people(service):
    """What the database keeps to be told to people: errors, reasons and the audit trail."""
    database = Database(service.environment["OSTEO_PACS__DATABASE__URL"])
    columns = {
        "job": ("last_error", "dedupe_key", "claimed_by"),
        "study": ("result_reason",),
        "delivery": ("warning",),
        "audit_event": ("actor", "facts"),
    }
    try:
        with database.read() as session:
            return {
                f"{table}.{column}": repr(session.execute(text(f"SELECT {column} FROM {table}")).all())  # noqa: S608
                for table, names in columns.items()
                for column in names
            }
    finally:
        database.close()


def left_behind(service):
    """Every file of the installation that is not the spool or the database, with its name."""
    private = (service.folder / "var", *service.folder.parent.glob("*.db*"))
    files = [path for path in service.folder.rglob("*") if path.is_file()]
    return {
        str(path): f"{path} {path.read_bytes().decode(errors='replace')}"
        for path in files
        if not any(path.is_relative_to(one) for one in private)
    }


def with_marks(said):
    """What holds a mark, with the marks."""
    return {name: found for name, words in said.items() if (found := marks_in(words))}


@pytest.mark.timeout(600)
def test_no_identity_in_logs_errors_process_titles_and_temporary_files(service, studies, temporary):
    everything = [ds for datasets in studies.values() for ds in datasets]
    planted = set().union(*(marks_in(instance_of(ds).data_set) for ds in everything))
    assert len(planted) > 5000
    with Watch(service, temporary) as watch:
        for name, datasets in studies.items():
            answers = send(service.port, map(instance_of, datasets))
            assert [answer.status for answer in answers] == [0] * len(datasets), name
        refusals = [answer for evil in attacks(studies["read"][0]) for answer in send(service.port, [evil])]
        assert all(refusal.status and refusal.comment for refusal in refusals)
        until(lambda: is_over(service, studies), timeout_s=READ_WITHIN_S, every_s=0.5, what="every study")
        said = spoken(service)
        outcomes = outcomes_of(service, studies)
        told = {name: shown(service, studies[name]) for name in ("read", "odd colours", "two patients")}
        assert service.stop() == 0

    assert outcomes == OUTCOMES
    # The queue's study is named to its user by its Study Instance UID, and by nothing else.
    study_uids = marks_of(everything, "StudyInstanceUID")
    assert {command: found - study_uids for command, found in with_marks(said).items()} == {"queue list": set()}
    assert {name: marks for name, marks in told.items() if marks} == {}
    assert with_marks(dict(enumerate(refusal.comment for refusal in refusals))) == {}
    kept = with_marks(kept_for_people(service))
    # The audit trail has to tell which study it was (PS3.15 A.5.3), and tells nothing else of it.
    assert kept.pop("audit_event.facts") <= study_uids
    assert kept == {}
    assert with_marks(left_behind(service)) == {}
    assert any("osteo_pacs.decode.child" in title for title in watch.seen)
    assert with_marks(dict(enumerate(watch.seen))) == {}
    assert [*temporary.iterdir()] == []


def test_a_mark_would_be_found_wherever_it_stood(tmp_path):
    for vr in ("LO", "PN", "UI", "DA", "TM"):
        path = tmp_path / f"{vr}.log"
        path.write_text(f'{{"event": "study_read", "reason": "{mark(vr)}"}}')
        assert with_marks({"log": path.read_text()}), vr
