from __future__ import annotations

from datetime import timedelta

import pytest

from certificates import OURS, Hospital
from osteo_pacs.tls.certificates import read_certificates
from osteo_pacs.tls.contexts import TlsFilesUnusable
from osteo_pacs.tls.files import TlsFiles
from osteo_pacs.tls.trial import refusal_of


@pytest.fixture
def hospital(tmp_path):
    return Hospital(tmp_path)


def files_of(held):
    return TlsFiles(held.certificate, held.key, held.ca)


def test_a_certificate_is_called_by_its_dns_names_its_common_name_or_its_fingerprint(hospital):
    held = hospital.issue("Pacs.Example", "two.example", common_name="The PACS")
    [certificate] = read_certificates(held.certificate)
    names = ("pacs.example", "two.example", "the pacs")
    assert certificate.names == names
    assert certificate.keys == (*names, f"sha256:{held.fingerprint}")
    assert certificate.title == "pacs.example"


def test_a_certificate_without_a_name_is_called_by_its_fingerprint(hospital):
    held = hospital.issue("127.0.0.1")
    assert read_certificates(held.certificate)[0].title == f"sha256:{held.fingerprint}"


def test_a_file_holds_several_certificates_in_their_order(hospital, tmp_path):
    both = tmp_path / "both.pem"
    both.write_bytes(hospital.issue("one.example").certificate.read_bytes() + hospital.ca.read_bytes())
    first, second = read_certificates(both)
    assert first.title == "one.example"
    assert second.fingerprint == read_certificates(hospital.ca)[0].fingerprint


@pytest.mark.parametrize("content", [None, "", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_file_without_certificates_is_named(tmp_path, content):
    path = tmp_path / "none.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(TlsFilesUnusable, match=r"none\.pem"):
        read_certificates(path)


# -- a trial


def test_a_peer_that_trusts_our_authority_accepts_us(hospital):
    assert refusal_of(files_of(hospital.issue(OURS))) == ""


def test_a_peer_refuses_what_has_expired(hospital):
    expired = hospital.issue(OURS, valid_for=timedelta(hours=-1))
    assert "certificate has expired" in refusal_of(files_of(expired))


def test_a_peer_refuses_what_another_authority_has_issued(hospital, tmp_path):
    foreign = Hospital(tmp_path, "elsewhere").issue(OURS)
    assert "not accepted" in refusal_of(TlsFiles(foreign.certificate, foreign.key, hospital.ca))
