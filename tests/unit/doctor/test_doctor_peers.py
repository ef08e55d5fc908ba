from __future__ import annotations

import socket

import pytest

from osteo_pacs.dicom.sop_classes import (
    BASIC_TEXT_SR,
    COMPREHENSIVE_3D_SR,
    COMPREHENSIVE_SR,
    ENHANCED_SR,
    SECONDARY_CAPTURE,
)
from osteo_pacs.doctor import peers
from osteo_pacs.doctor.check import examine
from peers import ScriptedScp, free_port


@pytest.fixture
def look(settings):
    def look_at(lines):
        return {check.name: check for check in map(examine, peers.examinations(settings(lines)))}

    return look_at


def destination(port, lines="", name="pacs", ae_title="SCRIPTED"):
    return (
        f'[[destinations]]\nname = "{name}"\nhost = "127.0.0.1"\nport = {port}\nae_title = "{ae_title}"\n{lines}\n'
    )


@pytest.fixture
def look_at_pacs(look):
    def look_at(port, lines=""):
        return look(f"[listener]\nport = {free_port()}\n{destination(port, lines)}")["destination pacs"]

    return look_at


# -- destinations


def test_a_destination_that_answers_and_takes_our_reports_is_right(look_at_pacs):
    with ScriptedScp() as scp:
        check = look_at_pacs(scp.port)
    assert check.ok
    assert "answers C-ECHO" in check.detail


def test_a_destination_that_is_down_is_told_with_what_to_look_at(look_at_pacs):
    check = look_at_pacs(free_port())
    assert not check.ok
    assert check.detail.endswith("the connection was refused")
    assert check.remedy == "Is it running, and are host and port right?"


def test_a_destination_that_does_not_know_us_is_told(look_at_pacs):
    with ScriptedScp(knows=["OTHER"]) as scp:
        check = look_at_pacs(scp.port)
    assert not check.ok
    assert check.detail.endswith("it does not know OSTEO_PACS")
    assert check.remedy == "Register this AE title and our address there (1, 1, 3)."


def test_a_destination_that_says_nothing_costs_its_own_timeout(look_at_pacs):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        check = look_at_pacs(silent.getsockname()[1], 'connect_timeout_s = 0.2\ncalling_ae_title = "US"')
    assert not check.ok
    assert "nothing came in time" in check.detail
    assert "know us as US" in check.remedy


@pytest.mark.parametrize(
    ("taken", "lines", "missing"),
    [
        ([BASIC_TEXT_SR], "", "Comprehensive SR Storage"),
        ([COMPREHENSIVE_SR, BASIC_TEXT_SR], 'sr_sop_class = "88.34"', "Comprehensive 3D SR Storage"),
        ([COMPREHENSIVE_SR, BASIC_TEXT_SR], 'sr_sop_class = "88.22"', "Enhanced SR Storage"),
        ([COMPREHENSIVE_SR, SECONDARY_CAPTURE], "", "Basic Text SR Storage"),
        ([COMPREHENSIVE_SR, BASIC_TEXT_SR], "", "Secondary Capture Image Storage"),
    ],
)
def test_a_destination_that_would_refuse_what_we_send_is_told(look_at_pacs, taken, lines, missing):
    with ScriptedScp(sop_class_uids=taken) as scp:
        check = look_at_pacs(scp.port, lines)
    assert not check.ok
    assert f"takes no {missing}" in check.detail
    assert check.remedy


@pytest.mark.parametrize(
    ("taken", "lines"),
    [
        ([COMPREHENSIVE_SR, BASIC_TEXT_SR, SECONDARY_CAPTURE], ""),
        ([COMPREHENSIVE_3D_SR, BASIC_TEXT_SR], "picture = false"),
        ([ENHANCED_SR, SECONDARY_CAPTURE], 'sr_sop_class = "88.22"\ntext_twin = false'),
    ],
)
def test_a_destination_needs_to_take_only_what_it_is_sent(look_at_pacs, taken, lines):
    with ScriptedScp(sop_class_uids=taken) as scp:
        assert look_at_pacs(scp.port, lines).ok


def test_each_destination_is_asked_by_its_own_name(look):
    with ScriptedScp() as scp:
        checks = look(
            f"[listener]\nport = {free_port()}\n"
            + destination(scp.port, name="one")
            + destination(free_port(), name="two")
        )
    assert checks["destination one"].ok
    assert not checks["destination two"].ok


# -- the listener


def test_a_listener_that_is_not_running_is_no_fault(look):
    check = look(f"[listener]\nport = {free_port()}\n")["listener"]
    assert check.ok
    assert "osteo-pacs serve" in check.detail


def test_a_listener_that_runs_is_asked_for_an_echo(look):
    with ScriptedScp(ae_title="OSTEO_PACS", knows=["DXA"]) as scp:
        check = look(f'[listener]\nport = {scp.port}\ncalling_ae_titles = ["DXA"]\n')["listener"]
    assert check.ok
    assert "answers C-ECHO" in check.detail


def test_a_listener_that_does_not_take_this_machine_is_not_asked(look):
    with ScriptedScp(ae_title="OSTEO_PACS") as scp:
        check = look(f'[listener]\nport = {scp.port}\naddresses = ["10.0.0.0/8"]\n')["listener"]
        assert scp.associations == 0
    assert check.ok
    assert "is running" in check.detail


def test_something_else_on_the_listener_s_port_is_told(look, monkeypatch):
    monkeypatch.setattr(peers, "LISTENER_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as other:
        check = look(f"[listener]\nport = {other.getsockname()[1]}\n")["listener"]
    assert not check.ok
    assert "Another program on this port?" in check.remedy
