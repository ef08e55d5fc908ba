"""SIGTERM while every peer is stuck: the service ends by its deadline, and the next start does what was left."""

from __future__ import annotations

import time

import pytest
from pydicom.uid import Comprehensive3DSRStorage

from peers import ScriptedScp, Stall, TcpProxy
from peers.dcmtk import storescu
from peers.polling import until
from receiving import RawPeer, an_instance
from receiving.raw_peer import c_store_rq
from services import Service, destination

CALLED = "OSTEO_PACS"
SHUTDOWN_S = 4
# What the processes need beside waiting: Python's own end, and a machine that has other work.
SLACK_S = 25


@pytest.fixture
def pacs():
    with ScriptedScp(ae_title="PACS") as scp:
        yield scp


@pytest.mark.timeout(900)
def test_sigterm_with_stuck_peers_ends_by_the_deadline_and_loses_nothing(tmp_path, sqlite_url, pacs, files):
    settings = {
        "service": {"shutdown_s": SHUTDOWN_S},
        "listener": {"pdu_timeout_s": 600},
        "completeness": {"quiet_s": 0.3},
    }
    # The answer to the C-STORE of the report stalls inside its PDU.
    with TcpProxy(pacs.port, answers=Stall(2, 3)) as proxy:
        to_pacs = destination("pacs", proxy.port, "PACS", send_timeout_s=600)
        service = Service(tmp_path / "service", database_url=sqlite_url, destinations=[to_pacs], settings=settings)
        with service:
            storescu(service.port, *files[:2], called=CALLED)
            until(lambda: pacs.received, timeout_s=240, every_s=0.1, what="a report under way")
            amid_a_pdu, silent = RawPeer(service.port), RawPeer(service.port)
            amid_a_pdu.associate()
            amid_a_pdu.send(c_store_rq(an_instance(pixels=bytes(50_000)))[:-10])
            children = service.children()

            began_s = time.monotonic()
            service.stop()
            assert time.monotonic() - began_s < SHUTDOWN_S + SLACK_S
            assert not [child for child in children if child.is_running()]
            for peer in (amid_a_pdu, silent):
                peer.connection.close()

            proxy.answers = None
            service.start(worker_ready=False)
            until(lambda: service.ask("queue", "list", "--state", "completed", "--kind", "deliver"),
                  timeout_s=240, every_s=0.3, what="the delivery")  # fmt: skip
    srs = [one for one in pacs.received if one.sop_class_uid == Comprehensive3DSRStorage]
    assert len({one.sop_instance_uid for one in srs}) == len({one.digest for one in srs}) == 1
