"""C-FIND to a destination, for `osteo-pacs selftest`: does it have what it has taken (PS3.4 C.6.2)?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from osteo_pacs.config import Destination
from osteo_pacs.deliver.association import Association, Proposal, QueryRefused
from osteo_pacs.deliver.deadline import Deadline
from osteo_pacs.deliver.scu import NOT_ESTABLISHED, RELEASE_S, describe, peer_of
from osteo_pacs.deliver.wire import Wire

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
QUERY_PROPOSAL: Proposal = (
    (STUDY_ROOT_FIND, ExplicitVRLittleEndian),
    (STUDY_ROOT_FIND, ImplicitVRLittleEndian),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instance stands in a study."""

    series_instance_uid: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True)
class Found:
    """The destination was asked at each level; ``missing`` names what it did not find."""

    instances: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotAsked:
    """The destination takes no such question from us, for the reason given: it says nothing of what it has."""

    reason: str


def find(
    destination: Destination, study_instance_uid: str, places: Sequence[Place], *, calling_ae_title: str
) -> Found | NotAsked:
    """Asks for the study, for each series and for each instance, within the destination's two timeouts."""
    wire = Wire()
    deadline = Deadline.after(destination.connect_timeout_s + destination.send_timeout_s)
    connect = deadline.at_most(destination.connect_timeout_s)
    try:
        peer = peer_of(destination, calling_ae_title)
        association = Association.request(wire, peer, QUERY_PROPOSAL, connect)
        if not association.accepts(STUDY_ROOT_FIND):
            association.release(Deadline.after(RELEASE_S))
            return NotAsked("it accepts no Study Root Query/Retrieve")

        def has(query: Dataset) -> bool:
            return _names(query, list(association.find(STUDY_ROOT_FIND, query, deadline)))

        missing = tuple(_missing(study_instance_uid, places, has))
        association.release(Deadline.after(RELEASE_S))
        return Found(len(places), missing)
    except QueryRefused as error:
        return NotAsked(f"it refused C-FIND with {error.detail}")
    except NOT_ESTABLISHED as error:
        return NotAsked(describe(error))
    finally:
        wire.close()


def _missing(study_instance_uid: str, places: Sequence[Place], has: Callable[[Dataset], bool]) -> Iterator[str]:
    if not has(_query("STUDY", study_instance_uid)):
        yield "the study"
    for series in dict.fromkeys(place.series_instance_uid for place in places):
        if not has(_query("SERIES", study_instance_uid, series)):
            yield f"series {series}"
    for place in places:
        if not has(_query("IMAGE", study_instance_uid, place.series_instance_uid, place.sop_instance_uid)):
            yield f"instance {place.sop_instance_uid}"


def _query(level: str, study: str, series: str = "", instance: str = "") -> Dataset:
    query = Dataset()
    query.QueryRetrieveLevel = level
    query.StudyInstanceUID = study
    if series:
        query.SeriesInstanceUID = series
    if instance:
        query.SOPInstanceUID = instance
    return query


def _names(query: Dataset, matches: Sequence[Dataset]) -> bool:
    """Whether a match has the UIDs that were asked for: a peer may ignore a key and send everything."""
    keys = [keyword for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID") if keyword in query]
    return any(all(match.get(key) == query.get(key) for key in keys) for match in matches)
