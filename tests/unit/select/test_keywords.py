"""A misspelt keyword is told, and not passed over in silence."""

import tomllib

import pytest

from osteo_pacs import shipped
from osteo_pacs.select.keywords import unknown_keywords


def mistakes_in(text):
    return list(unknown_keywords(tomllib.loads(text)))


def test_the_shipped_rules_name_attributes_of_the_standard():
    assert mistakes_in(shipped.CONFIG.read_text(encoding="utf-8")) == []


def test_a_misspelt_attribute_is_told_with_the_one_that_may_be_meant():
    [mistake] = mistakes_in(
        '[[selection.rules]]\nname = "ours"\nreason = ""\n'
        'when = [{attribute = "Rows"}, {attribute = "SeriesDescripton", equals = "x"}]'
    )
    assert mistake.startswith("[[selection.rules]] ours, when number 2, attribute = 'SeriesDescripton'")
    assert mistake.endswith("is no keyword of PS3.6; did you mean SeriesDescription?")


def test_a_placeholder_that_stands_for_nothing_is_told():
    [mistake] = mistakes_in('[[selection.rules]]\nreason = "{Rows} of {Nope}"')
    assert mistake == "[[selection.rules]] number 1, reason: 'Nope' is no keyword of PS3.6"


@pytest.mark.parametrize(
    "text",
    ["", "selection = 3", "[selection]\nrules = 3", "[selection]\nrules = [3]", "[[selection.rules]]\nwhen = [3]",
     "[[selection.rules]]\nwhen = [{attribute = 3}]"],
)  # fmt: skip
def test_what_is_no_rule_says_nothing_here(text):
    assert mistakes_in(text) == []
