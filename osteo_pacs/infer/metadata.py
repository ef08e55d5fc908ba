"""What the bundle's ``configs/metadata.json`` states, as values; nothing of it is written in code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from osteo_pacs.errors import PermanentError
from osteo_pacs.findings import CodedConcept, ModelVersion
from osteo_pacs.infer.checks import InputLimits

METADATA = "configs/metadata.json"
WEIGHTS = "models/model.safetensors"
STATE = "models/model.pt"
"""The same weights, as a training begins with them."""


class BundleUnusable(PermanentError):
    """The model bundle cannot be built."""

    remedy = "Name a bundle in [model] bundle that `python -m monai.bundle run` can run, or restore the last one."


def model_version(metadata: Mapping[str, Any], weights_sha256: str) -> ModelVersion:
    """The model as reports name it.

    Raises:
        KeyError, TypeError, ValueError: the metadata lack something.
    """
    decision, product = metadata["decision"], metadata["product"]
    concept = decision["positive_class"]
    return ModelVersion(
        name=str(metadata["name"])[:64],
        manufacturer=str(product["manufacturer"])[:64],
        version=str(metadata["version"]),
        weights_sha256=weights_sha256,
        device_uid=str(product["device_uid"]),
        threshold=float(decision["threshold"]),
        calibration=str(decision["calibration"]),
        positive_class=CodedConcept(str(concept["value"]), str(concept["scheme"]), str(concept["meaning"])),
        label_definition=str(decision["label_definition"]),
        limitations=tuple(str(sentence) for sentence in product["limitations"]),
        is_demonstration=bool(product["is_demonstration"]),
    )


def input_limits(metadata: Mapping[str, Any]) -> InputLimits:
    """The checks' thresholds.

    Raises:
        KeyError, TypeError, ValueError: the metadata lack something.
    """
    limits = metadata["input_limits"]
    return InputLimits(
        min_rows=int(limits["min_rows"]),
        min_columns=int(limits["min_columns"]),
        max_pixels=int(limits["max_pixels"]),
        min_coverage=float(limits["min_coverage"]),
        min_contrast=float(limits["min_contrast"]),
        max_saturated=float(limits["max_saturated"]),
    )


def input_shape(metadata: Mapping[str, Any]) -> tuple[int, int, int]:
    """Channels, rows and columns that the network takes."""
    image = metadata["network_data_format"]["inputs"]["image"]
    rows, columns = image["spatial_shape"]
    return int(image["num_channels"]), int(rows), int(columns)


def familiarity_grids(metadata: Mapping[str, Any]) -> dict[str, int]:
    """Rows and columns of the grid over which each layer's output is averaged, by the layer's name.

    Raises:
        KeyError, TypeError, ValueError: the metadata lack something.
    """
    return {str(where["layer"]): int(where["grid"]) for where in metadata["familiarity"]["layers"]}
