"""Messages and deliveries as people look at them; what is held, and what became of the dead."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from itertools import groupby, islice
from typing import Any

import sqlalchemy as sa

from worker.domain.messages.message import Recipient
from worker.domain.messages.overtaken import NEVER_SUMMED_UP, PASSED
from worker.domain.messages.paragraphs import Cause
from worker.domain.tickets.ticket import DIGITS_MAX, TicketKind, TicketState, ticket_label, ticket_number
from worker.ports.state.deliveries import NEWEST, Post, PostAbout, PostFilter, PostPlace, PostState
from worker.storage.outbox_rows import is_to_page, pages_of, recipient_from_row, via_text
from worker.storage.searching import holds
from worker.storage.sql.chunks import chunked
from worker.storage.sql.tables import delivery, outbox, ticket

_OF_DELIVERY = {
    PostState.WAITING: ("waiting", "claimed"),
    PostState.HELD: ("waiting",),
    PostState.SENT: ("sent",),
    PostState.BOUNCED: ("bounced",),
    PostState.DEAD: ("unreachable",),
}
_STATES = {
    name: state for state, names in _OF_DELIVERY.items() if state is not PostState.HELD for name in names
}
_WHY_DEAD = {
    "unreachable": "No notifier reaches them.",
    "passed_on": "No notifier reaches them. The next step came in its place.",
}
NAMED_MAX = 10  # tickets of one cause in a summary
_GIVEN_UP = tuple(_WHY_DEAD)
_WAITING = ("pending", *_GIVEN_UP)
_TO_DO = (TicketState.OPEN.value, TicketState.BLOCKED.value)


class SqlDeliveries:
    """The port `Deliveries` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def posts(self, wanted: PostFilter, now: datetime, limit: int, place: PostPlace = NEWEST) -> list[Post]:
        alone = self._alone(wanted, now, limit, place.message)
        together = self._together(wanted, now, limit, place.delivery)
        # Each list stays in its own order, so that a page ends at one number of each
        merged = heapq.merge(alone, together, key=lambda post: post.created_at, reverse=True)
        return list(islice(merged, limit))

    def about(self, ticket: int, now: datetime, limit: int) -> list[PostAbout]:
        o, d = outbox.c, delivery.c
        query = sa.select(outbox).where(o.ticket_id == ticket).order_by(o.id.desc()).limit(limit)
        messages = self._c.execute(query).all()
        bundles = {row.bundle_id for row in messages if row.bundle_id is not None}
        of = defaultdict[int, list[Any]](list)
        for part in chunked(sorted(bundles)):
            rows = self._c.execute(sa.select(delivery).where(d.bundle_id.in_(part)).order_by(d.id))
            for row in rows:
                of[row.bundle_id].append(row)
        held, found = self._held(bundles, now), []
        for row in messages:
            if row.bundle_id is None and row.state in _WAITING:
                found.append(PostAbout(_message(row, _state_alone(row, now)), row.created_at))
            found += [
                PostAbout(
                    _delivery(one, (ticket_label(ticket),), now, held.get(one.bundle_id, "")),
                    row.created_at,
                    one.sent_at,
                    one.reference or "",
                )
                for one in of.get(row.bundle_id, ())
                if one.state in _STATES and (row.state != "dropped" or one.state == "bounced")
            ]
        return found

    def count(self, state: PostState, now: datetime) -> int:
        alone = sa.select(sa.func.count()).select_from(outbox).where(_alone(state, now))
        found = int(self._c.execute(alone).scalar_one())
        together = sa.select(sa.func.count()).select_from(delivery).where(_together([state], now))
        return found + int(self._c.execute(together).scalar_one())

    def _alone(self, wanted: PostFilter, now: datetime, limit: int, below: int | None) -> list[Post]:
        """Messages in no delivery."""
        o = outbox.c
        which = sa.or_(*(_alone(state, now) for state in wanted.states))
        if below is not None:
            which &= o.id < below
        if wanted.text:
            number = _number_in(wanted.text)
            which &= sa.or_(_is_to(o, wanted.text), sa.false() if number is None else o.ticket_id == number)
        rows = self._c.execute(sa.select(outbox).where(which).order_by(o.id.desc()).limit(limit))
        return [_message(row, _state_alone(row, now)) for row in rows]

    def _together(self, wanted: PostFilter, now: datetime, limit: int, below: int | None) -> list[Post]:
        """Deliveries."""
        d = delivery.c
        is_below = sa.true() if below is None else d.id < below
        unsent = [state for state in wanted.states if state is not PostState.SENT]
        found = self._page(_together(unsent, now) & is_below, wanted, limit)
        if PostState.SENT in wanted.states:
            # Nearly all are sent, so they are read from the newest on; by their state all would be sorted
            found += self._page((d.state.concat("") == "sent") & is_below, wanted, limit)
        rows = sorted(found, key=lambda row: -row.id)[:limit]
        bundles = {row.bundle_id for row in rows}
        tickets, held = self._tickets(bundles), self._held(bundles, now)
        return [_delivery(row, tickets[row.bundle_id], now, held.get(row.bundle_id, "")) for row in rows]

    def _page(self, which: sa.ColumnElement[bool], wanted: PostFilter, limit: int) -> list[Any]:
        d = delivery.c
        if wanted.text:
            number = _number_in(wanted.text)
            about = sa.select(outbox.c.bundle_id).where(outbox.c.ticket_id == number)
            which &= sa.or_(_is_to(d, wanted.text), sa.false() if number is None else d.bundle_id.in_(about))
        return list(self._c.execute(sa.select(delivery).where(which).order_by(d.id.desc()).limit(limit)))

    def _tickets(self, bundles: Collection[int]) -> dict[int, tuple[str, ...]]:
        o, found = outbox.c, defaultdict[int, tuple[str, ...]](tuple)
        for part in chunked(sorted(bundles)):
            query = sa.select(o.bundle_id, o.ticket_id).where(o.bundle_id.in_(part), o.ticket_id.is_not(None))
            for bundle, number in self._c.execute(query.distinct().order_by(o.bundle_id, o.ticket_id)):
                found[bundle] = (*found[bundle], ticket_label(number))
        return found

    def _held(self, bundles: Collection[int], now: datetime) -> dict[int, str]:
        """What holds the deliveries of these bundles that are put off, by bundle."""
        o, found = outbox.c, dict[int, str]()
        for part in chunked(sorted(bundles)):
            query = sa.select(o.bundle_id, o.held_by).where(o.bundle_id.in_(part), o.not_before > now)
            found |= {
                row.bundle_id: row.held_by for row in self._c.execute(query.order_by(o.not_before.desc()))
            }
        return found

    def hold(self, keys: Sequence[str], until: datetime, by: str) -> None:
        o = outbox.c
        for part in chunked(keys):
            waiting = o.key.in_(part) & (o.state == "pending")
            self._c.execute(sa.update(outbox).where(waiting).values(not_before=until, held_by=by))

    def release(self, by: str, now: datetime) -> list[int]:
        return self._release(outbox.c.held_by == by, now)

    def release_all(self, now: datetime) -> list[int]:
        return self._release(outbox.c.held_by != "", now)

    def _release(self, which: sa.ColumnElement[bool], now: datetime) -> list[int]:
        o, d = outbox.c, delivery.c
        held = which & (o.state == "pending") & sa.or_(o.bundle_id.is_(None), o.not_before > now)
        bundles = sa.select(o.bundle_id).where(held, o.bundle_id.is_not(None))
        put_off = (d.state == "waiting") & d.bundle_id.in_(bundles)
        self._c.execute(sa.update(delivery).where(put_off).values(next_at=now))
        query = sa.select(o.ticket_id).where(held, o.ticket_id.is_not(None)).distinct().order_by(o.ticket_id)
        about = list(self._c.execute(query).scalars())
        # `held_by` stays: it was held, and is dropped if its ticket is closed before it goes out
        self._c.execute(sa.update(outbox).where(held).values(not_before=None))
        return [number for number in about if number is not None]

    def take_dropped(self, to: Collection[Recipient], now: datetime) -> dict[Recipient, list[str]]:
        named = {(one.kind.value, one.address): one for one in reversed(list(to))}
        drop, dropped, forget = _dropping()
        found = defaultdict[Recipient, list[str]](list)
        for page in pages_of(to):
            given = {**page, "now": now}
            self._c.execute(drop, given)
            rows = self._c.execute(dropped, given).all()
            if rows:
                self._c.execute(forget, given)
            for address, number, is_reopened in rows:
                if not is_reopened:
                    found[named[page["to_kind"], address]].append(ticket_label(number))
        return found

    def sum_up(self, to: Recipient, now: datetime) -> list[Cause]:
        o = outbox.c
        theirs = (o.recipient_kind == to.kind.value) & (o.address == to.address) & (o.via == via_text(to))
        once = [o.key.contains(f":{said}:", autoescape=True) for said in NEVER_SUMMED_UP]
        is_told_again = ~sa.or_(*once, o.key.endswith(PASSED, autoescape=True))
        which = theirs & _alone(PostState.WAITING, now) & o.ticket_id.is_not(None) & is_told_again
        each = (
            sa.select(ticket.c.kind, o.is_urgent, o.ticket_id, sa.func.count().label("messages"))
            .join(ticket, ticket.c.id == o.ticket_id)
            .where(which)
            .group_by(ticket.c.kind, o.is_urgent, o.ticket_id)
            .subquery()
        )
        cause = each.c.kind, each.c.is_urgent
        placed = sa.select(
            each.c.kind,
            each.c.is_urgent,
            each.c.ticket_id,
            sa.func.sum(each.c.messages).over(partition_by=cause).label("messages"),
            sa.func.count().over(partition_by=cause).label("tickets"),
            sa.func.row_number().over(partition_by=cause, order_by=each.c.ticket_id).label("place"),
        ).subquery()
        first = sa.select(placed).where(placed.c.place <= NAMED_MAX)
        order = placed.c.is_urgent.desc(), placed.c.kind, placed.c.place
        by_cause = groupby(self._c.execute(first.order_by(*order)), key=lambda one: (one.kind, one.is_urgent))
        found = []
        for (kind, is_urgent), rows in by_cause:
            named = list(rows)
            count, tickets = int(named[0].messages), named[0].tickets
            numbers = tuple(one.ticket_id for one in named)
            found.append(Cause(TicketKind(kind), bool(is_urgent), count, tickets, numbers))
        self._c.execute(sa.update(outbox).where(which).values(state="summed_up"))
        return found

    def retry(self, post_id: str, now: datetime) -> Post | None:
        post, table, which = self._find(post_id)
        if post is None or post.state is not PostState.DEAD:
            return None
        if table is delivery:
            again = {"state": "waiting", "attempts": 0, "next_at": now, "error": ""}
            bundle = self._c.execute(sa.select(delivery.c.bundle_id).where(which)).scalar_one()
            self._c.execute(sa.update(delivery).where(which).values(again))
            which = outbox.c.bundle_id == bundle
        which &= outbox.c.state.in_(_GIVEN_UP)
        self._c.execute(sa.update(outbox).where(which).values(state="pending", not_before=None, held_by=""))
        return post

    def drop(self, post_id: str) -> Post | None:
        post, table, which = self._find(post_id)
        if post is None or post.state in {PostState.SENT, PostState.BOUNCED}:
            return None
        if table is delivery:
            bundle = self._c.execute(sa.select(delivery.c.bundle_id).where(which)).scalar_one()
            self._c.execute(sa.update(delivery).where(which).values(state="dropped"))
            others = (delivery.c.bundle_id == bundle) & delivery.c.state.in_(("waiting", "claimed", "sent"))
            if self._c.execute(sa.select(sa.func.count()).where(others)).scalar_one():
                return post
            which = outbox.c.bundle_id == bundle
        given_up = {"state": "dropped", "held_by": ""}
        self._c.execute(sa.update(outbox).where(which, outbox.c.state != "sent").values(given_up))
        return post

    def _find(self, post_id: str) -> tuple[Post | None, sa.Table, sa.ColumnElement[bool]]:
        """The post with an id, its table, and the condition that names its row."""
        kind, _, number = post_id.strip().upper().partition("-")
        is_number = number.isascii() and number.isdigit() and len(number) <= DIGITS_MAX
        wanted = int(number) if is_number else 0
        if kind == "D":
            which: sa.ColumnElement[bool] = delivery.c.id == wanted
            row = self._c.execute(sa.select(delivery).where(which)).first()
            is_there = row is not None and row.state in _STATES
            post = _delivery(row, self._tickets([row.bundle_id])[row.bundle_id]) if row and is_there else None
            return post, delivery, which
        which = (outbox.c.id == wanted) & outbox.c.bundle_id.is_(None)
        row = self._c.execute(sa.select(outbox).where(which)).first() if kind == "M" else None
        states = {"pending": PostState.WAITING, **dict.fromkeys(_GIVEN_UP, PostState.DEAD)}
        post = _message(row, states[row.state]) if row is not None and row.state in states else None
        return post, outbox, which


def _together(states: Collection[PostState], now: datetime) -> sa.ColumnElement[bool]:
    """Deliveries that are in one of these states."""
    d, o = delivery.c, outbox.c
    is_put_off = (d.state == "waiting") & (d.next_at > now)
    is_held = is_put_off & sa.exists().where(o.bundle_id == d.bundle_id, o.not_before > now)
    that = {PostState.HELD: is_held, PostState.WAITING: ~is_held}
    found = [d.state.in_(_OF_DELIVERY[state]) & that.get(state, sa.true()) for state in states]
    names = {name for state in states for name in _OF_DELIVERY[state]}
    return d.state.in_(sorted(names)) & sa.or_(sa.false(), *found)


def _alone(state: PostState, now: datetime | sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    """Messages in no delivery that are in this state."""
    o = outbox.c
    if state is PostState.DEAD:
        return o.state.in_(_GIVEN_UP) & o.bundle_id.is_(None)
    is_pending = (o.state == "pending") & o.bundle_id.is_(None)
    if state is PostState.HELD:
        return is_pending & (o.not_before > now)
    if state is PostState.WAITING:
        return is_pending & sa.or_(o.not_before.is_(None), o.not_before <= now)
    return sa.false()


@cache
def _dropping() -> tuple[sa.Update, sa.Select[Any], sa.Update]:
    """What drops the held calls to a page of recipients, finds what was dropped, and forgets that it was held.

    Built once: it runs in each pass.
    """
    o, now = outbox.c, sa.bindparam("now", type_=outbox.c.not_before.type)
    theirs = is_to_page(o)
    is_done = sa.exists().where(ticket.c.id == o.ticket_id, ticket.c.state == TicketState.DONE.value)
    called = theirs & _alone(PostState.WAITING, now) & (o.held_by != "") & (o.is_urgent == 1) & is_done
    is_time = sa.or_(o.not_before.is_(None), o.not_before <= now)
    which = theirs & (o.state == "dropped") & (o.held_by != "") & is_time
    is_reopened = sa.exists().where(ticket.c.id == o.ticket_id, ticket.c.state.in_(_TO_DO))
    query = sa.select(o.address, o.ticket_id, is_reopened.label("is_reopened"))
    return (
        sa.update(outbox).where(called).values(state="dropped"),
        query.where(which, o.ticket_id.is_not(None)).distinct().order_by(o.address, o.ticket_id),
        sa.update(outbox).where(which).values(held_by=""),
    )


def _state_alone(row: Any, now: datetime) -> PostState:
    if row.state in _GIVEN_UP:
        return PostState.DEAD
    return PostState.HELD if row.not_before is not None and row.not_before > now else PostState.WAITING


def _is_to(columns: Any, text: str) -> sa.ColumnElement[bool]:
    """Whether a row's recipient has this text in their address or name."""
    return holds(columns.address, text) | holds(columns.name, text)


def _number_in(text: str) -> int | None:
    """The number of the ticket that a text is the id of; None for any other text."""
    try:
        return ticket_number(text)
    except ValueError:
        return None


def _message(row: Any, state: PostState) -> Post:
    tickets = () if row.ticket_id is None else (ticket_label(row.ticket_id),)
    held = row.not_before if state is PostState.HELD else None
    return Post(
        f"M-{row.id:06d}",
        recipient_from_row(row),
        "",
        state,
        held,
        row.held_by,
        0,
        _WHY_DEAD.get(row.state, ""),
        tickets,
        row.created_at,
    )


def _delivery(row: Any, tickets: tuple[str, ...], now: datetime | None = None, held_by: str = "") -> Post:
    state: PostState = _STATES[row.state]
    until: datetime | None = None
    if held_by and row.state == "waiting" and now is not None and row.next_at > now:
        state, until = PostState.HELD, row.next_at
    return Post(
        f"D-{row.id:06d}", recipient_from_row(row), row.notifier, state, until, held_by if until else "",
        row.attempts, row.error, tickets, row.created_at,
    )  # fmt: skip
