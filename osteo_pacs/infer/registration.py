"""A sealed bundle as the registry keeps it, told by its metadata without loading the network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from osteo_pacs.db.model_versions import NewModelVersion
from osteo_pacs.infer.metadata import METADATA, WEIGHTS, BundleUnusable, model_version
from osteo_pacs.sealed import Sealed

TOLD = ("task", "intended_use", "training", "eval_metrics")
"""Keys of the metadata that are kept as they stand, where they are there."""


def as_new_version(sealed: Sealed, lineage: Mapping[str, Any] | None = None) -> NewModelVersion:
    """The version that this bundle is.

    Args:
        sealed: the bundle.
        lineage: where it came from, as JSON; None where nothing is known.

    Raises:
        BundleTampered: the manifest names no metadata or no weights.
        BundleUnusable: the metadata lack something.
    """
    sealed.read(WEIGHTS)
    try:
        metadata = json.loads(sealed.read(METADATA))
        version = model_version(metadata, sealed.digests[WEIGHTS])
    except (ValueError, KeyError, TypeError) as error:
        raise BundleUnusable(f"{sealed.folder / METADATA}: {type(error).__name__}: {error}"[:300]) from error
    facts = {
        "threshold": version.threshold,
        "is_demonstration": version.is_demonstration,
        "label_definition": version.label_definition,
        **{key: metadata[key] for key in TOLD if key in metadata},
        **({"lineage": dict(lineage)} if lineage else {}),
    }
    return NewModelVersion(
        name=version.name,
        version=version.version[:64],
        bundle_sha256=sealed.manifest_sha256,
        weights_sha256=version.weights_sha256,
        device_uid=version.device_uid,
        facts=facts,
    )
