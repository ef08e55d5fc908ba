"""All examinations in the order in which one leans on the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from osteo_pacs.config import Settings, find_config, load
from osteo_pacs.doctor import database, decoder, files, model, peers, spool, versions
from osteo_pacs.doctor.check import Check, Examination, examine, failed, passed
from osteo_pacs.errors import ConfigurationError
from osteo_pacs.service.configuration import load_for_service


def make_round(config: Path | None) -> Iterator[Check]:
    """Every check as it is made; without a configuration that can be used, the versions alone follow it.

    Args:
        config: the file that was named, if one was.
    """
    settings, first = _configuration(config)
    yield first
    yield from (examine(examination) for examination in versions.examinations())
    if settings is not None:
        yield from (examine(examination) for examination in _examinations(settings, find_config(config)))


def _examinations(settings: Settings, config: Path) -> Iterator[Examination]:
    yield from database.examinations(settings)
    yield from spool.examinations(settings)
    yield from files.examinations(settings, config)
    for subject in (decoder, model, peers):
        yield from subject.examinations(settings)


def _configuration(config: Path | None) -> tuple[Settings | None, Check]:
    try:
        path = find_config(config)
        settings = load(path)
    except ConfigurationError as error:
        return None, failed("configuration", error.message, error.remedy or "Mend these lines.")
    try:
        load_for_service(path)
    except ConfigurationError as error:
        return settings, failed("configuration", error.message, error.remedy)
    if not settings.selection.rules:
        remedy = "Leave `rules` out of [selection]: then those that ship are meant."
        return settings, failed("configuration", f"{path} has no [[selection.rules]]: nothing is read", remedy)
    return settings, passed("configuration", f"{path} can be used")
