"""Why a connection was not made or was lost, in words; never the peer's bytes."""

from __future__ import annotations

import ssl

_NOT_TLS = "it does not speak TLS"
_TOO_OLD = "it speaks neither TLS 1.2 nor TLS 1.3"
_WORDS = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "it showed no certificate",
    "WRONG_VERSION_NUMBER": _NOT_TLS,
    "HTTP_REQUEST": _NOT_TLS,
    "HTTPS_PROXY_REQUEST": _NOT_TLS,
    "RECORD_LAYER_FAILURE": _NOT_TLS,
    "PACKET_LENGTH_TOO_LONG": _NOT_TLS,
    "UNSUPPORTED_PROTOCOL": _TOO_OLD,
    "TLSV1_ALERT_PROTOCOL_VERSION": _TOO_OLD,
    "NO_SHARED_CIPHER": "it has none of our cipher suites",
}
"""By OpenSSL's names of its reasons."""
_ALERT = "_ALERT_"


def describe_loss(error: OSError) -> str:
    """An error of a connection; empty where there is nothing to tell, as when the peer just went away."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message.rstrip('.')}"
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return ""
    if isinstance(error, ssl.SSLError):
        return _of_tls(error.reason or "")
    return error.strerror or ""


def _of_tls(reason: str) -> str:
    if known := _WORDS.get(reason):
        return known
    if _ALERT in reason:
        return f"it ended TLS: {_plain(reason.partition(_ALERT)[2])}"
    return f"TLS failed: {_plain(reason)}" if reason else "TLS failed"


def _plain(reason: str) -> str:
    return reason.lower().replace("_", " ")
