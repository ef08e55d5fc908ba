"""Each destination: whether reports go there, how many wait, and when the last one was taken."""

from __future__ import annotations

from dataclasses import asdict

from osteo_pacs.jobs.listing import paused_subjects
from osteo_pacs.jobs.outlets import Outlet, outlets
from osteo_pacs.jobs.states import SUBJECT_OF_DESTINATION, JobKind
from osteo_pacs.status.section import Section, View, ago, aligned


def look(view: View) -> Section:
    """The destinations of the configuration."""
    paused = {one.subject for one in paused_subjects(view.session)}
    found = outlets(view.session, [destination.name for destination in view.settings.destinations])
    states = {one.destination: _state(one, paused) for one in found}
    facts = [{"state": states[one.destination], **asdict(one)} for one in found]
    rows = [
        ("", "state", "waiting", "failing", "parked", "last success"),
        *(_row(view, one, states) for one in found),
    ]
    needs = tuple(
        f"{one.destination} takes no reports: {(one.last_error or '').rstrip('.')}. `osteo-pacs doctor` asks it."
        for one in found
        if states[one.destination] == "failing"
    )
    return Section("destinations", facts, aligned(rows) if found else ("None are configured.",), needs)


def _row(view: View, one: Outlet, states: dict[str, str]) -> tuple[object, ...]:
    state = states[one.destination]
    if state == "failing" and one.next_attempt_at:
        wait = (one.next_attempt_at - view.now).total_seconds()
        state = f"failing, tries again in {max(wait, 0):.0f} s"
    success = f"{ago(view.now - one.last_success_at)} ago" if one.last_success_at else ""
    return (one.destination, state, one.waiting + one.sending, one.failing, one.parked, success)


def _state(one: Outlet, paused: set[str]) -> str:
    if {SUBJECT_OF_DESTINATION + one.destination, str(JobKind.DELIVER)} & paused:
        return "paused"
    if one.failing:
        return "failing"
    return "sending" if one.waiting or one.sending else "idle"
