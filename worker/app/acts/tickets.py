"""People's acts on tickets: the same from the command line, a channel and the web."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from worker.app.acts.changes import Change, change_ticket, known_ticket
from worker.app.acts.looking_up import all_accounts, one_account
from worker.app.acts.own_rows import is_about_themself
from worker.app.acts.reviewing import seed_of
from worker.app.acts.rights import end_lost_rights, not_for, require_another, require_not_withheld
from worker.app.refused import Refused, require_reason
from worker.app.tell.addressing import still_here
from worker.app.tell.holding import hold_calls
from worker.app.tell.teller import Teller
from worker.app.tell.withholding import withheld_from
from worker.domain.evidence import events
from worker.domain.evidence.actor import ANYBODY, BY_ADDRESS, Actor, acted, claimants
from worker.domain.evidence.explained import claim_in, ticket_facts
from worker.domain.kinds import kind_of
from worker.domain.kinds.kind import OWN_PAGE, Choice
from worker.domain.mirror.copy import Copy
from worker.domain.model import AccountKey, Standing
from worker.domain.reconcile.engine import reopen
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.mail_domains import foldable, is_address
from worker.domain.text.reason import Reason, because, in_own_words
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import (
    Assignee,
    AssigneeWhy,
    Grade,
    Move,
    NotAllowed,
    Ticket,
    TicketState,
    handed_to,
    in_words,
    next_state,
    ticket_label,
)
from worker.ports.state.access import Shown
from worker.ports.state.store import Store, UnitOfWork

_CONFIRMED_LATER = frozenset({Choice.OUTCOME, Choice.CHECKLIST})  # after one person's word closed it


@dataclass(frozen=True, slots=True)
class Erased:
    """The accounts of a person that were erased, and those that are kept, since by them the person is still here."""

    accounts: Sequence[AccountKey]
    kept: Sequence[AccountKey]
    copies: Sequence[Copy] = ()  # about the erased ones, or theirs there, by ticket: they stay as they are


class TicketActs:
    """People's acts; each has an actor, a time, and a reason if one is required. All raise Refused."""

    def __init__(self, store: Store, rules: TicketRules, teller: Teller) -> None:
        self._store = store
        self._rules = rules
        self._teller = teller

    # --- tickets ---------------------------------------------------------------------------------

    def done(self, number: int, by: Actor, now: datetime, reason: str = "") -> Ticket:
        """Claim that it was done (grade C). A second person's claim on a done ticket confirms it (grade B).

        Raises Refused for a person who may have made the first claim under another name.
        """

        def change(uow: UnitOfWork, ticket: Ticket) -> Ticket:
            if kind_of(ticket).choice in _CONFIRMED_LATER and ticket.state is TicketState.VERIFIED:
                return ticket if ticket.grade is Grade.B else _confirmed(uow, ticket, by)
            if kind_of(ticket).choice in OWN_PAGE:
                raise NotAllowed(
                    because(
                        "{ticket}: only whoever is asked can answer, on the page of its link.",
                        ticket=ticket.label,
                    )
                )
            if ticket.state is TicketState.DONE:
                return _confirmed(uow, ticket, by)
            return replace(
                ticket, state=next_state(ticket.state, Move.CLAIM), done_at=now, done_by=by.name, grade=Grade.C,
                reason=in_own_words(reason) or because("marked done by {name}", name=by.name),
                claimed_by=claimants([by]),
            )  # fmt: skip

        with self._store.begin() as uow:
            return self._changed_in(uow, number, events.TICKET_DONE, by, reason, now, partial(change, uow))

    def reopen(self, number: int, by: Actor, reason: str, now: datetime) -> Ticket:
        require_reason(reason)
        with self._store.begin() as uow:
            return self.reopen_in(uow, number, by, reason, now)

    def reopen_in(self, uow: UnitOfWork, number: int, by: Actor, reason: str, now: datetime) -> Ticket:
        """As `reopen`, within a transaction of somebody else's."""
        return self._changed_in(
            uow, number, events.TICKET_REOPENED, by, reason, now,
            lambda t: reopen(t, self._rules, now, _said_by(by, reason)), tell=True,
        )  # fmt: skip

    def waive(
        self, number: int, by: Actor, reason: str, now: datetime, until: datetime | None = None
    ) -> Ticket:
        """Accept the state as it is: for good, or until an instant, after which the ticket comes back.

        Raises Refused for whoever it is about.
        """
        require_reason(reason)
        if until is not None and until <= now:
            raise Refused(
                because("That instant is over already; name a later one, or none to waive for good.")
            )

        def change(uow: UnitOfWork, ticket: Ticket) -> Ticket:
            require_another(uow, by, [ticket.person], ticket.label)
            require_not_withheld(uow, by, ticket)
            state = next_state(ticket.state, Move.WAIVE)
            return replace(
                ticket,
                state=state,
                waived_until=until,
                blocked_by=None,
                held_until=None,
                reason=_said_by(by, reason),
            )

        with self._store.begin() as uow:
            return self._changed_in(uow, number, events.TICKET_WAIVED, by, reason, now, partial(change, uow))

    def assign(self, number: int, email: str, by: Actor, now: datetime, reason: str = "") -> Ticket:
        """Assign it to a person by e-mail address, and tell them; they are told even if they already have it.

        Raises Refused for what is no address, and for that of somebody who has left.
        """
        given_as, email = email, foldable(email)
        if not is_address(email):
            raise Refused(because("{given} is no e-mail address.", given=f"'{given_as}'"))
        with self._store.reading() as uow:
            known = uow.people.find(email)
            people = still_here(uow, known)
            if known and not people:
                name = known[0].facts.display_name or email
                raise Refused(because("{name} has left: choose somebody else.", name=name))
            person = people[0] if people else None
            name = person.facts.display_name if person else ""
            given = Assignee(email, name, AssigneeWhy.ASSIGNED, person.key if person else None, by.name)
            ticket = uow.tickets.get(number)
            if ticket is not None and is_about_themself(uow, ticket, given):
                raise Refused(
                    because(
                        "{ticket} asks whether {name} belongs in the group. Nobody answers for themselves: assign it "
                        "to somebody else who knows the group.",
                        ticket=ticket.label,
                        name=name or email,
                    )
                )
            theirs = {email.casefold(), *((one.facts.email or "").casefold() for one in people)}
            if ticket is not None and theirs & withheld_from(uow, ticket):
                raise Refused(not_for(ticket))
            if ticket is not None and not known:  # nobody can tell whose address it is
                require_not_withheld(uow, by, ticket)
        shown = None if people else Shown(email, number, by.name, by.id, now)

        def change(ticket: Ticket) -> Ticket:
            if not ticket.is_live:
                state = in_words(ticket.state)
                raise NotAllowed(
                    because("{ticket} is {state}: there is nothing to do.", ticket=ticket.label, state=state)
                )
            return replace(handed_to(ticket, given), disputed_at=None)

        return self._change(number, events.TICKET_ASSIGNED, by, reason, now, change, tell=True, shown=shown)

    def acknowledge(
        self, number: int, by: Actor, now: datetime, reason: str = "", span: timedelta | None = None
    ) -> Ticket:
        """Say "I'm on it": the ticket does not escalate for so long (else as its policy says), then it does again.

        The calls to act on it that wait are held until then, but those of steps that go on until it is done.
        """
        return self._rest(number, events.TICKET_ACKNOWLEDGED, by, span, now, reason)

    def snooze(self, number: int, by: Actor, span: timedelta, now: datetime, reason: str = "") -> Ticket:
        """Say "later": nobody is called to act on the ticket for so long, at most for its policy's `snooze_max`.

        The calls to act on it that wait are held until then.
        """
        return self._rest(number, events.TICKET_SNOOZED, by, span, now, reason)

    def _rest(
        self, number: int, kind: str, by: Actor, span: timedelta | None, now: datetime, reason: str
    ) -> Ticket:
        def change(ticket: Ticket) -> Ticket:
            if ticket.state is not TicketState.OPEN:
                state = in_words(ticket.state)
                raise NotAllowed(
                    because("{ticket} is {state}: nothing is escalated.", ticket=ticket.label, state=state)
                )
            policy = self._rules.policy(ticket)
            wanted = policy.acknowledge_for if span is None else span
            if span is not None and not timedelta(0) < span <= policy.snooze_max:
                why = because("That is too long or too short; at most {longest}.", longest=policy.snooze_max)
                raise NotAllowed(why)
            if kind == events.TICKET_SNOOZED:
                return replace(ticket, snoozed_until=now + wanted)
            return replace(ticket, acknowledged_until=now + wanted)

        with self._store.begin() as uow:
            require_not_withheld(uow, by, known_ticket(uow, number))
            _, after = change_ticket(uow, number, change, kind, by, now, reason)
            hold_calls(uow, after, self._rules.policy(after), now)
        return after

    def _change(
        self,
        number: int,
        kind: str,
        by: Actor,
        reason: str,
        now: datetime,
        change: Change,
        *,
        tell: bool = False,
        shown: Shown | None = None,
    ) -> Ticket:
        with self._store.begin() as uow:
            return self._changed_in(uow, number, kind, by, reason, now, change, tell=tell, shown=shown)

    def _changed_in(
        self,
        uow: UnitOfWork,
        number: int,
        kind: str,
        by: Actor,
        reason: str,
        now: datetime,
        change: Change,
        *,
        tell: bool = False,
        shown: Shown | None = None,
    ) -> Ticket:
        before, after = change_ticket(uow, number, change, kind, by, now, reason)
        if kind == events.TICKET_REOPENED:
            _ask_anew(uow, after, now)
        if shown is not None and after != before:
            uow.access.keep_shown(shown)
        is_told_later = kind == events.TICKET_REOPENED and after.state is TicketState.BLOCKED
        is_given_again = after == before and kind == events.TICKET_ASSIGNED
        if is_given_again:  # the ticket stays as it is, but a message with a new link goes out
            again = acted(by, now, kind, f"ticket:{after.label}", reason, ticket_facts(after))
            uow.journal.append([again])
        if kind == events.TICKET_REOPENED:
            uow.outbox.withdraw_about([after.id], ActionKind.CANCEL.value)
        elif kind == events.TICKET_ASSIGNED:
            uow.outbox.withdraw_about([after.id], ActionKind.ASSIGN.value)
        if tell and (after != before or is_given_again) and not is_told_later:
            action = ActionKind.REOPEN if kind == events.TICKET_REOPENED else ActionKind.ASSIGN
            news = [Action(action, after, after.reason)]
            uow.outbox.add(self._teller.acted(uow, news, now), now)
        if not after.is_live:
            uow.outbox.withdraw_about([after.id])
        return after

    # --- people ------------------------------------------------------------------------------------

    def erase(self, person: str, by: Actor, reason: str, now: datetime) -> Erased:
        """Forget a person who left, once no decision or ticket about them is open; the chain stays valid.

        All of their accounts that have left are erased. Raises Refused if the given one has not, and while something
        is open: a person who is forgotten before their ticket opens would stay in the group.
        """
        with self._store.begin() as uow:
            one = one_account(uow, person)
            human = uow.people.human(one.key)
            accounts = all_accounts(uow, one)
            here = {
                each.key for each in (human.accounts if human else ()) if each.standing is not Standing.LEFT
            }
            # Whoever is here may have an account of a directory that is not configured any more: it is theirs still
            gone = [each.key for each in accounts if each.standing is Standing.LEFT or not here]
            if one.key not in gone:
                raise Refused(
                    "Only somebody who has left can be erased: the directory would bring them back."
                )
            live = [t.label for each in accounts for t in uow.tickets.of_person(each.key) if t.is_live]
            if live:
                raise Refused(f"Not while there are live tickets: {', '.join(live)}.")
            mine = [ticket_label(number) for each in gone for number in uow.people.to_do_of(each)]
            if mine:
                raise Refused(
                    f"Not while they have tickets to do: {', '.join(mine)}. Give them to somebody else, or wait until "
                    "what was done is proven."
                )
            held = [label for each in accounts for label in uow.episodes.undecided_of(each.key)]
            if held:
                raise Refused(
                    f"Not while their plan waits for a decision: {held[0]}. Release or reject it first."
                )
            leaving = human.leaving if human else None
            leavings = {leaving.name, *leaving.also} if leaving else set()
            unasked = [name for each in accounts for name in _unasked(uow, each.key, leavings)]
            if unasked:
                raise Refused(
                    f"Not while they are in a group and nobody was asked to remove them: {', '.join(unasked)}. "
                    "Wait for their tickets, or take them out of it."
                )
            asked = {"/".join(link) for each in accounts for link in uow.identities.asked_about(each.key)}
            if asked:
                raise Refused(
                    f"Not while nobody has said whether they are {', '.join(sorted(asked))}, who is in a group. "
                    "Answer that question first."
                )
            for key in gone:
                uow.people.erase(key)
                subject = f"person:{'/'.join(key)}"
                uow.journal.append([acted(by, now, events.PERSON_ERASED, subject, reason)])
            end_lost_rights(uow, now)
            numbers = [ticket.id for key in gone for ticket in uow.tickets.of_person(key)]
            copies = tuple(uow.mirrors.concerning(numbers, [one for one in accounts if one.key in gone]))
        return Erased(gone, [each.key for each in accounts if each.key not in gone], copies)


def _ask_anew(uow: UnitOfWork, ticket: Ticket, now: datetime) -> None:
    """Void what was said on the page of a ticket that is open again: a report's outcome, or the rows of a review."""
    choice = kind_of(ticket).choice
    if choice is Choice.OUTCOME:
        uow.bad_messages.void(ticket.id)
    review = uow.reviews.of_ticket(ticket.id) if choice is Choice.ROWS else None
    if review is not None:
        seed = seed_of(uow, ticket, now)
        again = replace(review, seed=seed, started_at=now, due_at=ticket.due_at, completed_at=None)
        uow.reviews.start(again, ticket.home)


def _unasked(uow: UnitOfWork, person: AccountKey, leavings: Collection[str]) -> list[str]:
    """The groups that a person is in, but those in which a waiver for one of these leavings accepts them for good.

    Any other ticket that is over says nothing of a membership that is there: they came back, or left anew.
    """
    theirs = [one for one in uow.tickets.of_person(person) if one.about is not About.PERSON]
    waived = {
        one.group
        for one in theirs
        if one.state is TicketState.WAIVED and one.waived_until is None and one.occasion in leavings
    }
    return [group.name for group, _ in uow.rosters.groups_of(person) if group.key not in waived]


def _confirmed(uow: UnitOfWork, ticket: Ticket, by: Actor) -> Ticket:
    name = (ticket.done_by or "").casefold()
    if name == by.name.casefold():
        return ticket
    if ANYBODY in ticket.claimed_by:
        raise Refused(
            because(
                "{ticket} was marked done by an account that may be anybody's, yours too. Nobody can confirm it; "
                "a list will show whether it is true.",
                ticket=ticket.label,
            )
        )
    if not by.marks.isdisjoint(ticket.claimed_by or (name,)):
        raise Refused(
            because(
                "Whoever claimed that {ticket} was done may be you: by the same account, or by a link, a token or "
                "a login link that you made or were shown. Somebody else has to confirm it.",
                ticket=ticket.label,
            )
        )
    claim = claim_in(uow.journal.of(f"ticket:{ticket.label}")) if by.lacks_address else None
    if claim is not None and claim.data.get("via") in BY_ADDRESS:
        raise Refused(
            because(
                "Whoever claimed that {ticket} was done is known by their e-mail address alone, and your sign-in gave "
                "no verified address: it may be you. Somebody else has to confirm it, or the sign-in has to give your "
                "verified address.",
                ticket=ticket.label,
            )
        )
    return replace(ticket, grade=Grade.B, reason=because("confirmed by {name}", name=by.name))


def _said_by(by: Actor, reason: str) -> Reason:
    return because("{name}: {words}", name=by.name, words=reason)
