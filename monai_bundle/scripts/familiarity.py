"""How unlike the training pictures is this one? A distance in the network's own features.

The features of a layer, averaged over a coarse grid so that the anatomy keeps its place, are described by the
principal components of the training pictures. The distance is the squared Mahalanobis distance along them plus
what lies outside them, each relative to its mean over the training pictures: about 2 for a training picture.

An upside-down spine is near by this measure, since its parts are those of a spine. So a linear direction, fitted
on training pictures as they are and turned over, tells which way up a picture is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COMPONENTS = 60
FLOOR = 1e-6
RIDGE = 0.1
"""Penalty of the direction's weights, relative to the number of pictures."""


class Familiarity:
    """The distance, from a fitted state.

    Args:
        state: ``mean`` and ``scale`` (features,), ``components`` (k, features), ``variances`` (k,), ``residual``,
            ``upright`` (features,) and ``level``.
    """

    def __init__(self, state: Mapping[str, torch.Tensor]) -> None:
        self.state = dict(state)

    def distance(self, features: torch.Tensor) -> torch.Tensor:
        """Distance of each picture, shape (pictures,), from its features, shape (pictures, features)."""
        state = self.state
        standard = self._standard(features)
        projected = standard @ state["components"].T
        inside = (projected**2 / state["variances"]).mean(dim=1)
        outside = (standard**2).sum(dim=1) - (projected**2).sum(dim=1)
        return inside + outside / state["residual"]

    def is_upright(self, features: torch.Tensor) -> torch.Tensor:
        """Whether each picture, shape (pictures,), is the right way up, from its features."""
        upright: torch.Tensor = self._standard(features) @ self.state["upright"] > self.state["level"]
        return upright

    def _standard(self, features: torch.Tensor) -> torch.Tensor:
        return (features - self.state["mean"]) / self.state["scale"]


def fit(features: torch.Tensor, turned: torch.Tensor) -> dict[str, torch.Tensor]:
    """The state for `Familiarity` from training pictures' features, shape (pictures, features).

    Args:
        features: of the pictures as they are.
        turned: of the same pictures upside down.
    """
    mean, scale = features.mean(dim=0), features.std(dim=0).clamp_min(FLOOR)
    standard = (features - mean) / scale
    _, singular, components = torch.linalg.svd(standard, full_matrices=False)
    kept = min(COMPONENTS, max(1, len(features) // 2))
    components = components[:kept].contiguous()
    outside = (standard**2).sum(dim=1) - ((standard @ components.T) ** 2).sum(dim=1)
    upright, level = _direction(standard, (turned - mean) / scale)
    return {
        "mean": mean,
        "scale": scale,
        "components": components,
        "variances": (singular[:kept] ** 2 / len(features)).clamp_min(FLOOR),
        "residual": outside.mean().clamp_min(FLOOR),
        "upright": upright,
        "level": level,
    }


def _direction(upright: torch.Tensor, turned: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights (features,) of a ridge regression that parts both, of shape (pictures, features), and the level."""
    middle = (upright.mean(dim=0) + turned.mean(dim=0)) / 2
    both = torch.cat([upright, turned]) - middle
    wanted = torch.cat([torch.ones(len(upright)), -torch.ones(len(turned))]).to(both)
    penalty = RIDGE * len(both) * torch.eye(both.shape[1]).to(both)
    weights = torch.linalg.solve(both.T @ both + penalty, both.T @ wanted)
    return weights, middle @ weights


@torch.no_grad()
def features_of(
    network: torch.nn.Sequential,
    batches: Iterable[Mapping[str, torch.Tensor]],
    device: torch.device,
    where: Mapping[str, Any],
    *,
    upside_down: bool = False,
) -> torch.Tensor:
    """Features of every picture, shape (pictures, features): ``where`` names ``layer`` and ``grid``."""
    network.eval()
    names = [name for name, _ in network.named_children()]
    lower = network[: names.index(where["layer"]) + 1]
    pool = torch.nn.AdaptiveAvgPool2d(where["grid"])
    images = (batch["image"].flip(2) if upside_down else batch["image"] for batch in batches)
    return torch.cat([pool(lower(image.to(device))).flatten(1).cpu() for image in images])
