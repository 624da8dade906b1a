"""`whosleft run` when a gateway calls: what it speaks of is read at once, and proves the ticket within seconds."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any

import pytest

from fakes.gateways.server import Person, Room
from fakes.waha.server import KEY, WahaServer
from integration.company import COMMAND, Company, phone
from ports import free_port
from worker.domain.model import Role

SOON_S = 60
PROMISED_S = 10  # from a removal in the messenger to the proof
WARD, SECRET = "120363000000000007@g.us", "a-long-random-text-9"
CONFIG = """
allow_literal_secrets: true
organisation: {{name: "St Mary's", default_region: GB, timezone: Europe/London}}
database: {{url: "sqlite:///whosleft.db"}}
directories: [{{name: corp, kind: file, path: people.csv}}]
inventories:
  - {{name: phones, kind: waha, url: "{url}", api_key: {key}, accept_terms_risk: true, requests_per_minute: 6000,
     calls: {{listen: "{listen}", path: /phones, secret: {secret}}}}}
tickets: {{accountable: it-security@example.org}}
ops: {{listen: "127.0.0.1:0"}}
desk: {{listen: "127.0.0.1:0"}}
"""


@pytest.fixture
def waha() -> Iterator[WahaServer]:
    with WahaServer() as server:
        people = [Person(phone(number).removeprefix("+")) for number in range(3)]
        people[0] = Person(phone(0).removeprefix("+"), Role.ADMIN)
        server.rooms = {WARD: Room("Ward 7 nights", people)}
        yield server


@contextmanager
def running(company: Company) -> Iterator[None]:
    worker = subprocess.Popen(
        [COMMAND, "run", "-c", "whosleft.yaml"],
        cwd=company.folder,
        env={**os.environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=SOON_S)


def call(listen: str, secret: str = SECRET) -> int:
    """The gateway says that somebody was removed."""
    now_ms = int(time() * 1000)
    payload = {"type": "leave", "timestamp": now_ms, "group": {"id": WARD}, "participants": [], "_data": {}}
    event = {
        "id": f"evt_{now_ms:026d}", "timestamp": now_ms, "session": "default", "engine": "NOWEB",
        "event": "group.v2.participants", "payload": payload, "environment": {},
    }  # fmt: skip
    body = json.dumps(event).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()
    connection = http.client.HTTPConnection(listen, timeout=SOON_S)
    try:
        connection.request("POST", "/phones", body, {"X-Webhook-Hmac": signature})
        return connection.getresponse().status
    finally:
        connection.close()


def ticket_in(company: Company, state: str, within_s: float = SOON_S) -> dict[str, Any]:
    """Wait until the only ticket is in this state."""
    end = monotonic() + within_s
    while monotonic() < end:
        found = company.tickets()
        if len(found) == 1 and found[0]["state"] == state:
            return found[0]
        sleep(0.2)
    raise AssertionError(f"no {state} ticket within {within_s} s: {company.tickets()}")


def test_a_removal_that_the_gateway_tells_of_proves_its_ticket_within_ten_seconds(
    tmp_path: Path, waha: WahaServer
) -> None:
    company, listen = Company(tmp_path), f"127.0.0.1:{free_port()}"
    config = CONFIG.format(url=waha.url, key=KEY, listen=listen, secret=SECRET)
    (tmp_path / "whosleft.yaml").write_text(config)
    company.export()
    company.run("once", "all")
    company.export(disabled={2})
    with running(company):
        ticket_in(company, "open")
        assert call(listen, "another secret") == 401
        room = waha.rooms[WARD]
        room.remove(room.people[2])
        began = datetime.now(UTC)

        assert call(listen) == 202
        proven = ticket_in(company, "verified", PROMISED_S)

    assert proven["grade"] == "A"
    assert datetime.fromisoformat(proven["verified_at"]) >= began.replace(microsecond=0)
