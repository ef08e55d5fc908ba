import itertools
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace

import pytest

from databases import KINDS, drop_postgresql, new_url, url_at_head
from osteo_pacs.phantom import demo_study, write_study
from peers.orthanc import Orthanc
from services import Service, destination

_serial = itertools.count(1)


@contextmanager
def address(kind, folder):
    """SQLite, which the service creates itself, and PostgreSQL, which was upgraded."""
    url = new_url(kind, folder) if kind == "sqlite" else url_at_head(kind, folder)
    yield url
    if kind == "postgresql":
        drop_postgresql(url)


@pytest.fixture(params=KINDS)
def database_url(request, tmp_path):
    with address(request.param, tmp_path) as url:
        yield url


@pytest.fixture(scope="module", params=KINDS)
def shared_database_url(request, tmp_path_factory):
    with address(request.param, tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path):
    return new_url("sqlite", tmp_path)


@pytest.fixture
def pacs(tmp_path):
    with Orthanc(tmp_path / "pacs") as orthanc:
        yield orthanc


@pytest.fixture(scope="module")
def shared_pacs(tmp_path_factory):
    """For tests that look at their own study alone."""
    with Orthanc(tmp_path_factory.mktemp("pacs")) as orthanc:
        yield orthanc


@pytest.fixture
def service(tmp_path, database_url, pacs):
    """The whole service on either database, with Orthanc as its PACS."""
    to_pacs = destination("pacs", pacs.port, pacs.ae_title)
    with Service(tmp_path / "service", database_url=database_url, destinations=[to_pacs]) as running:
        yield running


@pytest.fixture(scope="session")
def pictures():
    """One AP spine, two femurs, one lateral, two knees, two total bodies."""
    return demo_study(11)


@pytest.fixture
def study(pictures):
    """A study that no service has seen, though several tests share one; its pictures are always the same."""
    number = next(_serial)
    datasets = tuple(deepcopy(ds) for ds in pictures.datasets)
    for ds in datasets:
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
            ds[keyword].value = f"{ds[keyword].value}.{number}"
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    return replace(pictures, study_instance_uid=datasets[0].StudyInstanceUID, datasets=datasets)


@pytest.fixture
def files(study, tmp_path):
    return write_study(study, tmp_path / "scanner")


@pytest.fixture
def empty_postgresql_url(tmp_path):
    url = new_url("postgresql", tmp_path)
    yield url
    drop_postgresql(url)
