"""The recipe's relay for Alertmanager: what an event does to its ticket's alert, in whatever order events come."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from builders import NOW
from connectors.notify.webhook.mapping import render
from contracts.messages import EVENT, TO_A_FEED
from worker.domain.messages.event import event_paragraph

PATH = Path(__file__).parents[3] / "docs" / "recipes" / "alertmanager_relay.py"


@pytest.fixture
def relay() -> ModuleType:
    """The relay as it is after its start."""
    spec = importlib.util.spec_from_file_location("alertmanager_relay", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def event(kind: str, state: str = "open") -> dict[str, Any]:
    data = {"kind": "remove_member", "state": state}
    happened = replace(EVENT, kind=kind, data=data)
    sent = render(replace(TO_A_FEED, paragraphs=(event_paragraph(happened),)))
    return dict(json.loads(sent.body))


def ends_at(relay: ModuleType, happened: dict[str, Any]) -> datetime | None:
    alert = relay.alert_of(happened, NOW)
    return datetime.fromisoformat(alert["endsAt"]) if alert else None


@pytest.mark.parametrize("kind", ["ticket.escalated", "ticket.reopened", "ticket.undone"])
def test_what_is_open_and_late_or_open_again_fires(relay: ModuleType, kind: str) -> None:
    assert ends_at(relay, event(kind)) == NOW + timedelta(days=7)


@pytest.mark.parametrize(
    "kind, state",
    [
        ("ticket.done", "done"),
        ("ticket.answered", "done"),
        ("ticket.found_gone", "done"),
        ("ticket.blocked", "blocked"),
        ("ticket.verified", "verified"),
        ("ticket.disputed", "cancelled"),
        ("ticket.waived", "waived"),
        ("ticket.escalated", "done"),
    ],
)
def test_any_event_of_a_ticket_that_is_over_resolves(relay: ModuleType, kind: str, state: str) -> None:
    assert ends_at(relay, event(kind, state)) == NOW


@pytest.mark.parametrize("kind", ["ticket.opened", "ticket.answered", "notify.tested", "plan.done"])
def test_any_other_event_changes_no_alert(relay: ModuleType, kind: str) -> None:
    assert relay.alert_of(event(kind), NOW) is None


def test_a_ticket_that_is_not_known_any_more_changes_none(relay: ModuleType) -> None:
    gone = event("ticket.escalated")
    del gone["data"]["kind"]
    assert relay.alert_of(gone, NOW) is None


def test_an_event_that_comes_after_a_newer_one_of_its_ticket_is_taken_and_not_passed_on(
    relay: ModuleType,
) -> None:
    sent = list[int]()

    def passed_on(ticket: str, seq: int) -> bool:
        def send() -> bool:
            sent.append(seq)
            return True

        return bool(relay.NEWEST.pass_on(ticket, seq, send))

    assert all(passed_on(*one) for one in [("T-1", 56), ("T-1", 52), ("T-2", 53), ("T-1", 56), ("T-1", 57)])
    assert sent == [56, 53, 56, 57]


def test_what_alertmanager_did_not_take_comes_again(relay: ModuleType) -> None:
    assert not relay.NEWEST.pass_on("T-1", 56, lambda: False)
    assert relay.NEWEST.pass_on("T-1", 52, lambda: True)
    assert relay.NEWEST.seqs == {"T-1": 52}


def test_no_more_than_so_many_tickets_are_remembered(
    relay: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "TICKETS_MAX", 2)
    for seq, ticket in enumerate(("T-1", "T-2", "T-1", "T-3")):
        relay.NEWEST.pass_on(ticket, seq, lambda: True)
    assert relay.NEWEST.seqs == {"T-1": 2, "T-3": 3}
