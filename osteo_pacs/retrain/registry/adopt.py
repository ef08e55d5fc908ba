"""New versions into the registry: a bundle is copied into the model store and known as a candidate.

known = adopt(database, settings.model_store, Path("candidate"), Lineage(parent="0.3.0"), utc_now())
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from osteo_pacs.audit.model_events import model_changed
from osteo_pacs.audit.record import Participant
from osteo_pacs.db import audit, model_versions
from osteo_pacs.db.model_versions import KnownModelVersion, NewModelVersion
from osteo_pacs.db.session import Database, Session
from osteo_pacs.errors import PermanentError
from osteo_pacs.infer.registration import as_new_version
from osteo_pacs.model_store import ModelStore


class VersionTaken(PermanentError):
    """Another bundle has this version or this device UID: reports could not tell the two models apart."""

    remedy = "Give the bundle its own version and product.device_uid in configs/metadata.json, and seal it again."


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

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Lineage:
        """As the database keeps it among the facts of a version."""
        return cls(**facts.get("lineage", {}))


def adopt(
    database: Database,
    store: Path,
    bundle: Path,
    lineage: Lineage,
    now: datetime,
    *,
    public_key: Path | None = None,
    by: Participant | None = None,
) -> KnownModelVersion:
    """Copies a bundle into the store and registers it as a candidate; one that is known already stays as it is.

    Args:
        database: of the installation.
        store: folder of the model versions.
        bundle: the sealed folder.
        lineage: where it came from.
        now: when.
        public_key: of who must have signed it; None: nobody.
        by: the person who brings it; None where the trainer does.

    Raises:
        BundleMissing, BundleTampered, BundleNotSigned, KeyUnusable, BundleUnusable: it is no bundle to trust.
        ModelStoreUnusable: the store does not take it.
        VersionTaken: another bundle has its version or its device UID.
    """
    place = ModelStore(store)
    sealed = place.add(bundle, public_key)
    new = as_new_version(sealed, lineage.to_dict())
    with database.write() as session:
        model_versions.lock(session)
        if known := _known(session, new):
            return known
        model_version_id = model_versions.register(session, new, now)
        told = f"model {new.name} {new.version} registered as candidate; bundle sha256 {new.bundle_sha256}"
        audit.append(session, model_changed(place.folder_of(new.bundle_sha256), told, now, by=by))
        found = model_versions.find(session, model_version_id)
    assert found is not None  # noqa: S101 - it was added in this transaction
    return found


def _known(session: Session, new: NewModelVersion) -> KnownModelVersion | None:
    for known in model_versions.list_model_versions(session):
        if known.bundle_sha256 == new.bundle_sha256:
            return known
        if (known.name, known.version) == (new.name, new.version):
            raise VersionTaken(f"version {known.version} is number {known.id}.")
        if known.device_uid == new.device_uid:
            raise VersionTaken(f"device UID {known.device_uid} is that of version {known.version}.")
    return None
