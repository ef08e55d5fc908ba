"""A folder whose files are all named, with their digests, by its ``manifest.json``.

The files are read once and their bytes compared with the manifest; what is used afterwards are those bytes, never
the disk again, so that nothing can change between the check and the use. The manifest reads
``{"files": {"path/in/folder": "sha256, hexadecimal", ...}}``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from osteo_pacs.errors import ConfigurationError, PermanentError
from osteo_pacs.signature import verify_signature

MANIFEST = "manifest.json"
_MANIFEST_LIMIT_BYTES = 1_000_000


class BundleMissing(ConfigurationError):
    """There is no model bundle where the configuration says."""

    remedy = (
        "Name the folder of a bundle in [model] bundle, or leave the key out: then the one that ships is meant."
    )


class BundleTampered(PermanentError):
    """The model bundle is not as its manifest says."""

    remedy = "Restore the bundle folder from where it came; after a change that you made yourself, seal it again."


@dataclass(frozen=True, slots=True)
class Sealed:
    """The bytes of a folder's files by their POSIX path, as the manifest vouches for them.

    Attributes:
        folder: where they were read.
        files: path in the folder to content.
        digests: path in the folder to sha256, hexadecimal.
        manifest_sha256: names the whole.
    """

    folder: Path
    files: Mapping[str, bytes]
    digests: Mapping[str, str]
    manifest_sha256: str

    def read(self, path: str) -> bytes:
        """The bytes of one file.

        Raises:
            BundleTampered: the manifest does not name it.
        """
        try:
            return self.files[path]
        except KeyError:
            raise BundleTampered(f"{path} is not in the manifest of {self.folder}") from None


def open_sealed(folder: Path, public_key: Path | None = None) -> Sealed:
    """Reads every file that the manifest names; with a key, first of all the manifest's signature.

    Raises:
        BundleMissing: there is no such folder.
        BundleNotSigned, KeyUnusable: as `verify_signature` says, before anything is parsed.
        BundleTampered: a file or the manifest is missing, altered or unreadable, or lies outside the folder.
    """
    if not folder.is_dir():
        raise BundleMissing(f"{folder}.")
    content = _read(folder, MANIFEST)
    if public_key is not None:
        verify_signature(folder, content, public_key)
    digests = _parse(folder, content)
    files = {path: _read(folder, path) for path in digests}
    for path, bytes_ in files.items():
        if hashlib.sha256(bytes_).hexdigest() != digests[path]:
            raise BundleTampered(f"{folder / path} has been changed")
    return Sealed(folder, files, digests, hashlib.sha256(content).hexdigest())


def _read(folder: Path, path: str) -> bytes:
    try:
        return (folder / path).read_bytes()
    except OSError as error:
        raise BundleTampered(f"{folder / path} cannot be read ({error.strerror})") from error


def _parse(folder: Path, content: bytes) -> dict[str, str]:
    try:
        if len(content) > _MANIFEST_LIMIT_BYTES:
            raise ValueError("too large")  # noqa: TRY301 - one answer for every fault of the file
        digests = {str(path): str(digest) for path, digest in json.loads(content)["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleTampered(f"{folder / MANIFEST} is no manifest") from error
    for path in digests:
        parts = PurePosixPath(path).parts
        if PurePosixPath(path).is_absolute() or ".." in parts or "\0" in path:
            raise BundleTampered(f"{folder / MANIFEST} names {path!r}, outside the folder")
    return digests
