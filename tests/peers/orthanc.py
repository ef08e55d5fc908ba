"""Orthanc as the PACS, asked through its REST interface what it has."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread

from peers.programs import Server, free_port, is_listening

# No proxy of the machine stands between a test and loopback.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Orthanc(Server):
    """An Orthanc with a storage of its own; ``stop`` and ``start`` keep what it has.

    Args:
        settings: further keys of its configuration, such as ``{"AcceptedTransferSyntaxes": [...]}``.
    """

    def __init__(self, folder: Path, *, ae_title: str = "ORTHANC", settings: dict[str, Any] | None = None) -> None:
        super().__init__(folder, "Orthanc")
        self.ae_title = ae_title
        self.http_port = free_port()
        self._settings = settings or {}

    def command(self) -> Sequence[str | Path]:
        configuration = {
            "Name": "PACS",
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "storage"),
            "HttpPort": self.http_port,
            "DicomPort": self.port,
            "DicomAet": self.ae_title,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "ExecuteLuaEnabled": False,
            "DicomAlwaysAllowStore": True,
            "StableAge": 1,
            "Plugins": [],
        }
        path = self.folder / "orthanc.json"
        path.write_text(json.dumps(configuration | self._settings))
        return [path]

    def is_ready(self) -> bool:
        try:
            self.get("/system")
        except OSError:
            return False
        return is_listening(self.port)

    def get(self, path: str) -> Any:
        """The JSON at a path of the REST interface."""
        return json.loads(self._read(path))

    def post(self, path: str, body: Any) -> Any:
        """The JSON that answers a POST."""
        return json.loads(self._read(path, json.dumps(body).encode()))

    def study_instance_uids(self) -> list[str]:
        """Study Instance UIDs of all studies."""
        return [study["MainDicomTags"]["StudyInstanceUID"] for study in self.get("/studies?expand")]

    def instances(self, study_instance_uid: str = "", *, sop_class_uid: str = "") -> list[Dataset]:
        """The Part 10 Data Sets of a study, or of all studies; of one SOP Class if it is named."""
        query = {"StudyInstanceUID": study_instance_uid} if study_instance_uid else {}
        found = self.post("/tools/find", {"Level": "Instance", "Query": query})
        instances = [dcmread(BytesIO(self._read(f"/instances/{identifier}/file"))) for identifier in found]
        return [ds for ds in instances if sop_class_uid in ("", ds.SOPClassUID)]

    def count(self) -> int:
        """How many instances it has."""
        return int(self.get("/statistics")["CountInstances"])

    def _read(self, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", data=body)
        try:
            with _OPENER.open(request, timeout=10) as response:
                return bytes(response.read())
        except urllib.error.HTTPError as error:
            with error:
                raise OSError(f"{path}: {error.code}") from error
