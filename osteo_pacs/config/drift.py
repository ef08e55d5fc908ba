"""``[drift]``: when a change of what the model meets, or of what it says, is an alarm."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from osteo_pacs.config.sections import Count, Seconds, Section

Share = Annotated[float, Field(gt=0, lt=1)]


class Drift(Section):
    """When a change of what the model meets, or of what it says, is an alarm."""

    every_s: Seconds = Field(3600, description="Seconds between two looks for drift.")
    window_days: Annotated[float, Field(gt=0)] = Field(
        28, description="Days that are compared with the reference."
    )
    reference_studies: Count = Field(
        500, description="The first studies that the version in service has read; they are the reference."
    )
    min_studies: Count = Field(100, description="Studies in reference and window below which nothing is said.")
    max_score_shift: Annotated[float, Field(gt=0)] = Field(
        0.25, description="Population stability index of the probabilities above which the alarm is raised."
    )
    max_refusal_rise: Share = Field(
        0.05, description="Rise of the share of refused studies above which the alarm is raised."
    )
    min_labels: Count = Field(30, description="Labels in the window below which agreement is not judged.")
    min_agreement: Share = Field(
        0.85, description="Share of labels that agree with the reports, below which the alarm is raised."
    )
