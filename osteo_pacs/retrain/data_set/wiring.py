"""From settings to a builder of data sets: decoder, preprocessing, secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from osteo_pacs.audit.record import Participant
from osteo_pacs.clock import utc_now
from osteo_pacs.config import Settings
from osteo_pacs.db.session import Database
from osteo_pacs.decode import Decoder
from osteo_pacs.infer.bundle import load_preparation
from osteo_pacs.labels.effective import LabelRules
from osteo_pacs.retrain.data_set.build import Builder
from osteo_pacs.retrain.data_set.crops import Cropper
from osteo_pacs.retrain.data_set.site_secret import SiteSecret
from osteo_pacs.retrain.registry.place import ACTIVE, bundle_of
from osteo_pacs.sealed import open_sealed
from osteo_pacs.spool import Spool

_DECIDING = ("configs/inference.json", "scripts/preprocess.py", "scripts/reader.py", "scripts/rendering.py")
"""Files of the bundle in service that decide on the crop."""


@contextmanager
def builder(settings: Settings, database: Database, *, by: Participant) -> Iterator[Builder]:
    """A builder, as long as the block lasts; its decoding process ends with it.

    Raises:
        SecretUnusable: the site's secret cannot be used.
        BundleTampered, BundleNotSigned, BundleUnusable: as `osteo_pacs.infer.bundle` says.
    """
    bundle, key = bundle_of(database, settings, ACTIVE), settings.model.public_key
    secret, prepare = SiteSecret.open(settings.datasets.key_file), load_preparation(bundle, public_key=key)
    worker, spool = settings.worker, Spool(settings.spool.directory)
    digests = open_sealed(bundle, key).digests
    with Decoder(bundle, worker.decode_memory_bytes, worker.decode_timeout_s, public_key=key) as decoder:

        def cropper(folder: Path) -> Cropper:
            return Cropper(
                folder,
                spool=spool,
                decoder=decoder,
                prepare=prepare,
                secret=secret,
                recipe=settings.datasets,
                pixel_limit=worker.max_pixels,
            )

        threads = torch.get_num_threads()
        # One small picture at a time: threads would wait for each other longer than they work.
        torch.set_num_threads(1)
        try:
            yield Builder(
                database=database,
                cropper=cropper,
                secret=secret,
                rules=LabelRules.of(settings.labels.precedence, settings.labels.t_score_cut_off),
                recipe=settings.datasets,
                made_by={name: digests[name] for name in _DECIDING if name in digests},
                clock=utc_now,
                by=by,
            )
        finally:
            torch.set_num_threads(threads)
