"""Real peers for tests: Orthanc and DCMTK on free ports, an SCP that answers as told, a proxy that misbehaves.

    with Orthanc(tmp_path / "orthanc") as pacs:
        storescu(pacs.port, "spine.dcm", called="ORTHANC")
        [ds] = pacs.instances(study_instance_uid)

Everything listens on loopback and is gone at the end of its ``with``. ``from peers.fixtures import orthanc`` in a
conftest makes them fixtures. A program that is not installed fails the test with the command that installs it.
"""

from peers.dcmtk import Conversation, StoreScp, dcmsend, echoscu, storescu
from peers.orthanc import Orthanc
from peers.polling import until
from peers.programs import MissingProgram, environment, free_port, program
from peers.proxy import Stall, TcpProxy
from peers.scripted_scp import Abort, Answer, Disconnect, Received, ScriptedScp, Silence

__all__ = [
    "Abort",
    "Answer",
    "Conversation",
    "Disconnect",
    "MissingProgram",
    "Orthanc",
    "Received",
    "ScriptedScp",
    "Silence",
    "Stall",
    "StoreScp",
    "TcpProxy",
    "dcmsend",
    "echoscu",
    "environment",
    "free_port",
    "program",
    "storescu",
    "until",
]
