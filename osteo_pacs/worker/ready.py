"""A model version, ready to read: all of a worker that depends on the bundle, made and closed together."""

from __future__ import annotations

import os
import random
import socket
from dataclasses import dataclass
from pathlib import Path

from osteo_pacs.clock import utc_now
from osteo_pacs.config import Settings
from osteo_pacs.db.model_versions import KnownModelVersion
from osteo_pacs.db.session import Database
from osteo_pacs.decode import Decoder
from osteo_pacs.infer.bundle import load_bundle
from osteo_pacs.infer.explain import Explainer
from osteo_pacs.infer.trial import try_model
from osteo_pacs.jobs.retry import Backoff
from osteo_pacs.phantom.trial import trial_image
from osteo_pacs.spool import Spool
from osteo_pacs.worker.batch import BatchReader
from osteo_pacs.worker.settle import Settler
from osteo_pacs.worker.study import StudyOpener


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """One version's reader and settler: a batch that the one has read, the other settles."""

    known: KnownModelVersion
    runtime: str
    reader: BatchReader
    settler: Settler
    decoder: Decoder

    def close(self) -> None:
        """Ends its decoding process."""
        self.decoder.close()


def make_ready(settings: Settings, database: Database, known: KnownModelVersion, bundle: Path) -> Ready:
    """Loads a version and lets it read a simulated spine.

    Raises:
        BundleTampered, BundleNotSigned, KeyUnusable, BundleUnusable: it does not load.
        TrialFailed: it does not answer.
    """
    worker, key = settings.worker, settings.model.public_key
    threads = max(1, len(os.sched_getaffinity(0)) // worker.processes)
    model = load_bundle(bundle, worker.device, threads=threads, batch_size=worker.batch_size, public_key=key)
    try_model(model, trial_image())
    draws = any(destination.picture for destination in settings.destinations)
    explainer = Explainer(model, threads) if draws else None
    decoder = open_decoder(settings, bundle)
    reader = BatchReader(
        database=database,
        opener=study_opener(settings, decoder),
        model=model,
        explainer=explainer,
        model_version_id=known.id,
        destinations=settings.destinations,
        station_name=settings.service.station_name or socket.gethostname(),
        prediction_timeout_s=worker.prediction_timeout_s,
        clock=utc_now,
    )
    settler = Settler(
        database,
        model_version_id=known.id,
        backoff=Backoff(settings.jobs.backoff_s, settings.jobs.max_backoff_s),
        max_attempts=settings.jobs.max_attempts,
        random=random.Random(),  # noqa: S311 - spreads retries, guards nothing
    )
    return Ready(known, model.runtime.name, reader, settler, decoder)


def open_decoder(settings: Settings, bundle: Path) -> Decoder:
    """A decoding process with the bundle's rendering.

    Raises:
        BundleTampered, BundleNotSigned, KeyUnusable: as `osteo_pacs.sealed` says.
        DecoderUnavailable: it does not start.
    """
    worker, key = settings.worker, settings.model.public_key
    return Decoder(bundle, worker.decode_memory_bytes, worker.decode_timeout_s, public_key=key).__enter__()


def study_opener(settings: Settings, decoder: Decoder) -> StudyOpener:
    """Opens studies by the rules of the configuration."""
    return StudyOpener(
        Spool(settings.spool.directory),
        decoder,
        rules=settings.selection.rules,
        pixel_limit=settings.worker.max_pixels,
        min_age_years=settings.worker.min_age_years,
    )
