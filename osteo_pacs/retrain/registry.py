"""Taking a finished bundle into the store of models, as a candidate."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from osteo_pacs.db import model_versions
from osteo_pacs.db.model_versions import KnownModelVersion, NewModelVersion
from osteo_pacs.db.session import Database
from osteo_pacs.sealed import open_sealed

METADATA = "configs/metadata.json"
WEIGHTS = "models/model.safetensors"


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a version came from; each is None where it is not known.

    Attributes:
        dataset_sha256: digest of the data set that it was trained on.
        parent: bundle digest of the version that its training began with.
        command: the command that made it, as it was typed.
        code_version: of the program that made it.
    """

    dataset_sha256: str | None = None
    parent: str | None = None
    command: str | None = None
    code_version: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """For the database; what is not known is left out."""
        return {key: value for key, value in asdict(self).items() if value is not None}


def adopt(database: Database, store: Path, bundle: Path, lineage: Lineage, now: datetime) -> KnownModelVersion:
    """Copies a sealed bundle into the store and registers it as a candidate.

    Raises:
        BundleTampered: it is not as its manifest says.
    """
    sealed = open_sealed(bundle)
    metadata = json.loads(sealed.read(METADATA))
    kept = store / sealed.manifest_sha256[:16]
    if not kept.exists():
        new = kept.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(bundle, new)
        new.rename(kept)
    new_version = NewModelVersion(
        name=metadata["name"],
        version=metadata["version"],
        bundle_sha256=sealed.manifest_sha256,
        weights_sha256=sealed.digests[WEIGHTS],
        device_uid=metadata["product"]["device_uid"],
        facts={"lineage": lineage.to_dict(), "folder": str(kept)},
    )
    with database.write() as session:
        number = model_versions.register(session, new_version, now)
        return next(known for known in model_versions.list_model_versions(session) if known.id == number)
