"""Taking a finished bundle into the store of models, as a candidate."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from osteo_pacs.db import model_versions
from osteo_pacs.db.model_versions import NewModelVersion
from osteo_pacs.db.session import Database
from osteo_pacs.sealed import open_sealed

METADATA = "configs/metadata.json"
WEIGHTS = "models/model.safetensors"


def adopt(database: Database, store: Path, bundle: Path, lineage: Mapping[str, Any], now: datetime) -> int:
    """Copies a sealed bundle into the store and registers it; returns the number of its version.

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
        facts={"lineage": dict(lineage), "folder": str(kept)},
    )
    with database.write() as session:
        return model_versions.register(session, new_version, now)
