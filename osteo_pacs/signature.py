"""The detached Ed25519 signature of a manifest: who made the bundle, where its digests say what it is.

``manifest.json.sig`` beside it holds the 64 bytes that ``openssl pkeyutl -sign -rawin`` writes (RFC 8032);
the public key is a PEM file (RFC 8410).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from osteo_pacs.errors import ConfigurationError, PermanentError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNATURE = "manifest.json.sig"
_LIMIT_BYTES = 4096


class BundleNotSigned(PermanentError):
    """The model bundle is not signed by the key that the configuration names."""

    remedy = (
        "Get the bundle from who holds the private key of [model] public_key, or sign it: "
        "docs/how-to/sign-a-bundle.md tells how."
    )


class KeyUnusable(ConfigurationError):
    """The public key of the configuration cannot be used."""

    remedy = "Name an Ed25519 public key in PEM in [model] public_key, or leave the key out."


def verify_signature(folder: Path, manifest: bytes, public_key: Path) -> None:
    """Whether these bytes of the manifest are what the key's owner signed.

    Raises:
        BundleNotSigned: there is no signature, or it is of other bytes or by another key.
        KeyUnusable: the key is missing or is none.
    """
    from cryptography.exceptions import InvalidSignature

    key = _load(public_key)
    try:
        signature = (folder / SIGNATURE).read_bytes()[:_LIMIT_BYTES]
    except OSError as error:
        raise BundleNotSigned(f"{folder / SIGNATURE} cannot be read ({error.strerror})") from error
    try:
        key.verify(signature, manifest)
    except InvalidSignature:
        raise BundleNotSigned(f"{folder / SIGNATURE} is not the signature by {public_key}") from None


def _load(path: Path) -> Ed25519PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise KeyUnusable(f"{path} cannot be read ({error.strerror})") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(f"{path} is no public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusable(f"{path} is no Ed25519 key")
    return key
