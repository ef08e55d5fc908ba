"""Content Items as frozen values: what an SR says, before it is encoded (PS3.3 C.17.3).

A tree is written with one function per relationship, and the type of the value gives the Value Type::

    contains(codes.IMAGE_REGION, Polyline(corners), selected_from(codes.SOURCE, instance))
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from osteo_pacs.dicom.codes import CodedConcept
from osteo_pacs.findings import InstanceRef


class Relationship(StrEnum):
    """How an item relates to the one above it (PS3.3 C.17.3.2.4)."""

    CONTAINS = "CONTAINS"
    HAS_CONCEPT_MOD = "HAS CONCEPT MOD"
    HAS_OBS_CONTEXT = "HAS OBS CONTEXT"
    HAS_ACQ_CONTEXT = "HAS ACQ CONTEXT"
    SELECTED_FROM = "SELECTED FROM"


class Section(StrEnum):
    """The value of a CONTAINER; viewers drop the names of items in CONTINUOUS ones, so there is only one."""

    SEPARATE = "SEPARATE"


class Uid(str):
    """The value of a UIDREF."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """The value of a NUM: a decimal string (VR DS) and its unit."""

    value: str
    unit: CodedConcept


@dataclass(frozen=True, slots=True)
class Polyline:
    """The value of a SCOORD: (column, row) pairs in pixels of the source image."""

    points: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class FirstFrame:
    """The value of an IMAGE that is about the first frame of a multi-frame instance (PS3.3 Table 10-3)."""

    instance: InstanceRef


Value = Section | str | Uid | CodedConcept | Measured | InstanceRef | FirstFrame | Polyline


@dataclass(frozen=True, slots=True)
class ContentItem:
    """One item of the tree with everything below it; ``value`` of a plain ``str`` is a TEXT."""

    relationship: Relationship
    name: CodedConcept
    value: Value
    children: tuple[ContentItem, ...] = ()


def contains(name: CodedConcept, value: Value, *children: ContentItem) -> ContentItem:
    """An item of a container."""
    return ContentItem(Relationship.CONTAINS, name, value, children)


def has_concept_mod(name: CodedConcept, value: Value) -> ContentItem:
    """An item that qualifies the one above it."""
    return ContentItem(Relationship.HAS_CONCEPT_MOD, name, value)


def has_obs_context(name: CodedConcept, value: Value) -> ContentItem:
    """An item that says who observed, or what was tracked."""
    return ContentItem(Relationship.HAS_OBS_CONTEXT, name, value)


def has_acq_context(name: CodedConcept, value: Value) -> ContentItem:
    """An item that says how an image was acquired."""
    return ContentItem(Relationship.HAS_ACQ_CONTEXT, name, value)


def selected_from(name: CodedConcept, value: InstanceRef | FirstFrame) -> ContentItem:
    """The image that a region was drawn on."""
    return ContentItem(Relationship.SELECTED_FROM, name, value)


def section(name: CodedConcept, *children: ContentItem) -> ContentItem:
    """A container with a heading of its own."""
    return ContentItem(Relationship.CONTAINS, name, Section.SEPARATE, children)
