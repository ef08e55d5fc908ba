"""Towards a destination under TLS: DCMTK and pynetdicom as PACS, and PACS that cannot be trusted."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta
from io import BytesIO

import pytest
from pydicom import dcmread

from certificates import OURS, Hospital
from osteo_pacs.config import Destination
from osteo_pacs.deliver import Deadline, EchoAnswered, EchoFailed, Instance, Sender, echo
from osteo_pacs.deliver.outcome import Answered, NotConnected
from peers import ScriptedScp, StoreScp, until
from peers.documents import part10
from receiving import running_listener

SR_FILE = part10()
SR = Instance.from_part10(SR_FILE)
PACS = "pacs.example"
REFUSED = {"it ended TLS: unknown ca", "the connection was closed"}
"""How a PACS that does not accept our certificate is told: its alert may be lost when it closes at once."""


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    return Hospital(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def ours(hospital):
    return hospital.issue(OURS)


@pytest.fixture(scope="module")
def theirs(hospital):
    return hospital.issue(PACS)


@pytest.fixture
def destination(ours):
    def to(port, **settings):
        given = {"name": "pacs", "host": "127.0.0.1", "port": port, "ae_title": "PACS", "tls_server_name": PACS}
        return Destination(**given | ours.keys | settings)

    return to


@pytest.fixture
def senders(destination):
    made = []

    def make(port, **settings):
        made.append(Sender(destination(port, **settings), calling_ae_title="OSTEO_PACS"))
        return made[-1]

    yield make
    for sender in made:
        sender.close()


def reason_of(outcome):
    assert isinstance(outcome, NotConnected), outcome
    return outcome.reason


# -- a PACS that can be trusted


@pytest.mark.parametrize("profile", ["--profile-bcp195-nd", "--profile-bcp195-ex"])
def test_storescp_gets_the_report(senders, theirs, tmp_path, profile):
    with StoreScp(tmp_path / "received", args=[*theirs.dcmtk, profile]) as pacs:
        assert senders(pacs.port).store([SR], Deadline.after(10)) == Answered(SR.sop_instance_uid, 0)
        [ds] = until(pacs.instances)
    assert ds == dcmread(BytesIO(SR_FILE))


def test_one_association_serves_a_burst_though_tls_sends_tickets(senders, theirs):
    with ScriptedScp(tls=theirs.server_context()) as pacs:
        sender = senders(pacs.port)
        for _ in range(5):
            assert sender.store([SR], Deadline.after(10)) == Answered(SR.sop_instance_uid, 0)
            sender.close_if_idle()
        assert pacs.associations == 1


def test_a_pacs_that_ended_the_association_is_noticed(senders, theirs):
    with ScriptedScp(tls=theirs.server_context()) as pacs:
        sender = senders(pacs.port)
        sender.store([SR], Deadline.after(10))
        pacs.stop()
        pacs.start()
        assert sender.store([SR], Deadline.after(10)) == Answered(SR.sop_instance_uid, 0)


def test_a_large_instance_arrives_whole(senders, theirs):
    large = Instance.from_part10(part10(comment="x" * 3_000_000))
    with ScriptedScp(tls=theirs.server_context()) as pacs:
        senders(pacs.port).store([large], Deadline.after(30))
    assert pacs.received[0].data_set == large.data_set


def test_an_echo_tells_the_version_and_the_certificate(destination, theirs):
    with ScriptedScp(tls=theirs.server_context()) as pacs:
        answered = echo(destination(pacs.port), calling_ae_title="OSTEO_PACS")
    assert isinstance(answered, EchoAnswered)
    assert answered.encryption.version == "TLSv1.3"
    assert answered.encryption.certificate.names == (PACS,)
    assert answered.encryption.certificate.fingerprint == theirs.fingerprint


def test_the_host_is_the_name_where_no_other_is_given(destination, hospital):
    by_address = hospital.issue("127.0.0.1")
    with ScriptedScp(tls=by_address.server_context()) as pacs:
        outcome = echo(destination(pacs.port, tls_server_name=None), calling_ae_title="OSTEO_PACS")
    assert isinstance(outcome, EchoAnswered)


def test_a_certificate_of_ours_that_was_replaced_is_shown_at_the_next_connection(
    senders, hospital, theirs, tmp_path
):
    foreign = Hospital(tmp_path, "elsewhere").issue("us.example")
    mended = hospital.issue("us.example")
    keys = foreign.keys | {"tls_ca": str(hospital.ca)}
    with ScriptedScp(tls=theirs.server_context()) as pacs:
        sender = senders(pacs.port, **keys)
        assert reason_of(sender.store([SR], Deadline.after(10))) in REFUSED
        mended.certificate.replace(foreign.certificate)
        mended.key.replace(foreign.key)
        assert sender.store([SR], Deadline.after(10)) == Answered(SR.sop_instance_uid, 0)


# -- a PACS that cannot


def test_a_certificate_with_another_name_is_not_accepted(senders, theirs):
    with ScriptedScp(tls=theirs.server_context()) as pacs:
        reason = reason_of(senders(pacs.port, tls_server_name="other.example").store([SR], Deadline.after(10)))
        assert reason == (
            "its certificate is not accepted: Hostname mismatch, certificate is not valid for 'other.example'"
        )
        assert pacs.received == []


def test_a_certificate_of_another_authority_is_not_accepted(senders, tmp_path):
    forged = Hospital(tmp_path, "elsewhere").issue(PACS)
    with ScriptedScp(tls=forged.server_context(asks=False)) as pacs:
        reason = reason_of(senders(pacs.port).store([SR], Deadline.after(10)))
    assert "its certificate is not accepted: self-signed certificate in certificate chain" in reason


def test_an_expired_certificate_is_not_accepted(senders, hospital):
    expired = hospital.issue(PACS, file="expired", valid_for=timedelta(hours=-1))
    with ScriptedScp(tls=expired.server_context()) as pacs:
        reason = reason_of(senders(pacs.port).store([SR], Deadline.after(10)))
    assert "its certificate is not accepted: certificate has expired" in reason


def test_a_pacs_that_does_not_accept_us_is_told(senders, theirs, tmp_path):
    stranger = Hospital(tmp_path, "elsewhere").issue("us.example")
    with StoreScp(tmp_path / "received", args=theirs.dcmtk) as pacs:
        keys = {"tls_certificate": str(stranger.certificate), "tls_key": str(stranger.key)}
        reason = reason_of(senders(pacs.port, **keys).store([SR], Deadline.after(10)))
    assert reason in REFUSED


def test_a_pacs_that_speaks_plain_dicom_gets_nothing(senders, tmp_path):
    with running_listener(tmp_path) as pacs:
        assert reason_of(senders(pacs.port).store([SR], Deadline.after(10))) == "it does not speak TLS"
        assert pacs.instances() == []
    with StoreScp(tmp_path / "received") as pacs:
        assert reason_of(senders(pacs.port).store([SR], Deadline.after(10))) == "the connection was closed"
        assert pacs.instances() == []


def test_a_pacs_that_wants_tls_gets_nothing_in_plain_dicom(theirs, tmp_path):
    with StoreScp(tmp_path / "received", args=theirs.dcmtk) as pacs:
        plain = Destination(name="pacs", host="127.0.0.1", port=pacs.port, ae_title="PACS")
        assert echo(plain, calling_ae_title="OSTEO_PACS") == EchoFailed("the connection was closed")


def test_files_of_ours_that_cannot_be_used_are_told_and_tried_again_later(senders, theirs, tmp_path):
    with ScriptedScp(tls=theirs.server_context()) as pacs:
        reason = reason_of(senders(pacs.port, tls_key=str(tmp_path / "none")).store([SR], Deadline.after(10)))
    assert f"{tmp_path / 'none'}: No such file or directory" in reason


# -- a PACS that holds us


def test_a_silent_handshake_ends_by_the_deadline_of_the_connection(senders):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sender = senders(silent.getsockname()[1], connect_timeout_s=0.3)
        assert reason_of(sender.store([SR], Deadline.after(60))) == "nothing came in time"


def test_a_handshake_can_be_interrupted(senders):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sender = senders(silent.getsockname()[1], connect_timeout_s=60)
        outcomes = []
        thread = threading.Thread(target=lambda: outcomes.append(sender.store([SR], Deadline.after(60))))
        thread.start()
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(1) == b"\x16", "the handshake has begun"
            sender.interrupt()
            thread.join(10)
    assert reason_of(outcomes[0]) == "the connection was closed"
