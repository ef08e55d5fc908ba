"""How studies are named on the command line: by UID or by what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from osteo_pacs.cli.choices import StudyStateName
from osteo_pacs.cli.program import NotFound
from osteo_pacs.cli.times import FORMATS, aware

if TYPE_CHECKING:
    from osteo_pacs.db.session import Session
    from osteo_pacs.jobs.progress import StudySummary
    from osteo_pacs.jobs.study_filter import StudyFilter

Uids = Annotated[
    list[str] | None,
    typer.Argument(metavar="[STUDY_INSTANCE_UID]...", help="Studies by their UIDs.", show_default=False),
]
States = Annotated[
    list[StudyStateName] | None,
    typer.Option(
        "--state", metavar="STATE", help=f"Studies in this state: {', '.join(StudyStateName)}. May be repeated."
    ),
]
Since = Annotated[
    datetime | None,
    typer.Option("--since", metavar="TIME", formats=FORMATS, help="Received from this time on: 2026-03-01."),
]
Until = Annotated[
    datetime | None,
    typer.Option(
        "--until", metavar="TIME", formats=FORMATS, help="Received before this time: 2026-03-01T12:00:00."
    ),
]
Accession = Annotated[
    str | None, typer.Option("--accession", metavar="NUMBER", help="Studies with this Accession Number.")
]
Text = Annotated[
    str | None,
    typer.Option(
        "--text", metavar="TEXT", help="With this text in a UID, a reason, an error, an AE title or a destination."
    ),
]
AllStudies = Annotated[bool, typer.Option("--all", help="Every study.")]


def study_filter(
    uids: Sequence[str] | None,
    since: datetime | None,
    until: datetime | None,
    accession: str | None,
    text: str | None,
) -> StudyFilter:
    """The studies for which everything that is given holds, but for their state."""
    from osteo_pacs.jobs.study_filter import StudyFilter

    return StudyFilter(
        study_instance_uids=uids or None,
        since=aware(since),
        until=aware(until),
        accession_number=accession,
        text=text,
    )


def studies_of(
    session: Session, wanted: StudyFilter, state: Sequence[StudyStateName] | None, limit: int | None = None
) -> list[StudySummary]:
    """The studies of a filter that are in one of the states, the latest first.

    Raises:
        NotFound: one that was named by its UID is not there.
    """
    from osteo_pacs.jobs.progress import StudyState, list_studies

    states = {StudyState(name) for name in state} if state else None
    found = list_studies(session, limit=limit, states=states, wanted=wanted)
    known = {study.study_instance_uid for study in found}
    for uid in wanted.study_instance_uids or ():
        if uid not in known:
            raise no_study(uid)
    return found


def no_study(uid: str) -> NotFound:
    """The error for a UID that no study has."""
    return NotFound(f"study {uid}.", remedy="`osteo-pacs study list` shows the whole UIDs.")


def require_choice(all_studies: bool, *choices: object) -> None:  # noqa: FBT001 - it is one choice among others
    """Everything is meant only where that was said."""
    if all_studies == any(choices):
        raise typer.BadParameter("name studies by UID or by a filter, or all of them by --all", param_hint="UID")


def studies_in_words(count: int) -> str:
    """A number of studies."""
    return f"{count} {'study' if count == 1 else 'studies'}"
