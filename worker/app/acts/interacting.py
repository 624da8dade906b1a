"""What people do in channels: stored first, then taken once.

    the channel -> keep -> (acknowledged) -> take: who is it? may they? is it still so? -> the act -> an answer to them

The act and the mark that it was taken are one transaction, in which the right and the ticket's version are looked at
again: a click on an old message changes nothing, and says what happened meanwhile. Where nothing was done, the answer
comes before the mark, so that a crash in between tells somebody twice, and never nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from worker.app.acts.tickets import TicketActs
from worker.app.refused import Refused
from worker.app.tell.addressing import addresses_of, have_left, is_with, with_others_of_theirs
from worker.app.tell.teller import Teller
from worker.domain.evidence.actor import Actor, Via
from worker.domain.messages.message import CHANNEL, Message, Paragraph, ReaderAct, Recipient, RecipientKind
from worker.domain.messages.offers import LABELS, RIGHTS, Involvement
from worker.domain.messages.sentences import flat, masked, sentences, ticket_title
from worker.domain.messages.standing import standing_line
from worker.domain.model import Account
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.reason import because
from worker.domain.text.tongue import Tongue
from worker.domain.tickets.ticket import Ticket, ticket_label
from worker.ports import ConnectorError, Notifier, Rejected, Unreachable
from worker.ports.connectors.conversing import Clicker, Field, Form, Interaction
from worker.ports.state.conversations import Claimed
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import Store, UnitOfWork

if TYPE_CHECKING:
    from worker.ports.connectors.conversing import TwoWay
    from worker.ports.state.leases import Lease, Leases

CLAIM_LIFE = timedelta(minutes=1)
ATTEMPTS_MAX = 5
REASON_MAX = 1000
SPANS_H = (1, 4, 24, 72)  # for how many hours something can be put off, as far as its policy lets it
Look = Callable[
    [Clicker, Sequence[Account], str | None, datetime], Message
]  # (who, their accounts, their language, now) -> what they asked to see


class _TakenError(Exception):
    """Another process has done it: this one slept for longer than its claim."""


class Interacting:
    """Keeps what people do, and does it. `look` is what somebody sees who asks for their tickets."""

    def __init__(
        self, store: Store, notifiers: Sequence[Notifier], rules: TicketRules, teller: Teller, look: Look
    ) -> None:
        self._store = store
        self._notifiers = {one.name: cast("TwoWay", one) for one in notifiers if one.can.is_two_way}
        self._rules = rules
        self._teller = teller
        self.look = look

    @property
    def notifiers(self) -> Sequence[TwoWay]:
        """The notifiers in which people can act."""
        return tuple(self._notifiers.values())

    def keep(self, notifier: str, one: Interaction, now: datetime) -> bool:
        """Store what somebody did; False if it was stored before."""
        with self._store.begin() as uow:
            return uow.interactions.keep(notifier, one, now)

    def take(self, now: datetime) -> bool:
        """Take the oldest interaction that waits, and do what it asks; return False if none waits.

        An interaction that fails waits for a minute, up to `ATTEMPTS_MAX` times. Then it is given up, and the security
        team is told; as at once, if its notifier is no longer in the configuration.
        """
        with self._store.begin() as uow:
            claimed = uow.interactions.claim(now, CLAIM_LIFE)
        if claimed is None:
            return False
        notifier = self._notifiers.get(claimed.notifier)  # none: it has another name now
        if notifier is None or claimed.attempts > ATTEMPTS_MAX:  # each time it ended in a crash
            self._give_up(claimed, "", now)
            return True
        try:
            _Turn(notifier, claimed, self._store, self._rules, self._teller, self.look, now).take()
        except _TakenError:
            return True
        except ConnectorError as error:
            if claimed.attempts >= ATTEMPTS_MAX:
                self._give_up(claimed, error.message, now)
        return True

    def _give_up(self, claimed: Claimed, why: str, now: datetime) -> None:
        """Finish what can't be done, and say so; what fails alike within a day is said once.

        Nothing is lost of what was done before its answer failed, or of a look.
        """
        tongue = self._teller.tongue
        title = tongue.say("What somebody did in {notifier} was lost", notifier=claimed.notifier)
        text = sentences(flat(why), tongue.say("They saw no answer. Look at the ticket, and ask them."))
        label = ticket_label(claimed.interaction.ticket)
        body = Paragraph(title, text, ((tongue.say("Ticket"), label),))
        key = f"interaction:{claimed.notifier}:{label}:{now.date()}"
        with self._store.begin() as uow:
            if uow.interactions.finish(claimed.id) and claimed.interaction.act is not None:
                uow.outbox.add([OutMessage(key, CHANNEL, title, body)], now)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One interaction's turn."""

    notifier: TwoWay
    claimed: Claimed
    store: Store
    rules: TicketRules
    teller: Teller
    look: Look
    now: datetime

    def take(self) -> None:
        """Do it, and answer. Raises ConnectorError, before anything was done or after all of it; and _TakenError."""
        one = self.claimed.interaction
        tongue = self.teller.tongue
        try:
            one = self.notifier.prepare(one) if one.is_asking else one
            who = self.notifier.who(one.user)
        except Unreachable:
            said = self._said(tongue, tongue.say("Only people of this workspace can do that."))
        except Rejected:
            said = self._said(tongue, tongue.say("That took too long. Please click once more."))
        else:
            accounts, language = self._accounts(who)
            tongue = self.teller.languages.of(language)
            if one.act is None:
                said = self._seen(who, accounts, language, tongue)
            else:
                outcome = self._outcome(one, one.act, who, accounts, tongue)
                if isinstance(outcome, Form):
                    self._finish()
                    self.notifier.ask(one, outcome)
                    return
                said = self._said(tongue, outcome)
        try:
            self.notifier.answer(one, said)
        except (Unreachable, Rejected):  # they can't be told, now or later
            self._finish()
            raise
        self._finish()

    def _seen(
        self, who: Clicker, accounts: Sequence[Account], language: str | None, tongue: Tongue
    ) -> Message:
        """What they asked to see."""
        try:
            with self.store.reading() as uow:
                _require_presence(uow, accounts, tongue)
        except Refused as refused:
            return self._said(tongue, refused.say(tongue))
        return self.look(who, accounts, language, self.now)

    def _outcome(
        self, one: Interaction, act: ReaderAct, who: Clicker, accounts: Sequence[Account], tongue: Tongue
    ) -> str | Form:
        """What came of it, in the person's language, or the form that has to be filled in first."""

        def check(uow: UnitOfWork) -> Ticket:
            _require_presence(uow, accounts, tongue)
            ticket = uow.tickets.get(one.ticket)
            if ticket is None:
                raise Refused(tongue.say("There is no such ticket."))
            _require_right(ticket, act, who, accounts, tongue)
            if ticket.version != one.version:
                line = standing_line(ticket, self.teller.timezone, tongue)
                raise Refused(sentences(tongue.say("This has changed meanwhile."), line))
            return ticket

        try:
            if one.is_asking:
                with self.store.reading() as uow:
                    ticket = check(uow)
                    return form_of(ticket, act, self.rules.policy(ticket).snooze_max, tongue)
            return self._done(one, act, who, accounts, check, tongue)
        except Refused as refused:
            return refused.say(tongue)

    def _done(
        self,
        one: Interaction,
        act: ReaderAct,
        who: Clicker,
        accounts: Sequence[Account],
        check: Callable[[UnitOfWork], Ticket],
        tongue: Tongue,
    ) -> str:
        def take(uow: UnitOfWork) -> None:
            if not uow.interactions.finish(self.claimed.id):
                raise _TakenError
            check(uow)

        acts = TicketActs(_Checked(self.store, self.store.leases, take), self.rules, self.teller)
        by = Actor(who.email.casefold(), who.id, Via.CHANNEL, known_as=addresses_of(accounts))
        reason = flat(one.given.get("reason", ""))[:REASON_MAX]
        if act is ReaderAct.ACKNOWLEDGE:
            after = acts.acknowledge(one.ticket, by, self.now)
        elif act is ReaderAct.DONE:
            after = acts.done(one.ticket, by, self.now)
        elif act is ReaderAct.SNOOZE:
            after = acts.snooze(one.ticket, by, _span(one, tongue), self.now)
        elif act is ReaderAct.WAIVE:
            after = acts.waive(one.ticket, by, reason, self.now)
        else:
            after = acts.assign(one.ticket, self._chosen(one, tongue), by, self.now)
        return standing_line(after, self.teller.timezone, tongue)

    def _chosen(self, one: Interaction, tongue: Tongue) -> str:
        try:
            return self.notifier.who(one.given.get("person", "")).email
        except Unreachable:
            raise Refused(tongue.say("Only people of this workspace can have a ticket.")) from None

    def _accounts(self, who: Clicker) -> tuple[list[Account], str | None]:
        """The directories' accounts with the person's address, their other ones, and their language."""
        with self.store.reading() as uow:
            email = who.email.casefold()
            found = [one for one in uow.people.find(email) if (one.facts.email or "").casefold() == email]
            accounts = with_others_of_theirs(uow, found)
        return accounts, next((one.facts.language for one in accounts if one.facts.language), None)

    def _said(self, tongue: Tongue, text: str) -> Message:
        one = self.claimed.interaction
        with self.store.reading() as uow:
            ticket = uow.tickets.get(one.ticket)
        title = ticket_title(ticket, tongue) if ticket and one.act else ""
        to = Recipient(RecipientKind.PERSON, one.user, language=tongue.code)
        return Message(one.key, to, title, (masked(Paragraph("", text)),))

    def _finish(self) -> None:
        with self.store.begin() as uow:
            uow.interactions.finish(self.claimed.id)


@dataclass(frozen=True, slots=True)
class _Checked:
    """A store whose writing transactions begin with a look, which may refuse them."""

    store: Store
    leases: Leases
    look: Callable[[UnitOfWork], None]

    @contextmanager
    def begin(self, lease: Lease | None = None) -> Iterator[UnitOfWork]:
        with self.store.begin(lease) as uow:
            self.look(uow)
            yield uow

    def reading(self) -> AbstractContextManager[UnitOfWork]:
        return self.store.reading()


def part_of(ticket: Ticket, who: Clicker, accounts: Sequence[Account]) -> Involvement:
    """Somebody's part in a ticket, by their address and their accounts in the directories."""
    email = who.email.casefold()
    if who.is_operator or email == ticket.accountable.casefold():
        return Involvement.OVERSEER
    return Involvement.ASSIGNEE if is_with(ticket, email, accounts) else Involvement.NOBODY


def _require_presence(uow: UnitOfWork, accounts: Sequence[Account], tongue: Tongue) -> None:
    """Raises Refused for who has left: they do nothing, and see nothing."""
    if have_left(uow, accounts):
        raise Refused(tongue.say("Your account in the directory is not active."))


def _require_right(
    ticket: Ticket, act: ReaderAct, who: Clicker, accounts: Sequence[Account], tongue: Tongue
) -> None:
    part = part_of(ticket, who, accounts)
    if act in RIGHTS[part]:
        return
    if ticket.assignee is None or part is Involvement.ASSIGNEE:
        raise Refused(tongue.say("Only the accountable person and the operators can do that."))
    name = flat(ticket.assignee.name or ticket.assignee.email)
    raise Refused(tongue.say("Only {name}, the accountable person and the operators can do that.", name=name))


def _span(one: Interaction, tongue: Tongue) -> timedelta:
    spans = {str(hours): timedelta(hours=hours) for hours in SPANS_H}
    if (span := spans.get(one.given.get("span", ""))) is None:
        raise Refused(tongue.say("Say for how long."))
    return span


def form_of(ticket: Ticket, act: ReaderAct, longest: timedelta, tongue: Tongue) -> Form:
    """The form for an act that asks for something first; `longest` is how long a ticket can be put off.

    Raises Refused if that is shorter than each of the spans.
    """
    title, label = ticket_title(ticket, tongue), tongue.say(LABELS[act])
    if act is ReaderAct.ASSIGN:
        field = Field("person", tongue.say("Who has it from now on?"), is_person=True)
    elif act is ReaderAct.SNOOZE:
        spans = [hours for hours in SPANS_H if timedelta(hours=hours) <= longest]
        if not spans:
            raise Refused(because("That is too long or too short; at most {longest}.", longest=longest))
        choices = tuple((str(n), tongue.count("{n} hour", "{n} hours", n)) for n in spans)
        field = Field("span", tongue.say("For how long?"), choices=choices)
    else:
        field = Field("reason", tongue.say("Why?"))
    return Form(label, title, label, tongue.say("Cancel"), field)
