"""The data set of a training that names none: the newest, or a new one where labels have come since."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from osteo_pacs.audit.record import Participant
from osteo_pacs.config import Settings
from osteo_pacs.db.data_sets import list_data_sets
from osteo_pacs.db.labels import labelled_since
from osteo_pacs.db.session import Database


def is_outdated(database: Database) -> bool:
    """Whether studies were labelled since the newest data set was begun, or ever where there is none."""
    with database.read() as session:
        begun = max((known.created_at for known in list_data_sets(session)), default=None)
        return labelled_since(session, begun) > 0


def build_first(
    settings: Settings, database: Database, training: int, advance: Callable[[], None] = lambda: None
) -> Path:
    """Builds a data set for a training, and returns its folder; ``advance`` is called after each study.

    Raises:
        TooFewCases, SidesChanged, DecoderUnavailable: as `Builder.build` says.
        SecretUnusable, BundleTampered, BundleNotSigned, BundleUnusable: as `builder` says.
    """
    # It loads PyTorch, for which no other training has a use.
    from osteo_pacs.retrain.data_set.wiring import builder

    by = Participant(f"training-{training}", name=f"training {training}")
    with builder(settings, database, by=by) as ready:
        return ready.build(advance).folder.absolute()
