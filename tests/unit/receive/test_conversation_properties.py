"""The byte stream of an association: wherever it is cut and however a message is, it says the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pynetdicom.pdu import A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE, ImplementationClassUIDNotification, MaximumLengthNotification
from pynetdicom.presentation import build_context

from fuzz.conversation import listen
from osteo_pacs.receive.pdu import HEADER, ProtocolError, decode_associate_rq, decode_p_data
from receiving import an_instance, associate_rq, p_data, pdu
from receiving.raw_peer import COMMAND, DATA, LAST, RELEASE_RQ, c_store_rq, command

INSTANCE = an_instance()
STREAM = associate_rq() + c_store_rq(INSTANCE, cut=100) + pdu(RELEASE_RQ, bytes(4))
TITLES = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\"), min_size=1, max_size=16
)
UIDS = st.lists(st.integers(0, 10**9), min_size=2, max_size=5).map(lambda parts: ".".join(map(str, parts)))


def test_a_stream_says_the_same_wherever_it_is_cut_in_two():
    whole = listen(STREAM)
    assert whole[1] == [INSTANCE.data_set]
    for size in range(1, len(STREAM)):
        assert listen(STREAM, size, 1 << 30) == whole, size


@given(st.lists(st.integers(1, 300), min_size=1, max_size=20))
def test_a_stream_says_the_same_in_whatever_pieces_it_comes(sizes):
    assert listen(STREAM, *sizes) == listen(STREAM)


@given(st.data())
def test_a_message_is_the_same_however_it_is_cut_into_fragments_and_pdus(data):
    content = INSTANCE.data_set
    ends = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=8)))
    fragments = [content[start:end] for start, end in zip([0, *ends], [*ends, len(content)], strict=True)]
    uids = {0x0002: INSTANCE.sop_class_uid, 0x1000: INSTANCE.sop_instance_uid}
    parts = [p_data(1, COMMAND | LAST, command(0x0001, has_data_set=True, uids=uids))]
    parts += [p_data(1, DATA, fragment) for fragment in fragments[:-1]] + [p_data(1, DATA | LAST, fragments[-1])]
    gathered = data.draw(st.booleans())
    stream = pdu(4, b"".join(part[HEADER.size :] for part in parts)) if gathered else b"".join(parts)
    said, taken = listen(associate_rq() + stream)
    assert taken == [content]
    assert said == listen(STREAM)[0][: len(said)]


@given(calling=TITLES, called=TITLES, syntaxes=st.lists(st.lists(UIDS, min_size=2, max_size=4), max_size=20))
def test_a_request_is_read_as_the_library_wrote_it(calling, called, syntaxes):
    encoded = encoded_by_the_library(calling, called, syntaxes)
    request = decode_associate_rq(memoryview(encoded)[HEADER.size :])
    assert (request.calling_ae_title, request.called_ae_title) == (calling, called)
    assert [[context.abstract_syntax, *context.transfer_syntaxes] for context in request.contexts] == syntaxes
    assert [context.context_id for context in request.contexts] == [2 * n + 1 for n in range(len(syntaxes))]


@given(data=st.data())
def test_a_request_with_changed_bytes_is_refused_or_read_as_the_library_reads_it(data):
    encoded = bytearray(associate_rq())
    for _ in range(data.draw(st.integers(1, 3))):
        encoded[data.draw(st.integers(HEADER.size, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    try:
        request = decode_associate_rq(memoryview(encoded)[HEADER.size :])
    except ProtocolError:
        return
    contexts = contexts_by_the_library(bytes(encoded))
    ours = [(one.context_id, one.abstract_syntax, list(one.transfer_syntaxes)) for one in request.contexts]
    assert contexts is None or ours == contexts


@given(st.binary(max_size=300))
def test_any_bytes_are_fragments_that_fill_their_pdu_or_an_error(body):
    try:
        fragments = list(decode_p_data(memoryview(body)))
    except ProtocolError:
        return
    again = b"".join(
        p_data(one.context_id, one.is_command | one.is_last << 1, one.fragment)[6:] for one in fragments
    )
    # The six bits of the control header that mean nothing are not kept.
    assert len(again) == len(body)
    assert [one.fragment for one in decode_p_data(memoryview(again))] == [one.fragment for one in fragments]


@settings(max_examples=200)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_end_the_conversation_by_a_named_error(stream, is_associated):
    said, taken = listen((associate_rq() if is_associated else b"") + stream)
    assert taken == []
    assert not is_associated or said.startswith(b"\x02")


def encoded_by_the_library(calling: str, called: str, syntaxes: list[list[str]]) -> bytes:
    primitive = A_ASSOCIATE()
    primitive.calling_ae_title, primitive.called_ae_title = calling, called
    primitive.application_context_name = "1.2.840.10008.3.1.1.1"
    contexts = [build_context(abstract, transfer) for abstract, *transfer in syntaxes]
    for number, context in enumerate(contexts):
        context.context_id = 2 * number + 1
        # The library drops a syntax that stands there twice.
        context._transfer_syntax = list(syntaxes[number][1:])
    primitive.presentation_context_definition_list = contexts
    length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received, implementation.implementation_class_uid = 16_384, "1.2.3"
    primitive.user_information = [length, implementation]
    request = A_ASSOCIATE_RQ()
    request.from_primitive(primitive)
    return bytes(request.encode())


def contexts_by_the_library(encoded: bytes) -> list[tuple[int, str, list[str]]] | None:
    """None where the library does not read it."""
    request = A_ASSOCIATE_RQ()
    try:
        request.decode(encoded)
        return [
            (item.context_id, str(item.abstract_syntax), [str(syntax) for syntax in item.transfer_syntax])
            for item in request.presentation_context
        ]
    except Exception:  # noqa: BLE001 - what the library makes of it is the library's
        return None
