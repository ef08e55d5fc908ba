"""A bundle that must be signed is refused without its maker's signature, before a byte of it is parsed."""

from __future__ import annotations

import json
import subprocess

import pytest

from osteo_pacs.decode import Decoder
from osteo_pacs.infer.bundle import load_bundle
from osteo_pacs.infer.manifest import verify_manifest
from osteo_pacs.sealed import MANIFEST, BundleTampered, open_sealed
from osteo_pacs.signature import SIGNATURE, BundleNotSigned, KeyUnusable


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


@pytest.fixture
def key(tmp_path):
    """Makes a pair of keys as the page says, and gives the private and the public one."""

    def pair(name="key"):
        private, public = tmp_path / f"{name}.pem", tmp_path / f"{name}.pub.pem"
        openssl("genpkey", "-algorithm", "ed25519", "-out", private)
        openssl("pkey", "-in", private, "-pubout", "-out", public)
        return private, public

    return pair


def sign(bundle, private):
    manifest = bundle / MANIFEST
    openssl("pkeyutl", "-sign", "-rawin", "-inkey", private, "-in", manifest, "-out", bundle / SIGNATURE)


def test_a_bundle_signed_by_its_maker_is_loaded(bundle, key):
    private, public = key()
    sign(bundle, private)
    assert verify_manifest(bundle, public)
    assert load_bundle(bundle, "cpu", threads=1, public_key=public).version.version
    with Decoder(bundle, public_key=public) as decoder:
        assert decoder.confinement.has_call_filter


def test_a_bundle_without_a_signature_is_refused_with_its_remedy(bundle, key):
    _, public = key()
    with pytest.raises(BundleNotSigned, match=r"manifest\.json\.sig cannot be read") as caught:
        verify_manifest(bundle, public)
    assert "sign-a-bundle.md" in str(caught.value)


def test_a_signature_by_another_key_is_refused(bundle, key):
    _, public = key()
    sign(bundle, key("other")[0])
    with pytest.raises(BundleNotSigned, match="is not the signature by"):
        verify_manifest(bundle, public)


def test_a_bundle_that_was_sealed_again_after_its_signature_is_refused(bundle, key):
    private, public = key()
    sign(bundle, private)
    manifest = json.loads((bundle / MANIFEST).read_text())
    manifest["files"].popitem()
    (bundle / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BundleNotSigned):
        open_sealed(bundle, public)


@pytest.mark.parametrize("signature", [b"", bytes(64), bytes(63), bytes(100_000)])
def test_what_is_no_signature_is_refused(bundle, key, signature):
    _, public = key()
    (bundle / SIGNATURE).write_bytes(signature)
    with pytest.raises(BundleNotSigned):
        open_sealed(bundle, public)


def test_a_signature_is_judged_before_the_manifest_is_parsed(bundle, key):
    _, public = key()
    (bundle / MANIFEST).write_text("no manifest at all")
    with pytest.raises(BundleTampered, match="is no manifest"):
        open_sealed(bundle)
    with pytest.raises(BundleNotSigned):
        open_sealed(bundle, public)


def test_a_signed_bundle_in_which_a_byte_was_changed_is_refused(bundle, key):
    private, public = key()
    sign(bundle, private)
    with (bundle / "configs" / "metadata.json").open("ab") as file:
        file.write(b" ")
    with pytest.raises(BundleTampered, match="has been changed"):
        open_sealed(bundle, public)


@pytest.mark.parametrize("algorithm", ["ed448", "rsa"])
def test_a_key_of_another_kind_is_refused(bundle, tmp_path, algorithm):
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    openssl("genpkey", "-algorithm", algorithm, "-out", private)
    openssl("pkey", "-in", private, "-pubout", "-out", public)
    with pytest.raises(KeyUnusable, match="is no Ed25519 key") as caught:
        verify_manifest(bundle, public)
    assert "[model] public_key" in str(caught.value)


def test_a_file_that_is_no_key_is_refused(bundle, tmp_path):
    (tmp_path / "key.pem").write_text("no key")
    with pytest.raises(KeyUnusable, match="is no public key in PEM"):
        verify_manifest(bundle, tmp_path / "key.pem")
    with pytest.raises(KeyUnusable, match="cannot be read"):
        verify_manifest(bundle, tmp_path / "gone.pem")
