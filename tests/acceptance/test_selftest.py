"""``osteo-pacs selftest`` against a real Orthanc, and against DCMTK's storescp, which answers no query."""

from __future__ import annotations

import json

import pytest

from osteo_pacs.selftest.patient import PATIENT_ID
from peers.dcmtk import StoreScp
from peers.orthanc import Orthanc
from peers.polling import until
from services import Service, destination

MAY_QUERY = {"DicomAlwaysAllowFind": True}
NAMES = ["sent", "received", "read", "reported"]


@pytest.fixture
def orthanc(tmp_path):
    with Orthanc(tmp_path / "pacs", settings=MAY_QUERY) as pacs:
        yield pacs


@pytest.fixture
def plain(tmp_path):
    folder = tmp_path / "plain"
    folder.mkdir()
    with StoreScp(folder) as peer:
        yield peer


def test_the_whole_way_is_proved_by_query_where_the_pacs_answers_and_by_c_store_where_not(
    tmp_path, sqlite_url, orthanc, plain
):
    destinations = [
        destination("pacs", orthanc.port, orthanc.ae_title),
        destination("plain", plain.port, plain.ae_title),
    ]
    with Service(tmp_path / "service", database_url=sqlite_url, destinations=destinations) as service:
        done = service.ask("selftest", "--keep")
        assert [step["name"] for step in done["steps"]] == [
            *NAMES, "delivered to pacs", "found at pacs", "delivered to plain", "found at plain",
        ]  # fmt: skip
        assert done["ok"]
        assert done["is_kept"]
        assert any("ORTHANC has the report, and finds it" in sentence for sentence in done["proved"])
        assert any("STORESCP answered C-STORE with Success" in sentence for sentence in done["proved"])
        assert any("That STORESCP has it: it answers us no C-FIND." in sentence for sentence in done["not_proved"])
        uid = done["study_instance_uid"]
        [*taken] = orthanc.instances(uid)
        assert len(taken) == 3
        assert {ds.PatientID for ds in taken} == {PATIENT_ID}
        assert service.ask("study", "show", uid)["state"] == "delivered"

        # A second test is read anew, and leaves nothing here.
        said = service.run("selftest", "--destination", "pacs")
        assert said.returncode == 0, said.stdout + said.stderr
        assert "It is forgotten here." in said.stdout
        assert "C-FIND finds the study, its series and 3 instances" in said.stdout
        assert [study["study_instance_uid"] for study in service.ask("study", "list")] == [uid]
        status = service.ask("status")
        roles = {process["role"] for process in status["processes"] if not process["is_silent"]}
        assert roles == {"supervisor", "listener", "worker", "courier", "scheduler"}
        assert status["model"]["is_demonstration"] is True
        assert status["throughput"]["reports_written"]["hour"] >= 1
        assert status["destinations"][0]["state"] == "idle"

        # Another report of the same images, with its predecessor, where it is asked for.
        assert service.run("study", "reprocess", uid).returncode == 1
        assert service.run("study", "reprocess", uid, "--again").returncode == 0
        shown = until_reports(service, uid, 2)
        assert [report["revision"] for report in shown["reports"]] == [1, 2]
        assert shown["reports"][1]["supersedes"] == shown["reports"][0]["sop_instance_uid"]
        assert service.run("queue", "drain", "--timeout-s", "60").returncode == 0
        failed = service.run("selftest", "--timeout-s", "3", "--json")
        assert failed.returncode == 1
        steps = json.loads(failed.stdout)["steps"]
        assert not steps[-1]["ok"]
        assert "Paused: infer, deliver" in steps[-1]["remedy"]
        assert service.run("queue", "resume", "--all").returncode == 0


def until_reports(service, uid, count):
    def shown():
        found = service.ask("study", "show", uid)
        return found if len(found["reports"]) == count and found["state"] == "delivered" else None

    return until(shown, timeout_s=60, every_s=0.3, what=f"{count} reports")
