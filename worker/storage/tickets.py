"""Tickets, their taken steps, and what the latest rosters say about them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.domain.escalation.policy import Taken
from worker.domain.identity.matching import IdentityState
from worker.domain.instants import APART_MAX
from worker.domain.kinds import codes, kind_of
from worker.domain.kinds.kind import Sees
from worker.domain.messages.message import Recipient, RecipientKind
from worker.domain.model import Account, AccountKey, Coverage, GroupKey, Role
from worker.domain.people.persons import AccountsRule
from worker.domain.tickets.sight import Sight
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import LIVE, Ticket, TicketKind, TicketState
from worker.ports.state.tickets import Gone, SeenIn, SeenTicket, StepTaken, TicketSort, WatchedTicket
from worker.storage.candidates.assignees import answered_for_by_others, with_former_accountable
from worker.storage.candidates.tickets import holds_over, waivers_over
from worker.storage.cases import active_admins_of
from worker.storage.departed import gone
from worker.storage.hidden_members import maybe_there
from worker.storage.other_handles import roles_of_people, roles_under_other_handles
from worker.storage.persons import people_of
from worker.storage.seen import seen_in
from worker.storage.sql.bulk import bulk_insert_values, bulk_upsert
from worker.storage.sql.chunks import by_source, chunked, in_source
from worker.storage.sql.counters import take_numbers
from worker.storage.sql.mapping import ticket_from_row, ticket_values
from worker.storage.sql.tables import (
    chat_group,
    escalation,
    link,
    membership,
    outbox,
    source,
    ticket,
    to_micros,
)

_OF_IDENTITY = codes(lambda kind: kind.sees is Sees.IDENTITY)
_OF_ADMINS = codes(lambda kind: kind.sees is Sees.ADMINS)
_OF_CONTROLS = codes(
    lambda kind: kind.sees is Sees.CONTROLS
)  # weighed by what controls say: Controls.to_weigh
_LIVE = tuple(state.value for state in sorted(LIVE))
_REMOVALS = codes(lambda kind: kind.is_exposure)


# What a reader of a ticket sees of it; a change of anything else is no other version
_SEEN = (
    "state", "group_name", "assignee_email", "due_at", "done_at", "done_by", "verified_at", "grade", "blocked_by",
    "waived_until", "acknowledged_until", "snoozed_until", "held_until", "disputed_at",
)  # fmt: skip


def _version() -> sa.ColumnElement[int]:
    """The ticket's version with the new values: one more if a reader would see another ticket."""
    is_other = (
        ticket.c[name].is_distinct_from(sa.bindparam(name, type_=ticket.c[name].type)) for name in _SEEN
    )
    return sa.case((sa.or_(*is_other), ticket.c.version + 1), else_=ticket.c.version)


_UPDATE = (
    sa.update(ticket)
    .where(ticket.c.id == sa.bindparam("k_id"))
    .values({name: sa.bindparam(name) for name in ticket.c.keys()} | {"version": _version()})  # noqa: SIM118 - columns
)
_BY_ID = sa.select(ticket).where(ticket.c.id == sa.bindparam("wanted"))
_IS_OF_IDS = ticket.c.id.in_(sa.bindparam("ids", expanding=True))
_BY_IDS = sa.select(ticket).where(_IS_OF_IDS)
_PAGE = (
    sa.select(ticket)
    .where(ticket.c.state.in_(sa.bindparam("states", expanding=True)), ticket.c.id > sa.bindparam("after"))
    .order_by(ticket.c.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_OF_PERSON = (
    sa.select(ticket)
    .where(
        ticket.c.person_source == sa.bindparam("of"),
        ticket.c.person_id == sa.bindparam("id"),
    )
    .order_by(ticket.c.id)
)
_TAKEN = (
    sa.select(*(escalation.c[name] for name in ("ticket_id", "step", "repeat", "at", "policy")))
    .where(escalation.c.ticket_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(escalation.c.at, escalation.c.step, escalation.c.repeat)
)
_IS_TAKEN = sa.select(sa.func.count()).where(
    escalation.c.ticket_id == sa.bindparam("number"),
    escalation.c.step == sa.bindparam("at_step"),
    escalation.c.repeat == sa.bindparam("times"),
)

# Of people: a program that an event did not reach is nobody
_REACHED_NOBODY = (outbox.c.state == "unreachable") & (outbox.c.recipient_kind != RecipientKind.FEED.value)
_UNREACHABLE = (
    sa.select(outbox.c.ticket_id)
    .distinct()
    .where(_REACHED_NOBODY, outbox.c.ticket_id.is_not(None))
    .order_by(outbox.c.ticket_id)
)


class SqlTickets:
    """The port `StoredTickets` within one transaction."""

    def __init__(self, connection: sa.Connection, rule: AccountsRule) -> None:
        self._c = connection
        self._rule = rule

    def insert(self, new: Sequence[Ticket]) -> list[Ticket]:
        if not new:
            return []
        first = take_numbers(self._c, "ticket", len(new))
        # No version is that of another ticket which had the number before a backup was put back
        stored = [
            replace(one, id=first + at, version=to_micros(one.opened_at) or 0) for at, one in enumerate(new)
        ]
        bulk_insert_values(self._c, ticket, [ticket_values(one) for one in stored])
        return stored

    def update(self, changed: Sequence[Ticket]) -> None:
        if changed:
            rows = [{**_without_version(one), "k_id": one.id} for one in changed]
            self._c.execute(_UPDATE, rows)

    def get(self, number: int) -> Ticket | None:
        row = self._c.execute(_BY_ID, {"wanted": number}).first()
        return None if row is None else ticket_from_row(row)

    def many(self, numbers: Collection[int]) -> dict[int, Ticket]:
        found: dict[int, Ticket] = {}
        for chunk in chunked(sorted(set(numbers))):
            for row in self._c.execute(_BY_IDS, {"ids": chunk}):
                found[row.id] = ticket_from_row(row)
        return found

    def page(self, states: Sequence[TicketState], after: int, limit: int) -> list[Ticket]:
        page = {"states": [state.value for state in states], "after": after, "limit": limit}
        return [ticket_from_row(row) for row in self._c.execute(_PAGE, page).all()]

    def open_of(self, email: str) -> list[Ticket]:
        t = ticket.c
        mine = (t.assignee_email == email.casefold()) & (t.state == TicketState.OPEN.value)
        query = sa.select(ticket).where(mine).order_by(t.group_name, t.id)
        return [ticket_from_row(row) for row in self._c.execute(query)]

    def of_person(self, key: AccountKey) -> list[Ticket]:
        rows = self._c.execute(_OF_PERSON, {"of": key.source, "id": key.person_id})
        return [ticket_from_row(row) for row in rows]

    def of_group(self, group: GroupKey) -> list[Ticket]:
        rows = self._c.execute(_of_group(), {"of": group.source, "id": group.group_id})
        return [ticket_from_row(row) for row in rows]

    def homes_of_holds_over(self, now: datetime, longest: timedelta) -> list[GroupKey]:
        rows = self._c.execute(holds_over(), {"now": now, "latest": now + longest + APART_MAX})
        return [GroupKey(*row) for row in rows]

    def homes_of_waivers_over(self, since: datetime, now: datetime) -> list[GroupKey]:
        rows = self._c.execute(waivers_over(), {"since": since, "now": now})
        return [GroupKey(*row) for row in rows]

    def answer_for(self, accountable: str) -> list[GroupKey]:
        self._c.execute(answered_for_by_others(accountable))
        rows = self._c.execute(with_former_accountable(accountable)) if accountable else ()
        return [GroupKey(*row) for row in rows]

    def counts(self) -> dict[TicketSort, int]:
        query = sa.select(ticket.c.state, ticket.c.kind, sa.func.count()).group_by(
            ticket.c.state, ticket.c.kind
        )
        return {
            TicketSort(TicketState(state), TicketKind(kind)): count
            for state, kind, count in self._c.execute(query)
        }

    # --- verification ----------------------------------------------------------------------------

    def to_weigh(self, after: int, limit: int, now: datetime, claimed_before: datetime) -> list[SeenTicket]:
        given = {"near": now + APART_MAX, "claimed_before": claimed_before}
        return self._seen(_to_weigh(), after, limit, **given)

    def claims(self, sources: Collection[str], after: int, limit: int) -> list[SeenTicket]:
        return self._seen(_claims(), after, limit, sources=sorted(sources))

    def _seen(self, query: sa.Select[Any], after: int, limit: int, **given: Any) -> list[SeenTicket]:
        page = {"after": after, "limit": limit, "of_people": codes(lambda kind: kind.about is About.PERSON)}
        rows = self._c.execute(query, page | given).all()
        tickets = [ticket_from_row(row) for row in rows]
        sights = self._sights(tickets, rows)
        return [SeenTicket(one, sights.get(one.id)) for one in tickets]

    def _sights(self, tickets: Sequence[Ticket], rows: Sequence[Any]) -> dict[int, Sight]:
        roles = self._roles(tickets)
        admins = self._active_admins(tickets)
        identified, accounts = self._identified(tickets), self._accounts(tickets)
        unsure = maybe_there(self._c, tickets)  # to them the list is as one that shows a part
        return {
            one.id: Sight(
                row.g_taken_at, row.g_read_at, Coverage.PARTIAL if one.id in unsure else Coverage(row.coverage),
                is_fresh=True, role=roles.get(one.id),
                active_admins=len(admins.get(one.group, ())) if one.group else 0,
                admins_leave_at=_leavings(admins.get(one.group, ())) if one.group else (),
                is_identified=one.id in identified,
                account=accounts.get(one.person) if one.person else None,
                declared_by=frozenset(json.loads(row.declared_by)),
            )
            for one, row in zip(tickets, rows, strict=True)
            if row.g_taken_at is not None
        }  # fmt: skip

    def _roles(self, tickets: Sequence[Ticket]) -> dict[int, Role]:
        """The role of each ticket's member in the ticket's group, under any handle of theirs."""
        roles: dict[int, Role] = {}
        for chunk in chunked([one.id for one in tickets]):
            roles |= {number: Role(role) for number, role in self._c.execute(_roles(), {"ids": chunk})}
        absent = [one for one in tickets if one.id not in roles]
        return roles_under_other_handles(self._c, absent) | roles_of_people(self._c, absent) | roles

    def _active_admins(self, tickets: Sequence[Ticket]) -> dict[GroupKey, tuple[Account, ...]]:
        """The active admins, for groups with tickets that need this."""
        groups = [one.home for one in tickets if kind_of(one).sees is Sees.ADMINS]
        found, out = active_admins_of(self._c, groups, self._rule), self._asked_out(groups)
        return {
            group: tuple(one for one in admins if (group, one.key) not in out)
            for group, admins in found.items()
        }

    def _asked_out(self, groups: Sequence[GroupKey]) -> set[tuple[GroupKey, AccountKey]]:
        """The people whose removal from one of these groups a review asks for."""
        return {
            (GroupKey(row.source, row.group_id), AccountKey(row.person_source, row.person_id))
            for page in by_source(groups)
            for row in self._c.execute(_asked_out(), page)
        }

    def _accounts(self, tickets: Sequence[Ticket]) -> dict[AccountKey, Account]:
        """The accounts of the people whom tickets are about."""
        about = [one.person for one in tickets if kind_of(one).sees is Sees.ACCOUNT and one.person]
        return {one.key: one for one in people_of(self._c, about)}

    def _identified(self, tickets: Sequence[Ticket]) -> set[int]:
        found: set[int] = set()
        for chunk in chunked([one.id for one in tickets if kind_of(one).sees is Sees.IDENTITY]):
            found |= set(self._c.execute(_identified(), {"ids": chunk}).scalars())
        return found

    # --- escalation ------------------------------------------------------------------------------

    def gone(self) -> list[Gone]:
        return gone(self._c)

    def seen_in(self, tickets: Sequence[Ticket]) -> dict[int, list[SeenIn]]:
        return seen_in(self._c, tickets)

    def to_escalate(self, after: int, limit: int) -> list[WatchedTicket]:
        open_ = self.page([TicketState.OPEN], after, limit)
        taken: dict[int, list[Taken]] = defaultdict(list)
        for chunk in chunked([one.id for one in open_]):
            for number, *step in self._c.execute(_TAKEN, {"ids": chunk}):
                taken[number].append(Taken(*step))
        return [WatchedTicket(one, tuple(taken[one.id])) for one in open_]

    def unreachable(self) -> list[int]:
        numbers = self._c.execute(_UNREACHABLE).scalars()
        return [number for number in numbers if number is not None]

    def answered_unreachable(self, number: int) -> None:
        which = (outbox.c.ticket_id == number) & _REACHED_NOBODY
        self._c.execute(sa.update(outbox).where(which).values(state="passed_on"))

    def take_step(self, number: int, taken: Taken, policy: str, to: Sequence[Recipient]) -> bool:
        recipients = json.dumps([recipient.label for recipient in to], ensure_ascii=False)
        row = (number, taken.step, taken.repeat, to_micros(taken.at), recipients, policy)
        this = {"number": number, "at_step": taken.step, "times": taken.repeat}
        if self._c.execute(_IS_TAKEN, this).scalar_one():
            return False
        columns = ("ticket_id", "step", "repeat", "at", "recipients", "policy")
        bulk_upsert(self._c, escalation, columns, [row], update=False)
        return True

    def steps(self, number: int) -> list[StepTaken]:
        return self.steps_of([number])[number]

    def steps_of(self, numbers: Collection[int]) -> dict[int, list[StepTaken]]:
        e = escalation.c
        found: dict[int, list[StepTaken]] = {number: [] for number in numbers}
        for chunk in chunked(found):
            query = sa.select(escalation).where(e.ticket_id.in_(chunk)).order_by(e.at, e.step, e.repeat)
            for row in self._c.execute(query):
                taken = Taken(row.step, row.repeat, row.at, row.policy)
                found[row.ticket_id].append(StepTaken(taken, row.policy, tuple(json.loads(row.recipients))))
        return found


def _without_version(one: Ticket) -> dict[str, Any]:
    return {name: value for name, value in ticket_values(one).items() if name != "version"}


@cache
def _of_group() -> sa.Select[Any]:
    t, of, id_ = ticket.c, sa.bindparam("of", type_=sa.String), sa.bindparam("id", type_=sa.String)
    # Of a ticket about a person, `source` is a directory, whatever that is called
    about_it = (t.source == of) & (t.group_id == id_) & t.group_source.is_(None)
    of_people = (t.group_source == of) & (t.group_id == id_)
    both = sa.union_all(sa.select(t.id).where(about_it), sa.select(t.id).where(of_people))
    return sa.select(ticket).where(t.id.in_(both)).order_by(t.id)


@cache
def _roles() -> sa.Select[Any]:
    m, t = membership.c, ticket.c
    is_theirs = (m.source == t.source) & (m.group_id == t.group_id) & (m.handle == t.handle)
    return sa.select(t.id, m.role).join(membership, is_theirs).where(_IS_OF_IDS, m.is_unlisted == 0)


@cache
def _asked_out() -> sa.Select[Any]:
    t = ticket.c
    return sa.select(t.source, t.group_id, t.person_source, t.person_id).where(
        in_source(t.source, t.group_id), t.kind.in_(_REMOVALS), t.state.in_(_LIVE),
        t.evidence.is_(None), t.person_id.is_not(None),
    )  # fmt: skip


@cache
def _identified() -> sa.Select[Any]:
    t = ticket.c
    return (
        sa.select(t.id)
        .join(link, (link.c.source == t.source) & (link.c.handle == t.handle))
        .where(_IS_OF_IDS, link.c.is_dirty == 0)
        .where(link.c.state.in_((IdentityState.LINKED.value, IdentityState.NOBODY.value)))
    )


@cache
def _to_weigh() -> sa.Select[Any]:
    t, g = ticket.c, chat_group.c
    weighed = sa.func.coalesce(t.weighed_at, t.opened_at)
    # A claim that was made after a reading was weighed is weighed against the next one.
    near: sa.BindParameter[datetime] = sa.bindparam("near", type_=t.done_at.type)
    read_at = sa.func.coalesce(g.read_at, source.c.last_success_at)
    is_newer = sa.or_(read_at > weighed, weighed > near, t.done_at > near)
    is_old_claim = (t.state == TicketState.DONE.value) & (t.done_at <= sa.bindparam("claimed_before"))
    is_answered = t.kind.in_(_OF_IDENTITY) & sa.exists().where(
        link.c.source == t.source, link.c.handle == t.handle, link.c.is_dirty == 0,
        link.c.state.in_((IdentityState.LINKED.value, IdentityState.NOBODY.value)),
    )  # fmt: skip
    which = t.state.in_(_LIVE) & t.kind.not_in(_OF_CONTROLS)
    return _with_sight(which & sa.or_(is_newer, is_old_claim, is_answered))


@cache
def _claims() -> sa.Select[Any]:
    of_sources = ticket.c.source.in_(sa.bindparam("sources", expanding=True))
    return _with_sight((ticket.c.state == TicketState.DONE.value) & of_sources)


def _with_sight(which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    t, g = ticket.c, chat_group.c
    of_people: sa.BindParameter[Any] = sa.bindparam("of_people", expanding=True)
    tells_nothing = t.kind.in_(_OF_ADMINS) & (g.knows_roles == 0)  # who is an admin may be anybody
    part, full = Coverage.PARTIAL.value, Coverage.FULL.value
    return (
        sa.select(
            ticket,
            sa.func.coalesce(g.taken_at, source.c.taken_at).label("g_taken_at"),
            sa.func.coalesce(g.read_at, source.c.last_success_at).label("g_read_at"),
            sa.case((tells_nothing, part), else_=sa.func.coalesce(g.coverage, full)).label("coverage"),
            sa.func.coalesce(g.declared_by, "[]").label("declared_by"),
        )
        .outerjoin(chat_group, (g.source == t.source) & (g.group_id == t.group_id) & (g.is_gone == 0))
        .outerjoin(source, (source.c.name == t.source) & t.kind.in_(of_people))
        .where(which, t.id > sa.bindparam("after"))
        .order_by(t.id)
        .limit(sa.bindparam("limit"))
    )


def _leavings(admins: Sequence[Account]) -> tuple[datetime, ...]:
    return tuple(one.leaves_at for one in admins if one.leaves_at is not None)
