"""Where every bundle that was ever in service stays: a folder shared by all hosts, each bundle under its digest.

    store = ModelStore(settings.model_store)
    sealed = store.add(Path("candidate"), public_key)   # verified, copied, on the disk
    store.folder_of(sealed.manifest_sha256)              # what workers load

What is copied are the bytes that the manifest vouches for, with the manifest and its signature; nothing else of
the folder. A bundle is there as a whole or not at all: temporary name, fsync, rename, fsync of the folder.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path

from osteo_pacs.durable import sync
from osteo_pacs.errors import PermanentError
from osteo_pacs.sealed import MANIFEST, BundleTampered, Sealed, open_sealed
from osteo_pacs.signature import SIGNATURE


class ModelStoreUnusable(PermanentError):
    """The folder of the models cannot be written."""

    remedy = "Give the folder to the user that runs osteo-pacs, make room, or name another in [model] store."


class ModelStore:
    """The bundles of an installation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def folder_of(self, bundle_sha256: str) -> Path:
        """Where the bundle with this manifest's digest lies, if it is there."""
        return self.folder / bundle_sha256

    def has(self, bundle_sha256: str) -> bool:
        """Whether it is there."""
        return self.folder_of(bundle_sha256).is_dir()

    def add(self, bundle: Path, public_key: Path | None = None) -> Sealed:
        """Copies a bundle durably; one that is there already is verified in its place.

        Raises:
            BundleMissing, BundleTampered, BundleNotSigned, KeyUnusable: as `osteo_pacs.sealed` says.
            ModelStoreUnusable: the folder does not take it.
        """
        sealed = open_sealed(bundle, public_key)
        place = self.folder_of(sealed.manifest_sha256)
        if not place.is_dir():
            self._copy(sealed, place)
        return open_sealed(place, public_key)

    def _copy(self, sealed: Sealed, place: Path) -> None:
        part = self.folder / f".{place.name[:16]}-{secrets.token_hex(8)}.part"
        try:
            part.mkdir(parents=True)
            for path, content in (*sealed.files.items(), *_seals(sealed)):
                _write(part / path, content)
            _sync_all(part)
            _rename(part, place)
            sync(self.folder)
        except OSError as error:
            raise ModelStoreUnusable(f"{self.folder}: {error.strerror or type(error).__name__}.") from error
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _seals(sealed: Sealed) -> Iterable[tuple[str, bytes]]:
    try:
        yield MANIFEST, (sealed.folder / MANIFEST).read_bytes()
        if (sealed.folder / SIGNATURE).is_file():
            yield SIGNATURE, (sealed.folder / SIGNATURE).read_bytes()
    except OSError as error:
        raise BundleTampered(f"{sealed.folder} cannot be read ({error.strerror})") from error


def _rename(part: Path, place: Path) -> None:
    try:
        part.rename(place)
    except OSError:
        # Another process was first: a folder that is not empty is never replaced.
        if not place.is_dir():
            raise


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_all(folder: Path) -> None:
    for inner in (*(path for path in folder.rglob("*") if path.is_dir()), folder):
        sync(inner)
