"""Which model version a worker begins with: the one in service, whatever bundle the configuration names.

The configuration's bundle goes into service where none is: at the very first start. After that it is registered
as a candidate, and only a promotion changes the version in service.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from osteo_pacs import log, shipped
from osteo_pacs.audit.model_events import model_activated
from osteo_pacs.clock import utc_now
from osteo_pacs.config import Settings
from osteo_pacs.db import audit, model_versions
from osteo_pacs.db.model_versions import KnownModelVersion, NewModelVersion
from osteo_pacs.db.session import Database
from osteo_pacs.errors import PermanentError
from osteo_pacs.infer.registration import as_new_version
from osteo_pacs.model_store import ModelStore, ModelStoreUnusable
from osteo_pacs.sealed import Sealed, open_sealed

BundleOf = Callable[[KnownModelVersion], Path]
"""The folder of a version's bundle."""


class BundleOfServiceMissing(PermanentError):
    """The bundle of the model version in service is not in the model store."""

    remedy = (
        "Look whether [model] store is the folder that all hosts share, or bring the bundle back: "
        "`osteo-pacs model import FOLDER`."
    )


def begin(settings: Settings, database: Database) -> tuple[KnownModelVersion, BundleOf]:
    """The version in service, and where each version's bundle lies.

    Raises:
        BundleMissing, BundleTampered, BundleNotSigned, KeyUnusable, BundleUnusable: of the configuration's bundle.
    """
    bundle = settings.model.bundle or shipped.BUNDLE
    store = ModelStore(settings.model_store)
    configured = _stored(store, bundle, settings.model.public_key)
    in_service = _register(database, bundle, as_new_version(configured))
    if in_service.bundle_sha256 != configured.manifest_sha256:
        log.get_logger().warning(
            "model_configuration_passed_over",
            model_version=in_service.version,
            path=str(bundle),
            remedy="It is registered as a candidate; `osteo-pacs model promote` puts it into service.",
        )

    def bundle_of(known: KnownModelVersion) -> Path:
        if store.has(known.bundle_sha256):
            return store.folder_of(known.bundle_sha256)
        if known.bundle_sha256 == configured.manifest_sha256:
            return bundle
        raise BundleOfServiceMissing(f"version {known.version} in {store.folder}.")

    return in_service, bundle_of


def _stored(store: ModelStore, bundle: Path, public_key: Path | None) -> Sealed:
    try:
        return store.add(bundle, public_key)
    except ModelStoreUnusable as error:
        # It can be read from where it lies; what it cannot is come back once another bundle lies there.
        log.get_logger().warning("model_not_stored", path=str(store.folder), reason=str(error))
        return open_sealed(bundle, public_key)


def _register(database: Database, bundle: Path, new: NewModelVersion) -> KnownModelVersion:
    """The version in service; the given one where there is none yet."""
    with database.write() as session:
        model_version_id = model_versions.register(session, new, utc_now())
        model_versions.lock(session)
        if (in_service := model_versions.active(session)) is not None:
            return in_service
        now = utc_now()
        model_versions.activate(session, model_version_id, now)
        told = f"{new.name} {new.version}"
        audit.append(session, model_activated(bundle, told, None, new.bundle_sha256, now))
        known = model_versions.active(session)
    assert known is not None  # noqa: S101 - it was activated in this transaction
    return known
