"""From settings to a worker that is ready: the version in service, those that follow it, the loop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from osteo_pacs import log
from osteo_pacs.clock import utc_now
from osteo_pacs.config import Settings
from osteo_pacs.db.model_versions import KnownModelVersion
from osteo_pacs.db.session import Database, DatabaseUnavailable
from osteo_pacs.jobs.workers import worker_name
from osteo_pacs.spool import Spool
from osteo_pacs.worker.documents import DocumentReader
from osteo_pacs.worker.in_service import begin
from osteo_pacs.worker.loop import Loop
from osteo_pacs.worker.ready import Ready, make_ready
from osteo_pacs.worker.succession import Succession


@contextmanager
def wired_loop(settings: Settings, database: Database) -> Iterator[Loop]:
    """A worker's loop, as long as the block lasts; its decoding process ends with it.

    Raises:
        BundleTampered: a bundle is not what its manifest says.
        BundleNotSigned, KeyUnusable: as `osteo_pacs.signature` says.
        BundleOfServiceMissing, BundleUnusable, TrialFailed: the version in service cannot read.
    """
    in_service, bundle_of = begin(settings, database)

    def load(known: KnownModelVersion) -> Ready:
        return make_ready(settings, database, known, bundle_of(known))

    first, name = load(in_service), worker_name()
    succession = Succession(first, load, bundle_of, database=database, worker=name, clock=utc_now)
    documents = DocumentReader(
        database=database, spool=Spool(settings.spool.directory), rules=settings.labels, clock=utc_now
    )
    try:
        succession.begin()
        log.get_logger().info("worker_ready", worker=name, device=first.runtime, model_version=first.known.version)
        yield Loop(
            settings=settings,
            database=database,
            succession=succession,
            documents=documents,
            name=name,
            clock=utc_now,
        )
    finally:
        with suppress(DatabaseUnavailable):
            succession.close()
