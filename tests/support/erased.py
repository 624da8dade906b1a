"""What is left of somebody in a company's database."""

from __future__ import annotations

import sqlalchemy as sa

from harness import Harness
from worker.storage.sql.tables import metadata


def dump(h: Harness, *needles: str) -> list[tuple[str, str, str]]:
    found = []
    with h.engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                found += [
                    (table.name, name, value[:120])
                    for name, value in row._mapping.items()
                    if isinstance(value, str) and any(one in value.casefold() for one in needles)
                ]
    return found
