"""The only place with SQL: what is kept, in one SQLite file or in PostgreSQL."""

__all__: list[str] = []
