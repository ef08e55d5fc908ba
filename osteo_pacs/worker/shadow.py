"""A candidate reads what the version in service has read: in a process of its own, after it, and nothing leaves.

Each report is tried once. That it failed is written before it is tried, so that an input that ends the process is
counted and not met again. The network runs on one thread of the CPU: the workers keep their device.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from osteo_pacs import log
from osteo_pacs.clock import Clock
from osteo_pacs.config import Settings
from osteo_pacs.db import instances, model_versions, shadow
from osteo_pacs.db.model_versions import KnownModelVersion
from osteo_pacs.db.session import Database
from osteo_pacs.db.shadow import Cast, Said, ToRead
from osteo_pacs.decode import Decoder
from osteo_pacs.errors import OsteoPacsError, PermanentError, RetryableError
from osteo_pacs.findings import StudyResult
from osteo_pacs.infer.bundle import load_bundle
from osteo_pacs.infer.predict import Model
from osteo_pacs.model_store import ModelStore
from osteo_pacs.worker.ready import open_decoder, study_opener
from osteo_pacs.worker.result import study_result
from osteo_pacs.worker.study import StudyOpener
from osteo_pacs.worker.watchdog import ended_after

LOOK_EVERY_S = 1.0
TRY_AGAIN_AFTER_S = 30.0
AT_ONCE = 8


class StudyChanged(PermanentError):
    """The study has other images now than the report was made from."""


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """A candidate, ready to read."""

    known: KnownModelVersion
    model: Model
    opener: StudyOpener
    decoder: Decoder


def read_along(settings: Settings, database: Database, stop: threading.Event, clock: Clock) -> None:
    """Reads with whatever version is cast as shadow, until ``stop``; waits where there is none."""
    beside: Beside | None = None
    while not stop.is_set():
        try:
            with database.read() as session:
                cast = shadow.current(session)
            beside = _follow(settings, database, cast, beside)
            has_read = (
                beside is not None and cast is not None and _read_some(settings, database, cast, beside, clock)
            )
        except RetryableError as error:
            log.get_logger().warning("shadow_waits", reason=str(error))
            stop.wait(TRY_AGAIN_AFTER_S)
            continue
        if not has_read:
            stop.wait(LOOK_EVERY_S)
    _end(beside)


def _follow(settings: Settings, database: Database, cast: Cast | None, beside: Beside | None) -> Beside | None:
    if cast is not None and beside is not None and beside.known.id == cast.model_version_id:
        return beside
    _end(beside)
    return _load(settings, database, cast) if cast is not None else None


def _load(settings: Settings, database: Database, cast: Cast) -> Beside | None:
    with database.read() as session:
        known = model_versions.find(session, cast.model_version_id)
    if known is None:
        return None
    bundle = ModelStore(settings.model_store).folder_of(known.bundle_sha256)
    try:
        model = load_bundle(bundle, "cpu", threads=1, batch_size=1, public_key=settings.model.public_key)
        decoder = open_decoder(settings, bundle)
    except OsteoPacsError as error:
        log.get_logger().error("shadow_not_loaded", model_version=known.version, reason=str(error))
        raise RetryableError(f"model version {known.version} cannot read beside") from error
    log.get_logger().info("shadow_ready", model_version=known.version)
    return Beside(known, model, study_opener(settings, decoder), decoder)


def _end(beside: Beside | None) -> None:
    if beside is not None:
        beside.decoder.close()


def _read_some(settings: Settings, database: Database, cast: Cast, beside: Beside, clock: Clock) -> bool:
    with database.read() as session:
        waiting = shadow.next_to_read(session, cast, AT_ONCE)
    for one in waiting:
        with database.write() as session:
            is_ours = shadow.begin(session, beside.known.id, one.report_id, clock())
        if is_ours:
            _conclude(settings, database, beside, one)
    return bool(waiting)


def _conclude(settings: Settings, database: Database, beside: Beside, one: ToRead) -> None:
    try:
        with ended_after(settings.worker.prediction_timeout_s):
            result = _read(database, beside, one)
        said = Said(str(result.outcome), result.probability)
    except Exception as error:  # noqa: BLE001 - a candidate's failure is counted, and harms nobody
        reason = error.message if isinstance(error, OsteoPacsError) else type(error).__name__
        said = Said(shadow.FAILED, reason=reason)
        log.get_logger().warning("shadow_failed", study_id=one.study_id, report_id=one.report_id, reason=reason)
    with database.write() as session:
        shadow.conclude(session, beside.known.id, one.report_id, said)


def _read(database: Database, beside: Beside, one: ToRead) -> StudyResult:
    with database.read() as session:
        of_study = instances.study_of(session, one.study_id)
        rows = instances.instances_of(session, one.study_id)
    study = beside.opener.open(of_study.study_instance_uid, rows, repetition=of_study.repetition)
    if study.input_digest != one.input_digest:
        raise StudyChanged
    answers = beside.model.predict([image.grey for image in study.images]) if study.images else []
    by_row = {image.row.id: answer for image, answer in zip(study.images, answers, strict=True)}
    return study_result(study, by_row, beside.model.version)
