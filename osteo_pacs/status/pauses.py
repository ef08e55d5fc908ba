"""What is paused, and since when."""

from __future__ import annotations

from osteo_pacs.jobs.listing import paused_subjects
from osteo_pacs.status.section import Section, View, ago, aligned


def look(view: View) -> Section:
    """The kinds of job and the destinations of which nothing is begun."""
    found = paused_subjects(view.session)
    facts = [{"subject": one.subject, "paused_at": one.paused_at} for one in found]
    lines = aligned([(one.subject, f"since {ago(view.now - one.paused_at)}") for one in found])
    needs = ("Work is paused: `osteo-pacs queue resume --all` begins again.",) if found else ()
    return Section("paused", facts, lines or ("Nothing.",), needs)
