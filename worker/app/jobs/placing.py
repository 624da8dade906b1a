"""Where the joiner rules expect the people who came, moved or returned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter

from worker.domain.model import Account, AccountFacts, AccountKey, GroupKey, Standing
from worker.domain.people.joiners import Placement, applying, places
from worker.domain.people.lifecycle import Event, EventKind, has_moved
from worker.domain.people.persons import leaving_of
from worker.ports.state.groups import Expectation, GroupRow
from worker.ports.state.store import UnitOfWork

_PLACING = frozenset({EventKind.JOINED, EventKind.MOVED, EventKind.RETURNED})


def place(uow: UnitOfWork, joiners: tuple[Placement, ...], happened: Sequence[Event], at: datetime) -> None:
    """Apply the joiner rules to the people who came, moved or returned."""
    happened = [one for one in happened if one.kind in _PLACING]
    if not joiners or not happened:
        return
    groups = uow.rosters.groups()
    earlier = _earlier(uow, [event.person.key for event in happened if event.kind is EventKind.JOINED])
    moved = []
    for event in happened:
        before = event.before or earlier.get(event.person.key)
        states = _placement(uow, joiners, before, event.person, groups)
        if states:
            uow.rosters.expect(event.person.key, states, at)
            if event.kind is EventKind.MOVED or Expectation.FORMER in states.values():
                moved.append(event.person)
    uow.episodes.add_moves(moved, at)


def _earlier(uow: UnitOfWork, joined: Sequence[AccountKey]) -> dict[AccountKey, Account]:
    """By account that joined, the one that its person had in the same directory before, if they had left it.

    Other directories write a department in other words.
    """
    found = {}
    for key, human in uow.people.humans(joined).items():
        others = [one for one in human.accounts if one.key.source == key.source and one.key != key]
        left = [(leaving.at, one) for one in others if (leaving := leaving_of(one)) is not None]
        if left and len(left) == len(others):
            _, found[key] = max(left, key=itemgetter(0))
    return found


def _placement(
    uow: UnitOfWork,
    joiners: tuple[Placement, ...],
    before: Account | None,
    after: Account,
    groups: Sequence[GroupRow],
) -> dict[GroupKey, Expectation]:
    """Return the groups whose expectation changes, with the new one. `before`: the account, or the one before it.

    A place ends for whoever is somewhere else now, not for whom the rules or a group's name changed meanwhile.
    Whoever had left is placed anew. What was known of somebody out of scope placed them nowhere. A group that is gone
    may come back: it counts for whom the rules have placed there, and nobody else is placed in it.
    """
    known = {} if before is None else uow.rosters.expectations(before.key)
    there = [row for row in groups if not row.is_gone or row.key in known]
    now = _places(after.facts, joiners, there)
    if before is None:
        return dict.fromkeys(sorted(now), Expectation.DUE)
    placed = {group for group, state in known.items() if state is Expectation.DUE}
    if before.facts.is_in_scope or before.standing is Standing.LEFT:
        placed |= _places(before.facts, joiners, there)
    new = now if before.standing is Standing.LEFT else now - placed
    ended = placed - now if _is_elsewhere(before, after, joiners) else frozenset()
    return dict.fromkeys(sorted(new), Expectation.DUE) | dict.fromkeys(sorted(ended), Expectation.FORMER)


def _is_elsewhere(before: Account, after: Account, joiners: tuple[Placement, ...]) -> bool:
    """Whether the change of their facts may have ended a place of theirs.

    While somebody is gone, or out of scope, the directory may forget where they were: then any other facts count.
    """
    if before.standing is Standing.LEFT or not before.facts.is_in_scope:
        return has_moved(before.facts, after.facts)
    return not applying(before.facts, joiners) <= applying(after.facts, joiners)


def _places(
    facts: AccountFacts, joiners: tuple[Placement, ...], groups: Sequence[GroupRow]
) -> frozenset[GroupKey]:
    """Return where the rules place a person: in the groups that they name, and in those that lead these."""
    named = places(facts, joiners, [(row.key, row.name) for row in groups])
    return named | {row.leader for row in groups if row.key in named and row.leader is not None}
