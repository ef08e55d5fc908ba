"""Certificates of a hospital that exists in a folder: an authority, and what it issues for each device."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import trustme

from osteo_pacs.clock import utc_now

OURS = "osteo-pacs.example"


@dataclass(frozen=True)
class Held:
    """What one device holds: its certificate, its key, and the authorities that it trusts."""

    certificate: Path
    key: Path
    ca: Path

    @property
    def keys(self) -> dict[str, str]:
        """As keys of [listener] or [[destinations]]."""
        return {"tls_certificate": str(self.certificate), "tls_key": str(self.key), "tls_ca": str(self.ca)}

    @property
    def dcmtk(self) -> tuple[str, ...]:
        """As options of DCMTK's programs."""
        return ("+tls", str(self.key), str(self.certificate), "+cf", str(self.ca))

    def server_context(self, *, asks: bool = True) -> ssl.SSLContext:
        """For an acceptor; it asks for a certificate or does not."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.ca)
        context.load_cert_chain(self.certificate, self.key)
        context.verify_mode = ssl.CERT_REQUIRED if asks else ssl.CERT_NONE
        return context

    def client_context(self) -> ssl.SSLContext:
        """For a requestor, which does not look at names."""
        context = ssl.create_default_context(cafile=self.ca)
        context.check_hostname = False
        context.load_cert_chain(self.certificate, self.key)
        return context

    @property
    def fingerprint(self) -> str:
        return sha256(ssl.PEM_cert_to_DER_cert(self.certificate.read_text())).hexdigest()


class Hospital:
    """An authority; ``issue`` gives a device what it holds.

    Its authority is what its devices trust.
    """

    def __init__(self, folder: Path, name: str = "hospital") -> None:
        self._folder = folder / name
        self._folder.mkdir(parents=True, exist_ok=True)
        self.ca = self._folder / "ca.pem"
        self._authority = trustme.CA(organization_name=name)
        self._authority.cert_pem.write_to_path(self.ca)

    def issue(
        self, *names: str, valid_for: timedelta = timedelta(days=365), file: str = "", **details: Any
    ) -> Held:
        """A certificate for these DNS names, which ends that long from now."""
        ends: datetime = utc_now() + valid_for
        issued = self._authority.issue_cert(
            *names, not_before=min(utc_now(), ends) - timedelta(days=2), not_after=ends, **details
        )
        held = Held(*(self._folder / f"{file or names[0]}.{kind}" for kind in ("pem", "key")), self.ca)
        held.key.unlink(missing_ok=True)
        held.key.touch(mode=0o600)
        issued.private_key_pem.write_to_path(held.key)
        issued.cert_chain_pems[0].write_to_path(held.certificate)
        return held


def under_tls(folder: Path) -> dict[str, Any]:
    """Keys of [listener], and ``tls`` for its peers, who may call themselves SCANNER."""
    hospital = Hospital(folder)
    scanner = hospital.issue("scanner.example")
    titles = {"scanner.example": ["SCANNER"]}
    return {**hospital.issue(OURS).keys, "tls_ae_titles": titles, "tls": scanner.client_context()}
