"""The worker's use cases for benchmarks: put together by the product, over any store and connectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from worker.app.tell.health import Freshness
from worker.domain.messages.message import Message
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.tongue import ENGLISH_ONLY
from worker.ports import (
    Abilities,
    CheckResult,
    Directory,
    Inventory,
    Passive,
    Reach,
    Receipt,
    takes_all,
)
from worker.ports.state.store import Store
from worker.running.app import App, assemble
from worker.running.connecting import Connectors
from worker.running.wiring import rules_of
from worker.settings import Settings

NO_LIMITS = GuardLimits(None, None, None, None)
RULES = TicketRules(timedelta(hours=24), timedelta(hours=4), "accountable@example.org")
SETTINGS = Settings.model_validate({
    "organisation": {"name": "A company", "timezone": "UTC"}, "desk": {"url": "https://whosleft.example.org"},
})  # fmt: skip


class Sink(Passive):
    """A channel that takes everything, at once."""

    name = "sink"
    can = Abilities(frozenset({Reach.EMAIL}))

    def takes(self, message: Message) -> int:
        return len(message.paragraphs)

    def send(self, message: Message) -> Receipt:
        return Receipt(message.key)

    def find(self, _message: Message) -> None:
        return None

    def check(self) -> CheckResult:
        return CheckResult(ok=True, message="a benchmark")


def system_now() -> datetime:
    return datetime.now(UTC)


def app_over(
    store: Store,
    directories: Sequence[Directory] = (),
    inventories: Sequence[Inventory] = (),
    clock: Callable[[], datetime] = system_now,
    **changes: Any,
) -> App:
    """The worker without limits, links in messages and a digest's window; `changes` are of its `AppRules`.

    It has a channel: for an assignee whom nothing reaches, the worker looks up who passes the message on.
    """
    wanted: dict[str, Any] = {
        "languages": ENGLISH_ONLY,
        "has_told_links": False,
        "limits": NO_LIMITS,
        "tickets": RULES,
        "sensitive": (),
        "fresh_directories": Freshness(timedelta(days=2), {}),
        "fresh_inventories": Freshness(timedelta(days=2), {}),
        "paces": {one.name: timedelta(minutes=15) for one in inventories},
        "takes": {one.name: takes_all for one in inventories},
        "digest_window": timedelta(0),
    }
    rules = replace(rules_of(SETTINGS), **wanted | changes)
    connectors = Connectors(tuple(directories), tuple(inventories), (Sink(),))
    return assemble(SETTINGS, rules, store, connectors, clock)
