"""Is the bundle what its manifest says? Answered without torch, so that a start can be refused at once."""

from __future__ import annotations

from pathlib import Path

from osteo_pacs.sealed import open_sealed


def verify_manifest(folder: Path, public_key: Path | None = None) -> str:
    """The sha256 of the manifest, when every file that it names is as it says, and its signature is by the key.

    Raises:
        BundleTampered: one is not.
        BundleNotSigned, KeyUnusable: as `osteo_pacs.signature` says.
    """
    return open_sealed(folder, public_key).manifest_sha256
