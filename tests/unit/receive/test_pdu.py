"""The PDUs as pynetdicom reads and writes them: two implementations that must agree."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom import build_context
from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ, A_RELEASE_RP, P_DATA_TF
from pynetdicom.pdu_primitives import A_ASSOCIATE, ImplementationClassUIDNotification, MaximumLengthNotification

from osteo_pacs.receive.pdu import (
    AbortReason,
    ContextAnswer,
    ContextResult,
    ProposedContext,
    ProtocolError,
    decode_associate_rq,
    decode_p_data,
    encode_abort,
    encode_associate_ac,
    encode_associate_rj,
    encode_command_pdv,
    encode_release_rp,
)

CR, IMPLICIT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"


def a_request() -> bytes:
    """An A-ASSOCIATE-RQ by pynetdicom."""
    primitive = A_ASSOCIATE()
    primitive.application_context_name = "1.2.840.10008.3.1.1.1"
    primitive.calling_ae_title, primitive.called_ae_title = "SCANNER", "OSTEO_PACS"
    length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received, implementation.implementation_class_uid = 16_384, "1.2.3"
    primitive.user_information = [length, implementation]
    contexts = [build_context(CR, [EXPLICIT, IMPLICIT]), build_context("1.2.840.10008.1.1", [IMPLICIT])]
    for number, context in enumerate(contexts):
        context.context_id = 2 * number + 1
    primitive.presentation_context_definition_list = contexts
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(primitive)
    return bytes(pdu.encode())


def test_a_request_is_read_as_it_was_written():
    request = decode_associate_rq(memoryview(a_request())[6:])
    assert request.protocol_version == 1
    assert (request.calling_ae_title, request.called_ae_title) == ("SCANNER", "OSTEO_PACS")
    assert request.application_context == "1.2.840.10008.3.1.1.1"
    assert request.contexts == (
        ProposedContext(1, CR, (EXPLICIT, IMPLICIT)),
        ProposedContext(3, "1.2.840.10008.1.1", (IMPLICIT,)),
    )


def test_an_acceptance_is_read_as_it_was_written():
    answers = [
        ContextAnswer(1, ContextResult.ACCEPTANCE, EXPLICIT),
        ContextAnswer(3, ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED, IMPLICIT),
    ]
    encoded = encode_associate_ac(memoryview(a_request())[6:], answers, max_pdu_bytes=131_072)
    pdu = A_ASSOCIATE_AC()
    pdu.decode(encoded)
    primitive = pdu.to_primitive()
    results = primitive.presentation_context_definition_results_list
    assert [(cx.context_id, cx.result) for cx in results] == [(1, 0), (3, 4)]
    assert results[0].transfer_syntax == [EXPLICIT]
    assert primitive.maximum_length_received == 131_072
    assert (primitive.calling_ae_title, primitive.called_ae_title) == ("SCANNER", "OSTEO_PACS")
    assert pdu.encode() == encoded


def test_the_short_pdus_are_read_as_they_were_written():
    rejection, abort, release = A_ASSOCIATE_RJ(), A_ABORT_RQ(), A_RELEASE_RP()
    rejection.decode(encode_associate_rj(2, 3, 2))
    abort.decode(encode_abort(AbortReason.UNEXPECTED_PDU))
    release.decode(encode_release_rp())
    assert (rejection.result, rejection.source, rejection.reason_diagnostic) == (2, 3, 2)
    assert (abort.source, abort.reason_diagnostic) == (2, 2)
    assert release.encode() == encode_release_rp()


def test_a_command_goes_as_one_last_fragment():
    encoded = encode_command_pdv(5, b"command!")
    pdu = P_DATA_TF()
    pdu.decode(encoded)
    [value] = pdu.presentation_data_value_items
    assert (value.presentation_context_id, value.presentation_data_value) == (5, b"\x03command!")
    [pdv] = decode_p_data(memoryview(encoded)[6:])
    assert (pdv.context_id, pdv.is_command, pdv.is_last, bytes(pdv.fragment)) == (5, True, True, b"command!")


def test_fragments_of_one_pdu_come_in_their_order():
    body = b"".join(struct.pack(">LBB", 3, 1, control) + b"x" for control in (1, 3, 0, 2))
    kinds = [(pdv.is_command, pdv.is_last) for pdv in decode_p_data(memoryview(body))]
    assert kinds == [(True, False), (True, True), (False, False), (False, True)]


@pytest.mark.parametrize(
    "body", [b"\0", struct.pack(">LBB", 1, 1, 3), struct.pack(">LBB", 100, 1, 3) + b"x", struct.pack(">L", 0)]
)
def test_fragments_that_do_not_fit_are_an_error(body):
    with pytest.raises(ProtocolError):
        list(decode_p_data(memoryview(body)))


@given(
    cut=st.integers(0, len(a_request()) - 7), flip=st.integers(0, len(a_request()) - 7), value=st.integers(0, 255)
)
def test_a_damaged_request_is_a_request_or_an_error(cut, flip, value):
    body = bytearray(a_request()[6:])
    body[flip] = value
    for damaged in (bytes(body), bytes(body[:cut])):
        try:
            request = decode_associate_rq(memoryview(damaged))
        except ProtocolError:
            continue
        assert all(context.context_id % 2 and context.transfer_syntaxes for context in request.contexts)


@given(st.binary(max_size=60))
def test_any_bytes_are_fragments_or_an_error(body):
    try:
        fragments = list(decode_p_data(memoryview(body)))
    except ProtocolError:
        return
    assert sum(len(pdv.fragment) + 6 for pdv in fragments) == len(body)
