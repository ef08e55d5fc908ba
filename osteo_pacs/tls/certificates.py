"""Certificates as values: whom they name, how they are told apart, and when they are valid."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from osteo_pacs.tls.contexts import TlsFilesUnusable


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate.

    Attributes:
        names: its DNS names (RFC 5280 4.2.1.6), then its Common Name; in small letters.
        fingerprint: SHA-256 of the whole certificate, 64 hexadecimal digits.
        starts_at: from when it is valid.
        expires_at: until when.
    """

    names: tuple[str, ...]
    fingerprint: str
    starts_at: datetime
    expires_at: datetime

    @property
    def keys(self) -> tuple[str, ...]:
        """How the configuration may call it."""
        return (*self.names, f"sha256:{self.fingerprint}")

    @property
    def title(self) -> str:
        """Its first name, or its fingerprint where it has none."""
        return self.keys[0]


def shown_by(connection: ssl.SSLSocket) -> Certificate:
    """The certificate that the peer has shown, and that was verified."""
    encoded = connection.getpeercert(binary_form=True) or b""
    # The dictionary is typed for every shape that any certificate can give.
    details: dict[str, tuple[tuple[tuple[str, str], ...], ...]] = connection.getpeercert() or {}  # type: ignore[assignment]
    dns_names = [str(value) for kind, value in details.get("subjectAltName", ()) if kind == "DNS"]  # type: ignore[comparison-overlap]
    common_names = [value for part in details.get("subject", ()) for key, value in part if key == "commonName"]
    return Certificate(
        _small((*dns_names, *common_names)),
        sha256(encoded).hexdigest(),
        _moment(str(details["notBefore"])),
        _moment(str(details["notAfter"])),
    )


def read_certificates(path: Path) -> list[Certificate]:
    """The certificates of a PEM file in their order; the first is the owner's.

    Raises:
        TlsFilesUnusable: it cannot be read, or holds none.
    """
    try:
        return [_of(certificate) for certificate in x509.load_pem_x509_certificates(path.read_bytes())]
    except ValueError as error:
        raise TlsFilesUnusable(f"{path} holds no certificates in PEM") from error
    except OSError as error:
        raise TlsFilesUnusable(f"{path}: {error.strerror}") from error


def _of(certificate: x509.Certificate) -> Certificate:
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        dns_names = alternatives.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        dns_names = []
    common_names = [str(part.value) for part in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return Certificate(
        _small((*dns_names, *common_names)),
        certificate.fingerprint(SHA256()).hex(),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
    )


def _small(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.lower() for name in names))


def _moment(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)
