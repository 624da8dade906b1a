"""State in a relational database: SQLAlchemy Core on SQLite (embedded) and PostgreSQL.

SQL works on whole sets, and results are streamed in pages. Processes share state only by conditional UPDATEs
and their row counts (leases, outbox claims). Schema changes are Alembic migrations in `migrations/`.
"""
