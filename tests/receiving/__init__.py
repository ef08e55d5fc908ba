"""A listener to talk to, and a peer that says whatever the test wants.

with running_listener(tmp_path) as listener, RawPeer(listener.port) as peer:
    peer.associate()
    assert peer.c_store(an_instance()).status == 0x0000
"""

from receiving.instances import Instance, an_instance, element, encoded
from receiving.listener import RunningListener, running_listener
from receiving.raw_peer import Answered, RawPeer, associate_rq, p_data, pdu

__all__ = [
    "Answered",
    "Instance",
    "RawPeer",
    "RunningListener",
    "an_instance",
    "associate_rq",
    "element",
    "encoded",
    "p_data",
    "pdu",
    "running_listener",
]
