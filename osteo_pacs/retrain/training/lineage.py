"""Where a candidate comes from: written into its metadata before it is trained, sealed with it, and registered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import osteo_pacs
from osteo_pacs.db.training_runs import TrainingPlan
from osteo_pacs.infer.metadata import METADATA, STATE
from osteo_pacs.retrain.data_set.checked import DataSet
from osteo_pacs.retrain.registry.adopt import Lineage
from osteo_pacs.retrain.training.workspace import Workspace
from osteo_pacs.sealed import Sealed


@dataclass(frozen=True, slots=True)
class Origin:
    """What a version is made of; for JSON by `to_dict`.

    Attributes:
        start: ``active`` or ``scratch``, as `TrainingPlan` says.
        started_from_sha256: of the weights that it goes on from; None from scratch.
    """

    training: int
    dataset_sha256: str
    parent: str
    parent_bundle_sha256: str
    start: str
    started_from_sha256: str | None
    command: str
    code_version: str

    @property
    def lineage(self) -> Lineage:
        """What the registry keeps of it."""
        return Lineage(self.dataset_sha256, self.parent_bundle_sha256, self.command, self.code_version)

    def to_dict(self) -> dict[str, Any]:
        """For the metadata and the database."""
        return {name: getattr(self, name) for name in self.__slots__}


def begin_candidate(
    run_id: int, plan: TrainingPlan, parent: Sealed, dataset: DataSet, workspace: Workspace
) -> Origin:
    """Copies the parent, and says in the copy what it is to become; where that was done before, only tells it.

    Raises:
        BundleTampered: the parent says nonsense of itself, or lacks the weights to go on from.
    """
    metadata = json.loads(parent.read(METADATA))
    origin = Origin(
        training=run_id,
        dataset_sha256=dataset.sha256,
        parent=f"{metadata['name']} {metadata['version']}",
        parent_bundle_sha256=parent.manifest_sha256,
        start=plan.start,
        started_from_sha256=sha256(parent.read(STATE)).hexdigest() if plan.start == "active" else None,
        command=plan.command,
        code_version=osteo_pacs.__version__,
    )
    if not workspace.bundle.is_dir():
        workspace.copy_bundle(parent)
        _rename(workspace.bundle, metadata, origin, dataset)
    return origin


def _rename(bundle: Path, metadata: dict[str, Any], origin: Origin, dataset: DataSet) -> None:
    """A version of its own: build metadata of Semantic Versioning 2.0.0, behind a plus."""
    base = str(metadata["version"]).partition("+")[0]
    version = f"{base}+training.{origin.training}"
    images = dataset.counts()["training"]["images"]
    begins = "goes on from" if origin.start == "active" else "trained anew beside"
    metadata["version"] = version
    metadata["changelog"] = {version: f"{begins} {origin.parent}, on {images} images"} | metadata["changelog"]
    metadata["data_source"] = f"data set {dataset.sha256[:16]}; before it: {metadata['data_source']}"
    text = json.dumps(metadata, indent=2, ensure_ascii=False) + "\n"
    (bundle / METADATA).write_text(text, encoding="utf-8")
