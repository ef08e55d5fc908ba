"""Certificates that are replaced while the listener runs, and plain DICOM where others can listen."""

from __future__ import annotations

import ssl
from hashlib import sha256

import pytest

from certificates import OURS, Hospital
from osteo_pacs.tls.contexts import TlsFilesUnusable
from peers import echoscu, until
from receiving import running_listener


def shown(listener) -> str:
    """The fingerprint of the certificate that the listener shows to the next peer."""
    with listener.peer() as peer:
        peer.associate()
        assert isinstance(peer.connection, ssl.SSLSocket)
        return sha256(peer.connection.getpeercert(binary_form=True)).hexdigest()


def test_a_certificate_that_was_replaced_is_shown_to_the_next_peer(tmp_path):
    hospital = Hospital(tmp_path)
    scanner = hospital.issue("scanner.example").client_context()
    first, second = hospital.issue(OURS), hospital.issue(OURS, file="second")
    titles = {"scanner.example": ["SCANNER"]}
    with (
        running_listener(tmp_path, tls=scanner, tls_ae_titles=titles, **first.keys) as listener,
        listener.peer() as before,
    ):
        before.associate()
        old = first.fingerprint
        assert shown(listener) == old

        second.certificate.replace(first.certificate)
        assert shown(listener) == old, "the certificate's key is not there yet"
        assert "is not the key of" in until(lambda: listener.events("certificate_not_renewed"))[0]["error"]

        second.key.replace(first.key)
        assert shown(listener) == first.fingerprint != old
        assert len(listener.events("certificate_renewed")) == 1
        assert before.c_echo().status == 0, "an association goes on as it began"


@pytest.mark.parametrize("missing", ["certificate", "key", "ca"])
def test_a_file_that_is_gone_leaves_the_last_good_ones_in_use(tmp_path, missing):
    hospital = Hospital(tmp_path)
    ours, scanner = hospital.issue(OURS), hospital.issue("scanner.example").client_context()
    titles = {"scanner.example": ["SCANNER"]}
    with running_listener(tmp_path, tls=scanner, tls_ae_titles=titles, **ours.keys) as listener:
        fingerprint = ours.fingerprint
        getattr(ours, missing).unlink()
        assert shown(listener) == shown(listener) == fingerprint
        assert len(listener.events("certificate_not_renewed")) == 1, "each state of the files is told once"


def test_a_listener_whose_files_do_not_fit_does_not_start(tmp_path, monkeypatch):
    hospital = Hospital(tmp_path)
    keys = hospital.issue(OURS).keys | {"tls_key": str(hospital.issue("other.example").key)}
    raised = []
    monkeypatch.setattr("threading.excepthook", lambda caught: raised.append(caught.exc_value))
    with (
        pytest.raises(AssertionError),
        running_listener(tmp_path, tls_ae_titles={"a": ["A"]}, **keys),
    ):
        pytest.fail("it listens")
    assert isinstance(raised[0], TlsFilesUnusable)


def test_plain_dicom_off_loopback_is_warned_of(tmp_path):
    allowed = {"calling_ae_titles": ["SCANNER"], "addresses": ["127.0.0.1"], "allow_plain": True}
    with running_listener(tmp_path, host="0.0.0.0", **allowed) as listener:  # noqa: S104 - the case
        assert [event["host"] for event in listener.events("plain_off_loopback")] == ["0.0.0.0"]  # noqa: S104
        echoscu(listener.port, called="OSTEO_PACS", calling="SCANNER")


def test_plain_dicom_on_loopback_is_not_warned_of(tmp_path):
    with running_listener(tmp_path) as listener:
        assert listener.events("plain_off_loopback") == []


def test_tls_off_loopback_needs_no_leave_for_plain_dicom(tmp_path):
    hospital = Hospital(tmp_path)
    ours, scanner = hospital.issue(OURS), hospital.issue("scanner.example")
    rules = {
        "calling_ae_titles": ["SCANNER"],
        "addresses": ["127.0.0.1"],
        "tls_ae_titles": {"scanner.example": ["SCANNER"]},
    }
    with running_listener(tmp_path, host="0.0.0.0", **rules, **ours.keys) as listener:  # noqa: S104 - the case
        assert listener.events("plain_off_loopback") == []
        echoscu(listener.port, called="OSTEO_PACS", calling="SCANNER", args=scanner.dcmtk)
