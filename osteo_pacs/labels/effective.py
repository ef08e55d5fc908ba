"""From all that was said of a study to the one label that counts; a pure function.

Sources rank by the configuration; of one source the newest statement counts. A rejection, by a Key Object
Selection, leaves the study out whatever the others say, until a person resolves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Says(StrEnum):
    """What a statement says of a study: positive, negative, or not to be trained or tested on."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    EXCLUDE = "exclude"

    @classmethod
    def of(cls, is_positive: bool | None) -> Says:  # noqa: FBT001 - a column
        """The word for a column's value."""
        return cls.EXCLUDE if is_positive is None else cls.POSITIVE if is_positive else cls.NEGATIVE

    @property
    def is_positive(self) -> bool | None:
        """The column's value for the word."""
        return None if self is Says.EXCLUDE else self is Says.POSITIVE


class Source(StrEnum):
    """Where a statement came from."""

    HAND = "hand"
    REJECTION = "rejection"
    SR = "sr"
    CSV = "csv"
    T_SCORE = "t_score"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement on a study; ``number`` tells those of one time apart, the later one is the larger.

    Attributes:
        t_score: of L1-L4, where the statement is one; it is judged by the cut-off of today.
    """

    number: int
    says: Says
    source: Source
    labelled_at: datetime
    t_score: float | None = None


@dataclass(frozen=True, slots=True)
class LabelRules:
    """Which source comes first, and from which T-score down a study is positive."""

    precedence: tuple[Source, ...]
    cut_off: float

    @classmethod
    def of(cls, precedence: Iterable[str], cut_off: float) -> LabelRules:
        """The rules of [labels]."""
        return cls(tuple(map(Source, precedence)), cut_off)


@dataclass(frozen=True, slots=True)
class Effective:
    """What counts: a label and where it is from; ``number`` is None where nothing was said.

    Attributes:
        is_conflicting: sources disagree, and no person has decided since.
    """

    says: Says | None = None
    source: Source | None = None
    number: int | None = None
    is_conflicting: bool = False


def effective(statements: Iterable[Statement], rules: LabelRules) -> Effective:
    """The label that counts among these statements on one study, whatever their order."""
    newest = _newest_of_each(statements)
    for source in (Source.HAND, Source.REJECTION, *rules.precedence):
        if source in newest:
            says, number = said_by(newest[source], rules.cut_off), newest[source].number
            return Effective(says, source, number, _is_conflicting(newest, rules))
    return Effective()


def said_by(statement: Statement, cut_off: float) -> Says:
    """What a statement says; a T-score is judged here, so that another cut-off needs no new labels."""
    if statement.t_score is None:
        return statement.says
    return Says.POSITIVE if statement.t_score <= cut_off else Says.NEGATIVE


def _newest_of_each(statements: Iterable[Statement]) -> dict[Source, Statement]:
    newest: dict[Source, Statement] = {}
    for one in sorted(statements, key=_age):
        newest[one.source] = one
    return newest


def _age(statement: Statement) -> tuple[datetime, int]:
    return statement.labelled_at, statement.number


def _is_conflicting(newest: dict[Source, Statement], rules: LabelRules) -> bool:
    """Whether what counts is disputed: by anyone as long as no person decided, then by what came after alone."""
    hand = newest.get(Source.HAND)
    if hand is None:
        if Source.REJECTION in newest:
            return False
        return _differ([*newest.values()], rules)
    later = [one for one in newest.values() if _age(one) > _age(hand)]
    return _differ([hand, *later], rules)


def _differ(statements: Sequence[Statement], rules: LabelRules) -> bool:
    return len({said_by(one, rules.cut_off) for one in statements}) > 1
