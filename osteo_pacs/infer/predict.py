"""Grey pictures in, probabilities or refusals out, in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from monai.data.meta_tensor import MetaTensor

from osteo_pacs.errors import RetryableError
from osteo_pacs.findings import ModelVersion, Region
from osteo_pacs.images import GreyImage
from osteo_pacs.infer.checks import UNFAMILIAR, UPSIDE_DOWN, InputLimits, Objection, check_picture, check_scan
from osteo_pacs.infer.outcome import Prediction, RefusedImage
from osteo_pacs.infer.runtimes import Output, Runtime

__all__ = ["DeviceOutOfMemory", "DevicePoisoned", "Model", "Prediction", "RefusedImage"]

IMAGE = "image"


class DeviceOutOfMemory(RetryableError):
    """The device has too little memory, even for a smaller batch."""

    remedy = "Lower [worker] batch_size, or end what else uses the device."


class DevicePoisoned(RetryableError):
    """The device failed, and nothing that this process asks of it will succeed any more."""

    remedy = "The worker restarts by itself; if it happens again, look at the driver's log (`dmesg`)."


class Measure(Protocol):
    """The bundle's measure of how unlike the training pictures a picture is, and which way up."""

    def distance(self, features: torch.Tensor) -> torch.Tensor:
        """One distance for each row of features, the larger, the less is known of such a picture."""
        ...

    def is_upright(self, features: torch.Tensor) -> torch.Tensor:
        """For each row of features whether its picture is the right way up."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Familiarity:
    """A measure, and the largest distance of a picture that may be read."""

    measure: Measure
    limit: float

    def objections(self, features: torch.Tensor) -> list[Objection | None]:
        """What speaks against reading the picture of each row of features."""
        judged = zip(
            self.measure.distance(features).tolist(), self.measure.is_upright(features).tolist(), strict=True
        )
        return [self._objection(distance, is_upright=is_upright) for distance, is_upright in judged]

    def _objection(self, distance: float, *, is_upright: bool) -> Objection | None:
        # A distance that is no number is not within the limit either.
        if not distance <= self.limit:
            return UNFAMILIAR
        return None if is_upright else UPSIDE_DOWN


Transform = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A picture that passed the checks: where it stands in the request, the network's input, the analysed crop."""

    index: int
    tensor: torch.Tensor
    region: Region


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A loaded bundle.

    Attributes:
        version: what reports say of it.
        limits: what a picture must have.
        shape: channels, rows and columns that the network takes.
        network: the PyTorch module, for explanations; predictions go through ``runtime``.
        runtime: how it runs here.
        prepare: the bundle's preprocessing from the grey picture on.
        familiarity: how far a picture is from the training pictures, and how far it may be.
        decide: the bundle's postprocessing of one picture's class probabilities.
        batch_size: most images in one pass.
    """

    version: ModelVersion
    limits: InputLimits
    shape: tuple[int, int, int]
    network: torch.nn.Sequential
    runtime: Runtime
    prepare: Transform
    familiarity: Familiarity
    decide: Transform
    batch_size: int

    def predict(self, images: Sequence[GreyImage]) -> list[Prediction | RefusedImage]:
        """One outcome for each image, in their order.

        Raises:
            DeviceOutOfMemory: even half a batch does not fit.
            DevicePoisoned: the process has to exit.
        """
        outcomes: dict[int, Prediction | RefusedImage] = {}
        prepared: list[_Prepared] = []
        for index, image in enumerate(images):
            found = self._prepare(index, image)
            if isinstance(found, _Prepared):
                prepared.append(found)
            else:
                outcomes[index] = _refused(image, found)
        for item, probabilities, objection in self._read(prepared):
            image = images[item.index]
            outcomes[item.index] = (
                _refused(image, objection) if objection else self._prediction(image, item, probabilities)
            )
        return [outcomes[index] for index in range(len(images))]

    def _prepare(self, index: int, image: GreyImage) -> _Prepared | Objection:
        objection = check_picture(image, self.limits)
        if objection is not None:
            return objection
        meta = {} if image.spacing_mm is None else {"spacing_mm": image.spacing_mm}
        grey = MetaTensor(torch.as_tensor(image.pixels, dtype=torch.float32)[None], meta=meta)
        item = self.prepare({IMAGE: grey})[IMAGE]
        region = Region(*item.meta["region"])
        scan = image.pixels[region.top : region.bottom, region.left : region.right]
        objection = check_scan(scan, item.meta["coverage"], item.meta["saturated"], self.limits)
        return objection or _Prepared(index, item.as_tensor(), region)

    def _read(self, prepared: Sequence[_Prepared]) -> Iterator[tuple[_Prepared, torch.Tensor, Objection | None]]:
        """Each picture with its class probabilities, and what speaks against them in the network's features."""
        for start in range(0, len(prepared), self.batch_size):
            batch = prepared[start : start + self.batch_size]
            probabilities, features = run_with_retry(self.runtime, torch.stack([item.tensor for item in batch]))
            yield from zip(batch, probabilities, self.familiarity.objections(features), strict=True)

    def _prediction(self, image: GreyImage, item: _Prepared, probabilities: torch.Tensor) -> Prediction:
        decided = self.decide({"pred": probabilities})
        return Prediction(
            rows=image.rows,
            columns=image.columns,
            region=item.region,
            probability=float(decided["pred"][1]),
            is_positive=bool(decided["is_positive"]),
        )


def run_with_retry(runtime: Runtime, batch: torch.Tensor) -> Output:
    """Runs a batch; when the device's memory does not suffice, once more in halves.

    Raises:
        DeviceOutOfMemory: the halves do not fit either.
        DevicePoisoned: the device failed otherwise.
    """
    try:
        try:
            return runtime(batch)
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            halves = [runtime(half) for half in batch.chunk(2)]
            probabilities, features = (torch.cat(parts) for parts in zip(*halves, strict=True))
            return probabilities, features
    except torch.OutOfMemoryError as error:
        raise DeviceOutOfMemory(f"batch of {len(batch)}") from error
    except RuntimeError as error:
        raise DevicePoisoned(type(error).__name__) from error


def _refused(image: GreyImage, objection: Objection) -> RefusedImage:
    return RefusedImage(image.rows, image.columns, objection.reason, objection.sentence)
