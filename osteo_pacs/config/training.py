"""``[training]`` and ``[gate]``: how models are trained, when by themselves, and what a candidate has to show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from osteo_pacs.config.sections import Count, Seconds, Section

Share = Annotated[float, Field(ge=0, le=1)]
Window = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]
"""From one time of the day to another, which may be on the next day."""


class Training(Section):
    """How models are trained."""

    directory: Path = Field(Path("var/trainings"), description="Folder in which trainings work, one folder each.")
    on_demand: bool = Field(True, description="Whether `osteo-pacs serve` starts a trainer when a training waits.")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where the network is trained; auto prefers CUDA."
    )
    threads: Annotated[int, Field(ge=0)] = Field(
        0, description="CPU threads of a training; 0 is half of the cores."
    )
    niceness: Annotated[int, Field(ge=0, le=19)] = Field(
        19,
        description="Niceness of a training beside the service; 0 for a host that only trains.",
    )
    min_cases: Count = Field(
        20, description="Least images of each class to train with, and as many again to set the threshold with."
    )
    lease_s: Seconds = Field(60, description="Seconds that a training waits for a trainer that has gone silent.")
    max_attempts: Count = Field(3, description="How often a training may end its trainer before it is given up.")
    tracking: Literal["none", "tensorboard", "mlflow"] = Field(
        "none", description="Where the course of a training is recorded, besides the database."
    )
    tracking_uri: str = Field(
        "",
        description="MLflow's tracking URI; empty: a file beside the trainings, as TensorBoard's are.",
    )
    schedule: bool = Field(False, description="Whether trainings are queued by themselves when labels have come.")
    schedule_window: Window = Field(
        "22:00-05:00", description="Local time between which a training is queued by itself."
    )
    schedule_min_new_labels: Count = Field(
        200, description="Labels that must have come since the last training before one is queued by itself."
    )


class Gate(Section):
    """What a candidate has to show on the test part before it may be promoted."""

    sensitivity_margin: Share = Field(0.05, description="How much lower its sensitivity may be at most.")
    specificity_margin: Share = Field(0.05, description="How much lower its specificity may be at most.")
    auroc_margin: Share = Field(0.02, description="How much lower its AUROC may be at most.")
    max_ece: Share = Field(0.05, description="Largest expected calibration error of its probabilities.")
    refusal_margin: Share = Field(0.02, description="How much more of the images it may refuse at most.")
    subgroup_margin: Share = Field(
        0.1, description="How much lower its sensitivity or specificity may be in a subgroup at most."
    )
    subgroup_min_cases: Count = Field(
        20, description="Least positive, or negative, images of a subgroup that is judged."
    )
    min_positives: Count = Field(50, description="Least positive images that both models must have read.")
    min_negatives: Count = Field(50, description="Least negative images that both models must have read.")
