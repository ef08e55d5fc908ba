from __future__ import annotations

import pytest

from osteo_pacs.evidence.comparison import render_comparison

ESTIMATE = {"value": 0.9, "low": 0.8, "high": 0.95}


def record(**budget):
    return {
        "study": {"patients": 174, "positives": 114, "folds": 5, "resamples": 100, "seed": 1},
        "budget": {"size": 224, "epochs": 12, "batch_size": 32, "learning_rate": 3e-4} | budget,
        "networks": [
            {
                "title": title,
                "weights_sha256": weights,
                "parameters": 388_834,
                "figures": dict.fromkeys(("accuracy", "precision", "sensitivity", "f1", "auroc"), ESTIMATE),
                "ms_a_study": 7.25,
                "training_s": 61.2,
            }
            for title, weights in (("21-layer CNN", None), ("VGG-16", "a" * 64))
        ],
        "made": {
            "command": "osteo-pacs model compare",
            "bundle": "1.2.3",
            "at": "2026-03-01T12:00:00+00:00",
            "seconds": 100.0,
            "device": "CPU, 2 cores",
            "threads": 1,
            "precision": "bfloat16",
            "versions": {"torch": "2.13"},
        },
    }


def test_a_network_has_the_papers_four_figures_and_auroc_with_intervals():
    counted = " | ".join(["90.0 % (80.0 to 95.0)"] * 4)
    row = f"| 21-layer CNN | from scratch | {counted} | 0.900 (0.800 to 0.950) | 0.4 M | 7.2 | 61 |"
    assert row in render_comparison([record()])


def test_pretrained_weights_are_named_by_their_digest():
    assert "| VGG-16 | `aaaaaaaaaaaa` |" in render_comparison([record()])


def test_conditions_stand_with_the_table():
    page = " ".join(render_comparison([record()]).split())
    for said in (
        "5-fold cross-validation by patient",
        "12 epochs",
        "224 x 224",
        "0.0003",
        "CPU, 2 cores",
        "in bfloat16",
        "the layers of the bundle's version 1.2.3",
    ):
        assert said in page


def test_several_comparisons_stand_on_one_page_each_with_its_conditions():
    larger = record(epochs=30) | {"study": record()["study"] | {"patients": 1000, "positives": 500}}
    page = render_comparison([record(), larger])
    assert page.index("## 174 simulated patients") < page.index("## 1000 simulated patients, 500 of them")
    assert ("12 epochs" in page, "30 epochs" in page, page.count("The paper's own figures")) == (True, True, 1)


@pytest.mark.parametrize(("budget", "is_small"), [({}, False), ({"epochs": 2}, True), ({"size": 75}, True)])
def test_a_small_budget_is_no_ranking_and_the_page_says_so(budget, is_small):
    assert ("not as a ranking" in render_comparison([record(**budget)])) is is_small


def test_one_epoch_and_one_thread_are_told_as_one():
    page = " ".join(render_comparison([record(epochs=1)]).split())
    for said in ("1 epoch of 32 pictures", "more than 1 epoch.", "with 1 thread,"):
        assert said in page


def test_the_papers_figures_are_quoted_with_what_is_doubtful_about_them():
    page = " ".join(render_comparison([record()]).split())
    for said in ("97.14 %", "97.16 %", "95.41 %", "99.04 %", "a reconstruction", "augmented copies", "T-score of"):
        assert said in page
