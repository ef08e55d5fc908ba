"""One condition of a rule against one header; pure, and never raised out of by an odd value."""

from __future__ import annotations

import re
from contextlib import suppress

from pydicom import Dataset
from pydicom.multival import MultiValue

from osteo_pacs.config import Condition


def holds(condition: Condition, header: Dataset) -> bool:
    """True where every test of the condition holds for at least one value of its attribute."""
    values = values_of(header, condition.attribute)
    return all(
        (
            condition.is_present is None or condition.is_present == bool(values),
            condition.equals is None or condition.equals.casefold() in map(str.casefold, values),
            condition.matches is None or any(re.search(condition.matches, value) for value in values),
            condition.at_least is None or any(number >= condition.at_least for number in _numbers(values)),
            condition.at_most is None or any(number <= condition.at_most for number in _numbers(values)),
        )
    )


def values_of(header: Dataset, keyword: str) -> list[str]:
    """The attribute's values as text without padding; an absent or empty attribute has none."""
    value = header.get(keyword)
    values = list(value) if isinstance(value, MultiValue | list) else [] if value is None else [value]
    return [text for text in (str(value).strip(" \0") for value in values) if text]


def _numbers(values: list[str]) -> list[float]:
    numbers = []
    for value in values:
        with suppress(ValueError):
            numbers.append(float(value))
    return numbers
