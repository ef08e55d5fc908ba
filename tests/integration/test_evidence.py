"""The evidence of the shipped bundle, in small: real pictures, the real decoder, the real model."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from osteo_pacs.cli import app
from osteo_pacs.evidence.record import read_evidence
from osteo_pacs.evidence.summary import Bootstrap, summarise
from osteo_pacs.phantom import OUT_OF_SCOPE
from osteo_pacs.retrain.judging.evaluate import Place, Plan, evaluate
from osteo_pacs.retrain.judging.test_set import FIRST_SPINE
from osteo_pacs.sealed import BundleTampered
from osteo_pacs.shipped import BUNDLE

ONE_THREAD = ("--device", "cpu", "--threads", "1")


def run(*arguments):
    return CliRunner().invoke(app, ["model", *map(str, arguments)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What ``model evaluate`` writes."""
    output = tmp_path_factory.mktemp("evidence")
    few = ("--patients", 12, "--overlay-patients", 4, "--per-kind", 1, "--resamples", 20)
    result = run("evaluate", "--output", output, *few, *ONE_THREAD, "--json")
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)["goals"]) == 5
    return output


def test_every_patient_and_every_kind_is_in_the_evidence(folder):
    evidence = read_evidence(folder)
    assert [row.seed for row in evidence.rows] == list(range(FIRST_SPINE, FIRST_SPINE + 12))
    kinds = [kind["kind"] for kind in evidence.record["refusals"]["out_of_scope"]]
    assert kinds == [kind.value for kind in OUT_OF_SCOPE]
    assert {name: part["pictures"] for name, part in evidence.record["sets"].items()} == {
        "test": 12,
        "overlay": 8,
        "out_of_scope": len(OUT_OF_SCOPE),
    }


def test_the_figures_follow_from_the_table_of_patients_alone(folder):
    evidence = read_evidence(folder)
    assert evidence.record["test"] == json.loads(json.dumps(summarise(evidence.rows, Bootstrap(resamples=20))))


def test_calls_are_those_of_the_bundles_threshold(folder):
    evidence = read_evidence(folder)
    threshold = evidence.record["bundle"]["decision"]["threshold"]
    read = [row for row in evidence.rows if row.probability is not None]
    assert read
    assert all(row.is_called == (row.probability >= threshold - 5e-5) for row in read)


def test_calibration_changed_the_networks_own_probability_and_kept_its_order(folder):
    read = [row for row in read_evidence(folder).rows if row.probability is not None]
    by_raw = [row.probability for row in sorted(read, key=lambda row: (row.raw_probability, row.probability))]
    assert by_raw == sorted(by_raw)
    assert any(row.raw_probability != row.probability for row in read)


def test_the_card_is_written_beside_its_charts(folder, tmp_path):
    result = run("card", folder, "--output", tmp_path / "card.md", "--images", "charts")
    assert result.exit_code == 0, result.output
    card = (tmp_path / "card.md").read_text()
    assert "12 simulated patients" in card
    for chart in ("roc", "precision-recall", "reliability", "score-by-t-score"):
        assert f"(charts/{chart}.svg)" in card
        assert (tmp_path / "charts" / f"{chart}.svg").stat().st_size < 100_000


def test_without_evidence_there_is_no_card_but_a_sentence(tmp_path):
    result = run("card", tmp_path, "--output", tmp_path / "card.md")
    assert result.exit_code == 1
    assert "The evidence cannot be read" in result.stderr


def test_a_changed_bundle_is_not_evaluated(tmp_path):
    bundle = tmp_path / "bundle"
    shutil.copytree(BUNDLE, bundle)
    (bundle / "configs" / "metadata.json").write_text("{}")
    with pytest.raises(BundleTampered):
        evaluate(bundle, Plan(2, 2, 1), Place("cpu", 1), lambda: datetime.now(UTC), print)
