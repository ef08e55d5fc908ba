"""The network's speed by runtime and batch, beside the peak of a matrix product in the same run.

    python benchmarks/inference.py --output inference.json

Runtimes are those that the worker can choose from, eager PyTorch as the peer of the others, and PyTorch's
compiler and ONNX Runtime where they are installed. Rounds are interleaved: each runtime once at each batch, then
again. On a CUDA device the floor is told too, that its bandwidth and its arithmetic set.
"""

from __future__ import annotations

import copy
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from common import machine, options_of, progress, ratios, spread, write_report
from torch.utils.flop_counter import FlopCounterMode

from osteo_pacs import shipped
from osteo_pacs.infer.bundle import load_bundle
from osteo_pacs.infer.predict import Model
from osteo_pacs.infer.runtimes import Eager, Graphed, OpenVino, Readout, Runtime, Traced

BATCHES = (1, 8, 32)
GRIDS = {"max_pooling_1": 4, "max_pooling_2": 8, "max_pooling_4": 2}
MATRIX, MATRIX_PRODUCTS = 2048, 5
LEAST_S = 0.2


class Compiled:
    """PyTorch's compiler."""

    name = "compiled"

    def __init__(self, readout: Readout) -> None:
        self._network = torch.compile(readout, dynamic=False)

    @torch.inference_mode()
    def __call__(self, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        probabilities, features = self._network(batch)
        return probabilities, features


class Onnx:
    """ONNX Runtime on the CPU."""

    name = "onnxruntime"

    def __init__(self, readout: Readout, probe: torch.Tensor, threads: int) -> None:
        import onnxruntime

        given, found = ["batch"], ["probabilities", "features"]
        axes = {name: {0: "pictures"} for name in given + found}
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/network.onnx"
            torch.onnx.export(
                readout, (probe,), file, input_names=given, output_names=found, dynamic_axes=axes, dynamo=False
            )
            self._session = onnxruntime.InferenceSession(file, options)

    def __call__(self, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        probabilities, features = self._session.run(None, {"batch": batch.numpy()})
        return torch.from_numpy(probabilities), torch.from_numpy(features)


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default 5)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of each runtime")
    parser.add_argument("--without", action="append", default=[], metavar="NAME", help="leave a runtime out")
    options = parser.parse_args()
    write_report(measured(options.rounds, options.threads, options.without), options.output)


def measured(rounds: int, threads: int, without: Sequence[str]) -> dict[str, Any]:
    facts = machine()
    model = load_bundle(shipped.BUNDLE, "cpu", threads=threads)
    torch.set_num_threads(threads)
    runtimes, missing = started(model, threads, without)
    seconds: dict[str, dict[int, list[float]]] = {r.name: {b: [] for b in BATCHES} for r in runtimes}
    peaks = []
    for number in range(1, rounds + 1):
        peaks.append(matrix_flops(torch.device("cpu")))
        for runtime in runtimes:
            for batch in BATCHES:
                seconds[runtime.name][batch].append(seconds_a_pass(runtime, pictures(model, batch)))
        progress(f"round {number} of {rounds}")
    flops = flops_a_picture(model)
    return {
        "benchmark": "inference",
        "rounds": rounds,
        "threads": threads,
        "chosen_by_the_worker": model.runtime.name,
        "not_installed": missing,
        "mflop_a_picture": round(flops / 1e6),
        "matrix_product_gflop_per_s": spread([peak / 1e9 for peak in peaks], 1),
        "runtimes": {
            name: {str(batch): summary(batch, of_batch, flops, peaks, seconds) for batch, of_batch in each.items()}
            for name, each in seconds.items()
        },
        "cuda": on_cuda(model, rounds, flops) if torch.cuda.is_available() else None,
        "machine": facts,
    }


def summary(
    batch: int,
    passes_s: Sequence[float],
    flops: float,
    peaks: Sequence[float],
    seconds: dict[str, dict[int, list[float]]],
) -> dict[str, Any]:
    return {
        "ms_a_picture": spread([1000 * s / batch for s in passes_s], 2),
        "pictures_per_s": spread([batch / s for s in passes_s], 1),
        "of_matrix_peak": ratios([batch * flops / s for s in passes_s], peaks),
        "speed_to_eager": ratios([1 / s for s in passes_s], [1 / s for s in seconds["eager"][batch]]),
    }


def started(model: Model, threads: int, without: Sequence[str]) -> tuple[list[Runtime], list[str]]:
    """The runtimes that start here, eager PyTorch first, and the names of those that do not."""
    readout, probe = Readout(model.network, GRIDS), pictures(model, 2)
    makers: dict[str, Callable[[], Runtime]] = {
        "eager": lambda: Eager(readout, torch.device("cpu")),
        "traced": lambda: Traced(readout, probe),
        "compiled": lambda: Compiled(readout),
        "openvino": lambda: OpenVino(readout, probe, threads),
        "onnxruntime": lambda: Onnx(readout, probe, threads),
    }
    ready, missing = [], []
    for name, make in makers.items():
        if name in without:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                runtime = make()
                runtime(probe)
        except Exception as error:  # noqa: BLE001 - what is not installed fails in many ways
            missing.append(f"{name} ({type(error).__name__})")
        else:
            ready.append(runtime)
    return ready, missing


def pictures(model: Model, batch: int) -> torch.Tensor:
    return torch.rand(batch, *model.shape, generator=torch.Generator().manual_seed(batch))


def seconds_a_pass(run: Callable[[torch.Tensor], Any], batch: torch.Tensor) -> float:
    """One pass, from as many as fill a fifth of a second; what the first costs is left out."""
    run(batch)
    passes, began_s = 0, time.perf_counter()
    while (passed_s := time.perf_counter() - began_s) < LEAST_S:
        run(batch)
        passes += 1
    return passed_s / passes


def matrix_flops(device: torch.device) -> float:
    """Operations a second of a float32 matrix product."""
    one, other = (torch.rand(MATRIX, MATRIX, device=device) for _ in range(2))
    torch.mm(one, other)
    best_s = min(_timed(lambda: torch.mm(one, other), device) for _ in range(MATRIX_PRODUCTS))
    return 2 * MATRIX**3 / best_s


def _timed(step: Callable[[], Any], device: torch.device) -> float:
    began_s = time.perf_counter()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began_s


def flops_a_picture(model: Model) -> float:
    with FlopCounterMode(display=False) as counter:
        model.network(pictures(model, 1))
    return float(counter.get_total_flops())


def on_cuda(model: Model, rounds: int, flops: float) -> dict[str, Any]:
    """Milliseconds a picture beside the floor: what must be moved at the device's bandwidth, and computed."""
    device = torch.device("cuda")
    bandwidth, peak = copied_bytes_per_s(device), matrix_flops(device)
    floor_s = max(bytes_a_picture(model) / bandwidth, flops / peak)
    readout = Readout(copy.deepcopy(model.network), GRIDS)
    runtimes: list[Runtime] = [Eager(readout, device), Graphed(readout, device)]
    return {
        "device": torch.cuda.get_device_name(device),
        "copy_gb_per_s": round(bandwidth / 1e9),
        "matrix_product_gflop_per_s": round(peak / 1e9),
        "floor_ms_a_picture": round(1000 * floor_s, 4),
        "runtimes": {
            runtime.name: {
                str(batch): {
                    "ms_a_picture": spread([1000 * s / batch for s in passes_s], 4),
                    "times_the_floor": ratios([s / batch for s in passes_s], [floor_s] * rounds),
                }
                for batch, passes_s in _passes(runtime, model, rounds)
            }
            for runtime in runtimes
        },
    }


def _passes(runtime: Runtime, model: Model, rounds: int) -> Iterator[tuple[int, list[float]]]:
    for batch in BATCHES:
        yield batch, [seconds_a_pass(runtime, pictures(model, batch)) for _ in range(rounds)]


def copied_bytes_per_s(device: torch.device) -> float:
    source = torch.zeros(1 << 28, device=device)
    target = torch.empty_like(source)
    target.copy_(source)
    best_s = min(_timed(lambda: target.copy_(source), device) for _ in range(MATRIX_PRODUCTS))
    return 2 * source.nbytes / best_s


def bytes_a_picture(model: Model) -> float:
    """What every layer must write and the next one read, in float32."""
    value, moved = pictures(model, 1), 0
    for layer in model.network:
        value = layer(value)
        moved += 2 * value.nbytes
    return float(moved)


if __name__ == "__main__":
    main()
