"""Every benchmark runs from one command, in its smallest form here, and tells what it measured as JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def report_of(name, folder, *options, environment=None):
    output = folder / f"{name}.json"
    command = [sys.executable, BENCHMARKS / f"{name}.py", "--folder", folder, "--output", output, *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    assert [*folder.iterdir()] == [output], "it leaves nothing behind"
    report = json.loads(output.read_text())
    assert report == json.loads(done.stdout)
    assert report["benchmark"] == name
    return report


def test_latency_times_a_study_from_its_request_to_its_report_beside_the_script(tmp_path):
    report = report_of("latency", tmp_path, "--studies", "1")
    assert report["osteo_pacs"]["from_request_s"]["p50"] > report["osteo_pacs"]["from_response_s"]["p50"] > 0
    assert report["plain_script"]["from_request_s"]["p50"] > 0
    assert report["osteo_pacs"]["steps_s_median"]["predict_s"] > 0
    assert report["machine"]["cores"] > 0


def test_burst_counts_studies_a_second_beside_the_script(tmp_path):
    report = report_of("burst", tmp_path, "--studies", "4", "--rounds", "1", "--associations", "2")
    ours, script = report["osteo_pacs"], report["plain_script"]
    assert 0 < ours["studies_per_s"]["median"] < 4 / report["quiet_s_included"]
    assert script["studies_per_s"]["median"] > 0
    assert {"listener", "worker", "courier", "scheduler"} <= ours["cpu_ms_each_by_process"].keys()
    assert report["ratio"]["repeats"] == 1


def test_idle_tells_the_cpu_of_every_process_with_and_without_open_associations(tmp_path):
    report = report_of("idle", tmp_path, "--seconds", "0.5", "--rounds", "1", "--associations", "3")
    states = report["percent_of_a_core_by_open_associations"]
    assert states.keys() == {"0", "3"}
    for state in states.values():
        by_process = state["osteo_pacs"]["by_process"]
        assert {"serve", "listener", "worker", "courier", "scheduler", "child"} == by_process.keys()


def test_ingest_counts_instances_a_second_beside_orthanc_and_dcmtk(tmp_path):
    report = report_of("ingest", tmp_path, "--rounds", "1", "--instances", "4")
    for server in ("osteo_pacs", "orthanc", "storescp"):
        assert report["servers"][server]["4"]["instances_per_s"]["median"] > 0


def test_inference_times_every_runtime_beside_a_matrix_product_even_where_dcmtk_is_not_installed(tmp_path):
    bare = os.environ | {"PATH": str(tmp_path)}
    report = report_of("inference", tmp_path, "--rounds", "1", "--without", "compiled", environment=bare)
    assert report["machine"]["dcmtk"] is None
    assert {"eager", "traced", "openvino"} <= report["runtimes"].keys()
    for batches in report["runtimes"].values():
        assert batches.keys() == {"1", "8", "32"}
        assert all(0 < batch["of_matrix_peak"]["median"] < 5 for batch in batches.values())
    assert report["chosen_by_the_worker"] in report["runtimes"]


def test_while_training_times_studies_with_a_training_beside_and_without(tmp_path):
    report = report_of(
        "while_training", tmp_path, "--studies", "1", "--rounds", "1", "--images", "8", "--niceness", "0"
    )
    assert report["alone_s"]["p50"] > 0
    assert report["ratio_of_medians"]["repeats"] == 1


def test_gate_counts_how_often_candidates_pass_by_the_size_of_the_test_part(tmp_path):
    report = report_of("gate", tmp_path, "--rounds", "4", "--images", "60", "1500")
    assert report["passed"]["equal"]["60"]["share"] == 0
    assert report["passed"]["sensitivity lower by twice the margin"]["1500"]["share"] == 0


def test_training_times_what_feeds_it_beside_its_steps_and_beside_one_picture_after_the_other(tmp_path):
    report = report_of("training", tmp_path, "--rounds", "1", "--batches", "2", "--batch-size", "4")
    assert report["pictures_per_s"].keys() == {
        *("loaded", "augmented", "fed", "fed_one_by_one", "learned", "trained")
    }
    assert report["trained_to_learned"]["median"] > 0
    assert report["fed_to_fed_one_by_one"]["repeats"] == 1
