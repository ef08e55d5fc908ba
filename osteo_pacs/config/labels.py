"""``[labels]`` and ``[datasets]``: what counts as the truth of a study, and how data sets are made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from osteo_pacs.config.sections import Count, Seconds, Section

LabelSource = Literal["sr", "csv", "t_score"]
Share = Annotated[float, Field(gt=0, lt=0.5)]


class TScoreItem(Section):
    """A measurement in SRs that is the T-score of L1-L4; every key that is given must hold."""

    code: str = Field("", description="Code Value of the item's Concept Name; empty: any.")
    scheme: str = Field("", description="Coding Scheme Designator of that code; empty: any.")
    meaning: str = Field("", description="Code Meaning of the Concept Name, without regard to case; empty: any.")
    region_code: str = Field(
        "", description="Code Value that an item within the measurement or around it must have; empty: none."
    )
    region_meaning: str = Field(
        "", description="Code Meaning or text that such an item must have, without regard to case; empty: none."
    )
    unit: str = Field("", description="Code Value of the measurement's unit; empty: any.")

    @model_validator(mode="after")
    def _names_an_item(self) -> Self:
        if not (self.code or self.meaning):
            raise ValueError("a T-score item needs its code or its meaning")
        return self


class Labels(Section):
    """What counts as the truth of a study."""

    t_score_cut_off: Annotated[float, Field(ge=-10, le=10)] = Field(
        -2.5, description="T-score of L1-L4 from which down a study is positive; -2.5 is the WHO's."
    )
    precedence: tuple[LabelSource, ...] = Field(
        ("sr", "csv", "t_score"),
        description="Sources of labels, the strongest first; what a person resolved comes before all of them.",
    )
    every_s: Seconds = Field(2, description="Seconds between two looks for received SRs that may hold a label.")
    t_scores: tuple[TScoreItem, ...] = Field(
        (), description="Measurements in SRs that are T-scores, a table each."
    )

    @field_validator("precedence")
    @classmethod
    def _names_each_source_once(cls, sources: tuple[LabelSource, ...]) -> tuple[LabelSource, ...]:
        if sorted(sources) != ["csv", "sr", "t_score"]:
            raise ValueError('must name "sr", "csv" and "t_score" once each')
        return sources


class Datasets(Section):
    """How data sets are made of labelled studies."""

    directory: Path = Field(Path("var/datasets"), description="Folder of the data sets.")
    key_file: Path = Field(
        Path("var/datasets.key"),
        description="The site's secret that names patients in data sets; it is made where it is not there.",
    )
    test_share: Share = Field(0.2, description="Share of the patients that are locked away for testing.")
    folds: Annotated[int, Field(ge=2, le=20)] = Field(
        5, description="Folds of the other patients; the first sets the threshold."
    )
    min_per_class: Count = Field(5, description="Patients of each class that every part needs.")
    keep_burned_in_text: bool = Field(
        False,
        description="Whether pictures with text in the analysed region are taken; look first at what it says.",
    )
    dates: Literal["remove", "shift"] = Field(
        "remove",
        description="What becomes of dates: they go, or every patient's are moved back by days of their own.",
    )
