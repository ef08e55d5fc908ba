"""Ends this process when a prediction hangs; the lease then runs out, and the study goes to another worker."""

from __future__ import annotations

import faulthandler
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ended_after(timeout_s: float) -> Iterator[None]:
    """Ends the process by ``_exit`` if the block takes longer, even where native code holds the interpreter."""
    faulthandler.dump_traceback_later(timeout_s, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
