"""What is known of groups besides their members: what a messenger shows, and what a register says."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.groups.facts import carried, to_ask, with_look
from worker.domain.kinds import codes
from worker.domain.kinds.kind import Sees
from worker.domain.model import (
    NOTHING_SHOWN,
    Allowed,
    Fact,
    GroupFacts,
    GroupKey,
    RegisterFacts,
    RegisterStatus,
    Roster,
)
from worker.domain.tickets.ticket import LIVE
from worker.storage.dirty import dirty_groups
from worker.storage.sql.chunks import chunked
from worker.storage.sql.tables import chat_group, from_micros, ticket, to_micros

# `facts` has no instant in it, so that only news of a group changes it
FACT_COLUMNS = ("facts", "facts_at", "last_activity_at", "link_sha256", "registered")
_VALUES = (
    "description", "picture_sha256", "link_sha256", "approval", "edit", "write", "add", "is_archived",
)  # fmt: skip
_INSTANTS = ("read_at", "link_changed_at", "link_before_at")
_ALLOWED = ("edit", "write", "add")
_LIVE = tuple(sorted(state.value for state in LIVE))
_DAYS = ("created_on", "ends_on", "review_due", "closed_on")


def known_facts(connection: sa.Connection, source: str, page: Sequence[Roster]) -> dict[str, GroupFacts]:
    """The facts, as known so far, of the page's groups that show any."""
    found: dict[str, GroupFacts] = {}
    g = chat_group.c
    for chunk in chunked([one.group.group_id for one in page if one.facts != NOTHING_SHOWN]):
        query = sa.select(g.group_id, g.facts, g.facts_at, g.last_activity_at)
        rows = connection.execute(query.where(g.source == source, g.group_id.in_(chunk)))
        found |= {row.group_id: facts_of(row) for row in rows}
    return found


def fact_values(roster: Roster, known: GroupFacts | None) -> tuple[Any, ...]:
    """Values of FACT_COLUMNS after a read; `known` is how the facts stood before it."""
    facts = carried(roster.facts, known or NOTHING_SHOWN)
    said = None if roster.registered is None else _shown(_said(roster.registered))
    return (*_values(facts).values(), said)


def _values(facts: GroupFacts) -> dict[str, Any]:
    return {
        "facts": _shown({name: getattr(facts, name) for name in _VALUES}),
        "facts_at": _shown(_ages(facts)),
        "last_activity_at": to_micros(facts.last_activity_at),
        "link_sha256": facts.link_sha256,
    }


def to_look_at(
    connection: sa.Connection,
    source: str,
    costly: Collection[Fact],
    *,
    before: datetime | None,
    limit: int,
    groups: Collection[str] | None,
) -> dict[str, frozenset[Fact]]:
    """See `ports.state.groups.Rosters.to_look_at`."""
    g, t = chat_group.c, ticket.c
    is_asked = sa.exists().where(
        t.source == g.source,
        t.group_id == g.group_id,
        t.kind.in_(codes(lambda kind: kind.sees is Sees.CONTROLS)),
        t.state.in_(_LIVE),
    )
    is_old = sa.false() if before is None else sa.or_(g.looked_at.is_(None), g.looked_at < before)
    columns = (g.group_id, g.facts, g.facts_at, g.last_activity_at, is_asked.label("is_asked"))
    query = (
        sa.select(*columns)
        .where(g.source == source, g.is_gone == 0, g.is_unseen == 0, sa.or_(is_asked, is_old))
        .order_by(is_asked.desc(), g.looked_at.is_not(None), g.looked_at, g.group_id)
        .limit(limit)
    )
    if groups is not None:
        query = query.where(g.group_id.in_(sorted(groups)))
    return {
        row.group_id: to_ask(facts_of(row), costly, before, is_urgent=bool(row.is_asked))
        for row in connection.execute(query)
    }


def looked(connection: sa.Connection, group: GroupKey, look: GroupFacts, now: datetime) -> None:
    """See `ports.state.groups.Rosters.looked`."""
    g = chat_group.c
    this = (g.source == group.source) & (g.group_id == group.group_id)
    query = sa.select(g.facts, g.facts_at, g.last_activity_at).where(this)
    row = connection.execute(query).first()
    if row is None:
        return
    facts = with_look(facts_of(row), look)
    values = {**_values(facts), "last_activity_at": facts.last_activity_at, "looked_at": now}
    connection.execute(sa.update(chat_group).where(this).values(values))
    if values["facts"] != row.facts:
        dirty_groups(connection, [group], now)


def facts_of(row: Any) -> GroupFacts:
    """The facts of a row with the columns facts, facts_at and last_activity_at."""
    values = json.loads(row.facts)
    if values.keys() & _OF_THE_RELEASE_BEFORE.keys():
        values = {name: _OF_THE_RELEASE_BEFORE.get(name, _as_it_is)(value) for name, value in values.items()}
    else:
        ages = json.loads(row.facts_at)
        values["read_apart"] = tuple((Fact(name), from_micros(at)) for name, at in ages.pop("read_apart", ()))
        values |= {name: from_micros(at) for name, at in ages.items()}
        values["last_activity_at"] = row.last_activity_at
    for name in _ALLOWED:
        values[name] = Allowed(values[name]) if name in values else None
    return GroupFacts(**values)


def registered_facts(text: str | None) -> RegisterFacts | None:
    """What the column `registered` says; None: no register says anything."""
    if text is None:
        return None
    values = json.loads(text)
    for name in values.keys() & _DAYS:
        values[name] = date.fromisoformat(values[name])
    if "status" in values:
        values["status"] = RegisterStatus(values["status"])
    return RegisterFacts(**values)


def _ages(facts: GroupFacts) -> dict[str, Any]:
    apart = [[name, to_micros(at)] for name, at in facts.read_apart]
    return {name: to_micros(getattr(facts, name)) for name in _INSTANTS} | {"read_apart": apart or None}


def _said(registered: RegisterFacts) -> dict[str, Any]:
    values = {f.name: getattr(registered, f.name) for f in fields(RegisterFacts)}
    return {name: str(value) if isinstance(value, date) else value for name, value in values.items()}


def _shown(values: dict[str, Any]) -> str:
    shown = {name: value for name, value in values.items() if value is not None}
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))


def _as_it_is(value: Any) -> Any:
    return value


# Which writes them among the facts; needed while both releases run, and for groups that were not read since
_OF_THE_RELEASE_BEFORE: dict[str, Callable[[Any], Any]] = {
    "read_at": from_micros,
    "last_activity_at": from_micros,
}
