from osteo_pacs.dicom.sop_classes import (
    BASIC_TEXT_SR,
    COMPUTED_RADIOGRAPHY,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    VERIFICATION,
)
from osteo_pacs.receive.negotiation import Context, negotiate
from osteo_pacs.receive.pdu import ContextResult, ProposedContext

JPEG, DEFLATED, BIG_ENDIAN = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"


def taken(abstract_syntax: str, *transfer_syntaxes: str) -> tuple[ContextResult, Context | None]:
    [answer], accepted = negotiate([ProposedContext(5, abstract_syntax, transfer_syntaxes)])
    return answer.result, accepted.get(5)


def test_the_first_syntax_that_is_known_is_taken():
    _, context = taken(COMPUTED_RADIOGRAPHY, BIG_ENDIAN, JPEG, EXPLICIT_VR_LITTLE_ENDIAN)
    assert context == Context(5, COMPUTED_RADIOGRAPHY, JPEG)
    _, context = taken(COMPUTED_RADIOGRAPHY, IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN)
    assert context.is_implicit_vr


def test_what_is_not_known_is_rejected_for_its_reason():
    assert taken("1.2.3", IMPLICIT_VR_LITTLE_ENDIAN) == (ContextResult.ABSTRACT_SYNTAX_NOT_SUPPORTED, None)
    refused = (ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED, None)
    assert taken(COMPUTED_RADIOGRAPHY, DEFLATED, BIG_ENDIAN) == refused
    assert taken(BASIC_TEXT_SR, JPEG) == refused


def test_every_context_is_answered_in_its_order():
    proposed = [
        ProposedContext(7, VERIFICATION, (IMPLICIT_VR_LITTLE_ENDIAN,)),
        ProposedContext(1, "1.2.3", (IMPLICIT_VR_LITTLE_ENDIAN,)),
        ProposedContext(3, COMPUTED_RADIOGRAPHY, (IMPLICIT_VR_LITTLE_ENDIAN,)),
    ]
    answers, accepted = negotiate(proposed)
    assert [answer.context_id for answer in answers] == [7, 1, 3]
    assert set(accepted) == {7, 3}
