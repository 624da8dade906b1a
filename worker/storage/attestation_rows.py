"""Attestations as rows."""

from __future__ import annotations

import json
from typing import Any

from worker.domain.controls.statements import Assurance, AttestAnswer, Attestation, ItemAnswer, Statement
from worker.domain.model import AccountKey, GroupKey


def items_text(one: Attestation) -> str:
    """What was said item by item, as JSON."""
    return json.dumps({name: item.value for name, item in one.items.items()}, separators=(",", ":"))


def attestation_values(one: Attestation) -> dict[str, Any]:
    """Column values of an attestation, without its id."""
    return {
        "statement": one.statement.value,
        "subject": one.subject,
        "version": one.version,
        "language": one.language,
        "text_sha256": one.text_sha256,
        "person_source": one.person.source if one.person else None,
        "person_id": one.person.person_id if one.person else None,
        "source": one.group.source if one.group else "",
        "group_id": one.group.group_id if one.group else "",
        "answer": one.answer.value,
        "items": items_text(one),
        "is_pass": int(one.is_pass),
        "grade": one.grade.value,
        "at": one.at,
        "expires_at": one.expires_at,
        "assurance": one.assurance.value,
        "came_from": one.source,
        "ticket_id": one.ticket,
        "reason": one.reason,
        "initials": one.initials,
    }


def attestation_from_row(row: Any) -> Attestation:
    """The inverse of `attestation_values`."""
    return Attestation(
        statement=Statement(row.statement),
        subject=row.subject,
        version=row.version,
        person=AccountKey(row.person_source, row.person_id) if row.person_source else None,
        answer=AttestAnswer(row.answer),
        at=row.at,
        assurance=Assurance(row.assurance),
        id=row.id,
        language=row.language,
        text_sha256=row.text_sha256,
        group=GroupKey(row.source, row.group_id) if row.source else None,
        items={name: ItemAnswer(item) for name, item in json.loads(row.items).items()},
        expires_at=row.expires_at,
        source=row.came_from,
        ticket=row.ticket_id,
        reason=row.reason,
        initials=row.initials,
    )
