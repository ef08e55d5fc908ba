"""Jobs for destinations that the configuration no longer names: parked with the remedy, not forgotten."""

from __future__ import annotations

from osteo_pacs.config import Settings
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import JobKind
from osteo_pacs.jobs import lanes
from osteo_pacs.jobs.queue import claim, park
from osteo_pacs.log import get_logger

PARKED_AT_ONCE = 100


def park_strays(database: Database, settings: Settings, worker: str) -> None:
    """Parks every due job whose destination is not in the configuration."""
    known = {destination.name for destination in settings.destinations}
    with database.read() as session:
        strays = tuple(name for name in lanes.destinations(session, JobKind.DELIVER) if name not in known)
    while strays and (
        held := claim(
            database,
            kind=JobKind.DELIVER,
            worker=worker,
            lease_s=settings.jobs.lease_s,
            limit=PARKED_AT_ONCE,
            destinations=strays,
        )
    ):
        with database.write() as session:
            for stray in held:
                park(session, stray, _reason(stray.destination, stray.job_id))
        get_logger().warning("jobs_parked", count=len(held), reason="destination not in the configuration")


def _reason(destination: str | None, job_id: int) -> str:
    return (
        f"there is no destination {destination} in the configuration; put [[destinations]] name = "
        f'"{destination}" back and `osteo-pacs queue retry {job_id}`, or `osteo-pacs queue cancel {job_id}`'
    )
