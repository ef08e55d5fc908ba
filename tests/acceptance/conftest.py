import pytest

from databases import KINDS, drop_postgresql, new_url, url_at_head
from osteo_pacs.phantom import demo_study, write_study
from peers.orthanc import Orthanc
from services import Service, destination


@pytest.fixture(params=KINDS)
def database_url(request, tmp_path):
    """SQLite, which the service creates itself, and PostgreSQL, which was upgraded."""
    kind = request.param
    url = new_url(kind, tmp_path) if kind == "sqlite" else url_at_head(kind, tmp_path)
    yield url
    if kind == "postgresql":
        drop_postgresql(url)


@pytest.fixture
def sqlite_url(tmp_path):
    return new_url("sqlite", tmp_path)


@pytest.fixture
def pacs(tmp_path):
    with Orthanc(tmp_path / "pacs") as orthanc:
        yield orthanc


@pytest.fixture
def service(tmp_path, database_url, pacs):
    """The whole service on either database, with Orthanc as its PACS."""
    to_pacs = destination("pacs", pacs.port, pacs.ae_title)
    with Service(tmp_path / "service", database_url=database_url, destinations=[to_pacs]) as running:
        yield running


@pytest.fixture(scope="session")
def study():
    """One AP spine, two femurs, one lateral, two knees, two total bodies."""
    return demo_study(11)


@pytest.fixture
def files(study, tmp_path):
    return write_study(study, tmp_path / "scanner")


@pytest.fixture
def empty_postgresql_url(tmp_path):
    url = new_url("postgresql", tmp_path)
    yield url
    drop_postgresql(url)
