"""The assignee's acts through a signed link: look, say that it was done or can't be, take that back.

Looking changes nothing. How an act is kept and taken back is in `by_link`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from worker.app.acts.assignees import account_of, language_of, people_behind
from worker.app.acts.by_link import (
    UNDO_FOR,
    act_by_link,
    can_undo,
    email_of,
    is_answer_of,
    is_repeated,
    take_back,
)
from worker.app.acts.changes import Change, change_ticket, known_ticket
from worker.app.acts.rights import require_not_withheld
from worker.app.refused import Refused
from worker.app.tell.answering import answer_messages
from worker.app.tell.choices import LikelyPerson, NextAdmin, candidates_for, suggestions_for
from worker.app.tell.helping import help_for
from worker.app.tell.signed_links import Opened, SignedLinks, check_is_here
from worker.app.tell.teller import Teller
from worker.app.tell.withholding import answered_for
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, acted
from worker.domain.evidence.journal import stamp
from worker.domain.identity.matching import QUESTIONS, How, Identity, IdentityState
from worker.domain.kinds import kind_of
from worker.domain.kinds.kind import OWN_PAGE, Choice
from worker.domain.model import HandleKey
from worker.domain.reconcile.answering import answered
from worker.domain.text.reason import NO_REASON, Reason, because
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import Grade, Move, Ticket, TicketState, next_state
from worker.ports.state.access import Shown, Undo
from worker.ports.state.identities import HandleIdentity
from worker.ports.state.outbox import OutMessage
from worker.ports.state.overview import TicketFilter
from worker.ports.state.store import Store, UnitOfWork

WORDS_MAX = 1000
CLAIMS_MAX = 500  # a person's unproved claims that are searched for those of the last minute
NOBODY = "nobody"  # the choice for a member from outside, or a phone that several people use


@dataclass(frozen=True, slots=True)
class Assignment:
    """A ticket as its link shows it. `undo_until` is set while the last act can be taken back.

    `others` counts the assignee's other open tickets. `onward` is the token that opens them all, even if this
    ticket has gone to somebody else: then it `is_moved`. `aid` is the help that its assignee needs. `is_known`: a
    directory has the assignee.
    """

    ticket: Ticket
    others: int
    onward: str
    is_moved: bool
    candidates: tuple[NextAdmin, ...] = ()
    suggestions: tuple[LikelyPerson, ...] = ()
    language: str | None = None
    undo_until: datetime | None = None
    aid: Help | None = None
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class Mine:
    """One assignee's open tickets by group, and for each the token of its own link, by number.

    `claimed` are those that they called done and can still take back; all of them until `undo_until`.
    """

    tickets: tuple[Ticket, ...]
    tokens: Mapping[int, str]
    language: str | None = None
    claimed: tuple[int, ...] = ()
    undo_until: datetime | None = None


class Assigned:
    """The assignee's side. Every method raises LinkDead for a link that opens nothing."""

    def __init__(self, store: Store, links: SignedLinks, teller: Teller) -> None:
        self._store = store
        self._links = links
        self._teller = teller

    @property
    def links(self) -> SignedLinks:
        """The links of assignees."""
        return self._links

    # --- looking ---------------------------------------------------------------------------------

    def look(self, token: str, now: datetime) -> Assignment:
        """The data for the link's page."""
        with self._store.reading() as uow:
            opened, undo = self._opened(uow, token, now)
            ticket = opened.ticket
            mine = _open_of(uow, opened, undo.before if undo else ticket)
            others = [one for one in mine if one.id != ticket.id]
            is_moved = undo is not None and email_of(ticket) != email_of(undo.before)
            return Assignment(
                ticket,
                len(others),
                opened.token(others[0]) if is_moved and others else token,
                is_moved,
                candidates_for(uow, ticket) if kind_of(ticket).choice is Choice.ADMIN else (),
                suggestions_for(uow, ticket) if kind_of(ticket).choice is Choice.PERSON else (),
                language_of(people_behind(uow, (undo.before if undo else ticket).assignee)),
                undo.until if undo else None,
                None if is_moved else help_for(uow, ticket, self._teller.languages),
                account_of(uow, ticket.assignee) is not None,
            )

    def opened(self, token: str, now: datetime) -> Opened:
        """What a link opens, whose ticket is still its assignee's."""
        with self._store.reading() as uow:
            return self._links.opened(uow, token, now)

    def ticket_of(self, uow: UnitOfWork, token: str, now: datetime) -> Ticket:
        """The ticket of a link, whoever has it now."""
        return self._links.read(uow, token, now).ticket

    def mine(self, token: str, now: datetime) -> Mine:
        """All open tickets of a link's assignee."""
        with self._store.reading() as uow:
            opened = self._links.opened(uow, token, now)
            found = _open_of(uow, opened, opened.ticket)
            undos = _undos_of(uow, opened, now)
            return Mine(
                tuple(found),
                {one.id: opened.token(one) for one in found},
                language_of(people_behind(uow, opened.ticket.assignee)),
                tuple(undo.before.id for undo in undos),
                min((undo.until for undo in undos), default=None),
            )

    def show_link(self, number: int, by: Actor, now: datetime, reason: str = "") -> str:
        """Return an assignee's link for somebody else, who may act in the assignee's name from now on.

        The journal records it. From then on, the person who saw the link cannot confirm the assignee's claims by
        link. Raises Refused for a ticket that is over or has no assignee, and for whom it is withheld from.
        """
        with self._store.begin() as uow:
            ticket = known_ticket(uow, number)
            require_not_withheld(uow, by, ticket)
            if ticket.assignee is None or not ticket.is_live:
                raise Refused(because("Only a live ticket that is somebody's has a link."))
            until = self._links.until(ticket, now)
            uow.access.keep_shown(Shown(email_of(ticket), number, by.name, by.id, now, until))
            person = ticket.assignee.person
            data = {"to": person and "/".join(person), "until": stamp(until)}
            uow.journal.append(
                [acted(by, now, events.TICKET_LINK_SHOWN, f"ticket:{ticket.label}", reason, data)]
            )
            return self._links.url(uow, ticket, now)

    def revoke(self, number: int, by: Actor, now: datetime, reason: str = "") -> Ticket:
        """End all signed links that were made for a ticket so far, also by a clock that was ahead.

        Raises Refused for whom the ticket is withheld from.
        """

        def change(ticket: Ticket) -> Ticket:
            return replace(ticket, links_from=now, handed=ticket.handed + 1)

        with self._store.begin() as uow:
            require_not_withheld(uow, by, known_ticket(uow, number))
            return change_ticket(uow, number, change, events.TICKET_LINKS_REVOKED, by, now, reason)[1]

    # --- acting ----------------------------------------------------------------------------------

    def done(self, token: str, now: datetime, chosen: str = "", kind: str = "") -> Ticket:
        """Claim that the ticket is done. `chosen` is the new admin's handle, or the answer to a question.

        A second claim changes nothing. Raises Refused for a ticket that is not open, or not of the `kind` that was
        shown: an answer on another phone may have made it ask for something else.
        """
        with self._store.begin() as uow:
            ticket = self._links.ticket(uow, token, now)
            if kind not in {"", ticket.kind.value}:
                raise Refused("The ticket asks for something else now.")
            if kind_of(ticket).choice is Choice.PERSON:
                return self._identify(uow, ticket, chosen, now)
            if kind_of(ticket).choice is Choice.ROSTER:
                raise Refused("Say on the page of the group who is in it; that proves it.")
            if kind_of(ticket).choice in OWN_PAGE:
                raise Refused("Answer on the page of this ticket.")
            return self._done(uow, ticket, now, _made_admin(uow, ticket, chosen))

    def done_together(self, token: str, numbers: Collection[int], now: datetime) -> list[Ticket]:
        """Claim several of the assignee's tickets; those that are not open or not theirs are left alone.

        A second claim within the minute changes nothing.
        """
        with self._store.begin() as uow:
            opened = self._links.opened(uow, token, now)
            mine = _open_of(uow, opened, opened.ticket) + [one.after for one in _undos_of(uow, opened, now)]
            chosen = [one for one in mine if one.id in numbers and can_be_done_together(one)]
            return [self._done(uow, one, now) for one in chosen]

    def answer(self, token: str, answer: Answer, words: str, now: datetime) -> Ticket:
        """Say why it isn't done. The people concerned are told when the minute is over.

        The same answer again within the minute changes nothing. Raises Refused.
        """
        words = " ".join(words.split())[:WORDS_MAX]
        with self._store.begin() as uow:
            opened, undo = self._opened(uow, token, now)
            ticket = undo.before if undo else opened.ticket
            is_asked = answer is Answer.CREATOR and _has_creators_ticket(uow, ticket)

            def change_at(at: datetime) -> Change:
                what, said = (
                    (Answer.OTHER, words or because("is the creator")) if is_asked else (answer, words)
                )
                return lambda one: answered(answered_for(uow, one), what, said, at)

            if undo and is_repeated(undo, change_at):
                return opened.ticket
            ticket = self._links.ticket(uow, token, now)

            def messages(after: Ticket) -> list[OutMessage]:
                aid = help_for(uow, after, self._teller.languages)
                return answer_messages(uow, answer, ticket, after, words, self._teller, now, aid)

            # Other answers have events of their own
            said = answer.value if answer is Answer.NOT_NEEDED else ""
            return act_by_link(uow, self._links, ticket, change_at(now), _EVENTS[answer], now, messages, said)

    def undo(self, token: str, now: datetime) -> Ticket:
        """Take the last act back. Raises Refused when its minute is over, or the ticket has changed since."""
        with self._store.begin() as uow:
            _, undo = self._opened(uow, token, now)
            if undo is None:
                raise Refused("It can't be taken back any more.")
            return take_back(uow, undo, now)

    def undo_together(self, token: str, numbers: Collection[int], now: datetime) -> list[Ticket]:
        """Take back the claims on several tickets; a claim that can no longer be taken back stays."""
        with self._store.begin() as uow:
            mine = _undos_of(uow, self._links.opened(uow, token, now), now)
            return [take_back(uow, undo, now) for undo in mine if undo.before.id in numbers]

    def _opened(self, uow: UnitOfWork, token: str, now: datetime) -> tuple[Opened, Undo | None]:
        """Open the link; return its ticket, and the act that can be undone.

        An assignee who handed the ticket on may still undo that.
        """
        opened = self._links.read(uow, token, now)
        undo = uow.access.undo_of(opened.ticket.id)
        if undo is not None and can_undo(opened.ticket, undo, now) and opened.is_for(undo.before):
            check_is_here(uow, undo.before)
            return opened, undo
        return self._links.opened(uow, token, now), None

    def _done(
        self, uow: UnitOfWork, ticket: Ticket, now: datetime, reason: Reason = NO_REASON, said: str = ""
    ) -> Ticket:
        by = email_of(ticket)
        if ticket.state is TicketState.DONE and ticket.done_by == by:
            return ticket

        def change(one: Ticket) -> Ticket:
            state = next_state(one.state, Move.CLAIM)
            why = reason or because("marked done by {name}", name=_name(one))
            return replace(one, state=state, done_at=now, done_by=by, grade=Grade.C, reason=why)

        return act_by_link(uow, self._links, ticket, change, events.TICKET_DONE, now, said=said)

    def _identify(self, uow: UnitOfWork, ticket: Ticket, chosen: str, now: datetime) -> Ticket:
        """Answer the question who a member is; only suggested people, or nobody, can be chosen."""
        key = HandleKey(ticket.home.source, ticket.handle)
        people = {"/".join(one.key): one for one in suggestions_for(uow, ticket)}
        known = uow.identities.get(key)
        if known is not None and known.state not in QUESTIONS:
            if is_answer_of(known, email_of(ticket)) and chosen == _choice(known):
                return ticket
            raise Refused("Somebody has said who it is.")
        if known is None or (chosen != NOBODY and chosen not in people):
            raise Refused("Choose one of the people, or say that it is somebody else.")
        after = self._done(uow, ticket, now, because("{name} says who it is", name=_name(ticket)), chosen)
        if chosen == NOBODY:
            uow.identities.reject(key, None, now, email_of(ticket))
        else:
            why = because("confirmed by {name}", name=email_of(ticket))
            answer = Identity(IdentityState.LINKED, known.fingerprint, people[chosen].key, How.CONFIRMED, why)
            uow.identities.answer([HandleIdentity(key, answer)], now, email_of(ticket))
        return after


_EVENTS = {
    Answer.NOT_MY_GROUP: events.TICKET_DISOWNED,
    Answer.STILL_WORKS_HERE: events.TICKET_DISPUTED,
    Answer.NOT_IN_GROUP: events.TICKET_FOUND_GONE,
    Answer.CREATOR: events.TICKET_LEFT_TO_CREATOR,
    Answer.OTHER: events.TICKET_DECLINED,
    Answer.NOT_NEEDED: events.TICKET_ANSWERED,
}


def can_be_done_together(ticket: Ticket) -> bool:
    """True if "done" is enough for this kind: nobody has to be chosen."""
    return kind_of(ticket).choice is Choice.NOTHING


def _open_of(uow: UnitOfWork, opened: Opened, theirs: Ticket) -> list[Ticket]:
    """The open tickets of the assignee of `theirs` that the link may open."""
    mine = uow.tickets.open_of(email_of(theirs))
    return [one for one in _of_same(uow, mine, theirs) if opened.reaches(one)]


def _of_same(uow: UnitOfWork, found: Sequence[Ticket], theirs: Ticket) -> list[Ticket]:
    """Those of some tickets with one address that are one person's: it may have been given on in between."""
    key = theirs.assignee.person if theirs.assignee else None
    if key is None:
        return [*found]
    own = {None, key, *uow.people.accounts([key]).get(key, ())}
    return [one for one in found if one.assignee and one.assignee.person in own]


def _undos_of(uow: UnitOfWork, opened: Opened, now: datetime) -> list[Undo]:
    """The assignee's claims of the last minute, on any ticket, that they can take back."""
    theirs = TicketFilter(states=(TicketState.DONE,), assignee=email_of(opened.ticket))
    recent = [
        (one, uow.access.undo_of(one.id))
        for one in _of_same(uow, uow.overview.tickets(theirs, None, CLAIMS_MAX), opened.ticket)
        if one.done_at is not None and now < one.done_at + UNDO_FOR and opened.reaches(one)
    ]
    by = email_of(opened.ticket).casefold()
    undos = [undo for one, undo in recent if undo and undo.by.casefold() == by and can_undo(one, undo, now)]
    return sorted(undos, key=lambda undo: undo.before.id)


def _choice(link: Identity) -> str:
    return NOBODY if link.person is None else "/".join(link.person)


def _name(ticket: Ticket) -> str:
    return ticket.assignee.name or ticket.assignee.email if ticket.assignee else ""


def _made_admin(uow: UnitOfWork, ticket: Ticket, chosen: str) -> Reason:
    if kind_of(ticket).choice is not Choice.ADMIN or not chosen:
        return NO_REASON
    names = {one.handle: one.name for one in candidates_for(uow, ticket)}
    if chosen not in names:
        return NO_REASON
    return because("{name} made {person} an admin", name=_name(ticket), person=names[chosen])


def _has_creators_ticket(uow: UnitOfWork, ticket: Ticket) -> bool:
    """True if the same leaving already had a ticket for the creator."""
    kind = kind_of(ticket).creator_kind
    if kind is None:
        return False
    key = replace(ticket, kind=kind).key
    return any(one.key == key and one.id != ticket.id for one in uow.tickets.of_group(ticket.home))
