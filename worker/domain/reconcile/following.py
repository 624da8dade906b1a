"""Tickets follow their person, to another handle and another last day, and their group, to another name. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from worker.domain.escalation.calendar import last_day
from worker.domain.groups.case import GroupView, MemberView
from worker.domain.kinds import is_exposure
from worker.domain.kinds.controlled import TIME_S
from worker.domain.kinds.removals import HIDDEN_SINCE
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.reason import because
from worker.domain.tickets.ticket import Ticket, TicketState

WHY = because("the member is listed under another handle now")


def followed(group: GroupView) -> tuple[Ticket, ...]:
    """Return the tickets that go on under another handle, as they are then: same number, state, clock and assignee.

    Removals of a member who is no longer listed while the same person is, under a handle without such a ticket. A
    number that changed, or is not shown any more, is so no removal, nor while such a list is not believed yet.
    """
    otherwise = group.listed_otherwise
    views = [view for view in group.members if view.member.handle not in otherwise]
    listed = {view.member.handle for view in views}
    taken = {ticket.key for ticket in group.tickets}
    moved: list[Ticket] = []
    for ticket in sorted(group.tickets, key=lambda one: one.id):
        is_open = ticket.is_live or ticket.state is TicketState.WAIVED
        if not is_open or not is_exposure(ticket) or ticket.group != group.key or ticket.handle in listed:
            continue
        under_others = (_under(ticket, view) for view in _views_of(ticket, views))
        free = next((one for one in under_others if one.key not in taken), None)
        if free is not None:
            taken.add(free.key)
            moved.append(free)
    return tuple(moved)


def renamed(group: GroupView) -> tuple[Ticket, ...]:
    """Return the tickets that wait for somebody, with the name that their group has now: by it they find the group."""
    return tuple(
        replace(ticket, group_name=group.name)
        for ticket in group.tickets
        if ticket.group == group.key
        and (ticket.is_live or ticket.state is TicketState.WAIVED)
        and ticket.group_name not in {"", group.name}
        and group.name
    )


def _views_of(ticket: Ticket, views: Iterable[MemberView]) -> list[MemberView]:
    theirs = [view for view in views if ticket.person in view.known_as]
    return sorted(theirs, key=lambda view: view.member.handle)


def _under(ticket: Ticket, view: MemberView) -> Ticket:
    member = view.member
    return replace(
        ticket, handle=member.handle, member_name=member.display_name, member_role=member.role, reason=WHY,
        details={key: said for key, said in ticket.details.items() if key != HIDDEN_SINCE},
    )  # fmt: skip


def with_last_days(group: GroupView, rules: TicketRules, now: datetime) -> tuple[Ticket, ...]:
    """Return the handovers whose last day is another one now, with that day, and due by it.

    Whoever left on another day than was said is followed, too.
    """
    if rules.hand_over is None:
        return ()
    moved = []
    for ticket in group.tickets:
        at = _leaves_at(ticket, group) if ticket.is_live and ticket.is_early else None
        if at is None or ticket.left_at is None or at == ticket.left_at:
            continue
        time = rules.hand_over.time(ticket, rules.policy(ticket).calendar, at, now)
        if at < ticket.left_at:
            time = min(time, rules.allowed(ticket))  # a nearer day gives nobody more time
        details = {**ticket.details, TIME_S: time.total_seconds()}
        why = because("the last day was moved to {day}", day=last_day(at, rules.timezone))
        moved.append(rules.timed(replace(ticket, left_at=at, details=details, reason=why)))
    return tuple(moved)


def _leaves_at(ticket: Ticket, group: GroupView) -> datetime | None:
    """The end of the last day of an admin who hands over or has left; None for one who stays, or is not listed."""
    for view in _views_of(ticket, group.members):
        if view.leaving is not None:
            return view.leaving.at
        if view.person is not None and view.person.key in group.handing_over:
            return view.person.leaves_at
    return None
