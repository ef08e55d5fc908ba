"""What the PACS got: the digests of what came under each SOP Instance UID, and what it said Success to."""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256

from osteo_pacs.deliver import Instance
from peers import ScriptedScp


class Archive:
    """Fills itself from a PACS, which need not remember then."""

    def __init__(self) -> None:
        self.digests: defaultdict[str, set[str]] = defaultdict(set)
        self.taken: set[str] = set()
        self.received = 0

    def collect(self, pacs: ScriptedScp) -> None:
        """Moves what has come meanwhile."""
        while pacs.received:
            received = pacs.received.pop(0)
            self.digests[received.sop_instance_uid].add(received.digest)
            self.received += 1
        self.taken |= pacs.taken


def digest_of(part10: bytes) -> str:
    """sha256 of the Data Set as it is sent."""
    return sha256(Instance.from_part10(part10).data_set).hexdigest()
