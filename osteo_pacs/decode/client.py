"""The worker's side of decoding: answers as values, a new process whenever one was ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pydicom
from pydicom import Dataset

from osteo_pacs.decode.answers import document_of
from osteo_pacs.decode.child_process import ChildDied, ChildProcess
from osteo_pacs.errors import RetryableError
from osteo_pacs.findings import RefusalReason
from osteo_pacs.images import GreyImage
from osteo_pacs.labels.document import ReceivedDocument
from osteo_pacs.sealed import open_sealed

RENDERING = "scripts/rendering.py"
"""The bundle's module that turns stored pixels into grey."""

PIXEL_LIMIT = 1 << 25
"""Rows x Columns x Number of Frames that are decoded unless the caller says otherwise."""

_MEMORY_LIMIT_BYTES = 1 << 30
_START_TIMEOUT_S = 60.0
_KEPT_PART = 8
"""The part of its memory that a process may keep from one image to the next."""


class DecoderUnavailable(RetryableError):
    """The decoding process does not start."""

    remedy = "Look for memory limits or a damaged installation; `osteo-pacs doctor` tries it."


@dataclass(frozen=True, slots=True)
class Decoded:
    """An image that could be read.

    Attributes:
        image: the first frame as grey, with its spacing.
        pixel_sha256: names the stored values, whatever the transfer syntax; equal for a picture sent twice.
    """

    image: GreyImage
    pixel_sha256: str


@dataclass(frozen=True, slots=True)
class Undecodable:
    """An object that could not be read, and why, in a few words without a value of the header's text.

    ``error_type`` names the exception behind it, for the log; empty where the reason says all.
    """

    reason: RefusalReason
    detail: str
    error_type: str = ""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What the system let the decoding process give up; either is enough to keep it off the network."""

    has_left_network: bool
    has_call_filter: bool


class Decoder:
    """Reads objects in a process bounded in memory, CPU time and wall time; not thread-safe.

    Args:
        bundle_folder: the sealed bundle whose rendering is used.
        memory_limit_bytes: address space of the process.
        timeout_s: wall time for one object; CPU time is capped a little above.
        public_key: of who must have signed the bundle; None: of nobody.

    Attributes:
        confinement: of the process that was started last.

    Raises:
        BundleTampered: when it is opened, if the bundle is not as its manifest says.
        BundleNotSigned, KeyUnusable: when it is opened, as `osteo_pacs.signature` says.
    """

    def __init__(
        self,
        bundle_folder: Path,
        memory_limit_bytes: int = _MEMORY_LIMIT_BYTES,
        timeout_s: float = 20.0,
        *,
        public_key: Path | None = None,
    ) -> None:
        self._bundle_folder = bundle_folder
        self._public_key = public_key
        self._limits = {"memory_limit_bytes": memory_limit_bytes, "cpu_limit_s": int(timeout_s) + 2}
        self._timeout_s = timeout_s
        self._source = b""
        self._child: ChildProcess | None = None
        self._held_at_start = 0
        self.confinement = Confinement(has_left_network=False, has_call_filter=False)

    def __enter__(self) -> Self:
        self._source = open_sealed(self._bundle_folder, self._public_key).read(RENDERING)
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def header(self, path: Path) -> Dataset | Undecodable:
        """The attributes of a Part 10 file that selection and report need, without bulk and private ones.

        Raises:
            DecoderUnavailable: the process does not start.
        """
        answered = self._ask({"op": "header", "path": str(path)}, limit_bytes=0)
        return answered if isinstance(answered, Undecodable) else _header(answered[0])

    def decode(self, path: Path, pixel_limit: int = PIXEL_LIMIT) -> Decoded | Undecodable:
        """The first frame of a Part 10 file, if Rows x Columns x Number of Frames is at most ``pixel_limit``.

        Raises:
            DecoderUnavailable: the process does not start.
        """
        request = {"op": "decode", "path": str(path), "pixel_limit": pixel_limit}
        answered = self._ask(request, limit_bytes=4 * pixel_limit)
        return answered if isinstance(answered, Undecodable) else _decoded(*answered)

    def document(self, path: Path) -> ReceivedDocument | Undecodable:
        """An SR or a Key Object Selection.

        Raises:
            DecoderUnavailable: the process does not start.
        """
        answered = self._ask({"op": "document", "path": str(path)}, limit_bytes=0)
        return answered if isinstance(answered, Undecodable) else _document(answered[0])

    def _ask(
        self, request: Mapping[str, Any], *, limit_bytes: int
    ) -> tuple[dict[str, Any], bytearray] | Undecodable:
        child = self._child or self._start()
        try:
            head, payload = child.ask(request, timeout_s=self._timeout_s, limit_bytes=limit_bytes)
        except ChildDied as died:
            self._child = None
            return Undecodable(RefusalReason.UNREADABLE_PIXELS, f"the decoding process {died}")
        if child.held_bytes() - self._held_at_start > self._limits["memory_limit_bytes"] // _KEPT_PART:
            # Decoders that fail keep what they had allocated: the next image would not find the memory it needs.
            self.close()
        return _undecodable(head) if "reason" in head else (head, payload)

    def _start(self) -> ChildProcess:
        child = ChildProcess()
        try:
            ready, _ = child.ask(self._limits, self._source, timeout_s=_START_TIMEOUT_S, limit_bytes=0)
        except ChildDied as died:
            raise DecoderUnavailable(f"it {died}") from died
        self.confinement = Confinement(bool(ready["has_left_network"]), bool(ready["has_call_filter"]))
        self._child, self._held_at_start = child, child.held_bytes()
        return child


def _header(head: Mapping[str, Any]) -> Dataset | Undecodable:
    """The Data Set of a header's JSON; values are as they were sent, so nothing about them is checked here."""
    try:
        with pydicom.config.disable_value_validation():
            return Dataset.from_json(head["header"])
    except Exception:  # noqa: BLE001 - a process that read foreign bytes may answer anything
        return _nonsense()


def _decoded(head: Mapping[str, Any], payload: bytearray) -> Decoded | Undecodable:
    try:
        rows, columns, spacing = int(head["rows"]), int(head["columns"]), head["spacing_mm"]
        pixels = np.frombuffer(payload, np.float32).reshape(rows, columns)
        spacing_mm = None if spacing is None else (float(spacing[0]), float(spacing[1]))
        return Decoded(GreyImage(pixels, spacing_mm), str(head["pixel_sha256"])[:64])
    except (ValueError, TypeError, KeyError, IndexError):
        return _nonsense()


def _document(head: Mapping[str, Any]) -> ReceivedDocument | Undecodable:
    try:
        return document_of(head["document"])
    except Exception:  # noqa: BLE001 - a process that read foreign bytes may answer anything
        return _nonsense()


def _undecodable(head: Mapping[str, Any]) -> Undecodable:
    try:
        reason, detail, error_type = (str(head[key])[:200] for key in ("reason", "detail", "error_type"))
        return Undecodable(RefusalReason(reason), detail, error_type)
    except (ValueError, KeyError):
        return _nonsense()


def _nonsense() -> Undecodable:
    return Undecodable(RefusalReason.UNREADABLE_PIXELS, "the decoding process answered nonsense")
