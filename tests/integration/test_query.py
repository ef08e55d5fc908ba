"""C-FIND to a destination: what it has, what it lacks, and peers that say nothing of it."""

from __future__ import annotations

import time
from contextlib import contextmanager

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt

from osteo_pacs.config import Destination
from osteo_pacs.deliver.query import STUDY_ROOT_FIND, Found, NotAsked, Place, find
from osteo_pacs.phantom import make_study, write_study
from peers import ScriptedScp, free_port
from peers.dcmtk import storescu
from peers.orthanc import Orthanc

STUDY = "2.25.1"
PLACES = [Place("2.25.11", "2.25.111"), Place("2.25.12", "2.25.121")]
PENDING, SUCCESS, UNABLE = 0xFF00, 0x0000, 0xC001


def ask(port, study=STUDY, places=PLACES, **settings):
    pacs = Destination(**{"name": "pacs", "host": "127.0.0.1", "port": port, "ae_title": "PACS"} | settings)
    return find(pacs, study, places, calling_ae_title="OSTEO_PACS")


def match(**uids):
    ds = Dataset()
    for keyword, value in uids.items():
        setattr(ds, keyword, value)
    return ds


@contextmanager
def pacs(answer, syntax=ExplicitVRLittleEndian):
    """Answers each query with what ``answer`` gives: pairs of a status and a match."""
    ae, port = AE(ae_title="PACS"), free_port()
    ae.add_supported_context(STUDY_ROOT_FIND, syntax)
    handlers = [(evt.EVT_C_FIND, lambda event: iter(answer(event.identifier)))]
    server = ae.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
    try:
        yield port
    finally:
        server.shutdown()


def echoed(query):
    """A PACS that has everything."""
    yield PENDING, query


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_what_is_found_at_every_level_is_there(syntax):
    levels = []

    def answer(query):
        levels.append((query.QueryRetrieveLevel, query.get("SeriesInstanceUID"), query.get("SOPInstanceUID")))
        return echoed(query)

    with pacs(answer, syntax) as port:
        assert ask(port) == Found(2, ())
    assert levels == [
        ("STUDY", None, None),
        ("SERIES", "2.25.11", None),
        ("SERIES", "2.25.12", None),
        ("IMAGE", "2.25.11", "2.25.111"),
        ("IMAGE", "2.25.12", "2.25.121"),
    ]


def test_what_is_not_found_is_named():
    def answer(query):
        return [] if query.get("SOPInstanceUID") == "2.25.121" else echoed(query)

    with pacs(answer) as port:
        assert ask(port) == Found(2, ("instance 2.25.121",))


def test_a_peer_that_ignores_the_keys_and_sends_others_has_nothing():
    other = match(StudyInstanceUID="2.25.9", SeriesInstanceUID="2.25.91", SOPInstanceUID="2.25.911")
    with pacs(lambda _query: [(PENDING, other)] * 3) as port:
        found = ask(port)
    assert found.missing[0] == "the study"
    assert len(found.missing) == 5


def test_a_peer_without_query_retrieve_is_not_asked():
    with ScriptedScp() as peer:
        assert ask(peer.port, ae_title="SCRIPTED") == NotAsked("it accepts no Study Root Query/Retrieve")


def test_a_refused_query_says_nothing_of_what_is_there():
    with pacs(lambda _query: [(UNABLE, None)]) as port:
        assert ask(port) == NotAsked("it refused C-FIND with 0xc001")


def test_a_peer_that_is_away_or_silent_is_not_waited_for_beyond_its_time():
    assert "refused; is it running" in ask(free_port()).reason
    began_s = time.monotonic()

    def answer(query):
        time.sleep(2)
        return echoed(query)

    with pacs(answer) as port:
        assert ask(port, connect_timeout_s=0.5, send_timeout_s=0.5) == NotAsked("nothing came in time")
        assert time.monotonic() - began_s < 30


def test_orthanc_finds_what_it_was_sent_and_nothing_else(tmp_path):
    study = make_study(5)
    [path] = write_study(study, tmp_path)
    ds = dcmread(path)
    places = [Place(ds.SeriesInstanceUID, ds.SOPInstanceUID)]
    (tmp_path / "pacs").mkdir()
    with Orthanc(tmp_path / "pacs", settings={"DicomAlwaysAllowFind": True}) as orthanc:
        storescu(orthanc.port, path, called=orthanc.ae_title)
        named = {"ae_title": orthanc.ae_title}
        assert ask(orthanc.port, study.study_instance_uid, places, **named) == Found(1, ())
        lacking = ask(orthanc.port, study.study_instance_uid, [Place(ds.SeriesInstanceUID, "2.25.7")], **named)
        assert lacking == Found(1, ("instance 2.25.7",))
