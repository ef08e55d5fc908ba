from __future__ import annotations

import shutil

import pytest
import torch

from osteo_pacs import shipped
from osteo_pacs.doctor import model
from osteo_pacs.doctor.check import examine


@pytest.fixture
def look(settings):
    """The check of this name, for a bundle in a folder or the one that ships."""

    def look_at(name, folder=None, device="cpu"):
        lines = f'[worker]\ndevice = "{device}"\n' + (f'[model]\nbundle = "{folder}"\n' if folder else "")
        [examination] = [e for e in model.examinations(settings(lines)) if e.name == name]
        return examine(examination)

    return look_at


@pytest.fixture
def bundle(tmp_path):
    folder = tmp_path / "bundle"
    shutil.copytree(shipped.BUNDLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_the_bundle_that_ships_is_as_it_was_sealed(look):
    check = look("bundle")
    assert check.ok
    assert str(shipped.BUNDLE) in check.detail


def test_a_bundle_in_which_one_byte_was_changed_is_told(look, bundle):
    path = bundle / "configs" / "metadata.json"
    path.write_bytes(path.read_bytes() + b" ")
    for name in ("bundle", "prediction"):
        check = look(name, bundle)
        assert not check.ok
        assert "configs/metadata.json" in check.detail
        assert "Restore the bundle" in check.remedy


def test_a_key_that_is_none_is_told_and_lies_beside_the_configuration(settings, bundle, tmp_path):
    key = tmp_path / "key.pem"
    key.write_text("no key")
    lines = f'[model]\nbundle = "{bundle}"\npublic_key = "key.pem"\n'
    for examination in model.examinations(settings(lines)):
        if examination.name in {"bundle", "prediction"}:
            check = examine(examination)
            assert not check.ok
            assert f"{key} is no public key in PEM" in check.detail
            assert "[model] public_key" in check.remedy


def test_a_folder_without_a_bundle_is_told(look, tmp_path):
    check = look("bundle", tmp_path / "nowhere")
    assert not check.ok
    assert check.remedy


def test_the_cpu_is_always_there(look):
    check = look("device")
    assert check.ok
    assert "CPU" in check.detail


def test_a_device_that_is_not_there_is_told(look, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    check = look("device", device="cuda")
    assert not check.ok
    assert '"cpu" or "auto"' in check.remedy
    assert look("device", device="auto").ok


def test_a_trial_prediction_comes_out(look):
    check = look("prediction")
    assert check.ok, check
    assert "read a simulated spine: " in check.detail
