"""The listener under TLS: who is let in, by which certificate, and what becomes of everyone else."""

from __future__ import annotations

import socket
import ssl
import subprocess
from datetime import timedelta

import pytest

from certificates import OURS, Hospital
from osteo_pacs.receive.server import MAX_WAITING
from peers import echoscu, environment, program, storescu, until
from peers.documents import part10
from receiving import RawPeer, an_instance, associate_rq, running_listener
from receiving.raw_peer import ASSOCIATE_RJ

PDU_TIMEOUT_S = 1.0
SLACK_S = 4.0
CALLED = "OSTEO_PACS"
NOT_RECOGNIZED = (1, 1, 3)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    return Hospital(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def scanner(hospital):
    return hospital.issue("scanner.example")


@pytest.fixture(scope="module")
def prodigy(hospital):
    """A device whose certificate is known by its fingerprint."""
    return hospital.issue("unknown.example", common_name="GE Prodigy")


@pytest.fixture
def listener(tmp_path, hospital, scanner, prodigy):
    with running_listener(
        tmp_path,
        pdu_timeout_s=PDU_TIMEOUT_S,
        tls=scanner.client_context(),
        calling_ae_titles=["SCANNER", "PRODIGY", "UNBOUND"],
        tls_ae_titles={"Scanner.Example": ["SCANNER"], f"SHA256:{prodigy.fingerprint.upper()}": ["PRODIGY"]},
        **hospital.issue(OURS).keys,
    ) as running:
        yield running


def refusals(listener, reason):
    return until(
        lambda: [event for event in listener.events("handshake_refused") if reason in event["reason"]],
        what=f"{reason!r} in {listener.events('handshake_refused')}",
    )


def serve_an_honest_peer(listener):
    with listener.peer() as peer:
        peer.associate()
        assert peer.c_store(an_instance()).status == 0
        peer.release()


@pytest.fixture(autouse=True)
def honest_peer_afterwards(listener):
    yield
    serve_an_honest_peer(listener)


# -- who is let in


@pytest.mark.parametrize("profile", ["--profile-bcp195-nd", "--profile-bcp195", "--profile-bcp195-ex"])
def test_storescu_sends_under_every_profile_that_is_not_retired(listener, scanner, tmp_path, profile):
    file = tmp_path / "report.dcm"
    file.write_bytes(part10())
    storescu(listener.port, file, called=CALLED, calling="SCANNER", args=[*scanner.dcmtk, profile])
    assert len(listener.instances()) == 1


def test_a_certificate_is_known_by_its_fingerprint(listener, prodigy):
    echoscu(listener.port, called=CALLED, calling="PRODIGY", args=prodigy.dcmtk)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken(listener, scanner, version):
    context = scanner.client_context()
    context.minimum_version = context.maximum_version = version
    with RawPeer(listener.port, tls=context) as peer:
        peer.associate()
        assert peer.connection.version() == version.name.replace("_", ".")
        assert peer.c_store(an_instance(pixels=bytes(1_000_000))).status == 0
        peer.release()
        assert peer.is_closed()


def test_the_event_of_an_association_names_the_certificate_by_its_fingerprint(listener, scanner):
    serve_an_honest_peer(listener)
    assert until(lambda: listener.events("association_ended"))[-1]["certificate"] == scanner.fingerprint


# -- AE titles


@pytest.mark.parametrize("title", ["PRODIGY", "UNBOUND", "STRANGER"])
def test_an_ae_title_that_is_not_the_certificate_s_is_rejected(listener, scanner, title):
    with listener.peer() as peer:
        peer.send(associate_rq(calling=title))
        kind, body = peer.read()
        assert (kind, tuple(body[1:4])) == (ASSOCIATE_RJ, NOT_RECOGNIZED)
        assert peer.is_closed()
    [event] = until(lambda: [e for e in listener.events("association_ended") if e["ae_title"] == title])
    assert event["outcome"] == "rejected"
    assert event["reason"] == ("calling_ae_title" if title == "STRANGER" else "certificate")
    assert event["certificate"] == scanner.fingerprint


def test_dcmtk_is_told_that_its_calling_ae_title_is_not_recognized(listener, scanner):
    answer = echoscu(listener.port, called=CALLED, calling="PRODIGY", args=scanner.dcmtk, is_success=False)
    assert "Calling AE Title Not Recognized" in answer.output


# -- certificates that are not accepted


def test_a_peer_without_a_certificate_is_refused(listener, hospital):
    args = ["+tla", "+cf", str(hospital.ca)]
    echoscu(listener.port, called=CALLED, calling="SCANNER", args=args, is_success=False)
    assert refusals(listener, "it showed no certificate")[0]["peer"] == "127.0.0.1"


def test_a_certificate_of_another_authority_is_refused(listener, hospital, tmp_path):
    forged = Hospital(tmp_path, "elsewhere").issue("scanner.example")
    args = ["+tls", str(forged.key), str(forged.certificate), "+cf", str(hospital.ca)]
    echoscu(listener.port, called=CALLED, calling="SCANNER", args=args, is_success=False)
    refusals(listener, "its certificate is not accepted: unable to get local issuer certificate")


def test_an_expired_certificate_is_refused(listener, hospital):
    expired = hospital.issue("scanner.example", file="expired", valid_for=timedelta(hours=-1))
    echoscu(listener.port, called=CALLED, calling="SCANNER", args=expired.dcmtk, is_success=False)
    refusals(listener, "its certificate is not accepted: certificate has expired")


def test_a_peer_that_does_not_trust_us_is_heard(listener, scanner, tmp_path):
    other = Hospital(tmp_path, "elsewhere")
    args = ["+tls", str(scanner.key), str(scanner.certificate), "+cf", str(other.ca)]
    echoscu(listener.port, called=CALLED, calling="SCANNER", args=args, is_success=False)
    refusals(listener, "it ended TLS: unknown ca")


# -- protocols that are not spoken


def openssl_client(listener, scanner, *options):
    command = [
        program("openssl"), "s_client", "-connect", f"127.0.0.1:{listener.port}", "-cert", scanner.certificate,
        "-key", scanner.key, "-CAfile", scanner.ca, *options,
    ]  # fmt: skip
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env=environment(),
    )


def test_tls_1_1_is_refused(listener, scanner):
    done = openssl_client(listener, scanner, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    assert done.returncode != 0
    assert "protocol version" in done.stderr
    refusals(listener, "it speaks neither TLS 1.2 nor TLS 1.3")


@pytest.mark.parametrize("suite", ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256", "NULL-SHA256:@SECLEVEL=0"])
def test_a_cipher_suite_without_forward_secrecy_or_authenticated_encryption_is_refused(listener, scanner, suite):
    assert openssl_client(listener, scanner, "-tls1_2", "-cipher", suite).returncode != 0
    refusals(listener, "it has none of our cipher suites")


@pytest.mark.parametrize(
    "said", [associate_rq(), b"GET / HTTP/1.1\r\nHost: pacs\r\n\r\n", b"SSH-2.0-OpenSSH_9.6\r\n"]
)
def test_what_is_no_tls_is_closed_at_once(listener, said):
    with RawPeer(listener.port) as peer:
        peer.send(said)
        assert peer.is_closed()
    refusals(listener, "it does not speak TLS")


def test_plain_dcmtk_at_the_port_of_tls_fails(listener):
    echoscu(listener.port, called=CALLED, calling="SCANNER", is_success=False)


def test_tls_at_a_plain_port_fails_and_is_told(tmp_path, scanner):
    with running_listener(tmp_path) as plain:
        echoscu(plain.port, called=CALLED, calling="SCANNER", args=scanner.dcmtk, is_success=False)
        [event] = until(lambda: plain.events("association_ended"))
        assert event["reason"] == "TLS where plain DICOM is spoken"
        echoscu(plain.port, called=CALLED, calling="SCANNER")


# -- peers that hold us


def test_more_silent_peers_than_there_is_room_for_keep_no_one_out(listener):
    silent = [RawPeer(listener.port) for _ in range(3 * MAX_WAITING)]
    try:
        for peer in silent[::2]:
            peer.send(bytes.fromhex("160301"))
        for _ in range(3):
            serve_an_honest_peer(listener)
    finally:
        for peer in silent:
            peer.connection.close()


@pytest.mark.parametrize("begun", [b"", b"\x16\x03", bytes.fromhex("1603010200010001fc0303")])
def test_silence_in_the_handshake_ends_it(listener, begun):
    with RawPeer(listener.port, timeout_s=PDU_TIMEOUT_S + SLACK_S) as peer:
        peer.send(begun)
        assert peer.is_closed()
    refusals(listener, "it did not finish the handshake in time")


def test_silence_after_the_handshake_ends_it(listener):
    with listener.peer(timeout_s=PDU_TIMEOUT_S + SLACK_S) as peer:
        assert peer.is_closed()


def test_a_handshake_of_one_byte_at_a_time_is_ended(listener):
    hello = bytes.fromhex("1603010200010001fc0303") + bytes(500)
    with RawPeer(listener.port) as peer:
        peer.pour((bytes((byte,)) for byte in hello), within_s=SLACK_S, every_s=PDU_TIMEOUT_S / 20)


def test_a_probe_that_connects_and_leaves_is_no_event(listener):
    for _ in range(5):
        socket.create_connection(("127.0.0.1", listener.port)).close()
    serve_an_honest_peer(listener)
    assert len(until(lambda: listener.events("association_ended"))) == 1
    assert listener.events("handshake_refused") == []
