"""Sealing the bundle: the weights in both forms, and the manifest that vouches for every file that is used.

``python -m scripts.release [FIGURES]`` in the bundle's folder seals it after a change; given the ``figures.json``
of an evaluation, it first records them as the metadata's ``eval_metrics``.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

SEALED = ("configs/*.json", "configs/logging.conf", "scripts/*.py", "models/*")
"""What a service reads of the bundle; documents are not sealed."""


def save_weights(network: torch.nn.Module, root: str | Path) -> None:
    """Writes ``models/model.pt``, a state dict, at once or not at all."""
    path = Path(root) / "models" / "model.pt"
    part = path.with_suffix(".part")
    torch.save({name: tensor.cpu().contiguous() for name, tensor in network.state_dict().items()}, part)
    part.replace(path)


def export_weights(root: str | Path) -> str:
    """Writes ``models/model.safetensors`` from ``models/model.pt``; returns its sha256, hexadecimal."""
    models = Path(root) / "models"
    state = torch.load(models / "model.pt", map_location="cpu", weights_only=True)
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, models / "model.safetensors")
    return digest(models / "model.safetensors")


def digest(file: str | Path) -> str:
    """The sha256 of a file, hexadecimal."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def seal(root: str | Path) -> None:
    """Writes ``manifest.json``: the sha256 of every file that is used."""
    folder = Path(root)
    paths = sorted({path for pattern in SEALED for path in folder.glob(pattern) if path.is_file()})
    files = {path.relative_to(folder).as_posix(): digest(path) for path in paths}
    write_json(folder / "manifest.json", {"files": files})


def record_figures(root: str | Path, figures: str | Path) -> None:
    """Puts the figures of an evaluation into the metadata, where reports and model cards find them."""
    path = Path(root) / "configs" / "metadata.json"
    metadata = json.loads(path.read_text(encoding="utf-8"))
    metadata["eval_metrics"] = json.loads(Path(figures).read_text(encoding="utf-8"))
    write_json(path, metadata)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Writes a JSON file as people edit it."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    bundle = Path(__file__).parent.parent
    if len(sys.argv) > 1:
        record_figures(bundle, sys.argv[1])
    seal(bundle)
