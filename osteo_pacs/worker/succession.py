"""How one model version takes another's place in a worker: between two batches, when it is ready.

    succession.follow()                  # between two batches; looks, loads in the background, swaps
    succession.ready.reader.read(batch)  # a batch is read, and settled, by one version

The version in service is looked up at most every ``LOOK_EVERY_S``, one row by an index, where the loop comes by in
any case. A version that cannot be loaded changes nothing: the worker goes on with the one that it has, says so in
the log and in the database, and tries again later.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from osteo_pacs import log
from osteo_pacs.audit.model_events import bundle_tampered
from osteo_pacs.clock import Clock
from osteo_pacs.db import audit, model_serving, model_versions
from osteo_pacs.db.model_versions import KnownModelVersion
from osteo_pacs.db.session import Database
from osteo_pacs.sealed import BundleTampered
from osteo_pacs.signature import BundleNotSigned
from osteo_pacs.worker.in_service import BundleOf
from osteo_pacs.worker.ready import Ready

LOOK_EVERY_S = 0.5
TRY_AGAIN_AFTER_S = 30.0
SLOW_AFTER_S = 180.0
TRIES = 2

Load = Callable[[KnownModelVersion], Ready]


@dataclass
class _Loading:
    """A version on its way: its thread, and what came of it."""

    known: KnownModelVersion
    thread: threading.Thread
    began_s: float
    is_told_slow: bool = False
    ready: Ready | None = None
    error: Exception | None = None


class Succession:
    """The version that this worker reads with, and the one that comes next.

    Attributes:
        ready: what reads now; it changes in ``follow`` alone.
    """

    def __init__(
        self,
        first: Ready,
        load: Load,
        bundle_of: BundleOf,
        *,
        database: Database,
        worker: str,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ready = first
        self._load = load
        self._bundle_of = bundle_of
        self._database = database
        self._worker = worker
        self._clock = clock
        self._monotonic = monotonic
        self._looked_s = self._seen_s = monotonic()
        self._loading: _Loading | None = None
        self._failed: tuple[int, float] | None = None

    def begin(self) -> None:
        """Tells the database with which version this worker reads."""
        with self._database.write() as session:
            model_serving.record_serving(session, self._worker, self.ready.known.id, self._clock())

    def follow(self) -> None:
        """Looks which version is in service, and takes it up when it is loaded.

        Raises:
            DatabaseUnavailable: it cannot be told.
        """
        now_s = self._monotonic()
        if now_s - self._looked_s < LOOK_EVERY_S:
            return
        self._looked_s = now_s
        with self._database.read() as session:
            wanted_id = model_versions.active_id(session)
        if self._loading is not None:
            self._look_at_loading(wanted_id, now_s)
        elif wanted_id not in {None, self.ready.known.id} and not self._has_failed(wanted_id, now_s):
            self._start(wanted_id)
        if now_s - self._seen_s >= model_serving.SEEN_EVERY_S:
            self._seen_s = now_s
            with self._database.write() as session:
                model_serving.record_seen(session, self._worker, self._clock())

    def close(self) -> None:
        """Ends the decoding process, and takes this worker off the list."""
        self.ready.close()
        with self._database.write() as session:
            model_serving.forget(session, [self._worker])

    def _has_failed(self, wanted_id: int | None, now_s: float) -> bool:
        return self._failed is not None and self._failed[0] == wanted_id and now_s < self._failed[1]

    def _start(self, wanted_id: int | None) -> None:
        with self._database.read() as session:
            known = model_versions.active(session)
        if known is None or known.id != wanted_id:
            return
        log.get_logger().info("model_loading", worker=self._worker, model_version=known.version)
        # A daemon: a bundle that hangs must not hold the process at its end.
        thread = threading.Thread(target=self._run, name="loading", daemon=True)
        self._loading = _Loading(known, thread, self._monotonic())
        thread.start()

    def _run(self) -> None:
        loading = self._loading
        assert loading is not None  # noqa: S101 - it is set before the thread starts
        # MONAI walks over the loaded modules, and breaks off where another thread imports one meanwhile.
        for _ in range(TRIES):
            try:
                loading.ready, loading.error = self._load(loading.known), None
            except Exception as error:  # noqa: BLE001 - whatever is wrong with a new version, the old one reads on
                loading.error = error
            else:
                return

    def _look_at_loading(self, wanted_id: int | None, now_s: float) -> None:
        loading = self._loading
        if loading is None:
            return
        if loading.thread.is_alive():
            if not loading.is_told_slow and now_s - loading.began_s > SLOW_AFTER_S:
                loading.is_told_slow = True
                self._tell_failure(loading.known, f"it has been loading for {SLOW_AFTER_S:g} s")
            return
        self._loading = None
        if loading.error is not None:
            self._alert(loading.known, loading.error)
            self._failed = (loading.known.id, now_s + TRY_AGAIN_AFTER_S)
            self._tell_failure(loading.known, str(loading.error) or type(loading.error).__name__)
        elif loading.ready is not None and loading.known.id == wanted_id:
            self._swap(loading.ready)
        elif loading.ready is not None:
            loading.ready.close()

    def _swap(self, ready: Ready) -> None:
        old, self.ready = self.ready, ready
        self._failed = None
        old.close()
        # What is loaded stays out of collections (service/worker.py); the old version must not stay with it.
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        with self._database.write() as session:
            model_serving.record_serving(session, self._worker, ready.known.id, self._clock())
        log.get_logger().info(
            "model_swapped", worker=self._worker, device=ready.runtime, model_version=ready.known.version
        )

    def _alert(self, known: KnownModelVersion, error: Exception) -> None:
        """The audit trail hears of a bundle that was tampered with; once, not at each further try."""
        is_new = self._failed is None or self._failed[0] != known.id
        if is_new and isinstance(error, BundleTampered | BundleNotSigned):
            told = bundle_tampered("worker", self._bundle_of(known), error.message, self._clock())
            with self._database.write() as session:
                audit.append(session, told)

    def _tell_failure(self, known: KnownModelVersion, reason: str) -> None:
        log.get_logger().error(
            "model_not_loaded",
            worker=self._worker,
            model_version=known.version,
            reason=reason,
            remedy="Mend the bundle in the model store, or roll back: `osteo-pacs model rollback`.",
        )
        with self._database.write() as session:
            model_serving.record_failure(session, self._worker, known.id, reason)
