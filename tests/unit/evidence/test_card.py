from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from osteo_pacs.evidence.card import render_card
from osteo_pacs.evidence.charts import draw_charts
from osteo_pacs.evidence.goals import judge_goals
from osteo_pacs.evidence.markdown import figure, paragraph, points
from osteo_pacs.evidence.record import Evidence, EvidenceUnreadable, read_evidence, write_evidence
from osteo_pacs.evidence.summary import Bootstrap, compare_overlay, refusals, summarise
from osteo_pacs.evidence.svg import Chart, unit_axis
from patients import made_up_rows

BOOTSTRAP = Bootstrap(resamples=50)
SVG = "{http://www.w3.org/2000/svg}"


def made_up_record(rows, *, is_demonstration=True):
    record = {
        "schema": 1,
        "bundle": {
            "name": "A model",
            "version": "1.2.3",
            "weights_sha256": "a" * 64,
            "manifest_sha256": "b" * 64,
            "decision": {"threshold": 0.4, "label_definition": "A label", "threshold_rule": "a {rule}"},
            "is_demonstration": is_demonstration,
            "intended_use": "To be {tested}.",
            "data_source": "nowhere",
            "limitations": ["It is made up."],
            "training": {"seed": 7, "best_validation_auroc": 0.9},
        },
        "bootstrap": {"resamples": 50, "seed": 1, "level": 0.95},
        "sets": {
            name: {"pictures": 3, "first_seed": 1, "last_seed": 3, "sha256": "c" * 64}
            for name in ("test", "overlay", "out_of_scope")
        },
        "test": summarise(rows, BOOTSTRAP),
        "overlay": compare_overlay(rows, rows, BOOTSTRAP),
        "refusals": {
            "spines": refusals({"ap-spine": {"": 280, "unlike_training_images": 20}}),
            "out_of_scope": refusals({"noise": {"no_contrast": 2, "": 1}}, {"noise": 2}),
        },
        "made": {
            "command": "osteo-pacs model evaluate",
            "at": "2026-03-01T12:00:00+00:00",
            "seconds": 12.3,
            "device": "CPU, 2 cores",
            "runtime": "eager",
            "versions": {"torch": "2.13"},
        },
    }
    record["goals"] = judge_goals(record)
    return record


ROWS = made_up_rows(refused=20)
RECORD = made_up_record(ROWS)
CARD = render_card(RECORD, "images", "evidence")


def test_evidence_comes_back_as_it_was_written(tmp_path):
    write_evidence(tmp_path, Evidence(RECORD, tuple(ROWS)))
    found = read_evidence(tmp_path)
    assert found.rows == tuple(ROWS)
    assert {**found.record, "patients_sha256": None} == {**RECORD, "patients_sha256": None}


def test_a_table_that_was_changed_afterwards_is_refused(tmp_path):
    write_evidence(tmp_path, Evidence(RECORD, tuple(ROWS)))
    table = tmp_path / "patients.csv"
    table.write_text(table.read_text().replace("hologic", "ge-idxa", 1))
    with pytest.raises(EvidenceUnreadable, match=r"patients\.csv is not the table"):
        read_evidence(tmp_path)


@pytest.mark.parametrize("change", [{"schema": 2}, {"goals": []}, {"test": {}}, {"bundle": None}])
def test_a_record_of_another_schema_is_refused(tmp_path, change):
    write_evidence(tmp_path, Evidence(RECORD, tuple(ROWS)))
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(EvidenceUnreadable):
        read_evidence(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "null"])
def test_what_is_no_evidence_is_refused(tmp_path, content):
    (tmp_path / "evidence.json").write_text(content)
    (tmp_path / "patients.csv").write_text("")
    with pytest.raises(EvidenceUnreadable):
        read_evidence(tmp_path)


def test_an_empty_folder_holds_no_evidence(tmp_path):
    with pytest.raises(EvidenceUnreadable):
        read_evidence(tmp_path)


def test_the_card_warns_of_a_demonstration_model_before_any_figure():
    assert CARD.index("For demonstration only, not for clinical use") < CARD.index("## Goals")
    plain = render_card(made_up_record(ROWS, is_demonstration=False), "images", "evidence")
    assert "For demonstration only" not in plain


def test_the_card_says_of_each_goal_whether_it_is_met():
    rows = [line for line in CARD.splitlines() if line.endswith(("| met |", "| **not met** |"))]
    said = [row.endswith("| met |") for row in rows]
    assert said == [goal["is_met"] for goal in RECORD["goals"]]
    assert True in said
    assert False in said


def test_the_card_puts_the_model_beside_the_ideal_observer():
    test = RECORD["test"]
    sides = (test["model"], test["ideal_observer"])
    cells = [figure("accuracy", side["accuracy"]) for side in sides]
    cells.append(points("accuracy", test["difference"]["accuracy"]))
    assert f"| accuracy | {' | '.join(cells)} |" in CARD


def test_the_card_names_every_subgroup_and_every_kind():
    for group in RECORD["test"]["subgroups"]:
        assert f"| {group['by']} | {group['name']} | {group['patients']} | {group['positives']} |" in CARD
    assert "| noise | 3 | 2 | 66.7 % (20.8 to 93.8) | no contrast 2 |" in CARD


def test_braces_in_a_bundles_words_are_words():
    assert "To be {tested}." in CARD
    assert "a {rule}" in CARD
    assert paragraph("A {brace}")[0] == "A {brace}"


def test_the_card_says_how_the_model_was_trained():
    assert "- Training, seed: 7.\n- Training, best validation auroc: 0.9.\n" in CARD


def test_a_figure_that_is_missing_is_said():
    assert figure("accuracy", {"value": None, "low": None, "high": None}) == "no figure"
    assert figure("auroc", None) == "no figure"


def test_differences_carry_their_sign():
    estimate = {"value": -0.0123, "low": -0.02, "high": 0.001}
    assert points("accuracy", estimate) == "-1.2 (-2.0 to +0.1)"
    assert points("auroc", estimate) == "-0.012 (-0.020 to +0.001)"


@pytest.mark.parametrize(("name", "text"), draw_charts(ROWS, 0.4).items(), ids=lambda part: str(part)[:12])
def test_a_chart_is_svg_with_a_title_and_no_foreign_content(name, text):
    root = ET.fromstring(text)  # noqa: S314 - our own text
    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title").text
    assert f"({'images'}/{name})" in CARD
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "rect", "text", "path", "circle",
    }  # fmt: skip
    assert "nan" not in text


def test_a_line_goes_through_its_points_in_the_charts_own_places():
    chart = Chart("A & B", unit_axis("x"), unit_axis("y"))
    chart.line([(0, 0), (1, 1)], "red")
    assert 'd="M58.0 350.0 L442.0 40.0"' in chart.render()
    assert "<title>A &amp; B</title>" in chart.render()


def test_the_score_chart_has_a_dot_for_each_patient_that_was_read():
    dots = draw_charts(ROWS, 0.4)["score-by-t-score.svg"].count("h0")
    assert dots == len(ROWS) - 20
