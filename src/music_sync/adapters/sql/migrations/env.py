"""Run by Alembic for each command."""

from alembic import context

from music_sync.adapters.sql.tables import metadata

# The transaction is the caller's: all steps become visible together or not at all.
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
