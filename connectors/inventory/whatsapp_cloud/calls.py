"""Meta's calls: whether the address is ours, whether a call is signed, and which groups it speaks of.

    GET  ?hub.mode=subscribe&hub.verify_token=…&hub.challenge=…   answered with the challenge
    POST {"entry": [{"changes": [{"field": "group_participants_update", "value": {"groups": [{"group_id": …}]}}]}]}

    POST {"entry": [{"changes": [{"field": "messages", "value": {"messages": [{"type": "system", "system": {…}}]}}]}]}

Sources: developers.facebook.com/documentation/business-messaging/whatsapp/, groups/webhooks (2026-02-11) and, for
numbers that changed, webhooks/reference/messages/system (2026-08-11); "Webhooks, Getting started" for the proof. Public
programs have other spellings of fields and types, so any `group_…` counts.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from typing import Any

from connectors.inventory.whatsapp_cloud.config import CloudCallsConfig
from connectors.inventory.whatsapp_cloud.mapping import business_id_of, is_group_id, phone_of
from connectors.kit.calls import Calls, Event, instant, is_signed
from worker.domain.model import Renumbered
from worker.ports import ConnectorContext, InboundCall

CALLER = "Meta"
SIGNATURE = "x-hub-signature-256"
GROUPS_MAX = 1_000  # of one call
_FIELD, _MESSAGES = "group_", "messages"
_CHANGED = frozenset({"user_changed_number", "user_changed_user_id"})
_CHALLENGE = re.compile(r"[A-Za-z0-9_.-]{1,200}")


def calls_of(config: CloudCallsConfig | None, number: str, context: ConnectorContext) -> Calls | None:
    """Return what takes Meta's calls about one number; None where they are not configured."""
    if config is None:
        return None
    return Calls(
        config,
        context.name,
        CALLER,
        context.now,
        lambda call: is_signed(call, SIGNATURE, config.app_secret, "sha256", "sha256="),
        lambda body: events(body, number, context.default_region),
        lambda call: challenge(call, config),
    )


def challenge(call: InboundCall, config: CloudCallsConfig) -> str | None:
    """Return the challenge of a genuine question for our address, None for any other. Compared in constant time."""
    given = call.query.get("hub.verify_token", "").encode("utf-8", "surrogatepass")
    is_ours = hmac.compare_digest(given, config.verify_token.get_secret_value().encode())
    asked = call.query.get("hub.challenge", "")
    is_asked = call.query.get("hub.mode") == "subscribe" and _CHALLENGE.fullmatch(asked)
    return asked if is_ours and is_asked else None


def events(body: Any, number: str, region: str) -> Iterator[Event]:
    """Yield which groups a call speaks of, and which numbers changed. A change of groups that names none is one of all.

    Messages of people are not looked at.
    """
    for entry in body["entry"]:
        for change in entry["changes"]:
            field, value = change["field"], change["value"]
            if not isinstance(field, str) or not _is_of(value, number):
                continue
            if field.startswith(_FIELD):
                yield from _of_groups(field, value)
            elif field == _MESSAGES:
                yield from _of_changes(value, region)


def _of_changes(value: dict[str, Any], region: str) -> Iterator[Event]:
    """Yield the numbers and ids that people changed, as Meta says itself. Without a date one proves nothing."""
    rows = value.get("messages")
    for row in rows[:GROUPS_MAX] if isinstance(rows, list) else ():
        said = row.get("system") if isinstance(row, dict) and row.get("type") == "system" else None
        if not isinstance(said, dict) or said.get("type") not in _CHANGED:
            continue
        at = instant(row.get("timestamp"))
        if at is None:
            continue
        pairs = (
            (phone_of(row.get("from"), region), phone_of(said.get("wa_id"), region)),
            (business_id_of(said.get("previous_user_id")), business_id_of(said.get("user_id"))),
        )
        found = tuple(Renumbered(old, new, at) for old, new in pairs if old and new and old != new)
        if found:
            yield Event(str(row.get("id") or ""), at, renumbered=found)


def _is_of(value: dict[str, Any], number: str) -> bool:
    """Whether a change is about this number; an app may have several, and an unnamed one may be it."""
    metadata = value.get("metadata")
    named = metadata.get("phone_number_id") if isinstance(metadata, dict) else None
    return named is None or str(named) == number


def _of_groups(field: str, value: dict[str, Any]) -> Iterator[Event]:
    groups = value.get("groups")
    rows = groups if isinstance(groups, list) else [groups if isinstance(groups, dict) else value]
    for row in rows[:GROUPS_MAX] or [value]:
        found = row.get("group_id", row.get("id")) if isinstance(row, dict) else None
        said = json.dumps([field, row], sort_keys=True).encode()
        at = row.get("timestamp", value.get("timestamp")) if isinstance(row, dict) else None
        yield Event(
            hashlib.sha256(said).hexdigest(),
            instant(at) if isinstance(at, str | int) else None,
            (found,) if is_group_id(found) else (),
        )
