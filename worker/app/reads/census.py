"""The census: the candidates beside what inventories have, and those that are asked for as groups of their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.domain.controls.census import (
    CandidateDecision,
    CensusCandidate,
    CensusMatch,
    matches,
)
from worker.domain.controls.state import AdminState, GroupState, RegisterRow
from worker.domain.model import Account, AccountKey, Coverage, GroupKey, Standing
from worker.domain.tickets.ticket import Grade, Ticket
from worker.ports.state.group_states import Lists
from worker.ports.state.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class CandidateShown:
    """A candidate with what inventories have of it, and its live or last ticket."""

    candidate: CensusCandidate
    match: CensusMatch
    ticket: Ticket | None = None

    @property
    def is_known(self) -> bool:
        """Whether an inventory or a register has it by its name, or a person said which group it is."""
        return bool(self.match.same) or self.candidate.decision is CandidateDecision.GROUP

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to decide."""
        return self.candidate.decision is CandidateDecision.OPEN and not self.match.same


def census_shown(
    uow: UnitOfWork, lists: Lists, decisions: Collection[CandidateDecision] = tuple(CandidateDecision)
) -> list[CandidateShown]:
    """All candidates, those to decide first, then by how many named them."""
    found = uow.census.candidates(decisions)
    by_id = matches(found, uow.census.names(lists)) if found else {}
    tickets = uow.group_states.tickets_of([one.key for one in found])
    shown = [CandidateShown(one, by_id[one.id], _last(tickets.get(one.key, ()))) for one in found]
    return sorted(shown, key=lambda one: (not one.is_open, -one.candidate.named_by, one.candidate.id))


def _last(tickets: Sequence[Ticket]) -> Ticket | None:
    return tickets[-1] if tickets else None


def only_named(uow: UnitOfWork, lists: Lists) -> list[GroupState]:
    """The candidates that somebody decided to ask for, as controls see groups."""
    asked = uow.census.candidates({CandidateDecision.ASKED})
    if not asked:
        return []
    found = matches(asked, uow.census.names(lists))
    rows = uow.group_states.register_rows({row for one in found.values() if (row := _row_of(one))})
    tickets = uow.group_states.tickets_of([one.key for one in asked])
    register_at = uow.group_states.register_at(lists)
    return [_state(uow, one, found[one.id], rows, tickets.get(one.key, ()), register_at) for one in asked]


def _row_of(match: CensusMatch) -> GroupKey | None:
    return next((one.row for one in match.same if one.row is not None), None)


def _state(
    uow: UnitOfWork,
    one: CensusCandidate,
    match: CensusMatch,
    rows: Mapping[GroupKey, RegisterRow],
    tickets: Sequence[Ticket],
    register_at: datetime | None,
) -> GroupState:
    row = _row_of(match)
    return GroupState(
        key=one.key,
        name=one.name,
        messenger=one.messenger,
        size=0,
        coverage=Coverage.PARTIAL,
        taken_at=one.named_at,
        is_fresh=False,
        grade=Grade.B,
        first_seen_at=one.named_at,
        knows_roles=False,
        row=rows.get(row) if row else None,
        register_at=register_at,
        admins=_admins(uow, one),
        reporter=_reporter(uow, one),
        is_followed=any(not known.is_register for known in match.same),
        tickets=tuple(tickets),
        assignees=uow.people.humans(_assignees(tickets)),
    )


def _assignees(tickets: Sequence[Ticket]) -> set[AccountKey]:
    people = (one.assignee.person for one in tickets if one.is_live and one.assignee)
    return {key for key in people if key is not None}


def _has_left(who: Account | None) -> bool:
    return who is not None and who.standing is Standing.LEFT


def _admins(uow: UnitOfWork, one: CensusCandidate) -> tuple[AdminState, ...]:
    """Whoever is exactly one person by the words of those who named the group."""
    found: dict[AccountKey, Account] = {}
    for words in sorted({said.admin for said in one.mentions if said.admin}):
        humans = [human for who in uow.census.known_as(words) if (human := uow.people.human(who.key))]
        people = {min(account.key for account in human.accounts): human.person for human in humans}
        if len(people) == 1:
            found |= people
    return tuple(AdminState("", who.facts.display_name, who) for _, who in sorted(found.items()))


def _reporter(uow: UnitOfWork, one: CensusCandidate) -> Account | None:
    """The first person of whom it is known that they named it, and who is here."""
    named = (uow.people.get(said.person) for said in reversed(one.mentions) if said.person is not None)
    return next((who for who in named if who is not None and not _has_left(who)), None)
