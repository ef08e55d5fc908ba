"""The migrations lead to the tables of this version, on both databases."""

from __future__ import annotations

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from osteo_pacs.db import migrate, revision
from osteo_pacs.db.tables import Base


def _shape(database):
    """Every table's CHECKs, indexes, unique and foreign keys, as the database states them."""
    with database.read() as session:
        found = inspect(session.connection())
        return {
            table: {
                "checks": sorted((c["name"], c["sqltext"]) for c in found.get_check_constraints(table)),
                "indexes": _plain(found.get_indexes(table)),
                "unique": _plain(found.get_unique_constraints(table)),
                "foreign": _plain(found.get_foreign_keys(table)),
                "columns": [(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(table)],
            }
            for table in sorted(found.get_table_names())
            if table != "alembic_version"
        }


def _plain(found):
    """Rows as words: a condition comes as an object that equals no other."""
    for row in found:
        row["dialect_options"] = {name: str(option) for name, option in row.get("dialect_options", {}).items()}
    return sorted(str(sorted(row.items())) for row in found)


def test_an_upgraded_database_has_no_difference_from_the_models(empty_database):
    migrate.upgrade(empty_database)
    assert migrate.differences(empty_database) == []


def test_an_upgraded_database_has_every_check_and_index_of_the_models(empty_database):
    migrate.upgrade(empty_database)
    upgraded = _shape(empty_database)
    with empty_database.write() as session:
        session.execute(text("DROP TABLE alembic_version"))
        Base.metadata.drop_all(session.connection())
        Base.metadata.create_all(session.connection())
    assert upgraded == _shape(empty_database)
    assert upgraded["job"]["checks"]


def test_a_difference_is_seen(empty_database):
    migrate.upgrade(empty_database)
    with empty_database.write() as session:
        session.execute(text("ALTER TABLE job DROP COLUMN last_error"))
    assert "last_error" in migrate.differences(empty_database)[0]


def test_status_tells_an_empty_database_from_one_at_head(empty_database):
    before = revision.status(empty_database)
    assert (before.is_empty, before.current, before.is_at_head) == (True, None, False)
    after = migrate.upgrade(empty_database)
    assert (after.is_empty, after.is_at_head) == (False, True)
    assert revision.status(empty_database) == after


def test_the_known_migrations_are_those_of_alembic(empty_database):
    scripts = ScriptDirectory.from_config(migrate.configuration())
    in_order = [script.revision for script in scripts.walk_revisions()][::-1]
    assert revision.status(empty_database).known == tuple(in_order)


def test_a_database_that_is_not_at_head_is_refused_with_the_command(empty_database):
    with pytest.raises(revision.DatabaseNotAtHead, match="osteo-pacs db upgrade"):
        revision.require_head(empty_database)
    migrate.upgrade(empty_database)
    revision.require_head(empty_database)


def test_upgrading_twice_changes_nothing(empty_database):
    migrate.upgrade(empty_database)
    shape = _shape(empty_database)
    migrate.upgrade(empty_database)
    assert _shape(empty_database) == shape
