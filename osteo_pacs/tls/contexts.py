"""What is negotiated: TLS 1.2 and 1.3 with the cipher suites of RFC 9325, and a certificate from both sides."""

from __future__ import annotations

import ssl
from pathlib import Path

from osteo_pacs.errors import PermanentError
from osteo_pacs.tls.files import TlsFiles

CIPHERS_OF_TLS_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""RFC 9325 4.2 and ChaCha20: forward secrecy and authenticated encryption. Those of TLS 1.3 all have both."""
NOT_A_PAIR = "KEY_VALUES_MISMATCH"


class TlsFilesUnusable(PermanentError):
    """TLS cannot be set up."""

    remedy = "Mend the tls_ keys in config.toml or the files that they name; `osteo-pacs doctor` looks at each."


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """For the acceptor of connections.

    Raises:
        TlsFilesUnusable: with the file, and what is wrong with it.
    """
    context = _context(ssl.PROTOCOL_TLS_SERVER, files)
    context.verify_mode = ssl.CERT_REQUIRED
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    # With a ticket a peer could come back later without showing its certificate again.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    return context


def client_context(files: TlsFiles) -> ssl.SSLContext:
    """For the requestor; the peer's certificate must have the name that it is called by.

    Raises:
        TlsFilesUnusable: with the file, and what is wrong with it.
    """
    return _context(ssl.PROTOCOL_TLS_CLIENT, files)


def _context(protocol: int, files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS_OF_TLS_1_2)
    context.options |= ssl.OP_NO_RENEGOTIATION
    # What the file holds is trusted: an issuing authority without its root, or the certificate of one device.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    _load_authorities(context, files.ca)
    _load_identity(context, files)
    return context


def _load_authorities(context: ssl.SSLContext, path: Path) -> None:
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError as error:
        raise TlsFilesUnusable(f"{path} holds no certificates in PEM") from error
    except OSError as error:
        raise TlsFilesUnusable(f"{path}: {error.strerror}") from error


def _load_identity(context: ssl.SSLContext, files: TlsFiles) -> None:
    for path in (files.certificate, files.key):
        _require_readable(path)

    def refuse() -> str:
        raise TlsFilesUnusable(
            f"{files.key} has a password", remedy="Write the key without one, for its owner alone."
        )

    try:
        context.load_cert_chain(files.certificate, files.key, password=refuse)
    except ssl.SSLError as error:
        if error.reason == NOT_A_PAIR:
            raise TlsFilesUnusable(f"{files.key} is not the key of {files.certificate}") from error
        raise TlsFilesUnusable(
            f"{files.certificate} holds no certificate, or {files.key} no key, in PEM"
        ) from error


def _require_readable(path: Path) -> None:
    # OpenSSL's own error does not tell which of the two files it means.
    try:
        path.open("rb").close()
    except OSError as error:
        raise TlsFilesUnusable(f"{path}: {error.strerror}") from error
