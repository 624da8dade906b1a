"""The peer: a loop as one writes it by hand. It takes a message, does nothing, and marks it as sent.

    python -m bench.outbox_bare URL NUMBER

It reads and writes the same tables and has the same two facts committed for each message: that it may be sent from now
on, and that it was sent. Two transactions, five statements, the driver alone.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Callable
from typing import Any, TypeAlias

import psycopg
import sqlalchemy as sa

from bench.team import take_part
from worker.storage.sql.engine import BUSY_TIMEOUT_S, PRAGMAS

CLAIM_US = 300_000_000
# Without it, the loop reads all that was sent before it comes to what waits
INDEX = "CREATE INDEX bare ON outbox (id) WHERE state = 'pending' AND bundle_id IS NULL"
NEXT = (
    "SELECT id, key, address, title, body FROM outbox WHERE state = 'pending' AND bundle_id IS NULL "
    "ORDER BY id LIMIT 1"
)
TAKE = "UPDATE outbox SET bundle_id = id WHERE id = ?"
CLAIM = (
    "INSERT INTO delivery (id, bundle_id, key, notifier, recipient_kind, address, name, state, attempts, "
    "claimed_by, claimed_until, next_at, created_at) "
    "VALUES (?, ?, ?, 'sink', 'person', ?, '', 'claimed', 1, ?, ?, ?, ?)"
)
SENT = (
    "UPDATE delivery SET state = 'sent', claimed_by = NULL, claimed_until = NULL, sent_at = ?, reference = ? "
    "WHERE id = ?"
)
DONE = "UPDATE outbox SET state = 'sent' WHERE id = ?"
Execute: TypeAlias = Callable[..., Any]


def work(execute: Execute, begin: str, lock: str, holder: str) -> int:
    """Send until nothing waits; return how many were sent."""
    sent = 0
    while True:
        execute(begin)
        message = execute(NEXT + lock).fetchone()
        if message is None:
            execute("COMMIT")
            return sent
        number, key, address, _title, body = message
        now = time.time_ns() // 1000
        execute(TAKE, (number,))
        execute(CLAIM, (number, number, key, address, holder, now + CLAIM_US, now, now))
        execute("COMMIT")
        json.loads(body)
        execute(begin)
        execute(SENT, (time.time_ns() // 1000, key, number))
        execute(DONE, (number,))
        execute("COMMIT")
        sent += 1


def main() -> None:
    url, holder = sa.make_url(sys.argv[1]), sys.argv[2]
    if url.get_backend_name() == "sqlite":
        lite = sqlite3.connect(url.database or "", timeout=BUSY_TIMEOUT_S, isolation_level=None)
        for pragma in PRAGMAS:
            lite.execute(f"pragma {pragma}")
        take_part(lambda: work(lite.execute, "BEGIN IMMEDIATE", "", holder))
        return
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as post:

        def execute(statement: str, values: tuple[Any, ...] = ()) -> Any:
            return post.execute(statement.replace("?", "%s"), values)

        take_part(lambda: work(execute, "BEGIN", " FOR UPDATE SKIP LOCKED", holder))


if __name__ == "__main__":
    main()
