"""Tickets follow their person: a member who is listed under another handle now is asked for under that. Pure."""

from __future__ import annotations

from dataclasses import replace

from worker.domain.groups.case import GroupView, MemberView
from worker.domain.kinds import is_exposure
from worker.domain.text.reason import because
from worker.domain.tickets.ticket import Ticket, TicketState

WHY = because("the member is listed under another handle now")


def followed(group: GroupView) -> tuple[Ticket, ...]:
    """Return the tickets that go on under another handle, as they are then: same number, state, clock and assignee.

    Removals of a member who is no longer listed while the same person is, under a handle without such a ticket. A
    number that changed, or is not shown any more, is so no removal.
    """
    listed = {view.member.handle for view in group.members}
    taken = {ticket.key for ticket in group.tickets}
    moved: list[Ticket] = []
    for ticket in sorted(group.tickets, key=lambda one: one.id):
        is_open = ticket.is_live or ticket.state is TicketState.WAIVED
        if not is_open or not is_exposure(ticket) or ticket.group != group.key or ticket.handle in listed:
            continue
        under_others = (_under(ticket, view) for view in _views_of(ticket, group))
        free = next((one for one in under_others if one.key not in taken), None)
        if free is not None:
            taken.add(free.key)
            moved.append(free)
    return tuple(moved)


def _views_of(ticket: Ticket, group: GroupView) -> list[MemberView]:
    theirs = [view for view in group.members if ticket.person is not None and ticket.person in view.known_as]
    return sorted(theirs, key=lambda view: view.member.handle)


def _under(ticket: Ticket, view: MemberView) -> Ticket:
    member = view.member
    return replace(
        ticket, handle=member.handle, member_name=member.display_name, member_role=member.role, reason=WHY
    )
