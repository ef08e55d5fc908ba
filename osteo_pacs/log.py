"""structlog, one wide event per unit of work; a patient's identity cannot get in.

Events are named, not told: ``log.info("report_delivered", job_id=..., seconds=...)``. Keys outside ``KEYS`` are
dropped, so that a new key is a decision; the loggers of pydicom and pynetdicom, which echo attribute values, and
Python's warnings are silenced.
"""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, FilteringBoundLogger

KEYS = frozenset(
    """
    event level timestamp exception process pid job_id kind study_id instance_id report_id
    delivery_id revision outcome reason error error_type destination model_version device worker
    attempts seconds count instances studies size_bytes status limit peer host port ae_title path
    signal exit_code remedy backlog batch_size url version decode_s predict_s report_s commit_s
    queued_s received refused complete_reason free_mib name state forgotten quarantined certificate value
    training_id
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
"""Every key that an event may carry. None of them holds a name, an ID or a UID of a patient or a study."""

ForeignLoggers = ("pydicom", "pynetdicom", "highdicom", "monai", "alembic", "apscheduler", "ignite", "py.warnings")


def configure(*, level: str, form: Literal["auto", "json", "console"], process: str, stream: Any = None) -> None:
    """Writes every event of this process to ``stream`` (standard error): JSON lines, or colour on a terminal."""
    stream = stream or sys.stderr
    is_console = form == "console" or (form == "auto" and stream.isatty())
    _silence_foreign_loggers()
    structlog.contextvars.clear_contextvars()

    def name_process(_: Any, __: str, event: EventDict) -> EventDict:
        # No context variable: threads do not inherit those.
        event["process"] = process
        return event

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            name_process,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _name_exception,
            _keep_known_keys,
            structlog.dev.ConsoleRenderer() if is_console else structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )


def get_logger() -> FilteringBoundLogger:
    """The logger of this process."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def _silence_foreign_loggers() -> None:
    for name in ForeignLoggers:
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)
    warnings.simplefilter("ignore")


def _name_exception(_: Any, __: str, event: EventDict) -> EventDict:
    # A traceback's last line may quote what a peer sent: the type and the place say enough.
    if not (info := event.pop("exc_info", None)):
        return event
    error = info if isinstance(info, BaseException) else sys.exc_info()[1]
    if error is None:
        return event
    trace, frames = error.__traceback__, []
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    event.update(error_type=type(error).__name__, exception=" > ".join(frames))
    return event


def _keep_known_keys(_: Any, __: str, event: EventDict) -> EventDict:
    return {key: value for key, value in event.items() if key in KEYS}
