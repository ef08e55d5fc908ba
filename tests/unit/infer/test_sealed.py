from __future__ import annotations

import json

import pytest

from osteo_pacs import shipped
from osteo_pacs.infer.manifest import verify_manifest
from osteo_pacs.sealed import BundleMissing, BundleTampered, open_sealed


def test_the_shipped_bundle_is_as_its_manifest_says():
    assert len(verify_manifest(shipped.BUNDLE)) == 64


def test_every_file_that_is_used_is_sealed():
    files = open_sealed(shipped.BUNDLE).files
    used = {"configs/inference.json", "configs/metadata.json", "models/model.safetensors", "models/model.pt"}
    scripts = {f"scripts/{path.name}" for path in (shipped.BUNDLE / "scripts").glob("*.py")}
    assert used | scripts <= set(files)


@pytest.mark.parametrize("path", ["configs/inference.json", "models/model.safetensors", "scripts/rendering.py"])
def test_one_changed_byte_is_named_with_its_remedy(bundle, path):
    content = bytearray((bundle / path).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / path).write_bytes(content)
    with pytest.raises(BundleTampered) as caught:
        open_sealed(bundle)
    assert path in str(caught.value)
    assert "Restore the bundle" in str(caught.value)


def test_a_folder_that_is_not_there_is_a_mistake_of_the_configuration(tmp_path):
    with pytest.raises(BundleMissing, match="nowhere") as caught:
        open_sealed(tmp_path / "nowhere")
    assert "[model] bundle" in caught.value.remedy


def test_a_missing_file_is_named(bundle):
    (bundle / "models" / "model.safetensors").unlink()
    with pytest.raises(BundleTampered, match=r"model\.safetensors cannot be read"):
        open_sealed(bundle)


def test_a_missing_manifest_is_tampering(bundle):
    (bundle / "manifest.json").unlink()
    with pytest.raises(BundleTampered, match=r"manifest\.json"):
        open_sealed(bundle)


@pytest.mark.parametrize("content", ["", "[]", '{"files": 3}', '{"files": ["a"]}', "[" * 100_000, "\udcff"])
def test_a_manifest_that_is_none_is_tampering(bundle, content):
    (bundle / "manifest.json").write_text(content, errors="surrogateescape")
    with pytest.raises(BundleTampered, match="no manifest"):
        open_sealed(bundle)


@pytest.mark.parametrize("path", ["../outside", "/etc/hostname", "configs/../../outside"])
def test_a_path_outside_the_folder_is_never_read(bundle, path):
    (bundle / "manifest.json").write_text(json.dumps({"files": {path: "0" * 64}}))
    with pytest.raises(BundleTampered, match="outside the folder"):
        open_sealed(bundle)


def test_a_file_that_the_manifest_does_not_name_cannot_be_read(bundle):
    (bundle / "configs" / "extra.json").write_text("{}")
    with pytest.raises(BundleTampered, match="not in the manifest"):
        open_sealed(bundle).read("configs/extra.json")
