"""Pair groups that several sources show, and have each membership in one ticket: where the better witness is.

Of a pair, the group of the better witness leads. The other one is followed there: it opens no tickets of its own, and
the tickets that it has go on in the leader, with their number, their clock and their assignee, and its reviews count
there. Whom the joiner rules place in the one they place in the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import combinations

from worker.domain.evidence import events
from worker.domain.evidence.explained import ticket_facts
from worker.domain.evidence.journal import Entry
from worker.domain.groups.case import GroupView, MemberView
from worker.domain.groups.pairing import AlikeBy, Pair, PairState, rank
from worker.domain.kinds.controlled import ONLY
from worker.domain.model import AccountKey, GroupKey
from worker.domain.text.reason import NO_REASON, because
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Move, Ticket, TicketKey, TicketState, next_state
from worker.ports import Inventory
from worker.ports.state.pairs import Follows
from worker.ports.state.store import UnitOfWork

_MOVABLE = (About.MEMBERSHIP, About.GROUP)


class Pairing:
    """Pairs the groups of several inventories."""

    def __init__(self, inventories: Sequence[Inventory]) -> None:
        ranked = sorted(inventories, key=lambda one: -rank(one.can))
        self._ranks = {one.name: rank(one.can) for one in ranked}  # the best witness first
        self._found_between = [
            (weaker.name, stronger.name, _alike_by(weaker, stronger))
            for stronger, weaker in combinations(ranked, 2)
        ]

    def pair(self, uow: UnitOfWork, now: datetime, *, is_new: bool = True) -> int:
        """Move tickets to the groups that lead; return how many pairs are new.

        Pairs are looked for only if a group may be new: that compares all groups that have none. Which group leads is
        looked at always: of a pair that was found before, one source may not be configured any more.
        """
        between = self._found_between if is_new else []
        found = sum(uow.pairs.find(weaker, stronger, now, alike_by) for weaker, stronger, alike_by in between)
        self.follow(uow, now)
        return found

    def declare(self, uow: UnitOfWork, group: GroupKey, roster: GroupKey, now: datetime) -> None:
        """Keep that what was declared by a group's link is that group's roster."""
        if roster not in ones(uow, group):
            a, b = self.in_order(group, roster)
            uow.pairs.put(Pair(a, b, PairState.SURE, because("declared by the group's link"), now))

    def in_order(self, one: GroupKey, other: GroupKey) -> tuple[GroupKey, GroupKey]:
        """Return two groups, the one of the weaker witness first; a source that is not configured is the weakest."""
        place = {name: -at for at, name in enumerate(self._ranks)}
        a, b = sorted((one, other), key=lambda key: (place.get(key.source, -len(place)), key))
        return a, b

    def follow(self, uow: UnitOfWork, now: datetime) -> None:
        """Say which group leads in each pair, and move the tickets of those that are followed now."""
        for follows in uow.pairs.follow(self._ranks, now):
            _move(uow, follows, now)


def ones(uow: UnitOfWork, key: GroupKey) -> list[GroupKey]:
    """The groups that are one with this one, itself included."""
    pairs = [{pair.a, pair.b} for pair in uow.pairs.all() if pair.state.is_one]
    return sorted({key}.union(*(pair for pair in pairs if key in pair)))


def roster_of(uow: UnitOfWork, key: GroupKey, source: str) -> GroupKey:
    """The group of `source` that is one with this one, known or to come.

    One to come has the same id, unless `source` has a group with that: registers number their rows by themselves.
    """
    known = next((one for one in ones(uow, key) if one.source == source), None)
    like = GroupKey(source, key.group_id)
    own = GroupKey(source, f"{key.group_id}@{key.source}")
    return known or (like if uow.rosters.group(like) is None else own)


def _alike_by(weaker: Inventory, stronger: Inventory) -> AlikeBy:
    """Two messengers have one id for a group that both see; two lists that people keep may use one for two groups."""
    if rank(weaker.can) < rank(stronger.can):
        return AlikeBy.NAMED if stronger.can.is_kept_by_people else AlikeBy.ANYTHING
    return AlikeBy.ID_AND_NAME if weaker.can.is_kept_by_people else AlikeBy.ID


class _Members:
    """The members of a leading group, to find those of the group that follows it."""

    def __init__(self, leader: GroupView) -> None:
        in_turn = leader.members[::-1]  # the first of a person's counts
        self._by_handle = {view.member.handle: view for view in in_turn}
        self._by_account = {key: view for view in in_turn for key in view.known_as}

    def find(self, handle: str, person: AccountKey | None) -> MemberView | None:
        """The member by this handle, else by any account of the person; None if it shows nobody who is."""
        by_person = self._by_account.get(person) if person is not None else None
        return self._by_handle.get(handle, by_person)

    def renamed(self, people: Mapping[str, AccountKey | None]) -> dict[str, str]:
        """The handles of those who have another one here, each with that one, unless it is somebody's already."""
        found: dict[str, str] = {}
        taken = set(people)
        for handle, person in people.items():
            view = self.find(handle, person)
            if view is not None and view.member.handle not in taken:
                taken.add(view.member.handle)
                found[handle] = view.member.handle
        return found


def _move(uow: UnitOfWork, follows: Follows, now: datetime) -> None:
    leader = uow.rosters.view(follows.leader)
    assert leader is not None  # noqa: S101  only a group that is known leads
    members = _Members(leader)
    uow.pairs.carry_places(follows)
    handles = members.renamed(uow.reviews.behind_rows(follows.follower))
    uow.reviews.move(follows.follower, follows.leader, handles)
    there = {ticket.key for ticket in uow.tickets.of_group(follows.leader)}
    for ticket in uow.tickets.of_group(follows.follower):
        if ticket.about in _MOVABLE and (ticket.is_live or ticket.state is TicketState.WAIVED):
            moved = _moved(ticket, leader, members, there, handles)
            there.add(moved.key)
            uow.tickets.update([moved])
            kind = events.TICKET_MOVED if moved.state is ticket.state else events.TICKET_CANCELLED
            subject = f"ticket:{moved.label}"
            why = NO_REASON if moved.is_live else moved.reason  # of a live one it may have names
            uow.journal.append([Entry(now, "whosleft", kind, subject, why, ticket_facts(moved))])
            if not moved.is_live:
                uow.outbox.withdraw_about([moved.id])


def _moved(
    ticket: Ticket, leader: GroupView, members: _Members, there: set[TicketKey], handles: Mapping[str, str]
) -> Ticket:
    """Return the ticket in the leading group; cancelled if that has the same work already.

    `handles`: those of members whom a review asks about, where they have another one there.
    """
    view = members.find(ticket.handle, ticket.person) if ticket.about is About.MEMBERSHIP else None
    details = ticket.details
    if ONLY in details:
        details = {**details, ONLY: sorted(handles.get(one, one) for one in details[ONLY])}
    moved = replace(
        ticket,
        group=leader.key,
        group_name=leader.name,
        messenger=leader.messenger,
        handle=view.member.handle if view else ticket.handle,
        member_role=view.member.role if view else ticket.member_role,
        details=details,
    )
    if moved.key not in there:
        return moved
    state = next_state(ticket.state, Move.CANCEL)
    return replace(
        ticket,
        state=state,
        blocked_by=None,
        held_until=None,
        reason=because("the same work is asked for in {group}", group=leader.name),
    )
