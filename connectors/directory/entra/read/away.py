"""Automatic replies of a mailbox: whether somebody is away. Says nothing of a person without a mailbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.core import get_global

from connectors.kit.graph.client import Graph, Missing
from worker.ports import Again

READ_MAILBOX = "MailboxSettings.Read"


def is_away(graph: Graph, person_id: str, now: datetime, again: Again) -> bool | None:
    """Whether a person's automatic replies are on; None without a mailbox, or for an answer that makes no sense."""
    url = graph.url(f"users/{person_id}/mailboxSettings/automaticRepliesSetting")
    try:
        setting = again(lambda: graph.get(url, what="automatic replies", needs=READ_MAILBOX))
    except Missing:
        return None
    return replies_at(setting, now)


def replies_at(setting: Mapping[str, Any], now: datetime) -> bool | None:
    """Whether replies are sent at an aware instant. Graph spells `status` in several ways.

    | status | away |
    |---|---|
    | disabled | no |
    | alwaysEnabled | yes; its dates are left over from before |
    | scheduled | from the start, inclusive, until the end, exclusive |
    | anything else, or dates that can't be read | unknown |
    """
    status = str(setting.get("status", "")).casefold()
    if status == "disabled":
        return False
    if status == "alwaysenabled":
        return True
    ends = [_instant(setting.get(f"scheduled{end}DateTime")) for end in ("Start", "End")]
    if status != "scheduled" or ends[0] is None or ends[1] is None:
        return None
    return ends[0] <= now < ends[1]


def _instant(value: Any) -> datetime | None:
    """A local time with its zone, which is an IANA name or one of Windows; None if either is not known."""
    if not isinstance(value, Mapping):
        return None
    zone = str(value.get("timeZone", ""))
    try:
        local = datetime.fromisoformat(str(value.get("dateTime")))
        known = ZoneInfo(get_global("windows_zone_mapping").get(zone, zone))
        return (local if local.tzinfo else local.replace(tzinfo=known)).astimezone(UTC)
    except (
        ValueError,
        KeyError,
        OSError,
        OverflowError,
    ):  # what ZoneInfo raises for a name that is none, too
        return None
