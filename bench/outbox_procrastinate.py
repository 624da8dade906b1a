"""The peer: a worker of procrastinate, in an environment of its own. It is no module of the project.

VENV/bin/python -I outbox_procrastinate.py queue DSN COUNT TEXT     makes its tables anew and queues so many jobs
VENV/bin/python -I outbox_procrastinate.py work DSN                 says ready; at a line, works until nothing is left

A job is given a message as the outbox holds one, and does nothing with it, one job after the other.
"""

import asyncio
import json
import sys
import time
from importlib import import_module
from typing import Any


def app_of(dsn: str) -> Any:
    procrastinate = import_module("procrastinate")  # not among what the project is checked with
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=dsn))

    @app.task(name="send")  # type: ignore[untyped-decorator]
    async def _send(address: str, title: str, body: dict[str, Any]) -> None:
        """A channel that takes everything, at once."""

    return app


async def queue(dsn: str, count: int, text: str) -> None:
    app = app_of(dsn)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        body = {"headline": "Somebody has left", "text": text}
        sending = app.tasks["send"]
        jobs = [
            {"address": f"r{number}@example.org", "title": "A ticket", "body": body}
            for number in range(count)
        ]
        await sending.batch_defer_async(*jobs)


async def work(dsn: str) -> None:
    app = app_of(dsn)
    async with app.open_async():
        print("ready", flush=True)
        sys.stdin.readline()
        cpu_s, start = time.process_time(), time.perf_counter()
        await app.run_worker_async(wait=False, listen_notify=False, install_signal_handlers=False)
        found = {"cpu_s": time.process_time() - cpu_s, "wall_s": time.perf_counter() - start}
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    what, dsn = sys.argv[1:3]
    asyncio.run(queue(dsn, int(sys.argv[3]), sys.argv[4]) if what == "queue" else work(dsn))
