"""How unlike the training pictures is this one? A distance in the network's own features.

The features of several layers count, each averaged over a grid so that the anatomy keeps its place. Those of one
layer are described by the principal components of the training pictures. Its distance is the squared Mahalanobis
distance along them plus what lies outside them, each relative to its mean over the training pictures: about 2 for
a training picture. The whole distance is the sum over the layers, each in its own unit: the distance within which
nearly all pictures of the validation part are.

An upside-down spine is near by this measure, since its parts are those of a spine. So a linear direction, fitted
on training pictures as they are and turned over, tells from the first layer which way up a picture is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    State = Mapping[str, torch.Tensor]

COMPONENTS = 240
FAMILIAR_SHARE = 0.99
"""Part of the validation pictures that count as familiar."""

FLOOR = 1e-5
"""Smallest scale of a feature: one that no training picture has is odd in itself, and rounding is not."""

RIDGE = 0.1
"""Penalty of the direction's weights, relative to the number of pictures."""


class LayerDistance:
    """The distance by one layer, from what `fit_layer` gave."""

    def __init__(self, state: State) -> None:
        # Components are kept in half precision.
        self.state = {name: tensor.float() for name, tensor in state.items()}
        self.width = len(self.state["mean"])

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        """Distance of each picture, shape (pictures,), from its features, shape (pictures, features)."""
        state, standard = self.state, self.standard(features)
        projected = standard @ state["components"].T
        inside = (projected**2 / state["variances"]).mean(dim=1)
        outside = (standard**2).sum(dim=1) - (projected**2).sum(dim=1)
        return inside + outside / state["residual"]

    def standard(self, features: torch.Tensor) -> torch.Tensor:
        """Features relative to the training pictures' mean and scale."""
        return (features - self.state["mean"]) / self.state["scale"]


class Familiarity:
    """The measure, from a fitted state.

    Args:
        state: what `fit` gave.
        layers: as the metadata name them, in the order in which the features are put together.
    """

    def __init__(self, state: State, layers: Sequence[Mapping[str, Any]]) -> None:
        self.layers = [LayerDistance(_of_layer(state, where["layer"])) for where in layers]
        self.units = [state[f"{where['layer']}.unit"] for where in layers]
        self.upright, self.level = state["upright"], state["level"]

    def distance(self, features: torch.Tensor) -> torch.Tensor:
        """Distance of each picture, shape (pictures,), from its features, shape (pictures, features)."""
        judged = zip(self.layers, self._split(features), self.units, strict=True)
        return torch.stack([layer(part) / unit for layer, part, unit in judged]).sum(dim=0)

    def is_upright(self, features: torch.Tensor) -> torch.Tensor:
        """Whether each picture, shape (pictures,), is the right way up, from its features."""
        first = self.layers[0].standard(self._split(features)[0])
        upright: torch.Tensor = first @ self.upright > self.level
        return upright

    def _split(self, features: torch.Tensor) -> Sequence[torch.Tensor]:
        return features.split([layer.width for layer in self.layers], dim=1)


def fit(
    known: Sequence[torch.Tensor],
    turned: torch.Tensor,
    seen: Sequence[torch.Tensor],
    layers: Sequence[Mapping[str, Any]],
) -> dict[str, torch.Tensor]:
    """The state for `Familiarity`: of each layer, its name before a dot, what `fit_layer` gives and its unit.

    Args:
        known: each layer's features of the training pictures, shape (pictures, features).
        turned: the first layer's features of the same pictures upside down.
        seen: each layer's features of the validation pictures.
        layers: as the metadata name them.
    """
    state: dict[str, torch.Tensor] = {}
    for where, of_known, of_seen in zip(layers, known, seen, strict=True):
        layer = fit_layer(of_known)
        layer["unit"] = torch.quantile(LayerDistance(layer)(of_seen), FAMILIAR_SHARE)
        state |= {f"{where['layer']}.{name}": tensor for name, tensor in layer.items()}
    first = LayerDistance(_of_layer(state, layers[0]["layer"]))
    state["upright"], state["level"] = _direction(first.standard(known[0]), first.standard(turned))
    return state


def fit_layer(features: torch.Tensor) -> dict[str, torch.Tensor]:
    """``mean`` and ``scale`` (features,), ``components`` (k, features), ``variances`` (k,) and ``residual``."""
    mean, scale = features.mean(dim=0), features.std(dim=0).clamp_min(FLOOR)
    standard = (features - mean) / scale
    _, singular, components = torch.linalg.svd(standard, full_matrices=False)
    kept = min(COMPONENTS, max(1, len(features) // 2))
    components = components[:kept].half().contiguous()
    outside = (standard**2).sum(dim=1) - ((standard @ components.float().T) ** 2).sum(dim=1)
    return {
        "mean": mean,
        "scale": scale,
        "components": components,
        "variances": (singular[:kept] ** 2 / len(features)).clamp_min(FLOOR),
        "residual": outside.mean().clamp_min(FLOOR),
    }


def _of_layer(state: State, layer: str) -> dict[str, torch.Tensor]:
    start = f"{layer}."
    return {name.removeprefix(start): tensor for name, tensor in state.items() if name.startswith(start)}


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
    layers: Sequence[Mapping[str, Any]],
    *,
    upside_down: bool = False,
) -> list[torch.Tensor]:
    """Features of every picture, shape (pictures, features), for each ``layer``, averaged over its ``grid``."""
    network.eval()
    pools = {where["layer"]: torch.nn.AdaptiveAvgPool2d(where["grid"]) for where in layers}
    found: dict[str, list[torch.Tensor]] = {layer: [] for layer in pools}
    for batch in batches:
        value = (batch["image"].flip(2) if upside_down else batch["image"]).to(device)
        for name, layer in network.named_children():
            value = layer(value)
            if name in pools:
                found[name].append(pools[name](value).flatten(1).cpu())
    return [torch.cat(parts) for parts in found.values()]
