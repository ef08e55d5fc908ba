from __future__ import annotations

import ssl

import pytest
from cryptography.hazmat.primitives import serialization

from certificates import OURS, Hospital
from osteo_pacs.tls.contexts import TlsFilesUnusable, client_context, server_context
from osteo_pacs.tls.files import TlsFiles


@pytest.fixture
def hospital(tmp_path):
    return Hospital(tmp_path)


@pytest.fixture
def files(hospital):
    held = hospital.issue(OURS)
    return TlsFiles(held.certificate, held.key, held.ca)


@pytest.fixture(params=[server_context, client_context])
def context_of(request):
    return request.param


def test_both_sides_ask_for_a_certificate_and_speak_tls_1_2_and_up(files, context_of):
    context = context_of(files)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_every_cipher_suite_has_forward_secrecy_and_authenticated_encryption(files, context_of):
    for suite in context_of(files).get_ciphers():
        assert suite["aead"], suite["name"]
        assert suite["protocol"] == "TLSv1.3" or suite["name"].startswith("ECDHE-"), suite["name"]


def test_the_requestor_looks_at_the_name(files):
    assert client_context(files).check_hostname


@pytest.mark.parametrize("which", ["certificate", "key", "ca"])
def test_a_file_that_is_not_there_is_named(files, context_of, which):
    path = getattr(files, which)
    path.unlink()
    with pytest.raises(TlsFilesUnusable) as caught:
        context_of(files)
    assert caught.value.detail == f"{path}: No such file or directory"


@pytest.mark.parametrize("which", ["certificate", "key", "ca"])
def test_a_file_that_is_no_pem_is_named(files, context_of, which):
    path = getattr(files, which)
    path.write_text("no certificate\n")
    with pytest.raises(TlsFilesUnusable) as caught:
        context_of(files)
    assert str(path) in caught.value.detail
    assert "PEM" in caught.value.detail


def test_the_key_of_another_certificate_is_told(files, hospital, context_of):
    other = hospital.issue("other.example")
    with pytest.raises(TlsFilesUnusable) as caught:
        context_of(TlsFiles(files.certificate, other.key, files.ca))
    assert caught.value.detail == f"{other.key} is not the key of {files.certificate}"


def test_a_key_with_a_password_is_refused_and_nobody_is_asked(files, context_of):
    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    encrypted = serialization.BestAvailableEncryption(b"secret")
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    files.key.write_bytes(key.private_bytes(pem, pkcs8, encrypted))
    with pytest.raises(TlsFilesUnusable) as caught:
        context_of(files)
    assert caught.value.detail == f"{files.key} has a password"
