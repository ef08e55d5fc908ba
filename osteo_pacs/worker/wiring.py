"""From settings to a worker that is ready: decoder, model, reader, settler."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from osteo_pacs import log, shipped
from osteo_pacs.audit.events import model_activated
from osteo_pacs.clock import utc_now
from osteo_pacs.config import Settings
from osteo_pacs.db import audit, model_versions
from osteo_pacs.db.model_versions import NewModelVersion
from osteo_pacs.db.session import Database
from osteo_pacs.decode import Decoder
from osteo_pacs.infer.bundle import load_bundle
from osteo_pacs.infer.explain import Explainer
from osteo_pacs.infer.manifest import verify_manifest
from osteo_pacs.infer.predict import Model
from osteo_pacs.jobs.retry import Backoff
from osteo_pacs.jobs.workers import worker_name
from osteo_pacs.spool import Spool
from osteo_pacs.worker.batch import BatchReader
from osteo_pacs.worker.documents import DocumentReader
from osteo_pacs.worker.loop import Loop
from osteo_pacs.worker.settle import Settler
from osteo_pacs.worker.study import StudyOpener

MEBIBYTE = 1 << 20


@contextmanager
def wired_loop(settings: Settings, database: Database) -> Iterator[Loop]:
    """A worker's loop, as long as the block lasts; its decoding process ends with it.

    Raises:
        BundleTampered: the bundle is not what its manifest says.
        BundleNotSigned, KeyUnusable: as `osteo_pacs.signature` says.
    """
    bundle = settings.model.bundle or shipped.BUNDLE
    worker = settings.worker
    threads = max(1, len(os.sched_getaffinity(0)) // worker.processes)
    key = settings.model.public_key
    model = load_bundle(bundle, worker.device, threads=threads, batch_size=worker.batch_size, public_key=key)
    draws = any(destination.picture for destination in settings.destinations)
    with _decoder(settings, bundle) as decoder:
        model_version_id = _put_into_service(database, model, bundle, verify_manifest(bundle, key))
        reader = BatchReader(
            database=database,
            opener=_opener(settings, decoder),
            model=model,
            explainer=Explainer(model, threads) if draws else None,
            model_version_id=model_version_id,
            destinations=settings.destinations,
            station_name=settings.service.station_name or socket.gethostname(),
            prediction_timeout_s=settings.worker.prediction_timeout_s,
            clock=utc_now,
        )
        settler = Settler(
            database,
            model_version_id=model_version_id,
            backoff=Backoff(settings.jobs.backoff_s, settings.jobs.max_backoff_s),
            max_attempts=settings.jobs.max_attempts,
            random=random.Random(),  # noqa: S311 - spreads retries, guards nothing
        )
        name = worker_name()
        log.get_logger().info(
            "worker_ready", worker=name, device=model.runtime.name, model_version=model.version.version
        )
        documents = DocumentReader(
            database=database,
            spool=Spool(settings.spool.directory),
            decoder=decoder,
            rules=settings.labels,
            clock=utc_now,
        )
        yield Loop(
            settings=settings,
            database=database,
            reader=reader,
            settler=settler,
            documents=documents,
            name=name,
            clock=utc_now,
        )


def _decoder(settings: Settings, bundle: Path) -> Decoder:
    worker = settings.worker
    return Decoder(
        bundle, worker.decode_memory_mib * MEBIBYTE, worker.decode_timeout_s, public_key=settings.model.public_key
    )


def _opener(settings: Settings, decoder: Decoder) -> StudyOpener:
    return StudyOpener(
        Spool(settings.spool.directory),
        decoder,
        rules=settings.selection.rules,
        pixel_limit=settings.worker.max_pixels,
        min_age_years=settings.worker.min_age_years,
    )


def _put_into_service(database: Database, model: Model, bundle: Path, bundle_sha256: str) -> int:
    version = model.version
    new = NewModelVersion(
        name=version.name,
        version=version.version,
        bundle_sha256=bundle_sha256,
        weights_sha256=version.weights_sha256,
        device_uid=version.device_uid,
    )
    now = utc_now()
    with database.write() as session:
        model_version_id, before = model_versions.register(session, new, now), model_versions.active(session)
        if model_versions.activate(session, model_version_id, now):
            was = f"{before.name} {before.version}" if before else None
            told = f"{new.name} {new.version}"
            audit.append(session, model_activated(bundle, told, was, new.bundle_sha256, now))
    return model_version_id
