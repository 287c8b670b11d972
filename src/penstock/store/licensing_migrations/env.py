"""Alembic's entry: runs the migrations of license cases on the connection that is handed in, one process at a time."""

from alembic import context

from penstock.store.licensing_schema import VERSION_TABLE
from penstock.store.licensing_sql import GUARD

connection = context.config.attributes["connection"]
connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else GUARD)
context.configure(connection=connection, version_table=VERSION_TABLE)
with context.begin_transaction():
    context.run_migrations()
