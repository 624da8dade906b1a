"""One side of a replay: recorded history, played by one configuration with the rules that the jobs have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from worker.app.reads.away import with_deputies
from worker.app.reads.escalation import Explainer
from worker.app.reads.replay_history import PAGE, Progressed, never_passed
from worker.app.tell.holding import known_as, reader_known_as
from worker.app.tell.quiet import PersonalQuiet
from worker.app.tell.recipients import Recipients
from worker.domain.controls.policy import ClassRule
from worker.domain.escalation.policy import STANDARD, Named, NamedKind, Policy, Step, Taken, Target, Whom
from worker.domain.escalation.quiet import held_until
from worker.domain.escalation.silences import Silence
from worker.domain.kinds import REMOVAL, REPORTED_MESSAGES
from worker.domain.messages.message import CHANNEL, Recipient, RecipientKind
from worker.domain.model import AccountKey, GroupKey
from worker.domain.people.leaving import Leaving
from worker.domain.reconcile.guard import Cohort, Departure, HeldPlan
from worker.domain.reconcile.rules import TicketRules
from worker.domain.replay.comparing import Notice
from worker.domain.replay.fates import Become, Fate, Span, TicketSide, begins_at, fate_of, steps_of
from worker.domain.replay.gate import GateRules, judge_again, recorded, seen_by
from worker.domain.replay.history import GuardedLeaving, History, RecordedTicket
from worker.domain.text.reason import NO_REASON
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import AssigneeWhy, Ticket
from worker.ports import Takes
from worker.ports.state.store import UnitOfWork

STEP = "step"


@dataclass(frozen=True, slots=True)
class ReplayRules:
    """What of a configuration a replay plays.

    `has_same_readers`: a step that the present configuration has, too, tells the people whom it told in fact, but for
    the accountable person.
    """

    gate: GateRules
    takes: Mapping[str, Takes]
    sensitive: tuple[str, ...]
    explainer: Explainer
    classes: tuple[ClassRule, ...] = ()
    quiet: PersonalQuiet | None = None
    silences: tuple[Silence, ...] = ()  # those of the configuration
    has_same_readers: bool = True

    @property
    def tickets(self) -> TicketRules:
        return self.explainer.rules


class NewKey(NamedTuple):
    """A removal that nobody was asked for: the leaving was held, and not released within the history.

    Of several held accounts of one person, it is the last one's leaving.
    """

    person: AccountKey
    at: datetime
    group: GroupKey


@dataclass(frozen=True, slots=True)
class NewTicket:
    """What is known of a removal that nobody was asked for. `person`: the account by which they would have left."""

    key: NewKey
    person: AccountKey
    person_name: str
    group_name: str
    fate: Fate


@dataclass(slots=True)
class Side:
    """What came of a play: the fate of each ticket by its number, who was told about it, and what was held."""

    fates: dict[int, Fate] = field(default_factory=dict)
    tellings: dict[int, list[Notice]] = field(default_factory=dict)
    new: dict[NewKey, NewTicket] = field(default_factory=dict)
    plans: list[HeldPlan] = field(default_factory=list)
    looked_up: int = 0  # steps whose readers are those of today


def as_recorded(history: History) -> Side:
    """What happened, as the state and the journal have it."""
    side = Side(plans=list(_plans(history)))
    for one in history.tickets:
        side.fates[one.ticket.id] = Fate(Become.OPENED, one.ticket.opened_at, one.due_at)
        steps = [
            Notice(step.taken.at, who, f"{STEP} {step.taken.step}")
            for step in one.steps
            for who in step.told
            if history.begins <= step.taken.at < history.ends
        ]
        side.tellings[one.ticket.id] = [*_news(history, one, side.fates[one.ticket.id]), *steps]
    return side


def _plans(history: History) -> Iterator[HeldPlan]:
    """The plans that were held, without their reasons and parts."""
    people: dict[tuple[int, str, datetime], list[Departure]] = defaultdict(list)
    for one in history.judgements:
        if one.plan is not None and one.at >= history.begins:
            people[one.plan, one.departure.person.source, one.at].append(one.departure)
    for (number, source, at), those in sorted(people.items()):
        yield HeldPlan(source, NO_REASON, at, (Cohort("c1", NO_REASON, tuple(those)),), number)


def _news(history: History, one: RecordedTicket, fate: Fate) -> Iterator[Notice]:
    """The messages about a ticket besides steps. Its first one comes when it is opened; the others stay."""
    if fate.opened_at is None:
        return
    for told in one.told:
        at = fate.opened_at if told.at == one.ticket.opened_at else told.at
        if not told.what.startswith(STEP) and fate.opened_at <= at and history.begins <= at < history.ends:
            yield Notice(at, told.who, told.what)


class Player:
    """Plays a history by one configuration. `present` has the rules that hold now.

    A message counts as told when it was queued; with `holds_messages`, at the end of its reader's quiet hours, or of
    a silence for them or for the ticket.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        history: History,
        rules: ReplayRules,
        present: ReplayRules,
        *,
        holds_messages: bool,
    ) -> None:
        self._uow, self._holds_messages = uow, holds_messages
        self._history, self._humans = seen_by(history, rules.gate), history.humans
        self._rules, self._present = rules, present
        explainer = rules.explainer
        self._recipients = Recipients(uow, explainer.languages, explainer.on_call)
        self._was = recorded(history)
        self._side = Side()
        self._silences = (*rules.silences, *uow.silences.all())
        self._places: dict[str, tuple[str, str]] = {}
        self._known: dict[tuple[object, ...], list[Recipient]] = {}

    def play(self, progressed: Progressed) -> Side:
        """Play all of it; `progressed` hears of each so many tickets."""
        gate = judge_again(self._history, self._rules.gate)
        rules, accounts = self._rules, self._rules.gate.accounts
        side = TicketSide(gate, rules.tickets, rules.takes, rules.sensitive, accounts, rules.classes)
        self._side.plans = gate.plans
        for number, one in enumerate(self._history.tickets):
            if number % PAGE == 0:
                progressed("played", min(PAGE, len(self._history.tickets) - number))
            fate = fate_of(self._history, one, self._was, side)
            self._side.fates[one.ticket.id] = fate
            self._side.tellings[one.ticket.id] = self._tellings(self._answered_for(one), fate, side)
        self._side.new = {new.key: new for new in self._new(side)}
        return self._side

    # --- who is told -----------------------------------------------------------------------------

    def _answered_for(self, one: RecordedTicket) -> RecordedTicket:
        """The ticket with the accountable person of this configuration."""
        before, after = self._present.tickets.accountable, self._rules.tickets.accountable
        ticket = one.ticket
        if before == after or ticket.accountable != before:
            return one
        assignee = ticket.assignee
        if assignee is not None and assignee.why is AssigneeWhy.ACCOUNTABLE:
            assignee = replace(assignee, email=after, name="", person=None) if after else None
        told = tuple(
            each._replace(who=after or CHANNEL.label, address=after)
            if self._is_accountable_before(each.address)
            else each
            for each in one.told
        )
        return replace(one, ticket=replace(ticket, accountable=after, assignee=assignee), told=told)

    def _tellings(self, one: RecordedTicket, fate: Fate, side: TicketSide) -> list[Notice]:
        policy = side.rules.policy(side.judged(self._history, one.ticket))
        reached: dict[Taken, tuple[Recipient, ...]] = {}

        def reaches(taken: Taken) -> bool:
            reached[taken], is_away = self._readers(one, policy, taken)
            return bool(reached[taken]) and not is_away

        spans = self._spans(one.ticket)
        taken = steps_of(self._history, one, fate, side, spans, reaches)
        steps = [
            self._held(
                Notice(each.at, to.label, f"{STEP} {each.step}"),
                to,
                one.ticket,
                spans,
                is_day_or_night=policy.steps[each.step - 1].is_day_or_night,
            )
            for each in taken
            for to in reached[each]
        ]
        addresses = {told.who: told.address for told in one.told}
        news = [
            self._held(
                each, _recipient(each.who, addresses[each.who]), one.ticket, spans, is_day_or_night=False
            )
            for each in _news(self._history, one, fate)
        ]
        return [*news, *steps]

    def _spans(self, ticket: Ticket) -> list[Span]:
        """When nobody is told about a ticket, by silences that people made and by those of the configuration."""
        if not self._silences:
            return []
        known = known_as(self._uow, ticket) if any(one.people for one in self._silences) else ()
        return [(one.from_at, one.over_at) for one in self._silences if one.covers(ticket, known)]

    def _readers(
        self, one: RecordedTicket, policy: Policy, taken: Taken
    ) -> tuple[tuple[Recipient, ...], bool]:
        """Whom a step tells, and whether all of them are away: those whom it told in fact, else as it is today.

        Who stands in for somebody is asked at the step's own instant.
        """
        step = policy.steps[taken.step - 1]
        told = self._told_in_fact(one, policy, step, taken)
        if told is not None:
            return told
        self._side.looked_up += 1
        return self._as_today(one.ticket, step, taken.at)

    def _told_in_fact(
        self, one: RecordedTicket, policy: Policy, step: Step, taken: Taken
    ) -> tuple[tuple[Recipient, ...], bool] | None:
        same = [each for each in one.steps if each.policy == policy.name and each.taken.step == taken.step]
        policies = (*self._present.tickets.policies, STANDARD)
        before = next((each for each in policies if each.name == policy.name), policy)
        known = before.steps[taken.step - 1 : taken.step]
        is_over_the_same = [(each.to, each.via) for each in known] == [(step.to, step.via)]
        if not same or not is_over_the_same or not self._rules.has_same_readers:
            return None
        found = next((each for each in same if each.taken.repeat == taken.repeat), same[-1])
        addresses = {told.who: told.address for told in one.told if told.what == f"{STEP}{taken.step}"}
        told = tuple(_recipient(who, addresses.get(who, who)) for who in found.told)
        if any(self._is_accountable_before(to.address) for to in told):
            return None
        away = self._rules.explainer.away
        if found.taken.at == taken.at:
            return told, all(away.is_away(to.address, None, taken.at) for to in told)
        asked = self._without_deputies(told, one.ticket, step, found.taken.at)
        return with_deputies(asked, away, taken.at, self._recipients, ticket=one.ticket)

    def _without_deputies(
        self, told: tuple[Recipient, ...], ticket: Ticket, step: Step, at: datetime
    ) -> list[Recipient]:
        """Those whom a step told at an instant, but for who only stood in for somebody."""
        away = self._rules.explainer.away
        deputies = {deputy.casefold() for to in told if (deputy := away.deputy(to.address, at)) is not None}
        if deputies:
            deputies -= {to.address for to in self._named(ticket, step, at)}
        return [to for to in told if to.address not in deputies]

    def _is_accountable_before(self, address: str) -> bool:
        """Whether an address is that of the accountable person whom this configuration replaces."""
        before, after = self._present.tickets.accountable, self._rules.tickets.accountable
        return before != after and address.casefold() == before.casefold()

    def _as_today(self, ticket: Ticket, step: Step, at: datetime) -> tuple[tuple[Recipient, ...], bool]:
        explainer, named = self._rules.explainer, self._named(ticket, step, at)
        recipients, is_away = with_deputies(named, explainer.away, at, self._recipients, ticket=ticket)
        return tuple(to for to in recipients if explainer.reached(replace(to, via=step.via)).over), is_away

    def _named(self, ticket: Ticket, step: Step, at: datetime) -> list[Recipient]:
        """As `Recipients.of_all`; what a target means to several tickets is looked up once."""
        named: dict[tuple[RecipientKind, str], Recipient] = {}
        for whom in step.to:
            key = (whom, *_asked_by(ticket, whom, at))
            if key not in self._known:
                self._known[key] = self._recipients.of(ticket, whom, at)
            for one in self._known[key]:
                named.setdefault((one.kind, one.address), one)
        return list(named.values())

    def _held(
        self, telling: Notice, to: Recipient, ticket: Ticket, spans: Iterable[Span], *, is_day_or_night: bool
    ) -> Notice:
        """The telling when it may be told: as `Holds.of_message`; `spans` are the silences for its ticket."""
        if not self._holds_messages:
            return telling
        at, quiet = telling.at, self._rules.quiet
        is_person = to.kind is RecipientKind.PERSON
        silences = [one for one in self._silences if is_person and one.people and one.is_on(at)]
        names = reader_known_as(self._uow, to, ticket) if silences else []
        silenced = [one.over_at for one in silences if one.is_for(names)]
        silenced += [over_at for from_at, over_at in spans if from_at <= at < over_at]
        if silenced:
            return telling._replace(at=max(silenced))
        if not is_person or quiet is None or is_day_or_night or not quiet.is_for(ticket):
            return telling
        if to.address not in self._places:
            self._places[to.address] = quiet.place_of(self._uow, to)
        return telling._replace(at=held_until(quiet.hours, at, *self._places[to.address]) or at)

    # --- leavings that were not released ---------------------------------------------------------

    def _new(self, side: TicketSide) -> Iterable[NewTicket]:
        """The removals that nobody was asked for: of each absence of a person, one for each group."""
        held = list(never_passed(self._history))
        asked = self._asked({self._who(one.departure.person) for one in held}, side)
        found: dict[tuple[AccountKey, datetime, GroupKey], NewTicket] = {}
        for judged in held:
            at = begins_at(self._history, judged.key, judged.at, side)
            if at is None or not self._history.begins <= at < self._history.ends:
                continue
            # Of a group that several sources show, the one that leads comes last: it is asked there
            for group in sorted(judged.asked_out_of(at), key=lambda one: one == self._leading(one)):
                this = (self._who(judged.departure.person), at, self._leading(group))
                if this not in asked and (new := self._asked_out(judged, group, at, side)):
                    found[this] = new
        return found.values()

    def _asked(
        self, people: Collection[AccountKey], side: TicketSide
    ) -> set[tuple[AccountKey, datetime | None, GroupKey]]:
        """Of these people, the absences and groups for which recorded tickets are opened."""
        return {
            (who, begins_at(self._history, one.leaving, one.ticket.opened_at, side), self._leading(group))
            for one in self._history.tickets
            if one.leaving is not None
            and (group := one.ticket.group) is not None
            and (who := self._who(one.leaving.person)) in people
            and self._side.fates[one.ticket.id].become is Become.OPENED
        }

    def _asked_out(
        self, judged: GuardedLeaving, group: GroupKey, at: datetime, side: TicketSide
    ) -> NewTicket | None:
        """The removal from one group; None if the configuration does not read it."""
        past = self._history.groups.get(group)
        if past is None or not side.reads(self._history, group, past.name):
            return None
        name, leaving = self._leaving(judged, at, side)
        draft = Ticket(
            REMOVAL, About.MEMBERSHIP, group, past.name, "", at, at, at,
            person=leaving.person, evidence=leaving.evidence, left_at=leaving.at,
        )  # fmt: skip
        due_at = side.rules.started(side.judged(self._history, draft), at).due_at
        key = NewKey(judged.departure.person, judged.departure.at, group)
        return NewTicket(key, leaving.person, name, past.name, Fate(Become.OPENED, at, due_at))

    def _leaving(self, judged: GuardedLeaving, at: datetime, side: TicketSide) -> tuple[str, Leaving]:
        """The name of the account that speaks for a person at an instant, and the leaving by which they have left."""
        departure = judged.departure
        human = None if judged.key.is_move else self._history.humans.get(departure.person)
        person = human and human.at(at, side.gate.passed, side.accounts)
        if person and person.leaving:
            return person.person.facts.display_name, person.leaving
        return departure.name, Leaving(departure.person, departure.evidence, departure.at)

    def _leading(self, group: GroupKey) -> GroupKey:
        """One group for all that are the same: the one that leads."""
        past = self._history.groups.get(group)
        return next(iter(past.shown_as), group) if past else group

    def _who(self, account: AccountKey) -> AccountKey:
        """One account for all of a person's."""
        human = self._humans.get(account)
        return human.accounts[0].account.key if human else account


def _asked_by(ticket: Ticket, whom: Whom, at: datetime) -> tuple[object, ...]:
    """All that a target's meaning depends on. A reported message is kept from some: that is asked for each."""
    if ticket.kind is REPORTED_MESSAGES:
        return ticket.id, at
    if isinstance(whom, Named):
        return (at,) if whom.kind is NamedKind.ON_CALL else ()
    asked: dict[Target, tuple[object, ...]] = {
        Target.ASSIGNEE: (ticket.assignee,),
        Target.ADMINS: (ticket.group,),
        Target.OWNER: (ticket.group,),
        Target.MANAGER: (ticket.person, ticket.about, ticket.assignee),
        Target.ACCOUNTABLE: (ticket.accountable,),
    }
    return asked.get(whom, ())


def _recipient(who: str, address: str) -> Recipient:
    if who == CHANNEL.label or not address:
        return Recipient(RecipientKind.CHANNEL, address if who != CHANNEL.label else "", who)
    return Recipient(RecipientKind.PERSON, address, who)
