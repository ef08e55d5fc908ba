"""Runs migrations on the connection that ``osteo_pacs.db.migrate`` hands over, in its transaction."""

from alembic import context

from osteo_pacs.db.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite alters a table by copying it.
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
