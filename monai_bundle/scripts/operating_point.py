"""Fixing the operating point after training: temperature and offset, then a threshold at a stated sensitivity.

Both come from the validation part alone, and are written into ``configs/metadata.json`` together with the new
weights' Device UID and the limit of familiarity. The test part is never seen here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from monai.metrics.rocauc import compute_roc_auc
from safetensors.torch import save_file

from scripts import familiarity
from scripts.release import export_weights, save_weights, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Batches = Iterable[Mapping[str, torch.Tensor]]

EPSILON = 1e-6
"""Probabilities are kept this far from 0 and 1, here and in the inference configuration."""


def fix(
    root: str,
    network: torch.nn.Sequential,
    device: torch.device,
    sensitivity: float,
    *,
    best: str | Path,
    record: Mapping[str, Any],
    validation: Batches,
    reference: Batches,
) -> None:
    """Loads the best weights into ``network``, fixes the operating point, writes weights, reference and metadata.

    The figures of an earlier evaluation leave the metadata: they are not these weights'.

    Args:
        root: the bundle's folder.
        network: the network, its softmax last.
        device: where it is.
        sensitivity: that the threshold is to have on the validation part.
        best: file of the state dict with the best figure on the validation part.
        record: what the metadata are to say of the training.
        validation: batches of the validation part.
        reference: batches of training pictures without augmentation, to which new pictures are compared.
    """
    folder = Path(root)
    network.load_state_dict(torch.load(best, map_location=device, weights_only=True))
    save_weights(network, folder)
    metadata = json.loads((folder / "configs" / "metadata.json").read_text(encoding="utf-8"))
    metadata.pop("eval_metrics", None)
    raw, labels = predict(network, validation, device)
    metadata["decision"] |= decision_of(raw, labels, sensitivity)
    metadata["training"] = dict(record) | {"validation_auroc": round(auroc(raw, labels), 4)}
    layers = metadata["familiarity"]["layers"]
    known = familiarity.features_of(network, reference, device, layers)
    turned = familiarity.features_of(network, reference, device, layers[:1], upside_down=True)
    seen = familiarity.features_of(network, validation, device, layers)
    state = familiarity.fit(known, *turned, seen, layers)
    save_file(state, folder / "models" / "familiarity.safetensors")
    distances = familiarity.Familiarity(state, layers).distance(torch.cat(seen, dim=1))
    metadata["familiarity"] |= limit_of(distances)
    metadata["product"]["device_uid"] = device_uid(export_weights(folder))
    write_json(folder / "configs" / "metadata.json", metadata)


def decision_of(raw: torch.Tensor, labels: torch.Tensor, sensitivity: float) -> dict[str, Any]:
    """Temperature, offset and threshold, from the validation part's probabilities and labels."""
    temperature, offset = fit_calibration(raw, labels)
    return {
        "threshold": round(threshold_at(calibrated(raw, temperature, offset), labels, sensitivity), 4),
        "threshold_rule": f"highest with a sensitivity of at least {sensitivity:.2f} on the validation part",
        "temperature": round(temperature, 4),
        "offset": round(offset, 4),
    }


def limit_of(distances: torch.Tensor) -> dict[str, Any]:
    """The distance beyond which a picture is refused."""
    return {
        "max_distance": round(float(torch.quantile(distances, familiarity.FAMILIAR_SHARE)), 4),
        "rule": f"refuses {1 - familiarity.FAMILIAR_SHARE:.1%} of the validation part",
    }


def auroc(raw: torch.Tensor, labels: torch.Tensor) -> float:
    """Area under the ROC curve."""
    return float(compute_roc_auc(raw, labels))


@torch.no_grad()
def predict(network: torch.nn.Module, batches: Batches, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """The network's own probability of the positive class, and the labels, both of shape (images,)."""
    network.eval()
    probabilities, labels = [], []
    for batch in batches:
        probabilities.append(network(batch["image"].to(device))[:, 1].double().cpu())
        labels.append(torch.as_tensor(batch["label"]).reshape(-1).double())
    return torch.cat(probabilities), torch.cat(labels)


def calibrated(raw: torch.Tensor, temperature: float, offset: float) -> torch.Tensor:
    """Calibrated probability of the positive class."""
    return torch.sigmoid(torch.logit(raw, eps=EPSILON) / temperature + offset)


def fit_calibration(raw: torch.Tensor, labels: torch.Tensor) -> tuple[float, float]:
    """Temperature and offset of least negative log likelihood (Guo et al. 2017; the offset is Platt's).

    The offset takes the share of positives from the training part, which is balanced, to the validation part's.
    The labels are smoothed as Platt does (1999): a few images that separate the classes would otherwise take the
    temperature to nothing, and every probability to 0 or 1.
    """
    positives, negatives = (labels > 0).sum(), (labels <= 0).sum()
    targets = torch.where(labels > 0, (positives + 1) / (positives + 2), 1 / (negatives + 2)).double()
    logits = torch.logit(raw, eps=EPSILON)
    log_temperature = torch.zeros(1, dtype=torch.double, requires_grad=True)
    offset = torch.zeros(1, dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_temperature, offset], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        scaled = logits / log_temperature.exp() + offset
        loss = torch.nn.functional.binary_cross_entropy_with_logits(scaled, targets)
        loss.backward()
        return loss

    optimizer.step(closure)
    return log_temperature.exp().item(), offset.item()


def threshold_at(probability: torch.Tensor, labels: torch.Tensor, sensitivity: float) -> float:
    """The highest threshold, to a tenth of a percent, at which at least this share of the positives is found."""
    positives = probability[labels > 0].sort(descending=True).values
    needed = max(1, int(torch.ceil(torch.tensor(sensitivity * len(positives) - 1e-9))))
    return float(torch.floor(positives[needed - 1] * 1e3) / 1e3)


def device_uid(weights_sha256: str) -> str:
    """A Unique Device Identifier for these weights: a version 8 UUID under the 2.25 root (PS3.5 B.2, RFC 9562)."""
    digest = int(weights_sha256[:32], 16)
    version_and_variant, version_8 = (0xF << 76) | (0x3 << 62), (0x8 << 76) | (0x2 << 62)
    return f"2.25.{digest & ~version_and_variant | version_8}"
