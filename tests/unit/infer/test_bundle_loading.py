from __future__ import annotations

import json
import sys

import pytest
import torch

from infer_bundle import seal
from osteo_pacs import shipped
from osteo_pacs.infer import runtimes
from osteo_pacs.infer.bundle import BundleTampered, BundleUnusable, DeviceMissing, load_bundle
from osteo_pacs.infer.device import choose_device, describe_device
from osteo_pacs.infer.sealed_modules import bundle_scripts
from osteo_pacs.sealed import open_sealed

LAYERS = [
    "input_normalisation",
    *(
        f"{kind}_{n}"
        for n in (1, 2, 3, 4)
        for kind in ("convolution", "batch_normalisation", "relu", "max_pooling")
    ),
    "global_pooling",
    "dropout",
    "fully_connected",
    "softmax",
]


def change(folder, path, **items):
    """Sets items of a JSON file of the bundle."""
    content = json.loads((folder / path).read_text())
    (folder / path).write_text(json.dumps(content | items))


def test_the_network_has_21_named_layers(model):
    assert len(LAYERS) == 21
    assert [name for name, _ in model.network.named_children()] == LAYERS


def test_widths_double_from_32_to_256(model):
    widths = [layer.out_channels for layer in model.network if isinstance(layer, torch.nn.Conv2d)]
    assert widths == [32, 64, 128, 256]


def test_the_version_is_what_the_metadata_state(model):
    metadata = json.loads((shipped.BUNDLE / "configs" / "metadata.json").read_text())
    version = model.version
    assert version.version == metadata["version"]
    assert version.device_uid == metadata["product"]["device_uid"]
    assert version.threshold == metadata["decision"]["threshold"]
    assert (version.positive_class.value, version.positive_class.scheme) == ("64859006", "SCT")
    assert version.is_demonstration
    assert any("not for clinical use" in sentence for sentence in version.limitations)


def test_the_weights_digest_is_the_manifests(model):
    assert model.version.weights_sha256 == open_sealed(shipped.BUNDLE).digests["models/model.safetensors"]


def test_a_changed_configuration_is_refused_before_it_runs(bundle, tmp_path):
    mark = tmp_path / "ran"
    change(bundle, "configs/inference.json", imports=[f"$open({str(mark)!r}, 'w')"])
    with pytest.raises(BundleTampered, match=r"inference\.json"):
        load_bundle(bundle, "cpu")
    assert not mark.exists()


def test_byte_code_beside_a_script_is_never_run(bundle, tmp_path):
    mark = tmp_path / "ran"
    cache = bundle / "scripts" / "__pycache__"
    cache.mkdir()
    evil = compile(f"open({str(mark)!r}, 'w')", "preprocess.py", "exec")
    header = importlib_header(bundle / "scripts" / "preprocess.py")
    (cache / f"preprocess.{sys.implementation.cache_tag}.pyc").write_bytes(header + marshalled(evil))
    load_bundle(bundle, "cpu")
    assert not mark.exists()


def importlib_header(source) -> bytes:
    """What makes byte code count as compiled from a source: magic, flags, time and size."""
    import importlib.util

    stat = source.stat()
    parts = (0, int(stat.st_mtime) & 0xFFFFFFFF, stat.st_size & 0xFFFFFFFF)
    return importlib.util.MAGIC_NUMBER + b"".join(part.to_bytes(4, "little") for part in parts)


def marshalled(code) -> bytes:
    import marshal

    return marshal.dumps(code)


def test_a_script_that_the_manifest_does_not_name_cannot_be_imported(bundle):
    (bundle / "scripts" / "extra.py").write_text("x = 1\n")
    with bundle_scripts(open_sealed(bundle)), pytest.raises(BundleTampered, match=r"extra\.py"):
        __import__("scripts.extra")


def test_two_bundles_scripts_do_not_mix(bundle):
    (bundle / "scripts" / "preprocess.py").write_text("REGION = 'another'\n")
    seal(bundle)
    with bundle_scripts(open_sealed(shipped.BUNDLE)):
        first = __import__("scripts.preprocess", fromlist=["REGION"]).REGION
    with bundle_scripts(open_sealed(bundle)):
        second = __import__("scripts.preprocess", fromlist=["REGION"]).REGION
    assert (first, second) == ("region", "another")
    assert "scripts" not in sys.modules


def test_a_pickle_in_the_bundle_is_not_needed_and_not_read(bundle):
    (bundle / "models" / "model.pt").write_bytes(b"not a state dictionary")
    seal(bundle)
    assert load_bundle(bundle, "cpu").version.weights_sha256


def test_an_intact_bundle_that_makes_no_model_is_unusable(bundle):
    change(bundle, "configs/inference.json", layers={})
    seal(bundle)
    with pytest.raises(BundleUnusable) as caught:
        load_bundle(bundle, "cpu")
    assert "python -m monai.bundle run" in caught.value.remedy


def test_weights_of_another_network_are_unusable(bundle):
    content = json.loads((bundle / "configs" / "inference.json").read_text())
    content["layers"]["convolution_1"]["kernel_size"] = 5
    (bundle / "configs" / "inference.json").write_text(json.dumps(content))
    seal(bundle)
    with pytest.raises(BundleUnusable, match="convolution_1"):
        load_bundle(bundle, "cpu")


def test_a_device_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceMissing, match="cuda"):
        load_bundle(shipped.BUNDLE, "cuda")
    assert choose_device("auto").type == "cpu"
    assert "CPU" in describe_device("auto")


def test_auto_takes_cuda_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto").type == "cuda"
    assert choose_device("cpu").type == "cpu"


@pytest.fixture
def _threads_of_pytorch():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("_threads_of_pytorch")
def test_pytorch_keeps_one_thread_beside_a_runtime_of_its_own(bundle):
    assert load_bundle(bundle, "cpu", threads=2).runtime.name == "openvino"
    assert torch.get_num_threads() == 1


@pytest.mark.usefixtures("_threads_of_pytorch")
def test_pytorch_keeps_every_thread_where_it_runs_the_network(bundle, monkeypatch):
    monkeypatch.setattr(runtimes, "OpenVino", None)
    assert load_bundle(bundle, "cpu", threads=2).runtime.name == "traced"
    assert torch.get_num_threads() == 2
