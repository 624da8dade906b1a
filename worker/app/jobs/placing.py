"""Where the joiner rules expect the people who came, moved or returned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from worker.domain.model import AccountFacts, GroupKey, Standing
from worker.domain.people.joiners import Placement, applying, places
from worker.domain.people.lifecycle import Event, EventKind, has_moved
from worker.ports.state.groups import Expectation, GroupRow
from worker.ports.state.store import UnitOfWork


def place(uow: UnitOfWork, joiners: tuple[Placement, ...], happened: Sequence[Event], at: datetime) -> None:
    """Apply the joiner rules to the people who came, moved or returned."""
    groups = uow.rosters.groups()
    moved = []
    for event in happened:
        if event.kind not in {EventKind.JOINED, EventKind.MOVED, EventKind.RETURNED}:
            continue
        states = _placement(uow, joiners, event, groups)
        if states:
            uow.rosters.expect(event.person.key, states, at)
            if event.kind is EventKind.MOVED or Expectation.FORMER in states.values():
                moved.append(event.person)
    uow.episodes.add_moves(moved, at)


def _placement(
    uow: UnitOfWork, joiners: tuple[Placement, ...], event: Event, groups: Sequence[GroupRow]
) -> dict[GroupKey, Expectation]:
    """Return the groups whose expectation changes, with the new one.

    A place ends for whoever is somewhere else now, not for whom the rules or a group's name changed meanwhile.
    A group that is gone may come back: it counts for whom the rules have placed there, and nobody else is placed in it.
    """
    known = uow.rosters.expectations(event.person.key)
    there = [row for row in groups if not row.is_gone or row.key in known]
    before = {group for group, state in known.items() if state is Expectation.DUE}
    if event.kind is EventKind.MOVED and event.before is not None:
        before |= _places(event.before.facts, joiners, there)
    now = _places(event.person.facts, joiners, there)
    due = dict.fromkeys(sorted(now - before), Expectation.DUE)
    if not _is_elsewhere(event, joiners):
        return due
    return due | dict.fromkeys(sorted(before - now), Expectation.FORMER)


def _is_elsewhere(event: Event, joiners: tuple[Placement, ...]) -> bool:
    """Whether the change of their facts may have ended a place of theirs.

    While somebody is gone, the directory may forget where they were: then any other facts count.
    """
    before, after = event.before, event.person
    if before is None:
        return False
    if before.standing is Standing.LEFT:
        return has_moved(before.facts, after.facts)
    return not applying(before.facts, joiners) <= applying(after.facts, joiners)


def _places(
    facts: AccountFacts, joiners: tuple[Placement, ...], groups: Sequence[GroupRow]
) -> frozenset[GroupKey]:
    """Return where the rules place a person: in the groups that they name, and in those that lead these."""
    named = places(facts, joiners, [(row.key, row.name) for row in groups])
    return named | {row.leader for row in groups if row.key in named and row.leader is not None}
