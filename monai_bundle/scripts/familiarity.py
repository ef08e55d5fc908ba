"""How unlike the training pictures is this one? A distance in the network's own features.

The features of a layer, averaged over a coarse grid so that the anatomy keeps its place, are described by the
principal components of the training pictures. The distance is the squared Mahalanobis distance along them plus
what lies outside them, each relative to its mean over the training pictures: about 2 for a training picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COMPONENTS = 60
FLOOR = 1e-6


class Familiarity:
    """The distance, from a fitted state.

    Args:
        state: ``mean`` and ``scale`` (features,), ``components`` (k, features), ``variances`` (k,), ``residual``.
    """

    def __init__(self, state: Mapping[str, torch.Tensor]) -> None:
        self.state = dict(state)

    def distance(self, features: torch.Tensor) -> torch.Tensor:
        """Distance of each picture, shape (pictures,), from its features, shape (pictures, features)."""
        state = self.state
        standard = (features - state["mean"]) / state["scale"]
        projected = standard @ state["components"].T
        inside = (projected**2 / state["variances"]).mean(dim=1)
        outside = (standard**2).sum(dim=1) - (projected**2).sum(dim=1)
        return inside + outside / state["residual"]


def fit(features: torch.Tensor) -> dict[str, torch.Tensor]:
    """The state for `Familiarity` from the features of training pictures, shape (pictures, features)."""
    mean, scale = features.mean(dim=0), features.std(dim=0).clamp_min(FLOOR)
    standard = (features - mean) / scale
    _, singular, components = torch.linalg.svd(standard, full_matrices=False)
    kept = min(COMPONENTS, max(1, len(features) // 2))
    components = components[:kept].contiguous()
    outside = (standard**2).sum(dim=1) - ((standard @ components.T) ** 2).sum(dim=1)
    return {
        "mean": mean,
        "scale": scale,
        "components": components,
        "variances": (singular[:kept] ** 2 / len(features)).clamp_min(FLOOR),
        "residual": outside.mean().clamp_min(FLOOR),
    }


@torch.no_grad()
def features_of(
    network: torch.nn.Sequential,
    batches: Iterable[Mapping[str, torch.Tensor]],
    device: torch.device,
    where: Mapping[str, Any],
) -> torch.Tensor:
    """Features of every picture, shape (pictures, features): ``where`` names ``layer`` and ``grid``."""
    network.eval()
    names = [name for name, _ in network.named_children()]
    lower = network[: names.index(where["layer"]) + 1]
    pool = torch.nn.AdaptiveAvgPool2d(where["grid"])
    return torch.cat([pool(lower(batch["image"].to(device))).flatten(1).cpu() for batch in batches])
