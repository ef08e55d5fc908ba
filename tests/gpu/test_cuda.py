"""The model on a CUDA device: the same answers as on the CPU, and the bundle's own commands."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
import torch

from osteo_pacs import shipped
from osteo_pacs.infer.bundle import load_bundle
from osteo_pacs.infer.explain import Explainer
from osteo_pacs.infer.predict import Prediction, run_with_retry
from osteo_pacs.phantom import spine_image
from osteo_pacs.phantom.dataset import standard_parts, write_dataset
from spines import grey

CUDA_TOLERANCE = 2e-3
"""Of a probability or, relative to the largest, of a feature: convolutions round to TensorFloat-32's ten bits."""


@pytest.fixture(scope="module")
def spines():
    return [grey(pixels, truth.scanner) for pixels, truth in map(spine_image, range(24))]


@pytest.fixture(scope="module")
def on_cpu():
    return load_bundle(shipped.BUNDLE, "cpu", threads=1)


@pytest.fixture(scope="module")
def on_cuda():
    return load_bundle(shipped.BUNDLE, "cuda", threads=1)


def test_the_network_runs_as_one_graph(on_cuda):
    assert on_cuda.runtime.name == "cuda-graph"


def test_pictures_are_answered_as_on_the_cpu(on_cpu, on_cuda, spines):
    expected, found = on_cpu.predict(spines), on_cuda.predict(spines)
    assert [type(one) for one in found] == [type(one) for one in expected]
    read = [pair for pair in zip(found, expected, strict=True) if isinstance(pair[0], Prediction)]
    assert len(read) > 20
    for one, other in read:
        assert one.probability == pytest.approx(other.probability, abs=0.01)
        assert one.region == other.region


def test_any_number_of_pictures_gives_what_the_cpu_gives(on_cpu, on_cuda):
    for seed, size in enumerate((1, 3, 8, 3, 1)):
        batch = torch.rand(size, *on_cuda.shape, generator=torch.Generator().manual_seed(seed))
        for found, expected in zip(on_cuda.runtime(batch), on_cpu.runtime(batch), strict=True):
            torch.testing.assert_close(found, expected, atol=CUDA_TOLERANCE * float(expected.abs().max()), rtol=0)


def test_results_outlive_the_next_call(on_cuda):
    first, _ = on_cuda.runtime(torch.rand(2, *on_cuda.shape))
    kept = first.clone()
    on_cuda.runtime(torch.zeros(2, *on_cuda.shape))
    assert torch.equal(first, kept)


def test_a_batch_that_does_not_fit_is_read_in_halves(on_cuda):
    calls = []

    def runtime(batch):
        calls.append(len(batch))
        if len(batch) > 2:
            torch.empty(1 << 50, device="cuda", dtype=torch.uint8)
        return on_cuda.runtime(batch)

    probabilities, _ = run_with_retry(runtime, torch.rand(4, *on_cuda.shape))
    assert calls == [4, 2, 2]
    assert probabilities.shape == (4, 2)


def test_what_drove_a_result_is_shown_as_on_the_cpu(on_cpu, on_cuda, spines):
    answers = [True, False]
    expected = Explainer(on_cpu).explain(spines[:2], answers)
    for one, other in zip(Explainer(on_cuda).explain(spines[:2], answers), expected, strict=True):
        assert abs(one.heat - other.heat).max() < 0.05


def test_the_bundle_trains_and_is_evaluated_by_monai_alone(tmp_path):
    bundle, dataset = tmp_path / "bundle", tmp_path / "dataset"
    shutil.copytree(shipped.BUNDLE, bundle, ignore=shutil.ignore_patterns("__pycache__"))
    write_dataset(dataset, standard_parts(64, 48, 48))
    for config, more in (("train", ["--max_epochs", "1"]), ("evaluate", ["--output_dir", "out"])):
        command = [sys.executable, "-m", "monai.bundle", "run", "--config_file", f"configs/{config}.json"]
        command += ["--dataset_dir", str(dataset), *more]
        done = subprocess.run(command, cwd=bundle, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    metadata = json.loads((bundle / "configs" / "metadata.json").read_text())
    assert metadata["training"]["device"] == "cuda"
    assert "auroc" in (bundle / "out" / "figures.json").read_text()
    assert load_bundle(bundle, "cuda").runtime.name == "cuda-graph"
