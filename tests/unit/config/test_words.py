"""Mistakes are told in the program's own words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest
from pydantic import BaseModel

from osteo_pacs.config import Settings
from osteo_pacs.config.validation import mistakes_in
from osteo_pacs.config.words import FORMS

WRONG = (-1, 0, 99_999, 0.5, "", "\\", "x" * 99, True, [], [[]], ["\\"], {}, {"x": 1}, float("nan"), float("inf"))
OTHERS_WORDS = ("Input should", "valid", "Field required", "instance of", "String should")


def keys_of(model: type[BaseModel], location: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key, and every table."""
    for key, field in model.model_fields.items():
        yield (*location, key)
        for table in (field.annotation, *get_args(field.annotation)):
            if isinstance(table, type) and issubclass(table, BaseModel):
                yield from keys_of(table, (*location, key))


def tables_with(location: tuple[str, ...], value: object) -> dict[str, object]:
    """Tables in which only this value may be wrong; an array of tables has one row."""
    for key in reversed(location):
        value = {key: [value] if key in {"rules", "when", "destinations"} and key != location[-1] else value}
    return value


@pytest.mark.parametrize("location", [*keys_of(Settings)], ids=".".join)
def test_no_mistake_is_told_in_the_words_of_a_library(location):
    lines = [line for value in WRONG for line in mistakes_in(tables_with(location, value))]
    assert lines
    assert [line for line in lines if any(words in line for words in OTHERS_WORDS)] == []


def test_every_pattern_has_its_form_in_words():
    schema = str(Settings.model_json_schema())
    patterns = {part[1] for part in (text.split("'") for text in schema.split("'pattern': ")[1:])}
    assert {pattern.replace("\\\\", "\\") for pattern in patterns} == set(FORMS)
