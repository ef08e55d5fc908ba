"""A foreign Part 10 file is decoded: it ends in a picture or a reason, and in a header that can be judged.

``pictures`` calls what runs in the decoding process; ``decoding_process`` asks that process itself, through its
pipe; ``false_answers`` are bytes of a decoding process that a file has taken over.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pydicom
from pydicom import Dataset

from osteo_pacs import shipped
from osteo_pacs.config import load
from osteo_pacs.decode import Decoded, Decoder, Undecodable, client, reading
from osteo_pacs.decode.child_process import ChildDied, ChildProcess
from osteo_pacs.decode.frames import pack, parse_head
from osteo_pacs.decode.header import LIMIT_BYTES
from osteo_pacs.dicom.age import age_years
from osteo_pacs.select import decide

PIXEL_LIMIT = 1 << 20
TIMEOUT_S = 10.0
SLACK_S = 5.0
RULES = load(shipped.CONFIG, {}).selection.rules
FOLDER = Path("/dev/shm" if Path("/dev/shm").is_dir() else tempfile.gettempdir())


def pictures(data: bytes) -> None:
    """The file is read in this process, as the child reads it."""
    with _file(data) as path, _as_in_the_child():
        head, payload = reading.answer(_rendering(), {"op": "header", "path": str(path)})
        assert len(payload) == 0
        assert len(pack(head, 0)) < LIMIT_BYTES + 1000
        if "header" in head:
            _can_be_judged(client._header(parse_head(pack(head, 0)[12:])))
        request = {"op": "decode", "path": str(path), "pixel_limit": PIXEL_LIMIT}
        head, payload = reading.answer(_rendering(), request)
        head = parse_head(pack(head, payload.nbytes)[12:])
        if "reason" not in head:
            _is_grey(client._decoded(head, bytearray(payload)))


def decoding_process(data: bytes) -> None:
    """The file is read by the child, which may die of it, within its bounds."""
    decoder, started = _decoder(), time.monotonic()
    with _file(data) as path:
        header = decoder.header(path)
        if isinstance(header, Dataset):
            _can_be_judged(header)
        decoded = decoder.decode(path, PIXEL_LIMIT)
        if isinstance(decoded, Decoded):
            _is_grey(decoded)
    assert time.monotonic() - started < 2 * TIMEOUT_S + SLACK_S


def false_answers(data: bytes) -> None:
    """The bytes come where the child's answer should; the worker gets a value."""
    decoder = Decoder(shipped.BUNDLE)
    decoder._child = child = _child_that_says(data)
    try:
        asked = decoder.header if data[:1] and data[-1] & 1 else decoder.decode
        answered = asked(Path("any.dcm"))
        if isinstance(answered, Dataset):
            _can_be_judged(answered)
        else:
            assert isinstance(answered, Decoded | Undecodable)
    finally:
        with _ignored(ChildDied):
            child.kill()


def _can_be_judged(header: Dataset | Undecodable) -> None:
    if isinstance(header, Undecodable):
        return
    decision = decide(header, RULES)
    assert len(decision.reason) <= 255
    age = age_years(header)
    assert age is None or age >= 0


def _is_grey(decoded: Decoded | Undecodable) -> None:
    assert isinstance(decoded, Decoded)
    pixels = decoded.image.pixels
    assert pixels.dtype == np.float32
    assert 0 < pixels.size <= PIXEL_LIMIT
    assert np.isfinite(pixels).all()
    assert pixels.min() >= 0
    assert pixels.max() <= 1
    assert decoded.image.spacing_mm is None or min(decoded.image.spacing_mm) > 0


def _child_that_says(data: bytes) -> ChildProcess:
    child: Any = object.__new__(ChildProcess)
    answers, ours = os.pipe()
    os.set_blocking(ours, False)
    with _ignored(BlockingIOError):
        os.write(ours, data[:60_000])
    os.close(ours)
    nothing = SimpleNamespace(write=len, close=lambda: None)
    child._process = SimpleNamespace(
        pid=os.getpid(),
        kill=lambda: None,
        wait=lambda: 0,
        stdin=nothing,
        stdout=os.fdopen(answers, "rb", buffering=0),
    )
    return child  # type: ignore[no-any-return]


@contextmanager
def _ignored(*kinds: type[BaseException]) -> Iterator[None]:
    try:
        yield
    except kinds:
        return


@contextmanager
def _file(data: bytes) -> Iterator[Path]:
    path = FOLDER / f"fuzz-{os.getpid()}.dcm"
    path.write_bytes(data)
    try:
        yield path
    finally:
        path.unlink()


@contextmanager
def _as_in_the_child() -> Iterator[None]:
    before = pydicom.config.settings.reading_validation_mode
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        pydicom.config.settings.reading_validation_mode = before


@cache
def _rendering() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rendering", shipped.BUNDLE / "scripts" / "rendering.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def _decoder() -> Decoder:
    return Decoder(shipped.BUNDLE, timeout_s=TIMEOUT_S).__enter__()
