"""What must hold before a process starts; each refusal says what to do."""

from __future__ import annotations

from osteo_pacs import shipped
from osteo_pacs.config import Settings
from osteo_pacs.db.revision import require_head, status
from osteo_pacs.db.server import require_server
from osteo_pacs.db.session import Database
from osteo_pacs.infer.manifest import verify_manifest
from osteo_pacs.tls.contexts import client_context, server_context
from osteo_pacs.tls.files import TlsFiles


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
        if creates_empty_sqlite and database.is_sqlite and status(database).is_empty:
            from osteo_pacs.db import migrate

            migrate.upgrade(database)
        require_head(database)
    finally:
        database.close()
    verify_manifest(settings.model.bundle or shipped.BUNDLE, settings.model.public_key)


def check_tls(settings: Settings) -> None:
    """Refuses TLS that cannot be set up, of the listener and towards each destination.

    Raises:
        TlsFilesUnusable: a certificate, its key or its authorities.
    """
    if files := TlsFiles.of(settings.listener):
        server_context(files)
    for destination in settings.destinations:
        if files := TlsFiles.of(destination):
            client_context(files)
