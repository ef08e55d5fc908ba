"""Which model version a person means: by its version, its number, or the beginning of its digest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from osteo_pacs.cli.program import NotFound

if TYPE_CHECKING:
    from osteo_pacs.db.model_versions import KnownModelVersion
    from osteo_pacs.db.session import Session

Version = Annotated[
    str,
    typer.Argument(
        metavar="VERSION", help="A version as `model list` has it, its number, or its digest's beginning."
    ),
]
SHORTEST_DIGEST = 6


def chosen_version(session: Session, text: str) -> KnownModelVersion:
    """The one version that the text names.

    Raises:
        NotFound: none is, or more than one.
    """
    from osteo_pacs.db.model_versions import list_model_versions

    known = list_model_versions(session)
    for found in (
        [each for each in known if each.version == text],
        [each for each in known if str(each.id) == text],
        [each for each in known if len(text) >= SHORTEST_DIGEST and each.bundle_sha256.startswith(text)],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            numbers = ", ".join(str(each.id) for each in found)
            raise NotFound(f"{text} is the version of several models.", remedy=f"Name one by number: {numbers}.")
    raise NotFound(f"model version {text}.", remedy="`osteo-pacs model list` shows those that are known.")
