from __future__ import annotations

from datetime import timedelta

import pytest

from certificates import OURS, Hospital
from osteo_pacs.config import Settings
from osteo_pacs.doctor import peers, tls
from osteo_pacs.doctor.check import examine
from peers import ScriptedScp, free_port
from receiving import running_listener

SCANNER = "scanner.example"
ALL = ["listener key", "listener certificate", "listener authorities", "listener issuer", "listener AE titles"]


@pytest.fixture
def hospital(tmp_path):
    return Hospital(tmp_path)


def listener(held, **keys):
    return {"tls_ae_titles": {SCANNER: ["DXA"]}, **held.keys, **keys}


def look(subject=tls, **sections):
    return {check.name: check for check in map(examine, subject.examinations(Settings(**sections)))}


def test_plain_dicom_has_nothing_to_look_at():
    assert look() == {}


def test_files_that_are_right_pass(hospital):
    checks = look(listener=listener(hospital.issue(OURS)))
    assert list(checks) == ALL
    assert all(check.ok for check in checks.values())
    assert OURS in checks["listener certificate"].detail


# -- the key


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_key_that_others_can_read_is_told(hospital, mode):
    held = hospital.issue(OURS)
    held.key.chmod(mode)
    check = look(listener=listener(held))["listener key"]
    assert not check.ok
    assert f"chmod 600 {held.key}" in check.remedy


def test_a_key_of_another_certificate_is_told(hospital):
    held, other = hospital.issue(OURS), hospital.issue("other.example")
    check = look(listener=listener(held, tls_key=str(other.key)))["listener key"]
    assert not check.ok
    assert "is not the key of" in check.detail
    assert check.remedy


# -- the certificate


@pytest.mark.parametrize(
    ("valid_for", "fault"),
    [(timedelta(hours=-1), "expired on"), (timedelta(days=29, hours=1), ", in 29 days")],
)
def test_a_certificate_that_ends_soon_or_has_ended_is_told(hospital, valid_for, fault):
    check = look(listener=listener(hospital.issue(OURS, valid_for=valid_for)))["listener certificate"]
    assert not check.ok
    assert fault in check.detail
    assert check.remedy.startswith("Have it renewed")


def test_a_certificate_that_is_valid_for_longer_than_a_month_passes(hospital):
    held = hospital.issue(OURS, valid_for=timedelta(days=31))
    assert look(listener=listener(held))["listener certificate"].ok


def test_a_certificate_that_is_not_valid_yet_is_told(hospital):
    held = hospital.issue(OURS)
    settings = Settings(listener=listener(held))
    long_ago = tls.read_certificates(held.certificate)[0].starts_at - timedelta(days=1)
    checks = {check.name: check for check in map(examine, tls.examinations(settings, lambda: long_ago))}
    assert "is not valid before" in checks["listener certificate"].detail


def test_a_certificate_that_our_authorities_have_not_issued_is_told(hospital, tmp_path):
    foreign = Hospital(tmp_path, "elsewhere").issue(OURS)
    check = look(listener=listener(foreign, tls_ca=str(hospital.ca)))["listener issuer"]
    assert not check.ok
    assert "would refuse us" in check.detail
    assert str(hospital.ca) in check.remedy


def test_authorities_that_end_soon_are_told(hospital):
    held = hospital.issue(OURS)
    soon = hospital.issue("old.example", valid_for=timedelta(days=3, hours=1))
    held.ca.write_bytes(held.ca.read_bytes() + soon.certificate.read_bytes())
    check = look(listener=listener(held))["listener authorities"]
    assert not check.ok
    assert "old.example" in check.detail


# -- AE titles


@pytest.mark.parametrize(
    ("known", "fault"),
    [
        (["OTHER"], "DXA is bound to a certificate, but not in calling_ae_titles; OTHER is in calling_ae_titles"),
        (["DXA", "OTHER"], "OTHER is in calling_ae_titles, but bound to no certificate"),
    ],
)
def test_ae_titles_that_can_never_associate_are_told(hospital, known, fault):
    check = look(listener=listener(hospital.issue(OURS), calling_ae_titles=known))["listener AE titles"]
    assert not check.ok
    assert fault in check.detail


# -- the network


def pacs(held, port):
    given = {"name": "pacs", "host": "127.0.0.1", "port": port, "ae_title": "SCRIPTED"}
    return {"listener": {"port": free_port()}, "destinations": [given | held.keys]}


def test_a_destination_s_files_are_looked_at(hospital):
    checks = look(**pacs(hospital.issue(OURS), 104))
    assert list(checks) == [f"destination pacs {what}" for what in ("key", "certificate", "authorities")]


def test_a_destination_s_certificate_is_seen_in_a_real_handshake(hospital):
    with ScriptedScp(tls=hospital.issue("127.0.0.1", "pacs.example").server_context()) as scp:
        check = look(peers, **pacs(hospital.issue(OURS), scp.port))["destination pacs"]
    assert check.ok, check
    assert "over TLSv1.3; its certificate is pacs.example, until" in check.detail


def test_a_destination_s_certificate_with_another_name_is_told(hospital):
    with ScriptedScp(tls=hospital.issue("pacs.example").server_context()) as scp:
        check = look(peers, **pacs(hospital.issue(OURS), scp.port))["destination pacs"]
    assert not check.ok
    assert "certificate is not valid for '127.0.0.1'" in check.detail


def test_a_destination_s_certificate_that_ends_soon_is_told(hospital):
    soon = hospital.issue("127.0.0.1", valid_for=timedelta(days=5, hours=1))
    with ScriptedScp(tls=soon.server_context()) as scp:
        check = look(peers, **pacs(hospital.issue(OURS), scp.port))["destination pacs"]
    assert not check.ok
    assert ", in 5 days" in check.detail
    assert "at the PACS" in check.remedy


def test_a_listener_under_tls_is_asked_with_its_own_certificate(hospital, tmp_path):
    rules = listener(hospital.issue(OURS), tls_ae_titles={OURS: ["OSTEO_SEND"]})
    with running_listener(tmp_path, **rules) as running:
        check = look(peers, listener={"port": running.port, **rules})["listener"]
    assert check.ok, check
    assert f"its certificate is {OURS}" in check.detail


def test_a_listener_whose_own_certificate_has_no_ae_title_is_not_asked(hospital, tmp_path):
    rules = listener(hospital.issue(OURS))
    with running_listener(tmp_path, **rules) as running:
        check = look(peers, listener={"port": running.port, **rules})["listener"]
    assert check.ok
    assert "it is not asked" in check.detail
