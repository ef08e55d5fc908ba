"""The whole way under TLS on both sides, with DCMTK as scanner and as PACS."""

import pytest
from pydicom.uid import Comprehensive3DSRStorage

from certificates import OURS, Hospital
from databases import url_at_head
from peers import StoreScp, echoscu, storescu, until
from services import Service, destination

CALLED = "OSTEO_PACS"


@pytest.fixture
def hospital(tmp_path):
    return Hospital(tmp_path)


@pytest.fixture
def ours(hospital):
    return hospital.issue(OURS)


def listener(ours):
    return {**ours.keys, "tls_ae_titles": {"scanner.example": ["SCANNER"], OURS: ["OSTEO_SEND"]}}


def test_a_study_comes_in_and_its_report_goes_out_under_tls(tmp_path, sqlite_url, hospital, ours, files):
    scanner = hospital.issue("scanner.example")
    with StoreScp(tmp_path / "pacs", args=hospital.issue("pacs.example").dcmtk) as pacs:
        to_pacs = destination("pacs", pacs.port, pacs.ae_title, **ours.keys, tls_server_name="pacs.example")
        settings = {"listener": listener(ours)}
        with Service(
            tmp_path / "service", database_url=sqlite_url, destinations=[to_pacs], settings=settings
        ) as service:
            assert service.run("send", str(files[0])).stdout.startswith("1 of 1 stored."), "from this machine"
            storescu(service.port, *files[1:], called=CALLED, calling="SCANNER", args=scanner.dcmtk)
            echoscu(service.port, called=CALLED, calling="OTHER", args=scanner.dcmtk, is_success=False)
            echoscu(service.port, called=CALLED, calling="SCANNER", is_success=False)

            until(lambda: [*service.events("report_delivered")], timeout_s=60)
            assert Comprehensive3DSRStorage in {ds.SOPClassUID for ds in pacs.instances()}
            [rejected] = [e for e in service.events("association_ended") if e["outcome"] == "rejected"]
            assert (rejected["reason"], rejected["certificate"]) == ("certificate", scanner.fingerprint)
            assert [*service.events("handshake_refused")]
            assert service.stop() == 0


def test_a_key_that_does_not_fit_is_refused_at_the_start(tmp_path, hospital, ours):
    other = hospital.issue("other.example")
    settings = {"listener": listener(ours) | {"tls_key": str(other.key)}}
    service = Service(tmp_path / "service", database_url=url_at_head("sqlite", tmp_path), settings=settings)
    done = service.run("serve")
    assert done.returncode != 0
    assert f"{other.key} is not the key of {ours.certificate}" in done.stderr
    assert "osteo-pacs doctor" in done.stderr
    assert "Traceback" not in done.stderr
