"""The Content Items of a Data Set, as the rules look at them."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset

from osteo_pacs.dicom.codes import CodedConcept


def children(item: Dataset) -> list[Dataset]:
    return list(item.get("ContentSequence") or [])


def descendants(item: Dataset) -> Iterator[Dataset]:
    for child in children(item):
        yield child
        yield from descendants(child)


def code_value(item: Dataset, keyword: str = "ConceptNameCodeSequence") -> str | None:
    codes = item.get(keyword)
    return str(codes[0].CodeValue) if codes else None


def is_named(item: Dataset, concept: CodedConcept) -> bool:
    return code_value(item) == concept.value


def named(items: list[Dataset], concept: CodedConcept) -> list[Dataset]:
    return [item for item in items if is_named(item, concept)]


def answers(items: list[Dataset], concept: CodedConcept) -> list[str | None]:
    """The coded values of the items of this name."""
    return [code_value(item, "ConceptCodeSequence") for item in named(items, concept)]


def structure(item: Dataset) -> tuple[object, ...]:
    """What a template is about: value types, relationships, names and coded values; no text, number or UID."""
    return (
        item.get("RelationshipType"),
        item.get("ValueType"),
        code_value(item),
        code_value(item, "ConceptCodeSequence"),
        *map(structure, children(item)),
    )


def references(ds: Dataset) -> set[str]:
    """The SOP Instance UIDs that the tree refers to."""
    return {
        str(item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
        for item in descendants(ds)
        if item.get("ReferencedSOPSequence")
    }


def evidence(ds: Dataset) -> set[str]:
    """The SOP Instance UIDs that the header declares."""
    return {
        str(instance.ReferencedSOPInstanceUID)
        for study in ds.get("CurrentRequestedProcedureEvidenceSequence") or []
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    }
