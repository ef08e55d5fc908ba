"""The newest statement on the study of a report, for statements that select from reports."""

from __future__ import annotations

from sqlalchemy import ScalarSelect, select

from osteo_pacs.db.tables import Label, Report


def latest_label() -> ScalarSelect[bool]:
    """Whether the latest label of the report's study is positive; NULL where it has none."""
    return (
        select(Label.is_positive)
        .where(Label.study_id == Report.study_id)
        .order_by(Label.labelled_at.desc(), Label.id.desc())
        .limit(1)
        .correlate(Report)
        .scalar_subquery()
    )
