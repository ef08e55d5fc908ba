"""The peers as fixtures; a conftest imports those that its tests ask for."""

from __future__ import annotations

import pytest

from peers.dcmtk import StoreScp
from peers.orthanc import Orthanc
from peers.scripted_scp import ScriptedScp


@pytest.fixture
def orthanc(tmp_path):
    with Orthanc(tmp_path / "orthanc") as server:
        yield server


@pytest.fixture
def storescp(tmp_path):
    with StoreScp(tmp_path / "storescp") as server:
        yield server


@pytest.fixture
def scripted_scp():
    with ScriptedScp() as server:
        yield server
