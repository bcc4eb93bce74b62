"""Runs migrations on the connection that the record store hands over, in its transaction."""

from alembic import context

from hub.adapters.records.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
