"""Which Presentation Contexts are accepted (PS3.8 7.1.1.13)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from osteo_pacs.dicom.sop_classes import (
    IMPLICIT_VR_LITTLE_ENDIAN,
    STORAGE,
    UNCOMPRESSED,
    VERIFICATION,
    accepted_transfer_syntaxes,
)
from osteo_pacs.receive.pdu import ContextAnswer, ContextResult, ProposedContext

ACCEPTED: Mapping[str, frozenset[str]] = {
    VERIFICATION: frozenset(UNCOMPRESSED),
    **{uid: frozenset(accepted_transfer_syntaxes(uid)) for uid in STORAGE},
}
"""Transfer syntaxes by abstract syntax."""
# A rejected context is answered with a syntax that says nothing; some requestors choke on an empty one.
_UNUSED = IMPLICIT_VR_LITTLE_ENDIAN


@dataclass(frozen=True, slots=True)
class Context:
    """An accepted Presentation Context."""

    context_id: int
    abstract_syntax: str
    transfer_syntax: str

    @property
    def is_implicit_vr(self) -> bool:
        """Whether its Data Sets tell no VR."""
        return self.transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN


def negotiate(proposed: Iterable[ProposedContext]) -> tuple[list[ContextAnswer], dict[int, Context]]:
    """The answer to each proposed context, and the accepted ones by their id.

    Of several transfer syntaxes the first that we know is taken: senders put first what they hold.
    """
    answers, accepted = [], {}
    for context in proposed:
        answer = _answer(context)
        answers.append(answer)
        if answer.result is ContextResult.ACCEPTANCE:
            accepted[context.context_id] = Context(
                context.context_id, context.abstract_syntax, answer.transfer_syntax
            )
    return answers, accepted


def _answer(context: ProposedContext) -> ContextAnswer:
    known = ACCEPTED.get(context.abstract_syntax)
    if known is None:
        return ContextAnswer(context.context_id, ContextResult.ABSTRACT_SYNTAX_NOT_SUPPORTED, _UNUSED)
    for transfer_syntax in context.transfer_syntaxes:
        if transfer_syntax in known:
            return ContextAnswer(context.context_id, ContextResult.ACCEPTANCE, transfer_syntax)
    return ContextAnswer(context.context_id, ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED, _UNUSED)
