from __future__ import annotations

import ssl

import pytest

from osteo_pacs.tls.words import describe_loss


def tls_error(reason, kind=ssl.SSLError):
    error = kind(1, f"[SSL: {reason}] whatever (_ssl.c:1000)")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "it showed no certificate"),
        ("WRONG_VERSION_NUMBER", "it does not speak TLS"),
        ("UNSUPPORTED_PROTOCOL", "it speaks neither TLS 1.2 nor TLS 1.3"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "it ended TLS: certificate required"),
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", "it ended TLS: certificate expired"),
        ("BAD_EXTENSION", "TLS failed: bad extension"),
        (None, "TLS failed"),
    ],
)
def test_a_reason_of_openssl_has_words(reason, words):
    assert describe_loss(tls_error(reason)) == words


def test_a_certificate_that_is_not_accepted_is_told_with_the_reason():
    error = tls_error("CERTIFICATE_VERIFY_FAILED", ssl.SSLCertVerificationError)
    error.verify_message = "certificate has expired"
    assert describe_loss(error) == "its certificate is not accepted: certificate has expired"


@pytest.mark.parametrize("kind", [ssl.SSLEOFError, ssl.SSLZeroReturnError])
def test_a_peer_that_went_away_needs_no_words(kind):
    assert describe_loss(tls_error("", kind)) == ""


def test_an_error_of_the_system_has_its_own_words():
    assert describe_loss(ConnectionResetError(104, "Connection reset by peer")) == "Connection reset by peer"
