"""A second model version for tests: the shipped bundle with a version, a device and a calibration of its own."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from osteo_pacs import shipped
from osteo_pacs.infer.metadata import METADATA, WEIGHTS


def shipped_version() -> str:
    """The version of the bundle that ships."""
    return str(json.loads((shipped.BUNDLE / METADATA).read_text(encoding="utf-8"))["version"])


def another_bundle(folder: Path, version: str = "9.0.0", **decision: Any) -> Path:
    """The shipped bundle under another version, sealed again by its own script.

    ``decision`` changes what the metadata say of it, such as ``offset=0.5``.
    """
    shutil.copytree(shipped.BUNDLE, folder, ignore=shutil.ignore_patterns("__pycache__", "data", "docs"))
    change_metadata(folder, version, **decision)
    seal(folder)
    return folder


def paper_bundle(folder: Path, version: str, *, device_uid: str = "", weights: bytes = b"weights") -> Path:
    """What the registry looks at and nothing else: sealed metadata and weights that no network has."""
    metadata = json.loads((shipped.BUNDLE / METADATA).read_text(encoding="utf-8"))
    metadata["version"] = version
    metadata["product"]["device_uid"] = device_uid or f"2.25.{version.replace('.', '')}"
    contents = {METADATA: json.dumps(metadata).encode(), WEIGHTS: weights}
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    files = {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
    (folder / "manifest.json").write_text(json.dumps({"files": files}), encoding="utf-8")
    return folder


def change_metadata(folder: Path, version: str, **decision: Any) -> None:
    path = folder / "configs" / "metadata.json"
    metadata = json.loads(path.read_text(encoding="utf-8"))
    metadata["version"] = version
    metadata["product"]["device_uid"] = f"2.25.{abs(hash(version))}"
    metadata["decision"] |= decision
    path.write_text(json.dumps(metadata), encoding="utf-8")


def seal(folder: Path) -> None:
    subprocess.run([sys.executable, "-B", "-m", "scripts.release"], cwd=folder, check=True)
