"""``model drift``: has what the version in service meets, or what it says, changed?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from osteo_pacs.cli.model_in_service import app
from osteo_pacs.cli.output import Json, print_json, print_table
from osteo_pacs.cli.program import opened_database, settings_of

if TYPE_CHECKING:
    from osteo_pacs.db.drift import DriftState

__all__ = ["app"]

COLUMNS = ("figure", "value", "reference", "threshold", "is_alarm", "studies", "needed", "computed_at")


@app.command()
def drift(context: typer.Context, *, json: Json = False) -> None:
    """Show how the version in service fares over time.

    The scheduler compares a window of days with the first studies that this version read: the distribution of its
    probabilities, the share of refused studies, and how far readers' labels agree with it.
    """
    from osteo_pacs.db.drift import drift_state

    with opened_database(settings_of(context)) as database, database.read() as session:
        rows = [drift_facts(state) for state in drift_state(session)]
    if json:
        print_json(rows)
        return
    cells = [[row[column] for column in COLUMNS] for row in rows]
    print_table(COLUMNS, cells, if_empty="Nothing was looked at yet; the scheduler does ([drift] every_s).")
    for row in rows:
        if row["value"] is None:
            typer.echo(f"{row['figure']}: {row['studies']} cases of the {row['needed']} that it needs.", err=True)


def drift_facts(state: DriftState) -> dict[str, Any]:
    """A figure as JSON."""
    return {
        "figure": state.figure,
        "value": state.value,
        "reference": state.reference,
        "threshold": state.threshold,
        "is_alarm": state.is_alarm,
        "studies": state.studies,
        "needed": state.needed,
        "window_from": state.window_from,
        "computed_at": state.computed_at,
    }
