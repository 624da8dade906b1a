"""What an evidence pack covers: the person, group or period that somebody names, looked up in the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from worker.app.acts.looking_up import all_accounts, one_group, one_person
from worker.app.refused import Refused
from worker.domain.evidence.pack import EVERY_EVENT, Covered, Scope, Sought, What, period
from worker.domain.model import Account, AccountKey, GroupKey
from worker.domain.text.reason import because
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class Selection:
    """The wanted contents: one person, one group, or what a search finds, within local days (both inclusive).

    Everything if none is given. `person` is an id, e-mail address or employee id, or the `source/id` of an erased
    person. `group` is an id or name. None is not given; a blank one names nobody, and is refused.
    """

    person: str | None = None
    group: str | None = None
    from_on: date | None = None
    to_on: date | None = None
    sought: Sought = EVERY_EVENT

    @property
    def kinds(self) -> int:
        """How many of the alternatives are given."""
        return (
            (self.person is not None)
            + (self.group is not None)
            + bool(self.from_on or self.to_on or self.sought != EVERY_EVENT)
        )


def scope_of(uow: UnitOfWork, selection: Selection, timezone: str) -> tuple[Scope, str]:
    """The scope, and the usual name of its person or group, else "". Raises Refused if one is unknown."""
    if selection.kinds > 1:
        raise Refused(
            because("A pack is about one person, one group, or a search and its days: give only one of them.")
        )
    if selection.person is not None:
        return _of_person(uow, selection.person)
    if selection.group is not None:
        return _of_group(uow, selection.group)
    if selection.kinds:
        return _of_period(selection, timezone)
    return Scope(), ""


def _of_period(selection: Selection, timezone: str) -> tuple[Scope, str]:
    if selection.from_on and selection.to_on and selection.to_on < selection.from_on:
        raise Refused(
            because(
                "A period from {first} can't end on {last}.",
                first=str(selection.from_on),
                last=str(selection.to_on),
            )
        )
    return period(selection.from_on, selection.to_on, timezone, selection.sought), ""


def _of_person(uow: UnitOfWork, text: str) -> tuple[Scope, str]:
    accounts = _accounts(uow, text)
    keys = [account.key for account in accounts] or [_erased(uow, text)]
    tickets = (ticket for key in keys for ticket in uow.tickets.of_person(key))
    plans = (
        f"plan:{plan.label}"
        for plan in uow.episodes.plans()
        if any(one.person in keys for cohort in plan.cohorts for one in cohort.people)
    )
    ids = tuple("/".join(key) for key in keys)
    subjects = {*(f"person:{id_}" for id_ in ids), *_subjects(tickets), *plans}
    names = dict.fromkeys(account.facts.display_name for account in accounts)
    return Scope(Covered(What.PERSON, ids), frozenset(subjects)), ", ".join(names)


def _accounts(uow: UnitOfWork, text: str) -> list[Account]:
    return all_accounts(uow, one_person(uow, text)) if uow.people.find(text) else []


def _erased(uow: UnitOfWork, text: str) -> AccountKey:
    """The key of an erased person, of whom only entries with their id are left."""
    source, _, person_id = text.strip().partition("/")
    if not uow.journal.of(f"person:{source}/{person_id}"):
        raise Refused(
            f"Nobody known has the id, e-mail address or employee id '{text}'. "
            "Somebody who was erased is found by source/id, as `people erase` printed it."
        )
    return AccountKey(source, person_id)


def _of_group(uow: UnitOfWork, text: str) -> tuple[Scope, str]:
    group = one_group(uow, text)
    id_ = "/".join(group.key)
    tickets = _subjects(uow.tickets.of_group(GroupKey(*group.key)))
    subjects = {f"group:{id_}", f"source:{group.key.source}", *tickets}
    return Scope(Covered(What.GROUP, (id_,)), frozenset(subjects)), group.name


def _subjects(tickets: Iterable[Ticket]) -> Iterable[str]:
    return (f"ticket:{ticket.label}" for ticket in tickets)
