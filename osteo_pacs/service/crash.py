"""What a process says when it breaks: the type and the place, since a message may quote what a peer sent."""

from __future__ import annotations

import sys
import threading
from types import TracebackType

from osteo_pacs import log


def log_crashes() -> None:
    """Errors that nobody caught go to the log from now on, in the main thread, in others and in finalizers.

    Python would print them with their message. Ctrl-C and SystemExit end the process as before.
    """
    sys.excepthook = _on_the_way_out
    threading.excepthook = lambda broken: _tell(broken.exc_value)
    sys.unraisablehook = lambda broken: _tell(broken.exc_value)


def _on_the_way_out(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        _tell(error)


def _tell(error: BaseException | None) -> None:
    if error is not None:
        log.get_logger().error("crashed", exc_info=error)
