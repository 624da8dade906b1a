"""Run by Alembic: migrates over the connection that `worker.storage.sql.migrate` hands in, in its transaction."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from worker.storage.sql.tables import Instant, metadata


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write `tables.Instant` as a BIGINT, so that a migration does not change when the class does."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, Instant) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a column, so Alembic rebuilds the table
    render_item=render_item,
    user_module_prefix="",
)
with context.begin_transaction():
    context.run_migrations()
