"""Which database is worked with."""

import pytest

from osteo_pacs.db import migrate, server
from osteo_pacs.db.server import ServerTooOld, require_server


def test_the_database_says_what_it_is(database):
    assert require_server(database).split()[0] == ("SQLite" if database.is_sqlite else "PostgreSQL")


def test_an_old_postgresql_is_refused_and_not_upgraded(postgresql_database, monkeypatch):
    monkeypatch.setattr(server, "OLDEST", 99)
    for use in (require_server, migrate.upgrade):
        with pytest.raises(ServerTooOld, match="PostgreSQL 1") as caught:
            use(postgresql_database)
        assert "Upgrade it" in caught.value.remedy
