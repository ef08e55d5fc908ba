"""What must hold before a process starts; each refusal says what to do."""

from __future__ import annotations

from osteo_pacs import shipped
from osteo_pacs.config import Settings
from osteo_pacs.db import migrate
from osteo_pacs.db.server import require_server
from osteo_pacs.db.session import Database
from osteo_pacs.infer.manifest import verify_manifest


def check_before_start(settings: Settings, *, creates_empty_sqlite: bool = False) -> None:
    """Refuses a database that cannot be used and a bundle that is not what its manifest says.

    Raises:
        DatabaseUnavailable: it does not answer.
        ServerTooOld: it is of a version that the program does not work with.
        DatabaseNotAtHead: it is older or newer than this program, or empty and not ours to create.
        BundleMissing: there is no bundle.
        BundleTampered: a file of the bundle differs from the manifest.
        BundleNotSigned, KeyUnusable: the configuration names a key, and the manifest is not signed by it.
    """
    database = Database(settings.database.url)
    try:
        require_server(database)
        if creates_empty_sqlite and database.is_sqlite and migrate.status(database).is_empty:
            migrate.upgrade(database)
        migrate.require_head(database)
    finally:
        database.close()
    verify_manifest(settings.model.bundle or shipped.BUNDLE, settings.model.public_key)
