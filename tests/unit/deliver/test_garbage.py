"""Whatever a destination says, the sender comes back with an outcome: no error of a decoder, no endless wait."""

import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osteo_pacs.config import Destination
from osteo_pacs.deliver import Deadline, Instance, Sender
from osteo_pacs.deliver import scu as scu_module
from osteo_pacs.deliver.outcome import Answered, ContextRejected, NoAnswer, NotConnected
from osteo_pacs.deliver.wire import Wire
from peers import ScriptedScp
from peers.documents import part10

SR = Instance.from_part10(part10())


class CannedWire(Wire):
    """A connection to a peer that has said everything before it was asked."""

    said = b""

    def connect(self, host, port, deadline):  # noqa: ARG002 - as in Wire
        self._socket, peer = socket.socketpair()
        peer.sendall(self.said)
        peer.shutdown(socket.SHUT_WR)
        self.peer = peer

    def close(self):
        super().close()
        if hasattr(self, "peer"):
            self.peer.close()


class RecordingWire(Wire):
    heard = b""

    def _read(self, count, deadline):
        content = super()._read(count, deadline)
        RecordingWire.heard += content
        return content


def store(port=104):
    sender = Sender(
        Destination(name="pacs", host="127.0.0.1", port=port, ae_title="PACS"), calling_ae_title="OSTEO_PACS"
    )
    try:
        return sender.store([SR], Deadline.after(5))
    finally:
        sender.close()


@pytest.fixture(scope="module")
def conversation():
    """What an acceptor says in a delivery that goes well: A-ASSOCIATE-AC, C-STORE-RSP, A-RELEASE-RP."""
    with pytest.MonkeyPatch.context() as patch, ScriptedScp(sop_class_uids=[SR.sop_class_uid]) as pacs:
        patch.setattr(scu_module, "Wire", RecordingWire)
        store(pacs.port)
    return RecordingWire.heard


@pytest.fixture
def outcome_of(monkeypatch):
    monkeypatch.setattr(scu_module, "Wire", CannedWire)

    def hear(said):
        CannedWire.said = said
        return store()

    return hear


def test_a_conversation_can_be_replayed(conversation, outcome_of):
    assert outcome_of(conversation) == Answered(SR.sop_instance_uid, 0)


def test_a_conversation_that_ends_anywhere_has_an_outcome(conversation, outcome_of):
    ac_length = 6 + int.from_bytes(conversation[2:6])
    for end in range(len(conversation)):
        outcome = outcome_of(conversation[:end])
        assert isinstance(outcome, NotConnected if end < ac_length else NoAnswer | Answered)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(data=st.data())
def test_a_conversation_with_changed_bytes_has_an_outcome(conversation, outcome_of, data):
    said = bytearray(conversation)
    for _ in range(data.draw(st.integers(1, 4))):
        said[data.draw(st.integers(0, len(said) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(outcome_of(bytes(said)), Answered | NoAnswer | NotConnected | ContextRejected)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(kind=st.sampled_from([2, 3, 4, 5, 6, 7]), body=st.binary(max_size=200))
def test_a_pdu_of_random_bytes_has_an_outcome(outcome_of, kind, body):
    outcome = outcome_of(bytes([kind, 0]) + len(body).to_bytes(4) + body)
    assert isinstance(outcome, NoAnswer | NotConnected | ContextRejected)
