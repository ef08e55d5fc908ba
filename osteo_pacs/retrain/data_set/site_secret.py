"""The site's secret: it names patients and files in data sets, and nobody without it can tell who they are.

Names are HMAC-SHA-256 (RFC 2104) of what they stand for. Whoever loses the file gives every patient another name,
and with it another side of the locked test set: keep it with the backups.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from osteo_pacs.dicom.uids import derive_uid
from osteo_pacs.durable import sync
from osteo_pacs.errors import PermanentError

BYTES = 32
MOST_DAYS = 3650
_WHOLE = 1 << 64


class SecretUnusable(PermanentError):
    """The site's secret cannot be used."""

    remedy = (
        "Restore [datasets] key_file from a backup; it must be 64 hexadecimal digits that its owner alone reads."
    )


class SiteSecret:
    """Names things by a key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def open(cls, path: Path) -> SiteSecret:
        """The secret in a file; it is made, 0600, where there is none.

        Raises:
            SecretUnusable: the file holds something else, or others may read it.
        """
        if not path.exists():
            _make(path)
        try:
            mode, text = path.stat().st_mode, path.read_text(encoding="ascii").strip()
            key = bytes.fromhex(text)
        except (OSError, ValueError) as error:
            raise SecretUnusable(f"{path}: {type(error).__name__}.") from error
        if mode & 0o077:
            raise SecretUnusable(f"{path} can be read by others.", remedy=f"Run `chmod 600 {path}`.")
        if len(key) != BYTES:
            raise SecretUnusable(f"{path} holds no key of {BYTES} bytes.")
        return cls(key)

    def name(self, kind: str, *parts: str) -> str:
        """64 hexadecimal digits that stand for these parts."""
        return hmac.new(self._key, "\x1f".join((kind, *parts)).encode(), hashlib.sha256).hexdigest()

    def uid(self, uid: str) -> str:
        """The UID that stands for this one."""
        return derive_uid("data set", self.name("uid", uid))

    def fraction(self, kind: str, *parts: str) -> float:
        """A number from 0 up to 1 that belongs to these parts."""
        return int(self.name(kind, *parts)[:16], 16) / _WHOLE

    def days(self, patient_key: str) -> int:
        """By how many days a patient's dates are moved back, 1 to `MOST_DAYS`."""
        return 1 + int(self.fraction("days", patient_key) * MOST_DAYS)


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # Whoever made it first has made it for all.
        os.link(whole, path)
        # Lost, it would be made anew, and locked test patients would be strangers.
        sync(path.parent)
    except FileExistsError:
        pass
    finally:
        whole.unlink()
