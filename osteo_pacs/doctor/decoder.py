"""The decoding process: does it start, and is it kept off the network?"""

from __future__ import annotations

from collections.abc import Iterator

from osteo_pacs import shipped
from osteo_pacs.config import Settings
from osteo_pacs.decode import Confinement, Decoder
from osteo_pacs.doctor.check import Check, Examination, failed, passed


def examinations(settings: Settings) -> Iterator[Examination]:
    """It is started with the worker's limits."""
    yield Examination("decoder", lambda: _confined(settings), limit_s=90)


def _confined(settings: Settings) -> Check:
    worker, model = settings.worker, settings.model
    bundle = model.bundle or shipped.BUNDLE
    with Decoder(
        bundle, worker.decode_memory_bytes, worker.decode_timeout_s, public_key=model.public_key
    ) as decoder:
        return judge(decoder.confinement, worker.decode_memory_mib)


def judge(confinement: Confinement, memory_mib: int) -> Check:
    """What the decoding process gave up, as a check."""
    bounds = f"{memory_mib} MiB"
    if not confinement.has_call_filter:
        detail = f"it starts within {bounds}, but the system took no filter of its calls"
        remedy = "Run the worker where seccomp is allowed, on x86_64 or aarch64; images are read without it now."
        return failed("decoder", detail, remedy)
    where = "in a network of its own, " if confinement.has_left_network else ""
    return passed("decoder", f"it starts within {bounds}, {where}without sockets, programs and writing")
