"""Ways to run the network: CUDA graphs, OpenVINO, traced and eager PyTorch; the fastest that computes the same.

A runtime takes float32 N x 1 x rows x columns and gives probabilities N x classes and features N x width.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import structlog
import torch
from torch.nn.utils import convert_conv2d_weight_memory_format

log = structlog.get_logger()

TOLERANCE = 1e-4
"""Largest difference of a probability or, relative to the largest, of a feature that still counts as the same."""

PYTORCH_ON_CPU = frozenset({"eager", "traced"})
"""The names of the runtimes that need PyTorch's own threads."""

CAPTURE_AFTER = 3

Output = tuple[torch.Tensor, torch.Tensor]


class Runtime(Protocol):
    """A network ready to run."""

    @property
    def name(self) -> str:
        """As the log and the evidence name it."""
        ...

    def __call__(self, batch: torch.Tensor) -> Output:
        """Probabilities and features of a batch, on the CPU."""
        ...


class Readout(torch.nn.Module):
    """A network that also gives the output of some of its layers, averaged over grids, flattened, side by side.

    Args:
        network: layers in a row.
        grids: rows and columns of each layer's grid, by the layer's name, in the order of their features.
    """

    def __init__(self, network: torch.nn.Sequential, grids: Mapping[str, int]) -> None:
        super().__init__()
        self.network = network
        self.pools = torch.nn.ModuleDict({name: torch.nn.AdaptiveAvgPool2d(grid) for name, grid in grids.items()})
        self.eval()

    def forward(self, batch: torch.Tensor) -> Output:
        """Probabilities and features."""
        value, found = batch, {}
        for name, layer in self.network.named_children():
            value = layer(value)
            if name in self.pools:
                found[name] = self.pools[name](value).flatten(1)
        return value, torch.cat([found[name] for name in self.pools], dim=1)


class Eager:
    """PyTorch as it stands, on any device."""

    def __init__(self, readout: Readout, device: torch.device) -> None:
        self.name = "eager" if device.type == "cpu" else device.type
        self._format = torch.channels_last if device.type == "cpu" else torch.contiguous_format
        self._readout = readout.to(device)
        convert_conv2d_weight_memory_format(self._readout, self._format)
        self._device = device

    @torch.inference_mode()
    def __call__(self, batch: torch.Tensor) -> Output:
        """Probabilities and features of a batch."""
        probabilities, features = self._readout(batch.to(self._device, memory_format=self._format))
        return probabilities.float().cpu(), features.float().cpu()


class Graphed:
    """CUDA graphs: the whole network is launched at once, and not layer by layer."""

    name = "cuda-graph"

    def __init__(self, readout: Readout, device: torch.device) -> None:
        self._readout = readout.to(device)
        self._device = device
        self._memory = torch.cuda.graph_pool_handle()
        self._graphs: dict[int, tuple[torch.cuda.CUDAGraph, torch.Tensor, Output]] = {}

    @torch.inference_mode()
    def __call__(self, batch: torch.Tensor) -> Output:
        """Probabilities and features of a batch; a graph is captured for each number of pictures."""
        graph, given, (probabilities, features) = self._graphs.get(len(batch)) or self._capture(batch)
        given.copy_(batch)
        graph.replay()
        # The graphs share memory: the results must leave before another graph runs.
        return probabilities.cpu(), features.cpu()

    def _capture(self, batch: torch.Tensor) -> tuple[torch.cuda.CUDAGraph, torch.Tensor, Output]:
        given = batch.to(self._device, copy=True)
        beside = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]  # torch leaves it untyped
        beside.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(beside):
            # Libraries choose their algorithms, which nothing may do during the capture.
            for _ in range(CAPTURE_AFTER):
                self._readout(given)
        torch.cuda.current_stream(self._device).wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._memory):
            found = self._readout(given)
        self._graphs[len(batch)] = graph, given, found
        return self._graphs[len(batch)]


class Traced:
    """TorchScript, frozen and optimised for inference."""

    name = "traced"

    def __init__(self, readout: Readout, probe: torch.Tensor) -> None:
        with torch.inference_mode():
            traced = torch.jit.trace(readout, probe[:1])  # type: ignore[no-untyped-call]  # torch leaves it untyped
            self._module = torch.jit.optimize_for_inference(torch.jit.freeze(traced))

    @torch.inference_mode()
    def __call__(self, batch: torch.Tensor) -> Output:
        """Probabilities and features of a batch."""
        probabilities, features = self._module(batch)
        return probabilities, features


class OpenVino:
    """Intel's runtime, in float32."""

    name = "openvino"

    def __init__(self, readout: Readout, probe: torch.Tensor, threads: int) -> None:
        # OpenVINO's converter reports its use over the network unless this package is absent.
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # None makes the import fail
        import openvino

        model = openvino.convert_model(readout, example_input=probe[:1], input=[-1, *probe.shape[1:]])
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": "f32",
        }
        self._request = openvino.compile_model(model, "CPU", settings).create_infer_request()

    def __call__(self, batch: torch.Tensor) -> Output:
        """Probabilities and features of a batch."""
        results: Any = self._request.infer([batch.numpy()])
        probabilities, features = (torch.from_numpy(np.array(results[place])) for place in (0, 1))
        return probabilities, features


class Guarded:
    """A runtime, and plain PyTorch from the first time on that it fails."""

    def __init__(self, runtime: Runtime, eager: Runtime) -> None:
        self._runtime = runtime
        self._eager = eager

    @property
    def name(self) -> str:
        """The one that is in use."""
        return self._runtime.name

    def __call__(self, batch: torch.Tensor) -> Output:
        """Probabilities and features of a batch."""
        try:
            return self._runtime(batch)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:
            if self._runtime is self._eager:
                raise
            log.exception("runtime_failed", name=self._runtime.name, exc_info=error)
            self._runtime = self._eager
            return self._eager(batch)


def fastest(readout: Readout, device: torch.device, shape: Sequence[int], threads: int) -> Runtime:
    """The first runtime that starts here and computes what eager PyTorch does.

    They are tried in the order in which ``benchmarks/inference.py`` finds them, on one thread and on several. One
    that fails later gives way to eager PyTorch.
    """
    eager = Eager(readout, device)
    probe = torch.rand(2, *shape, generator=torch.Generator().manual_seed(1))
    expected = eager(probe)
    on_cpu: tuple[Callable[[], Runtime], ...] = (
        lambda: OpenVino(readout, probe, threads),
        lambda: Traced(readout, probe),
    )
    for start in on_cpu if device.type == "cpu" else (lambda: Graphed(readout, device),):
        runtime = _started(start, probe, expected)
        if runtime is not None:
            return Guarded(runtime, eager)
    return eager


def _started(start: Callable[[], Runtime], probe: torch.Tensor, expected: Output) -> Runtime | None:
    try:
        with warnings.catch_warnings():
            # torch.jit is deprecated and still the fastest to start; where it is gone, the next runtime is taken.
            warnings.simplefilter("ignore")
            runtime = start()
        is_same = all(_is_same(*pair) for pair in zip(runtime(probe), expected, strict=True))
    except Exception as error:  # noqa: BLE001 - an optional runtime may fail in any way; the next one is tried
        log.info("runtime_unavailable", error_type=type(error).__name__)
        return None
    if not is_same:
        log.warning("runtime_differs", name=runtime.name)
        return None
    return runtime


def _is_same(found: torch.Tensor, expected: torch.Tensor) -> bool:
    scale = max(1.0, float(expected.abs().max()))
    return found.shape == expected.shape and float((found - expected).abs().max()) <= TOLERANCE * scale
