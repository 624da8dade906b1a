"""Tickets' copies in trackers."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.domain.instants import APART_MAX
from worker.domain.kinds import REPORTED_MESSAGES
from worker.domain.kinds.handle_report import CONFIDENTIAL
from worker.domain.mirror.copy import Copy, CopyState, mark_of
from worker.domain.mirror.outside import CopyStanding, Goal, TrackerSaid
from worker.domain.model import Account
from worker.domain.tickets.ticket import LIVE, TicketKind, TicketState, ticket_label, ticket_number
from worker.ports.state.mirrors import CopySort, Left, Mirrored, Unnamed
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.chunks import chunked
from worker.storage.sql.mapping import ticket_from_row
from worker.storage.sql.tables import journal, mirror, mirror_notice, mirror_told, ticket, to_micros

_COLUMNS = tuple(f.name for f in fields(Copy))
_LIVE = tuple(state.value for state in sorted(LIVE))
_DOABLE = tuple(state.value for state in sorted(LIVE - {TicketState.BLOCKED}))
_UNMADE = tuple(one.value for one in (CopyState.WANTED, CopyState.SENDING, CopyState.UNCLEAR))
_MAYBE_THERE = tuple(
    one.value for one in (CopyState.WANTED, CopyState.LINKED, CopyState.GONE, CopyState.REFUSED)
)
_INSTANTS = (
    "attempted_at", "next_at", "look_again_at", "told_at", "reopened_at", "missing_since", "settled_at", "synced_at",
)  # fmt: skip
INSTALL, OF = 6, 8  # hexadecimal digits


class SqlMirrors:
    """The port `Mirrors` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def settle(self, places: Mapping[str, str]) -> list[Left]:
        m = mirror.c
        left: list[Left] = []
        for tracker, place in places.items():
            is_old = (m.tracker == tracker) & (m.place == "")
            self._c.execute(sa.update(mirror).where(is_old).values(place=place))
            left += self._left(tracker, place)
        free = [name for name in self._each(m.tracker, sa.true()) if name not in places]
        for tracker, place in places.items():
            if self._c.execute(sa.select(m.ticket).where(m.tracker == tracker).limit(1)).first() is None:
                for name in free:
                    self._rename(name, place, tracker)
        return [one for one in left if one.copies]

    def _left(self, tracker: str, place: str) -> Iterator[Left]:
        """Give what a tracker has elsewhere another name."""
        m = mirror.c
        is_its = m.tracker == tracker
        for old in [one for one in self._each(m.place, is_its) if one != place]:
            count = sa.select(sa.func.count()).select_from(mirror).join(ticket, ticket.c.id == m.ticket)
            is_live = ticket.c.state.in_(_LIVE)
            copies = self._c.execute(count.where(is_its, m.place == old, is_live)).scalar_one()
            name = f"{tracker} ({old})"
            self._rename(tracker, old, name)
            self._c.execute(sa.delete(mirror).where(is_its, m.place == old))
            yield Left(tracker, old, name, copies)

    def _each(self, column: sa.Column[str], which: sa.ColumnElement[bool]) -> Iterator[str]:
        """Each value of a column but the empty one, once, by one step in an index."""
        last: str | None = ""
        while last is not None:
            last = self._c.execute(sa.select(sa.func.min(column)).where(which, column > last)).scalar()
            if last is not None:
                yield last

    def _rename(self, old: str, place: str, new: str) -> None:
        """Give copies at a place another name, but those of which there is one by that name; and what was told."""
        m, d = mirror.c, mirror_told.c
        has = sa.select(m.ticket).where(m.tracker == new).scalar_subquery()
        which = (m.tracker == old) & (m.place == place)
        if not self._c.execute(
            sa.update(mirror).where(which, m.ticket.not_in(has)).values(tracker=new)
        ).rowcount:
            return
        known = sa.select(d.call_id).where(d.tracker == new).scalar_subquery()
        unused = (d.tracker == old) & (d.is_used == 0) & d.call_id.not_in(known)
        self._c.execute(sa.update(mirror_told).where(unused).values(tracker=new))

    def want(self, tracker: str, place: str, kinds: Collection[TicketKind], *, sensitive: bool | None) -> int:
        m, t = mirror.c, ticket.c
        needed: list[sa.ColumnElement[bool]] = [t.state.in_(_DOABLE)]
        if REPORTED_MESSAGES not in kinds:
            is_kept_back = t.details.contains(f'"{CONFIDENTIAL}": true')
            needed.append(~((t.kind == REPORTED_MESSAGES.value) & is_kept_back))
        is_not_now = sa.exists().where(t.id == m.ticket, ~sa.and_(*needed))
        is_not_there = (m.tracker == tracker) & (m.state == CopyState.WANTED.value) & (m.attempts == 0)
        self._c.execute(sa.delete(mirror).where(is_not_there, is_not_now))
        fits = [*needed, ~sa.exists().where(m.tracker == tracker, m.ticket == t.id)]
        if kinds:
            fits.append(t.kind.in_(sorted(kinds)))
        if sensitive is not None:
            fits.append(t.is_sensitive == int(sensitive))
        install = self._install()
        new = [
            Copy(
                tracker,
                number,
                _identity(install, f"{tracker} {place} {to_micros(opened_at)}", number),
                place,
            )
            for number, opened_at in self._c.execute(sa.select(t.id, t.opened_at).where(*fits))
        ]
        bulk_upsert(self._c, mirror, _COLUMNS, map(_row, new), update=False)
        return len(new)

    def _install(self) -> str:
        """What tells this installation from every other: the beginning of its journal's first hash."""
        first = self._c.execute(sa.select(journal.c.hash).order_by(journal.c.seq).limit(1)).scalar()
        return str(first or "")[:INSTALL]

    def set_right(self, tracker: str, now: datetime, longest: timedelta) -> None:
        m, end = mirror.c, now + longest
        is_ours, began_ahead = m.tracker == tracker, m.attempted_at > now + APART_MAX
        began = sa.case((began_ahead, sa.literal(now, m.attempted_at.type)), else_=m.attempted_at)
        unmade = m.state.in_(_UNMADE) & sa.or_(began_ahead, m.next_at > end)
        self._c.execute(sa.update(mirror).where(is_ours, unmade).values(attempted_at=began, next_at=None))
        again = {"attempted_at": began, "look_again_at": now}
        self._c.execute(sa.update(mirror).where(is_ours, m.look_again_at > end).values(again))

    def unmade(self, tracker: str, now: datetime, limit: int) -> list[Mirrored]:
        m, t = mirror.c, ticket.c
        is_time = sa.or_(m.next_at.is_(None), m.next_at <= now)
        is_needed = sa.or_(m.state != CopyState.WANTED.value, t.state.in_(_DOABLE))
        which = (m.tracker == tracker) & m.state.in_(_UNMADE) & is_time & is_needed
        return self._mirrored(which, (t.due_at, t.id), limit)

    def made_again(self, tracker: str, now: datetime, limit: int) -> list[Mirrored]:
        m = mirror.c
        which = (m.tracker == tracker) & (m.look_again_at <= now) & m.state.in_(_MAYBE_THERE)
        return self._mirrored(which, (m.look_again_at, m.ticket), limit)

    def linked(self, tracker: str, settled_after: datetime, after: int, limit: int) -> list[Mirrored]:
        m = mirror.c
        is_kept = sa.or_(m.settled_at.is_(None), m.settled_at > settled_after)
        is_live = ticket.c.state.in_(_LIVE)
        which = (m.tracker == tracker) & (m.state == CopyState.LINKED.value) & (m.ticket > after)
        return self._mirrored(which & sa.or_(is_kept, is_live), (m.ticket,), limit)

    def _mirrored(
        self, which: sa.ColumnElement[bool], order: tuple[sa.ColumnElement[Any], ...], limit: int
    ) -> list[Mirrored]:
        copies = [mirror.c[name].label(f"m_{name}") for name in _COLUMNS]
        query = sa.select(ticket, *copies).join(mirror, mirror.c.ticket == ticket.c.id)
        rows = self._c.execute(query.where(which).order_by(*order).limit(limit)).all()
        return [Mirrored(_copy(row, "m_"), ticket_from_row(row)) for row in rows]

    def put(self, copy: Copy) -> None:
        bulk_upsert(self._c, mirror, _COLUMNS, [_row(copy)])

    def looked_at(self, tracker: str, tickets: Collection[int], now: datetime) -> None:
        for chunk in chunked(sorted(tickets)):
            which = (mirror.c.tracker == tracker) & mirror.c.ticket.in_(chunk)
            self._c.execute(sa.update(mirror).where(which).values(synced_at=now))

    def of(self, tickets: Collection[int]) -> dict[int, list[Copy]]:
        found: dict[int, list[Copy]] = {}
        for chunk in chunked(sorted(set(tickets))):
            query = sa.select(mirror).where(mirror.c.ticket.in_(chunk)).order_by(mirror.c.tracker)
            for row in self._c.execute(query):
                found.setdefault(row.ticket, []).append(_copy(row))
        return found

    def concerning(self, tickets: Collection[int], people: Collection[Account]) -> list[Copy]:
        m, facts = mirror.c, [one.facts for one in people]
        marks = {mark_of(name) for one in facts for name in (one.email or "", one.display_name)} - {""}
        which = m.ticket.in_(sorted(tickets)) | m.assignee.in_(sorted(marks))
        query = sa.select(mirror).where(which, m.key != "").order_by(m.ticket, m.tracker)
        return [_copy(row) for row in self._c.execute(query)]

    def find(self, tracker: str, number: int) -> Copy | None:
        which = (mirror.c.tracker == tracker) & (mirror.c.ticket == number)
        row = self._c.execute(sa.select(mirror).where(which)).first()
        return None if row is None else _copy(row)

    def get(self, tracker: str, number: int) -> Mirrored:
        which = (mirror.c.tracker == tracker) & (mirror.c.ticket == number)
        found = self._mirrored(which, (mirror.c.ticket,), 1)
        if not found:
            raise LookupError(f"{tracker} has no copy of {ticket_label(number)}")
        return found[0]

    def all(self, limit: int, *, with_problem: bool) -> list[Copy]:
        m = mirror.c
        query = sa.select(mirror).order_by(m.tracker, m.ticket).limit(limit)
        if with_problem:
            query = query.where(m.problem != "")
        return [_copy(row) for row in self._c.execute(query)]

    def counts(self) -> Mapping[CopySort, int]:
        m = mirror.c
        query = sa.select(m.tracker, m.state, sa.func.count()).group_by(m.tracker, m.state)
        return {
            CopySort(tracker, CopyState(state)): count for tracker, state, count in self._c.execute(query)
        }

    def unnamed(self) -> list[Unnamed]:
        m = mirror.c
        is_unnamed = (m.state == CopyState.LINKED.value) & (m.standing == CopyStanding.UNKNOWN.value)
        query = sa.select(m.tracker, m.status, sa.func.count()).join(ticket, ticket.c.id == m.ticket)
        query = query.where(is_unnamed, ticket.c.state.in_(_LIVE)).group_by(m.tracker, m.status)
        return [Unnamed(*row) for row in self._c.execute(query.order_by(m.tracker, m.status))]

    # --- what was told, and who was told of trouble ----------------------------------------------

    def keep(self, tracker: str, told: TrackerSaid, now: datetime) -> None:
        row = (
            tracker, told.call_id, ticket_number(told.label), int(told.is_done), told.by, told.note,
            None if told.at is None else to_micros(told.at), to_micros(now), 0,
        )  # fmt: skip
        columns = ("tracker", "call_id", "ticket", "is_done", "by", "note", "at", "received_at", "is_used")
        bulk_upsert(self._c, mirror_told, columns, [row], update=False)

    def told(self, tracker: str, limit: int) -> list[TrackerSaid]:
        d = mirror_told.c
        query = sa.select(mirror_told).where(d.tracker == tracker, d.is_used == 0)
        said_at = sa.func.coalesce(d.at, d.received_at)
        rows = self._c.execute(query.order_by(said_at, d.received_at, d.call_id).limit(limit))
        return [
            TrackerSaid(row.call_id, ticket_label(row.ticket), bool(row.is_done), row.by, row.note, row.at)
            for row in rows
        ]

    def used(self, tracker: str, call_id: str) -> None:
        which = (mirror_told.c.tracker == tracker) & (mirror_told.c.call_id == call_id)
        self._c.execute(sa.update(mirror_told).where(which).values(is_used=1, by="", note=""))

    def notice(self, tracker: str, cause: str, now: datetime, again_after: timedelta) -> bool:
        n = mirror_notice.c
        this = (n.tracker == tracker) & (n.cause == cause)
        told_at = self._c.execute(sa.select(n.told_at).where(this)).scalar()
        if told_at is not None and told_at <= now < told_at + again_after:
            return False
        bulk_upsert(
            self._c, mirror_notice, ("tracker", "cause", "told_at"), [(tracker, cause, to_micros(now))]
        )
        return True

    def forget_notices(self, before: datetime) -> None:
        self._c.execute(sa.delete(mirror_notice).where(mirror_notice.c.told_at < before))
        self._c.execute(sa.delete(mirror_told).where(mirror_told.c.received_at < before))


def _identity(install: str, of: str, number: int) -> str:
    """The identity of the copy of a ticket with a number, in a tracker, that was opened at an instant (`of`).

    Several trackers may be in one place, or searched at once; and a number is given again after a backup was put back.
    """
    short = hashlib.sha256(of.encode()).hexdigest()[:OF]
    return f"whosleft-{install}{short}-{ticket_label(number).lower()}"


def _row(copy: Copy) -> tuple[Any, ...]:
    values = {name: getattr(copy, name) for name in _COLUMNS}
    for name in _INSTANTS:
        values[name] = None if values[name] is None else to_micros(values[name])
    values |= {"state": copy.state.value, "standing": copy.standing.value}
    values["intent"] = copy.intent.value if copy.intent else None
    return tuple(values[name] for name in _COLUMNS)


def _copy(row: Any, prefix: str = "") -> Copy:
    values = {name: getattr(row, prefix + name) for name in _COLUMNS}
    values |= {"state": CopyState(values["state"]), "standing": CopyStanding(values["standing"])}
    values["intent"] = Goal(values["intent"]) if values["intent"] else None
    return Copy(**values)
