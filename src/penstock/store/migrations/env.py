"""Alembic's entry: runs the migrations on the connection that is handed in."""

from alembic import context

from penstock.store.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
