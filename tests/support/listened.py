"""A directory of Entra ID that listens for change notifications, and what it noted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from connectors.directory.entra.connector import EntraDirectory
from connectors.kit.graph import notes as entra_notes
from fakes.graph.setup import Lab
from fakes.graph.subscriptions import Subscription
from worker.ops.receiver import receiving
from worker.ports import Fact, Noted

URL, STATE = "https://hooks.corp.example/entra", "a-long-random-text-7"
SETTINGS = {"url": URL, "listen": "127.0.0.1:0", "client_state": STATE}
OURS = {entra_notes.SUBSCRIPTION_MADE, entra_notes.SUBSCRIPTION_RENEWED, entra_notes.SUBSCRIPTION_REFUSED,
        entra_notes.SUBSCRIPTION_ENDED, entra_notes.CALL_ACCEPTED, entra_notes.CALL_REFUSED}  # fmt: skip


@contextmanager
def listening(lab: Lab, **changes: Any) -> Iterator[EntraDirectory]:
    settings = {"notifications": SETTINGS} | changes
    made = lab.directory(**settings)
    with receiving(made.calls) as addresses:
        url = settings["notifications"]["url"].rstrip("/")
        lab.entra.graph.subscriptions.reach[url] = f"http://{addresses[0]}/entra"
        yield made


def heard_directory(lab: Lab) -> Iterator[EntraDirectory]:
    lab.tenant.add()
    with listening(lab) as made:
        yield made


def only(lab: Lab) -> Subscription:
    (found,) = lab.entra.graph.subscriptions.by_id.values()
    return found


def told(lab: Lab) -> list[tuple[Noted, Mapping[str, Fact]]]:
    """What was noted of subscriptions and calls since the last time this was asked."""
    found = [(taken.event, taken.fields) for taken in lab.notes if taken.event in OURS]
    lab.notes.clear()
    return found


def instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def posts(lab: Lab) -> int:
    return len(lab.entra.graph.seen("/subscriptions", "POST"))
