from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from typer.testing import CliRunner

from databases import opened, url_at_head
from osteo_pacs.cli import app
from osteo_pacs.db import deliveries, instances, receipts, reports, studies
from osteo_pacs.db.lean import lean_write
from osteo_pacs.db.tables import JobKind, ModelVersionRow
from osteo_pacs.jobs import queue

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"
_serial = count(1)


class Document:
    """A document of a report, as the worker hands it over."""

    kind = "comprehensive_3d_sr"
    sop_class_uid = "1.2.840.10008.5.1.4.1.1.88.34"
    content = b"Part 10"

    def __init__(self) -> None:
        self.sop_instance_uid = f"2.25.7{next(_serial)}"
        self.series_instance_uid = f"2.25.8{next(_serial)}"


class Installation:
    """A configuration and a database at head, filled by the functions of the service."""

    def __init__(self, config: Path, database) -> None:
        self.config = config
        self.database = database
        self._runner = CliRunner()

    def run(self, *arguments):
        return self._runner.invoke(app, ["--config", str(self.config), *map(str, arguments)])

    def lines(self, *arguments, exit_code=0):
        result = self.run(*arguments)
        assert result.exit_code == exit_code, result.output
        return result.stdout.splitlines()

    def json(self, *arguments, exit_code=0):
        result = self.run(*arguments, "--json")
        assert result.exit_code == exit_code, result.output
        return json.loads(result.stdout)

    def error(self, *arguments, exit_code):
        result = self.run(*arguments)
        assert result.exit_code == exit_code, result.output
        assert "Traceback" not in result.output
        return result.stderr

    # -- what the service would have done

    def receive(self, study_instance_uid, sop_instance_uids=None, *, now=NOW):
        """Instances of a study that is still open; gives its id."""
        received = [
            (_instance(study_instance_uid, uid, now), _sender(now))
            for uid in sop_instance_uids or [f"{study_instance_uid}.1"]
        ]
        with lean_write(self.database) as lean:
            return receipts.record_instances(lean, received)[0].study_id

    def complete(self, study_id, *, now=NOW):
        """The study is whole and its INFER job waits; gives the job's id."""
        with self.database.write() as session:
            studies.mark_complete(session, study_id, now=now, reason="quiet")
            key = f"infer:{next(_serial)}"
            return queue.enqueue(session, kind=JobKind.INFER, study_id=study_id, dedupe_key=key, now=now)

    def claim(self, *, destinations=None):
        """The next job, as a worker or a courier takes it."""
        kind = JobKind.DELIVER if destinations else JobKind.INFER
        return queue.claim(self.database, kind=kind, worker="w", lease_s=60, limit=1, destinations=destinations)[0]

    def decide(self, study_id, reasons):
        """``reasons`` by SOP Instance UID: (is_selected, reason)."""
        with self.database.write() as session:
            ids = {row.sop_instance_uid: row.id for row in instances.instances_of(session, study_id)}
            instances.record_decisions(
                session,
                [
                    instances.InstanceDecision(ids[uid], is_selected=is_selected, reason=reason)
                    for uid, (is_selected, reason) in reasons.items()
                ],
            )

    def report(self, study_id, claim, *, outcome="positive", probability=0.875, destinations=(), now=NOW):
        """The claimed INFER job ends with a report on its way to the destinations; gives the SR's UID."""
        document = Document()
        with self.database.write() as session:
            latest = reports.latest_report(session, study_id)
            report_id = reports.add_report(
                session,
                reports.NewReport(
                    study_id=study_id,
                    input_digest=f"{next(_serial):064d}",
                    model_version_id=_model_version(session),
                    outcome=outcome,
                    probability=probability,
                    created_at=now,
                    supersedes_id=latest.report_id if latest else None,
                ),
                [document],
            )
            for destination in destinations:
                job_id = queue.enqueue(
                    session,
                    kind=JobKind.DELIVER,
                    study_id=study_id,
                    dedupe_key=f"deliver:{next(_serial)}",
                    now=now,
                    destination=destination,
                )
                deliveries.add_delivery(
                    session,
                    report_id=report_id,
                    job_id=job_id,
                    destination=destination,
                    sr_kinds=[document.kind],
                )
            queue.complete(session, claim, now)
        return document.sop_instance_uid

    def end(self, claim, *, parked_for=None):
        """A claimed job is done, or needs a person."""
        with self.database.write() as session:
            if parked_for:
                queue.park(session, claim, parked_for)
            else:
                queue.complete(session, claim, NOW)


@pytest.fixture
def installation(tmp_path):
    url = url_at_head("sqlite", tmp_path)
    config = tmp_path / "config.toml"
    config.write_text(f'[database]\nurl = "{url}"\n', encoding="utf-8")
    with opened(url) as database:
        yield Installation(config, database)


@pytest.fixture
def run(monkeypatch, tmp_path):
    """The program in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OSTEO_PACS_CONFIG", raising=False)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def _instance(study_instance_uid, sop_instance_uid, now):
    return receipts.NewInstance(
        study_instance_uid=study_instance_uid,
        series_instance_uid=f"{study_instance_uid}.0",
        sop_class_uid=COMPUTED_RADIOGRAPHY,
        sop_instance_uid=sop_instance_uid,
        transfer_syntax_uid="1.2.840.10008.1.2",
        accession_number="",
        patient_digest="",
        sha256="0" * 64,
        size_bytes=384_000,
        path=f"instances/{sop_instance_uid}.dcm",
        calling_ae_title="DXA",
        received_at=now,
    )


def _sender(now):
    return receipts.Sender(association_id="a", listener="l", expires_at=now + timedelta(seconds=30))


def _model_version(session):
    row = session.query(ModelVersionRow).first()
    if row is None:
        row = ModelVersionRow(
            name="spine",
            version="1.2.0",
            bundle_sha256="0" * 64,
            weights_sha256="1" * 64,
            device_uid="2.25.9",
            created_at=NOW,
        )
        session.add(row)
        session.flush()
    return row.id
