from __future__ import annotations

import sys

import pytest
import torch

from osteo_pacs.infer import runtimes
from osteo_pacs.infer.runtimes import Eager, Guarded, OpenVino, Readout, Traced, fastest

CPU = torch.device("cpu")
SHAPE = (1, 224, 224)


@pytest.fixture
def readout(model) -> Readout:
    return Readout(model.network, {"max_pooling_1": 2, "max_pooling_2": 4})


@pytest.fixture
def probe() -> torch.Tensor:
    return torch.rand(3, *SHAPE, generator=torch.Generator().manual_seed(7))


def test_features_are_the_named_layers_outputs_side_by_side(readout, probe):
    probabilities, features = Eager(readout, CPU)(probe)
    assert probabilities.shape == (3, 2)
    assert features.shape == (3, 32 * 2 * 2 + 64 * 4 * 4)
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(3))


def test_features_come_in_the_order_in_which_the_layers_are_named(model, readout, probe):
    turned = Readout(model.network, {"max_pooling_2": 4, "max_pooling_1": 2})
    _, features = Eager(readout, CPU)(probe)
    _, found = Eager(turned, CPU)(probe)
    torch.testing.assert_close(found, features.roll(64 * 4 * 4, dims=1))


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.parametrize("start", [Traced, lambda readout, probe: OpenVino(readout, probe, 1)])
def test_a_runtime_computes_what_eager_does_at_any_batch_size(readout, probe, start):
    expected = Eager(readout, CPU)(probe)
    runtime = start(readout, probe)
    for size in (1, 3):
        for found, wanted in zip(runtime(probe[:size]), expected, strict=True):
            torch.testing.assert_close(found, wanted[:size], atol=1e-4, rtol=1e-4)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_results_outlive_the_next_call(readout, probe):
    runtime = OpenVino(readout, probe, 1)
    first, _ = runtime(probe)
    kept = first.clone()
    runtime(torch.zeros_like(probe))
    assert torch.equal(first, kept)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_openvino_reports_nothing_over_the_network(readout, probe):
    OpenVino(readout, probe, 1)
    assert sys.modules["openvino_telemetry"] is None
    assert sys.modules["openvino.tools.ovc.telemetry_utils"].tm.__name__.endswith("telemetry_stub")


def test_openvino_is_taken_where_it_is_installed(readout):
    assert fastest(readout, CPU, SHAPE, 1).name == "openvino"


def test_without_openvino_the_traced_network_runs(readout, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert fastest(readout, CPU, SHAPE, 1).name == "traced"


def test_a_runtime_that_computes_otherwise_is_passed_over(readout, monkeypatch):
    class Wrong(Traced):
        def __call__(self, batch):
            probabilities, features = super().__call__(batch)
            return probabilities + 0.01, features

    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr(runtimes, "Traced", Wrong)
    assert fastest(readout, CPU, SHAPE, 1).name == "eager"


def test_a_runtime_that_fails_later_gives_way_to_plain_pytorch(readout, probe):
    class Broken:
        name = "openvino"

        def __call__(self, _):
            raise RuntimeError("internal")

    eager = Eager(readout, CPU)
    guarded = Guarded(Broken(), eager)
    assert guarded.name == "openvino"
    for _ in range(2):
        torch.testing.assert_close(guarded(probe)[0], eager(probe)[0])
    assert guarded.name == "eager"


def test_a_fault_of_plain_pytorch_is_not_hidden(probe):
    class Broken:
        name = "eager"

        def __call__(self, _):
            raise RuntimeError("internal")

    broken = Broken()
    with pytest.raises(RuntimeError, match="internal"):
        Guarded(broken, broken)(probe)
