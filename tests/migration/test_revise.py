"""A change of the tables is proposed as a migration."""

from __future__ import annotations

import shutil

import pytest
import sqlalchemy as sa

from osteo_pacs.db import migrate, revise, revision
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import Base


@pytest.fixture
def migrations(tmp_path, monkeypatch):
    """A copy of the migrations that a test may add to."""
    copy = shutil.copytree(migrate.MIGRATIONS, tmp_path / "migrations")
    for module in (migrate, revision):
        monkeypatch.setattr(module, "MIGRATIONS", copy)
    return copy


@pytest.fixture
def new_table():
    """A table that no migration knows."""
    table = sa.Table("thing", Base.metadata, sa.Column("id", sa.Integer, primary_key=True))
    yield table
    Base.metadata.remove(table)


def test_a_new_table_is_proposed_and_the_proposal_upgrades(tmp_path, migrations, new_table):
    revise.propose("Keep things", tmp_path)
    [proposed] = migrations.glob("versions/*_keep_things.py")
    assert new_table.name in proposed.read_text()
    database = Database(f"sqlite:///{tmp_path}/x.db")
    assert proposed.name.startswith(migrate.upgrade(database).head)
    assert migrate.differences(database) == []
    database.close()
