"""Automatic replies: who is away, and what says nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.directory.entra.read.away import replies_at
from fakes.graph.faults import Fault
from fakes.graph.setup import Lab
from fakes.graph.tokens import CLIENT_ID
from worker.ports import PermissionDenied, Transient

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def at(wall: str, zone: str = "UTC") -> dict[str, str]:
    return {"dateTime": wall, "timeZone": zone}


def scheduled(start: Any, end: Any, status: str = "scheduled") -> dict[str, Any]:
    return {"status": status, "scheduledStartDateTime": start, "scheduledEndDateTime": end}


NINE, TEN = at("2026-11-24T09:00:00.0000000"), at("2026-11-24T10:00:00.0000000")
EIGHT = at("2026-11-24T08:00:00.0000000")


@pytest.mark.parametrize(
    "setting, away",
    [
        ({"status": "disabled"}, False),
        ({"status": "Disabled"}, False),
        (scheduled(EIGHT, NINE, "alwaysEnabled"), True),
        (scheduled(NINE, TEN, "AlwaysEnabled"), True),
        (scheduled(NINE, TEN), True),
        (scheduled(EIGHT, NINE, "Scheduled"), False),
        (scheduled(TEN, at("2026-11-25T10:00:00")), False),
        (scheduled(at("2026-11-24T04:00:00", "Eastern Standard Time"), TEN), True),
        (scheduled(at("2026-11-24T04:30:00", "America/New_York"), TEN), False),
        (scheduled(at("2026-11-24T09:00:00Z"), TEN), True),
        (scheduled(at("soon"), TEN), None),
        (scheduled(at("2026-11-24T09:00:00", "Mars Standard Time"), TEN), None),
        (scheduled(at("2026-11-24T09:00:00", "../etc/passwd"), TEN), None),
        (scheduled(at("0001-01-01T00:00:00", "Asia/Tokyo"), TEN), None),
        (scheduled(NINE, None), None),
        (scheduled("2026-11-24", TEN), None),
        ({"status": "onHoliday"}, None),
        ({}, None),
    ],
)
def test_who_is_away(setting: dict[str, Any], away: bool | None) -> None:
    assert replies_at(setting, NOW) is away


@pytest.fixture
def mailboxes(lab: Lab) -> Lab:
    lab.entra.tokens.apps[CLIENT_ID].roles.add("MailboxSettings.Read")
    return lab


def test_graph_is_asked_about_one_person(mailboxes: Lab) -> None:
    ann, ben = mailboxes.tenant.add(), mailboxes.tenant.add()
    mailboxes.tenant.automatic_replies[ann] = {"status": "alwaysEnabled"}
    directory = mailboxes.directory()

    assert directory.can_tell_away
    assert directory.is_away(ann) is True
    assert directory.is_away(ben) is False


def test_a_schedule_ends_by_itself(mailboxes: Lab) -> None:
    ann = mailboxes.tenant.add()
    mailboxes.tenant.automatic_replies[ann] = scheduled(EIGHT, TEN)
    directory = mailboxes.directory()

    assert directory.is_away(ann) is True
    mailboxes.tenant.advance(timedelta(hours=1))
    assert directory.is_away(ann) is False


def test_without_a_mailbox_nobody_knows(mailboxes: Lab) -> None:
    ann = mailboxes.tenant.add()
    mailboxes.tenant.automatic_replies[ann] = None

    assert mailboxes.directory().is_away(ann) is None
    assert mailboxes.directory().is_away("c0ffee00-7e57-4000-8000-0000000000ff") is None


def test_without_the_permission_it_is_named(lab: Lab) -> None:
    with pytest.raises(PermissionDenied) as error:
        lab.directory().is_away(lab.tenant.add())

    assert error.value.missing == "MailboxSettings.Read"


def test_no_answer_is_no_answer(mailboxes: Lab) -> None:
    mailboxes.entra.graph.faults.add(Fault(status=503, code="serviceUnavailable", message="Not now."))

    with pytest.raises(Transient):
        mailboxes.directory().is_away(mailboxes.tenant.add())
