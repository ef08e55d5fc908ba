"""The model card that ships is that of the bundle that ships, and is what its evidence says."""

from __future__ import annotations

import json

import pytest

from house.reference import ROOT
from osteo_pacs.evidence.card import CHARTS, render_card
from osteo_pacs.evidence.charts import draw_charts
from osteo_pacs.evidence.goals import judge_goals
from osteo_pacs.evidence.record import read_evidence
from osteo_pacs.evidence.summary import Bootstrap, summarise
from osteo_pacs.retrain.judging.evaluate import describe_bundle
from osteo_pacs.shipped import BUNDLE

DOCS = ROOT / "docs"
IMAGES = "images/model-card"


@pytest.fixture(scope="module")
def evidence():
    return read_evidence(DOCS / "evidence")


def test_the_evidence_is_that_of_the_shipped_weights(evidence):
    shipped = describe_bundle(BUNDLE)
    for fact in ("weights_sha256", "version", "decision", "is_demonstration"):
        assert evidence.record["bundle"][fact] == shipped[fact], "run `make evidence`"


def test_the_test_set_is_large_enough(evidence):
    assert evidence.record["test"]["patients"] == len(evidence.rows) >= 2000


def test_the_card_is_what_the_evidence_says(evidence):
    card = (DOCS / "model-card.md").read_text(encoding="utf-8")
    assert card == render_card(evidence.record, IMAGES, "evidence"), "run `make evidence`"


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_is_drawn_from_the_table_of_patients(evidence, chart):
    drawn = draw_charts(evidence.rows, evidence.record["bundle"]["decision"]["threshold"])
    assert (DOCS / IMAGES / chart).read_text(encoding="utf-8") == drawn[chart], "run `make evidence`"


def test_every_figure_follows_from_the_table_of_patients(evidence):
    bootstrap = Bootstrap(evidence.record["bootstrap"]["resamples"], evidence.record["bootstrap"]["seed"])
    assert evidence.record["test"] == json.loads(json.dumps(summarise(evidence.rows, bootstrap)))


def test_the_goals_are_judged_by_the_figures(evidence):
    assert evidence.record["goals"] == judge_goals(evidence.record)
