"""What a received document says of studies: a label, a rejection, or nothing and why.

A reader's verified successor of our report is a label (PS3.3 C.17.2, Predecessor Documents Sequence). A Key
Object Selection that rejects a report or an image of a study leaves the study out (CID 7010). An SR of a scanner
is a label where the site has said which of its measurements is the T-score of L1-L4.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from osteo_pacs.dicom import codes
from osteo_pacs.dicom.codes import CodedConcept
from osteo_pacs.dicom.sop_classes import KEY_OBJECT_SELECTION
from osteo_pacs.labels.document import Item, ReceivedDocument, same_code
from osteo_pacs.labels.effective import Says, Source

REJECTIONS = (codes.REJECTED_FOR_QUALITY_REASONS, codes.REJECTED_FOR_PATIENT_SAFETY_REASONS, codes.QUALITY_ISSUE)
PLAUSIBLE_T_SCORES = (-10.0, 10.0)
_SENTENCES = {"OSTEOPOROSIS: PRESENT": codes.PRESENT, "OSTEOPOROSIS: ABSENT": codes.ABSENT}
"""Lines of our own text report, which a reader who corrects it leaves or changes."""


class TScoreItem(Protocol):
    """Which measurement is a T-score of L1-L4; an empty key holds for any."""

    @property
    def code(self) -> str: ...  # noqa: D102 - the keys of [labels] t_scores
    @property
    def scheme(self) -> str: ...  # noqa: D102
    @property
    def meaning(self) -> str: ...  # noqa: D102
    @property
    def region_code(self) -> str: ...  # noqa: D102
    @property
    def region_meaning(self) -> str: ...  # noqa: D102
    @property
    def unit(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Report:
    """A report of ours that documents may refer to; ``is_positive`` is None where it refused."""

    study_id: int
    is_positive: bool | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows about the objects that a document names, each by SOP Instance UID.

    Attributes:
        study_id: the study in which the document came.
        is_ours: the document is one of our own.
        reports: those of the named objects that are ours, with the report they belong to.
        images: those that were received, with their study.
        questions: the Tracking UIDs of our reports on this study.
    """

    study_id: int
    is_ours: bool = False
    reports: dict[str, Report] | None = None
    images: dict[str, int] | None = None
    questions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Said:
    """What a document says of one study."""

    study_id: int
    says: Says
    source: Source
    author: str = ""
    written_at: datetime | None = None
    t_score: float | None = None
    agrees: bool | None = None


@dataclass(frozen=True, slots=True)
class Nothing:
    """It says nothing that counts, for this reason."""

    reason: str


def named_uids(document: ReceivedDocument) -> set[str]:
    """The SOP Instance UIDs that the document names."""
    return {*document.predecessors, *(item.uid for item in document.items if item.uid), document.sop_instance_uid}


def interpret(
    document: ReceivedDocument, known: Known, mappings: Sequence[TScoreItem], *, cut_off: float
) -> tuple[Said, ...] | Nothing:
    """What the document says of the studies that are known."""
    if known.is_ours:
        return Nothing("it is a report of ours that came back")
    if document.sop_class_uid == KEY_OBJECT_SELECTION:
        return _rejections(document, known)
    succeeded = [(known.reports or {}).get(uid) for uid in document.predecessors]
    ours = next((report for report in succeeded if report), None)
    if ours is not None:
        return _correction(document, ours, known.questions)
    return _t_score(document, known.study_id, mappings, cut_off)


def _rejections(document: ReceivedDocument, known: Known) -> tuple[Said, ...] | Nothing:
    if not any(same_code(document.title, code) for code in REJECTIONS):
        return Nothing("its title is no rejection")
    reports, images = known.reports or {}, known.images or {}
    uids = {item.uid for item in document.items if item.uid} - {document.sop_instance_uid}
    studies = {reports[uid].study_id for uid in uids & reports.keys()}
    studies |= {images[uid] for uid in uids & images.keys()}
    if not studies:
        return Nothing("it rejects nothing that is known here")
    return tuple(
        Said(study_id, Says.EXCLUDE, Source.REJECTION, document.author, document.written_at)
        for study_id in sorted(studies)
    )


def _correction(
    document: ReceivedDocument, ours: Report, questions: Collection[str]
) -> tuple[Said, ...] | Nothing:
    if not document.is_verified:
        return Nothing("it succeeds our report and is not verified")
    if not document.is_complete:
        return Nothing("it succeeds our report and is not complete")
    answers, agrees = {*_answers(document, questions)}, _agreement(document)
    if codes.UNDETERMINED in answers:
        return Nothing("it leaves the finding undetermined")
    if not answers and agrees and ours.is_positive is not None:
        answers = {codes.PRESENT if ours.is_positive else codes.ABSENT}
    if not answers:
        return Nothing("it says neither Present nor Absent of osteoporosis")
    # As in our own report: one image that shows it makes the study positive.
    is_positive = codes.PRESENT in answers
    if agrees is not None and ours.is_positive is not None and agrees is not (is_positive == ours.is_positive):
        return Nothing("its agreement and its finding contradict each other")
    says = Says.of(is_positive)
    return (Said(ours.study_id, says, Source.SR, document.author, document.written_at, agrees=agrees),)


def _answers(document: ReceivedDocument, questions: Collection[str]) -> Iterator[CodedConcept]:
    """Present, Absent or Undetermined, of our questions alone where the document names any."""
    groups = {item.parent for item in document.items if _is_question(item, questions)}
    for item in document.items:
        if groups and item.parent not in groups:
            continue
        if item.value_type == "CODE" and same_code(item.name, codes.OSTEOPOROSIS):
            known = (codes.PRESENT, codes.ABSENT, codes.UNDETERMINED)
            yield from (code for code in known if same_code(item.code, code))
        elif item.value_type == "TEXT":
            lines = item.text.upper().splitlines()
            yield from (_SENTENCES[line.strip()] for line in lines if line.strip() in _SENTENCES)


def _is_question(item: Item, questions: Collection[str]) -> bool:
    return item.value_type == "UIDREF" and item.uid in questions


def _agreement(document: ReceivedDocument) -> bool | None:
    """Whether it agrees with us, by a concept's name or its value; None where it says neither or both."""
    said = [concept for item in document.items for concept in (item.name, item.code)]
    agrees = any(same_code(concept, codes.AGREEMENT_WITH_PRIOR_FINDINGS) for concept in said)
    differs = any(same_code(concept, codes.DISAGREEMENT_WITH_PRIOR_FINDINGS) for concept in said)
    return None if agrees == differs else agrees


def _t_score(
    document: ReceivedDocument, study_id: int, mappings: Sequence[TScoreItem], cut_off: float
) -> tuple[Said, ...] | Nothing:
    found = {
        item.number
        for place, item in enumerate(document.items)
        if item.number is not None and any(_fits(document, place, mapping) for mapping in mappings)
    }
    if not found:
        return Nothing("it succeeds no report of ours and has no T-score that [labels] names")
    if len(found) > 1:
        return Nothing(f"it has {len(found)} different T-scores that [labels] names")
    [t_score] = found
    low, high = PLAUSIBLE_T_SCORES
    if not low <= t_score <= high:
        return Nothing("its T-score is not plausible")
    says = Says.of(t_score <= cut_off)
    return (Said(study_id, says, Source.T_SCORE, "", document.written_at, t_score=t_score),)


def _fits(document: ReceivedDocument, place: int, mapping: TScoreItem) -> bool:
    item = document.items[place]
    return (
        item.value_type == "NUM"
        and item.name is not None
        and mapping.code in {"", item.name.value}
        and mapping.scheme in {"", item.name.scheme}
        and mapping.meaning.lower() in {"", item.name.meaning.lower()}
        and mapping.unit in {"", item.unit}
        and _is_in_region(document, place, mapping)
    )


def _is_in_region(document: ReceivedDocument, place: int, mapping: TScoreItem) -> bool:
    if not (mapping.region_code or mapping.region_meaning):
        return True
    around = [*document.around(place)]
    near = [*document.within(place)]
    for holder in around:
        near += [document.items[holder], *document.within(holder)]
    said = [concept for item in near if item.value_type != "NUM" for concept in (item.name, item.code)]
    concepts = [concept for concept in said if concept]
    texts = {concept.meaning.lower() for concept in concepts} | {item.text.lower() for item in near}
    has_code = mapping.region_code in {"", *(concept.value for concept in concepts)}
    return has_code and mapping.region_meaning.lower() in {"", *texts}
