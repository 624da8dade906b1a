"""Rows of the outbox: how messages and deliveries are written and read, and which of them may go."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from worker.domain.messages.message import Paragraph, Recipient, RecipientKind
from worker.ports.state.outbox import (
    OutMessage,
)
from worker.storage.sql.tables import delivery, outbox


def was_tried() -> sa.ColumnElement[bool]:
    """True if the message has arrived, may have arrived, or is on its way; not after a clear failure."""
    d = delivery.c
    on_its_way = (d.bundle_id == outbox.c.bundle_id) & sa.or_(d.state != "waiting", d.is_unclear == 1)
    return sa.or_(outbox.c.is_unclear == 1, sa.exists().where(on_its_way))


def is_to(columns: Any) -> sa.ColumnElement[bool]:
    is_kind = columns.recipient_kind == sa.bindparam("to_kind")
    return sa.and_(is_kind, columns.address == sa.bindparam("to_address"))


def is_counted() -> sa.ColumnElement[bool]:
    return sa.and_(is_to(delivery.c), delivery.c.is_alarm == 0)


def may_go(now: datetime | sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    o = outbox.c
    return (
        (o.state == "pending") & o.bundle_id.is_(None) & sa.or_(o.not_before.is_(None), o.not_before <= now)
    )


def address_of(to: Recipient) -> dict[str, str]:
    return {"to_kind": to.kind.value, "to_address": to.address}


def message_row(number: int, message: OutMessage, now: datetime) -> dict[str, Any]:
    return {
        "id": number,
        "key": message.key,
        "recipient_kind": message.to.kind.value,
        "address": message.to.address,
        "name": message.to.name,
        "language": message.to.language,
        "phone": message.to.phone,
        "via": via_text(message.to),
        "title": message.title,
        "body": json.dumps(asdict(message.body), ensure_ascii=False),
        "is_urgent": int(message.is_urgent),
        "is_day_or_night": int(message.is_day_or_night),
        "is_alarm": int(message.is_alarm),
        "ticket_id": message.ticket,
        "created_at": now,
        "not_before": message.not_before,
        "state": "pending",
    }


def recipient_from_row(row: Any) -> Recipient:
    """The recipient of a message or of a delivery."""
    return Recipient(
        RecipientKind(row.recipient_kind),
        row.address,
        row.name,
        row.language,
        row.phone,
        tuple(json.loads(row.via)),
    )


def via_text(to: Recipient) -> str:
    """The notifiers to use, as the tables have them."""
    return json.dumps(to.via, ensure_ascii=False)


def message_from_row(row: Any) -> OutMessage:
    values = json.loads(row.body)
    body = Paragraph(
        values.get("headline", ""),
        values.get("text", ""),
        tuple((label, value) for label, value in values.get("facts", ())),
        tuple(values.get("steps", ())),
        values.get("link"),
        title=values.get("title", ""),
        is_fixed=values.get("is_fixed", False),
        link_label=values.get("link_label", ""),
    )
    return OutMessage(
        row.key,
        recipient_from_row(row),
        row.title,
        body,
        bool(row.is_urgent),
        row.ticket_id,
        row.not_before,
        bool(row.is_day_or_night),
        bool(row.is_alarm),
    )


def delivery_key(notifier: str, keys: Sequence[str]) -> str:
    """A delivery's key, unique even among deliveries that a restored backup has forgotten."""
    text = "\n".join((notifier, *keys))
    return f"whosleft-{sha256(text.encode()).hexdigest()[:24]}"
