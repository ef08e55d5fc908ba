"""Where the bundle of a model version lies."""

from __future__ import annotations

from pathlib import Path

from osteo_pacs import shipped
from osteo_pacs.config import Settings
from osteo_pacs.db import model_versions
from osteo_pacs.db.session import Database
from osteo_pacs.errors import PermanentError
from osteo_pacs.model_store import ModelStore

ACTIVE = "active"


class VersionUnknown(PermanentError):
    """There is no such model version."""

    remedy = "Name it by its number, by its version, or by the folder of its bundle."


def bundle_of(database: Database, settings: Settings, asked: str) -> Path:
    """The folder of a version by its number, its version, the word ``active``, or its path.

    Raises:
        VersionUnknown: there is none, or none that lies here.
    """
    if (Path(asked) / "manifest.json").is_file():
        return Path(asked)
    configured = settings.model.bundle or shipped.BUNDLE
    with database.read() as session:
        known = model_versions.list_model_versions(session)
    named = [version for version in known if asked in {str(version.id), version.version, version.state}]
    if not named and asked == ACTIVE:
        return configured
    if not named:
        raise VersionUnknown(f"{asked}.")
    store, sha256 = ModelStore(settings.model_store), named[-1].bundle_sha256
    # A store that took nothing leaves the configuration's bundle in service, where it lies.
    return store.folder_of(sha256) if store.has(sha256) else configured


def number_of(database: Database, bundle_sha256: str) -> int | None:
    """The number of a bundle's version; None where it is not registered."""
    with database.read() as session:
        known = model_versions.list_model_versions(session)
    return next((version.id for version in known if version.bundle_sha256 == bundle_sha256), None)
