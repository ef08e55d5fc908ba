"""What a section of the network must say so that nobody reads or changes what is on the way."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

TLS_KEYS = ("tls_certificate", "tls_key", "tls_ca")
_FINGERPRINT = re.compile(r"sha256:[0-9a-f]{64}")


class Network(Protocol):
    """A section that listens or connects."""

    @property
    def host(self) -> str:
        """An address, or a name that must be looked up."""

    @property
    def tls_certificate(self) -> Path | None:
        """Left out where plain DICOM is spoken."""

    @property
    def allow_plain(self) -> bool:
        """Whether it may be spoken off loopback."""


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's alone; a name that must be looked up is not."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_plain_off_loopback(section: Network) -> bool:
    """Whether anyone on the way can read and change what goes over the network."""
    return section.tls_certificate is None and not is_loopback(section.host)


def certificate_key(name: str) -> str:
    """How a certificate is called in ``tls_ae_titles``: a name in small letters, or ``sha256:`` and its digits.

    Raises:
        ValueError: it is empty, or begins like a fingerprint and is none.
    """
    name = name.strip().lower()
    if not name:
        raise ValueError("a certificate needs a name or a fingerprint")
    if not name.startswith("sha256:"):
        return name
    fingerprint = f"sha256:{name.removeprefix('sha256:').replace(':', '')}"
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise ValueError(f"{name!r} is no fingerprint: sha256: and 64 hexadecimal digits, with or without colons")
    return fingerprint


def complaints(section: Network, *, idle_without_tls: Mapping[str, object]) -> Iterator[str]:
    """What is wrong with a section's TLS; ``idle_without_tls`` are further keys that mean nothing without it."""
    missing = [key for key in TLS_KEYS if getattr(section, key) is None]
    if 0 < len(missing) < len(TLS_KEYS):
        yield f"{', '.join(TLS_KEYS)} go together; missing: {', '.join(missing)}"
    if len(missing) == len(TLS_KEYS) and (idle := [key for key, value in idle_without_tls.items() if value]):
        yield f"{' and '.join(idle)} means nothing without {', '.join(TLS_KEYS)}"
    if is_plain_off_loopback(section) and not section.allow_plain:
        yield (
            "plain DICOM off loopback can be read and changed on its way; "
            f"give {', '.join(TLS_KEYS)}, or set allow_plain = true inside a protected network"
        )
