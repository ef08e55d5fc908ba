"""What an imaging scientist's library makes of a measurement report."""

from __future__ import annotations

import warnings
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what a library warns of at import says nothing about our files
    import highdicom


def srread(path: Path) -> list[str]:
    """highdicom: the groups, their tracking UID and their coded answer."""
    try:
        document = highdicom.sr.srread(path)
        content = document.content
        groups = [*content.get_planar_roi_measurement_groups(), *content.get_image_measurement_groups()]
        answers = [len(_answers(group)) for group in groups]
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, OSError) as error:
        return [f"{type(error).__name__}: {error}"]
    if not groups:
        return ["no measurement group"]
    return [f"{count} answers to one question" for count in answers if count != 1]


def _answers(group: object) -> list[object]:
    return [
        evaluation
        for evaluation in group.get_qualitative_evaluations()
        if evaluation.name.meaning == "Osteoporosis"
    ]
