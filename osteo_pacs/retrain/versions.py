"""Where the bundle of a model version lies."""

from __future__ import annotations

from pathlib import Path

from osteo_pacs import shipped
from osteo_pacs.config import Settings
from osteo_pacs.db import model_versions
from osteo_pacs.db.session import Database
from osteo_pacs.errors import PermanentError

ACTIVE = "active"


class VersionUnknown(PermanentError):
    """There is no such model version."""

    remedy = "Name it by its number, by its version, or by the folder of its bundle."


def bundle_of(database: Database, settings: Settings, asked: str) -> Path:
    """The folder of a version by its number, its version, the word ``active``, or its path.

    Raises:
        VersionUnknown: there is none, or none that lies here.
    """
    if asked == ACTIVE:
        return settings.model.bundle or shipped.BUNDLE
    if (Path(asked) / "manifest.json").is_file():
        return Path(asked)
    with database.read() as session:
        known = model_versions.list_model_versions(session)
    folders = [version.facts.get("folder") for version in known if asked in (str(version.id), version.version)]
    if not folders or not folders[-1]:
        raise VersionUnknown(f"{asked}.")
    return Path(folders[-1])


def number_of(database: Database, bundle_sha256: str) -> int | None:
    """The number of a bundle's version; None where it is not registered."""
    with database.read() as session:
        known = model_versions.list_model_versions(session)
    return next((version.id for version in known if version.bundle_sha256 == bundle_sha256), None)
