"""Where the certificates of one side of a connection lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from osteo_pacs.config.network import Destination, Listener


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Our certificate with its chain, its key, and the authorities that issue the peers' certificates; PEM."""

    certificate: Path
    key: Path
    ca: Path

    @classmethod
    def of(cls, section: Listener | Destination) -> TlsFiles | None:
        """The files that a section names; None where it speaks plain DICOM."""
        if section.tls_certificate is None or section.tls_key is None or section.tls_ca is None:
            return None
        return cls(section.tls_certificate, section.tls_key, section.tls_ca)


@dataclass(frozen=True, slots=True)
class ClientTls:
    """What a requestor needs: its files, and the name that the peer's certificate must have."""

    files: TlsFiles
    server_name: str

    @classmethod
    def of(cls, destination: Destination) -> ClientTls | None:
        """How we talk to a destination; None: in plain DICOM."""
        files = TlsFiles.of(destination)
        return cls(files, destination.tls_server_name or destination.host) if files else None
