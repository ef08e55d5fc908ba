from __future__ import annotations

from dataclasses import replace

import pytest

from osteo_pacs.evidence.goals import judge_goals
from osteo_pacs.evidence.rows import RowsUnreadable, from_csv, to_csv
from osteo_pacs.evidence.subgroups import DIVISIONS, subgroups
from osteo_pacs.evidence.summary import Bootstrap, compare_overlay, refusals, summarise
from patients import made_up_rows

BOOTSTRAP = Bootstrap(resamples=100)


def test_a_table_of_patients_comes_back_as_it_was_written():
    rows = made_up_rows(20, refused=3)
    assert from_csv(to_csv(rows)) == rows


@pytest.mark.parametrize("text", ["seed,scanner\n1,hologic\n", to_csv(made_up_rows(1)).replace("0.", "x.")])
def test_a_damaged_table_is_refused(text):
    with pytest.raises(RowsUnreadable):
        from_csv(text)


def test_refused_patients_are_counted_and_stand_in_no_other_figure():
    rows = made_up_rows(200, refused=20)
    whole, read = summarise(rows, BOOTSTRAP), summarise(rows[20:], BOOTSTRAP)
    assert (whole["patients"], whole["read"], read["patients"]) == (200, 180, 180)
    assert whole["model"] == read["model"]


def test_figures_are_those_of_the_counts():
    rows = made_up_rows()
    right = sum(row.is_called == row.is_osteoporotic for row in rows) / len(rows)
    found = summarise(rows, BOOTSTRAP)
    assert found["model"]["accuracy"]["value"] == pytest.approx(right, abs=1e-4)
    assert found["model"]["accuracy"]["low"] < right < found["model"]["accuracy"]["high"]
    assert found["before_calibration"]["brier"]["value"] > found["model"]["brier"]["value"]


def test_the_difference_is_model_minus_ideal_observer():
    found = summarise(made_up_rows(), BOOTSTRAP)
    for name in ("accuracy", "auroc", "brier"):
        apart = found["model"][name]["value"] - found["ideal_observer"][name]["value"]
        assert found["difference"][name]["value"] == pytest.approx(apart, abs=2e-4)


@pytest.mark.parametrize("by", ["scanner", "sex", "age", "overlay"])
def test_each_patient_is_in_one_part_of_a_division(by):
    parts = [group for group in subgroups(made_up_rows()) if group.by == by]
    seeds = [row.seed for group in parts for row in group.rows]
    assert sorted(seeds) == list(range(300))


def test_a_patient_is_in_the_part_of_each_confounder_or_in_none():
    row = replace(made_up_rows(1)[0], confounders=("metal", "obesity"))
    found = [group.name for group in subgroups([row]) if group.by == "confounder"]
    assert found == ["metal", "obesity"]
    plain = [group.name for group in subgroups([replace(row, confounders=())]) if group.by == "confounder"]
    assert plain == ["none"]


def test_divisions_come_in_order_and_bands_from_young_to_old():
    parts = list(subgroups(made_up_rows()))
    places = [DIVISIONS.index(part.by) for part in parts]
    assert places == sorted(places)
    bands = [part.name for part in parts if part.by == "age"]
    assert bands == ["under 50", "50 to 59", "60 to 69", "70 to 79", "80 and over"]


def test_a_subgroup_that_is_missed_stands_behind_the_whole():
    rows = [replace(row, is_called=row.is_osteoporotic and row.sex == "F") for row in made_up_rows()]
    behind = {
        group["name"]: group["sensitivity_below_whole"]["value"]
        for group in summarise(rows, BOOTSTRAP)["subgroups"]
        if group["by"] == "sex"
    }
    positives = {sex: sum(row.is_osteoporotic and row.sex == sex for row in rows) for sex in ("F", "M")}
    whole = positives["F"] / (positives["F"] + positives["M"])
    assert behind == pytest.approx({"F": whole - 1, "M": whole}, abs=1e-4)


def test_overlays_are_judged_on_pairs_that_were_read_both_ways():
    without, marked = made_up_rows(100), made_up_rows(100)
    marked[0] = replace(marked[0], probability=None, raw_probability=None, refusal="no_contrast")
    marked[1] = replace(marked[1], is_called=not marked[1].is_called)
    found = compare_overlay(without, marked, BOOTSTRAP)
    assert (found["patients"], found["read_both_ways"]) == (100, 99)
    assert found["changed_calls"]["value"] == pytest.approx(1 / 99, abs=1e-4)


def test_refusals_are_counted_by_kind_and_reason():
    (found,) = refusals({"noise": {"": 1, "no_contrast": 3, "poor_coverage": 1}})
    assert (found["pictures"], found["refused"], found["share"]["value"]) == (5, 4, 0.8)
    assert found["reasons"] == {"no_contrast": 3, "poor_coverage": 1}


def evidence(*, behind=0.0, ece=0.02, gap=0.01, positives=50, out_of_scope=(99, 100), spines=(2, 100)):
    return {
        "test": {
            "difference": {"accuracy": {"value": -behind}},
            "model": {"ece": {"value": ece}},
            "subgroups": [
                {"by": "sex", "name": "F", "positives": positives, "sensitivity_below_whole": {"value": gap}}
            ],
        },
        "refusals": {
            name: [{"refused": refused, "pictures": pictures}]
            for name, (refused, pictures) in (("out_of_scope", out_of_scope), ("spines", spines))
        },
    }


def test_a_goal_is_met_at_its_limit():
    assert [goal["is_met"] for goal in judge_goals(evidence(behind=0.02, ece=0.03, gap=0.05))] == [True] * 5


@pytest.mark.parametrize(
    ("place", "worse"),
    [
        (0, {"behind": 0.021}),
        (1, {"ece": 0.031}),
        (2, {"gap": 0.051}),
        (3, {"out_of_scope": (98, 100)}),
        (4, {"spines": (3, 100)}),
        (1, {"ece": None}),
        (2, {"positives": 19}),
        (3, {"out_of_scope": (0, 0)}),
    ],
)
def test_beyond_its_limit_or_without_a_figure_a_goal_is_not_met(place, worse):
    met = [goal["is_met"] for goal in judge_goals(evidence(**worse))]
    assert met == [index != place for index in range(5)]
