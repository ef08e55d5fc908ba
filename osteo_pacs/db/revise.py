"""Proposes a migration: ``python -m osteo_pacs.db.revise "What it adds"``. For whoever changes the tables."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command

from osteo_pacs.db import migrate
from osteo_pacs.db.session import Database


def propose(message: str, folder: Path) -> None:
    """Writes what leads from the newest migration to the tables as they stand, and says where."""
    database = Database(f"sqlite:///{folder}/scratch.db")
    number = int(migrate.upgrade(database).head) + 1
    with database.write() as session:
        command.revision(migrate.configuration(session), message, autogenerate=True, rev_id=f"{number:04d}")
    database.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        propose(sys.argv[1], Path(scratch))
