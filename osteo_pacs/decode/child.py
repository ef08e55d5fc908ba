"""The decoding process: ``python -m osteo_pacs.decode.child``, started and fed by `osteo_pacs.decode.client`.

It reads requests from standard input and writes answers to standard output, one at a time. The code that
renders pixels comes from the client, in bytes that the bundle's manifest vouches for. It never imports torch.
"""

from __future__ import annotations

import os
import sys
from typing import Any, BinaryIO

from osteo_pacs.decode.frames import PREFIX, pack, parse_head
from osteo_pacs.decode.limits import confine, leave_network, renew_cpu
from osteo_pacs.decode.seccomp import deny_calls


def main() -> None:
    """Answers until the client closes its end."""
    requests, answers = _take_over_streams()
    has_left_network = leave_network()
    start, source = _receive(requests)
    import warnings
    from types import ModuleType

    import pydicom

    from osteo_pacs.decode import reading

    warnings.simplefilter("ignore")
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    rendering = ModuleType("rendering")
    exec(compile(source, "rendering.py", "exec"), rendering.__dict__)  # noqa: S102 - sealed by the manifest
    confine(int(start["memory_limit_bytes"]))
    ready = {"has_left_network": has_left_network, "has_call_filter": deny_calls()}
    _send(answers, ready, memoryview(b""))
    while True:
        request, _ = _receive(requests)
        renew_cpu(int(start["cpu_limit_s"]))
        _send(answers, *reading.answer(rendering, request))


def _take_over_streams() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for ourselves; what a library prints goes nowhere, since it may quote values."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    return requests, answers


def _receive(requests: BinaryIO) -> tuple[dict[str, Any], bytes]:
    prefix = requests.read(PREFIX.size)
    if len(prefix) < PREFIX.size:
        sys.exit(0)
    head_bytes, payload_bytes = PREFIX.unpack(prefix)
    return parse_head(requests.read(head_bytes)), requests.read(payload_bytes)


def _send(answers: BinaryIO, head: dict[str, Any], payload: memoryview) -> None:
    for part in (memoryview(pack(head, payload.nbytes)), payload):
        sent = 0
        while sent < part.nbytes:
            sent += answers.write(part[sent:])


if __name__ == "__main__":
    main()
