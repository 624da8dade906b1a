"""People who went from a group, as the messenger itself recorded it: staged, kept, and held against live tickets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.domain.identity.phones import canonical
from worker.domain.kinds import codes
from worker.domain.model import GroupKey, Roster
from worker.domain.tickets.ticket import TicketState
from worker.ports.state.tickets import Gone
from worker.storage.other_handles import roles_of_people, roles_under_other_handles
from worker.storage.sql.bulk import bulk_upsert, clearing
from worker.storage.sql.mapping import ticket_from_row
from worker.storage.sql.tables import (
    chat_group,
    departed,
    link,
    membership,
    staged_departed,
    ticket,
    to_micros,
)

CLEAR_STAGE = clearing(staged_departed)
_COLUMNS = ("source", "group_id", "phone_key", "at")
_WEIGHED = (
    sa.update(departed)
    .where(
        departed.c.source == sa.bindparam("of"),
        departed.c.group_id == sa.bindparam("group"),
        departed.c.phone_key == sa.bindparam("key"),
    )
    .values(is_weighed=1)
)
_LEFT_BY = codes(lambda kind: kind.is_exposure)
_WAITING = (TicketState.OPEN.value, TicketState.DONE.value)

# A ticket says nothing of a record that is older than itself, and one that is opened later is younger still.
# One that is blocked is looked at once it need not wait any more
_OLDEST = sa.select(sa.func.min(ticket.c.opened_at)).where(
    ticket.c.kind.in_(_LEFT_BY), ticket.c.state.in_((*_WAITING, TicketState.BLOCKED.value))
)
_PAST = (
    sa.update(departed)
    .where(
        departed.c.is_weighed == 0,
        departed.c.at <= sa.func.coalesce(_OLDEST.scalar_subquery(), departed.c.at),
    )
    .values(is_weighed=1)
)


def stage(connection: sa.Connection, source: str, rosters: Iterable[Roster]) -> None:
    """Keep who went, until the read has proved itself complete. A record without a number or a date proves nothing."""
    rows: dict[tuple[str, str, str], int] = {}
    for roster in rosters:
        for one in roster.departed:
            if one.phone is not None and one.at is not None:
                key = (source, roster.group.group_id, canonical(one.phone))
                rows[key] = max(rows.get(key, 0), to_micros(one.at) or 0)
    bulk_upsert(connection, staged_departed, _COLUMNS, [(*key, at) for key, at in rows.items()])


def apply(connection: sa.Connection, source: str) -> None:
    """Make what was staged the state. What was weighed before is weighed again only if it happened again."""
    found = connection.execute(_news(), {"of": source})
    rows = [(row.source, row.group_id, row.phone_key, to_micros(row.at), 0) for row in found]
    bulk_upsert(connection, departed, (*_COLUMNS, "is_weighed"), rows)


@cache
def _news() -> sa.Select[Any]:
    """What was staged of the source `of`, and is not known."""
    s, d = staged_departed.c, departed.c
    known = sa.exists().where(
        d.source == s.source, d.group_id == s.group_id, d.phone_key == s.phone_key, d.at >= s.at
    )
    return sa.select(*(s[name] for name in _COLUMNS)).where(s.source == sa.bindparam("of"), ~known)


def gone(connection: sa.Connection) -> list[Gone]:
    """Return the live tickets whose member went after they were opened, or after the claim; each record once.

    The record is one of the ticket's own group, or of a group that is followed there. It is kept for later while the
    same person is in the group under another handle, or is listed where the record is. One that is older than every
    live ticket is not looked at again.
    """
    rows = _out_of_it(connection, connection.execute(_gone()).all())
    if rows:
        connection.execute(
            _WEIGHED, [{"of": row.seen_in, "group": row.in_group, "key": row.phone_key} for row in rows]
        )
    connection.execute(_PAST)
    return [Gone(ticket_from_row(row), row.seen_in, row.gone_at) for row in rows]


@cache
def _gone() -> sa.Select[Any]:
    """The tickets whose member is recorded as gone since, with the records that were not weighed yet."""
    t, d, g = ticket.c, departed.c, chat_group.c
    is_here = (g.leader_source == t.source) & (g.leader_group == t.group_id)
    is_own = (g.source == t.source) & (g.group_id == t.group_id)
    since = sa.case(  # as `Ticket.open_since`, or since the claim
        (t.state == TicketState.DONE.value, t.done_at), (t.reopened > 0, t.clock_from), else_=t.opened_at
    )
    shown, m = chat_group.alias("shown").c, membership.c
    came_back = sa.exists().where(  # a later roster lists them again, or still
        m.source == t.source, m.group_id == t.group_id, m.handle == t.handle, m.is_unlisted == 0,
        shown.source == t.source, shown.group_id == t.group_id, shown.taken_at > d.at,
    )  # fmt: skip
    listed, number = membership.alias("listed").c, link.alias("number").c
    is_there = sa.exists().where(  # the source of the record lists the number itself
        listed.source == d.source, listed.group_id == d.group_id, listed.is_unlisted == 0,
        number.source == listed.source, number.handle == listed.handle, number.phone_key == d.phone_key,
    )  # fmt: skip
    return (
        sa.select(ticket, d.source.label("seen_in"), d.group_id.label("in_group"), d.phone_key, d.at.label("gone_at"))
        .join(link, (link.c.source == t.source) & (link.c.handle == t.handle))
        .join(departed, d.phone_key == link.c.phone_key)
        .join(chat_group, (g.source == d.source) & (g.group_id == d.group_id))
        .where(
            d.is_weighed == 0, t.kind.in_(_LEFT_BY), sa.or_(is_here, is_own), d.at > since,
            t.state.in_(_WAITING), ~came_back, ~is_there,
        )
        .order_by(t.id, d.source)
    )  # fmt: skip


def _out_of_it(connection: sa.Connection, rows: Sequence[Any]) -> list[Any]:
    """The rows of tickets whose member is under no other handle in its group, nor under any where the record is."""
    tickets = [ticket_from_row(row) for row in rows]
    there = [
        replace(one, id=place, group=GroupKey(row.seen_in, row.in_group), handle=row.phone_key)
        for place, (one, row) in enumerate(zip(tickets, rows, strict=True))
    ]
    still = roles_of_people(connection, tickets, besides=True) | roles_under_other_handles(
        connection, tickets
    )
    listed = roles_of_people(connection, there) | roles_under_other_handles(connection, there)
    return [row for place, row in enumerate(rows) if row.id not in still and place not in listed]
