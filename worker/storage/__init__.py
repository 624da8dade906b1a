"""State in a relational database: SQLAlchemy Core on SQLite (embedded) and PostgreSQL.

Sets are worked on in SQL and streamed in pages; the only shared-state tricks are conditional UPDATEs
with their row count (leases, outbox claims). Schema changes are Alembic migrations in `migrations/`.
"""
