"""Is the bundle what its manifest says? Answered without torch, so that a start can be refused at once."""

from __future__ import annotations

from pathlib import Path

from osteo_pacs.sealed import open_sealed


def verify_manifest(folder: Path) -> str:
    """The sha256 of the manifest, when every file that it names is as it says.

    Raises:
        BundleTampered: one is not.
    """
    return open_sealed(folder).manifest_sha256
