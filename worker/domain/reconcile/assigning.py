"""Who is asked to do a ticket's work."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from worker.domain.groups.case import GroupCase, GroupView
from worker.domain.kinds.finding import Finding
from worker.domain.model import Account, AccountKey, Standing
from worker.domain.people.persons import Person, is_reached_at
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.reason import Reason, because
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Ticket, handed_to

MOVED = because("the assignee has another address now")


def assignee_for(finding: Finding, case: GroupCase, rules: TicketRules) -> Assignee | None:
    """The assignee: an active admin of the group other than the leaver (before the last day, the leaver, too); else the
    group's owner; else the leaver's manager; else the accountable person.

    Only people with an e-mail address; an admin may have a phone alone, since somebody can pass it on to them.
    """
    leaver = finding.leaving.person if finding.leaving else None
    if leaver is None and finding.person is not None and finding.key.subject.handle in case.asked_out:
        leaver = finding.person.key
    group = case.view
    choices = (_an_admin(case, leaver), _owner(group), _manager(case, leaver), accountable_person(rules))
    return next((choice for choice in choices if choice is not None), None)


def why_another(ticket: Ticket, departed: Collection[AccountKey]) -> Reason | None:
    """Why a ticket can't stay with its assignee; None if it can, or is nobody's. `departed`: accounts who left."""
    if ticket.assignee is not None and ticket.assignee.person in departed:
        return because("the assignee has left")
    return because("somebody else is accountable now") if ticket.is_with_former else None


def next_in_place(ticket: Ticket) -> Assignee | None:
    """The accountable person, where an answer left the ticket to a former one; None if none did."""
    who = ticket.assignee
    is_left = who is not None and who.why is AssigneeWhy.ANSWERED and ticket.is_with_former
    return replace(who, email=ticket.accountable) if who is not None and is_left else None


def readdressed(ticket: Ticket, people: Mapping[AccountKey, Person]) -> Ticket | None:
    """The ticket, with its assignee by the address that they have now; None if the one that it went to is theirs still,
    or if no other is known.

    Somebody else may have that one by now. Nobody is known by a number in place of an e-mail address. `people`:
    whoever tickets are with, by account.
    """
    who = ticket.assignee
    human = people.get(who.person) if who is not None and who.person is not None else None
    if who is None or human is None or human.person.standing is Standing.LEFT:
        return None
    facts = human.person.facts
    address = facts.email or ("" if "@" in who.email else next(iter(facts.phones), ""))
    if not address or is_reached_at(human, who.email):
        return None
    return handed_to(ticket, replace(who, email=address, name=facts.display_name))


def _an_admin(case: GroupCase, leaver: AccountKey | None) -> Assignee | None:
    people = [
        view.person
        for view in sorted(case.active_admins, key=lambda v: (v.first_seen_at is not None, v.member.handle))
        if view.person and (view.person.key != leaver or leaver in case.view.handing_over)
    ]
    return first_admin(people)


def first_admin(people: Iterable[Account]) -> Assignee | None:
    """The first of a group's admins: rather one who is not on a long leave, then one with an address, then one who
    stays. None: nobody can be reached.
    """
    reached = [one for one in people if one.facts.email or one.facts.phones]
    first = min(reached, key=_comes_later, default=None)
    return person_as_assignee(first, AssigneeWhy.ADMIN) if first else None


def _comes_later(one: Account) -> tuple[bool, bool, bool]:
    return one.facts.is_on_long_leave, not one.facts.email, one.standing is not Standing.ACTIVE


def _owner(group: GroupView) -> Assignee | None:
    if group.owner is not None and group.owner.facts.email and group.owner.standing is not Standing.LEFT:
        return person_as_assignee(group.owner, AssigneeWhy.OWNER)
    if group.owner is None and group.owner_email:
        return Assignee(group.owner_email, why=AssigneeWhy.OWNER)
    return None


def _manager(case: GroupCase, leaver: AccountKey | None) -> Assignee | None:
    manager = None if leaver is None else case.managers.get(leaver)
    return as_manager(manager)


def accountable_person(rules: TicketRules) -> Assignee | None:
    return Assignee(rules.accountable, why=AssigneeWhy.ACCOUNTABLE) if rules.accountable else None


def person_as_assignee(person: Account, why: AssigneeWhy) -> Assignee:
    """Somebody as the assignee: by e-mail address, or by phone number if they have none."""
    address = person.facts.email or next(iter(person.facts.phones), "")
    return Assignee(address, person.facts.display_name, why, person.key)


def as_manager(manager: Account | None) -> Assignee | None:
    if manager is None or not manager.facts.email or manager.standing is Standing.LEFT:
        return None
    return person_as_assignee(manager, AssigneeWhy.MANAGER)
