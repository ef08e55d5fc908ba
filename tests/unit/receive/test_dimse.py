"""Commands as pynetdicom reads and writes them."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import decode, encode

from osteo_pacs.dicom.status import Status
from osteo_pacs.receive.dimse import Answer, Command, CommandField, decode_command, encode_response
from osteo_pacs.receive.pdu import ProtocolError

CR = "1.2.840.10008.5.1.4.1.1.1"
STORE = Command(CommandField.C_STORE_RQ, 7, has_data_set=True, sop_class_uid=b"1.2\0", sop_instance_uid=b"1.2.3\0")


def a_store_command() -> bytes:
    primitive = C_STORE()
    primitive.MessageID, primitive.Priority = 300, 2
    primitive.AffectedSOPClassUID, primitive.AffectedSOPInstanceUID = UID(CR), UID("1.2.3")
    primitive.DataSet = BytesIO(b"x")
    message = C_STORE_RQ()
    message.primitive_to_message(primitive)
    return bytes(encode(message.command_set, True, True))


def test_a_request_is_read_as_it_was_written():
    command = decode_command(a_store_command())
    assert (command.field, command.message_id, command.has_data_set) == (CommandField.C_STORE_RQ, 300, True)
    assert command.sop_class_uid.rstrip(b"\0") == CR.encode()
    assert command.sop_instance_uid == b"1.2.3\0"


def test_a_response_is_read_as_it_was_written():
    ds = decode(BytesIO(encode_response(STORE, Answer(Status.OUT_OF_RESOURCES, "Out of disk space"))), True, True)
    assert ds.CommandField == 0x8001
    assert ds.MessageIDBeingRespondedTo == 7
    assert ds.CommandDataSetType == 0x0101
    assert ds.Status == 0xA700
    assert ds.ErrorComment == "Out of disk space"
    assert (ds.AffectedSOPClassUID, ds.AffectedSOPInstanceUID) == ("1.2", "1.2.3")


def test_a_success_has_no_comment_and_a_true_length():
    encoded = encode_response(STORE, Answer(Status.SUCCESS))
    ds = decode(BytesIO(encoded), True, True)
    assert "ErrorComment" not in ds
    assert ds.CommandGroupLength == len(encoded) - 12


def test_a_comment_is_cut_to_what_the_standard_allows():
    ds = decode(BytesIO(encode_response(STORE, Answer(Status.OUT_OF_RESOURCES, "é" * 100))), True, True)
    assert ds.ErrorComment == "?" * 64


@pytest.mark.parametrize(("uid", "repeated"), [(b"", None), (b"1" * 65, None), (b"1.2.3", "1.2.3")])
def test_a_uid_is_repeated_where_it_may_be_one(uid, repeated):
    command = Command(CommandField.C_STORE_RQ, 1, has_data_set=True, sop_class_uid=b"1.2\0", sop_instance_uid=uid)
    ds = decode(BytesIO(encode_response(command, Answer(Status.CANNOT_UNDERSTAND))), True, True)
    assert ds.get("AffectedSOPInstanceUID") == repeated


def test_a_cancel_needs_no_message_id():
    elements = [(0x0100, 0x0FFF), (0x0120, 1), (0x0800, 0x0101)]
    data = b"".join(
        bytes((0, 0)) + n.to_bytes(2, "little") + b"\2\0\0\0" + v.to_bytes(2, "little") for n, v in elements
    )
    assert decode_command(data).field == CommandField.C_CANCEL_RQ


@pytest.mark.parametrize(
    "data",
    [
        b"",
        a_store_command()[:-1],
        a_store_command()[:11],
        a_store_command() + b"\0",
        b"\x08" + a_store_command()[1:],
        a_store_command().replace(b"\0\0\0\1\2\0\0\0\1\0", b"\0\0\0\1\2\0\0\0\1\x80"),
    ],
)
def test_what_is_no_request_is_an_error(data):
    with pytest.raises(ProtocolError):
        decode_command(data)


@given(st.binary(max_size=100))
def test_any_bytes_are_a_command_or_an_error(data):
    try:
        command = decode_command(data)
    except ProtocolError:
        return
    assert encode_response(command, Answer(Status.SUCCESS))
