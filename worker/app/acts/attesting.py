"""What people say of the statements that they are asked for: by their link, or by a list of another system.

Looking changes nothing. An answer closes its ticket at once, since it is the fact itself, and can be taken back for a
minute. It is kept with the hash of exactly the text that was on the page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from worker.app.acts.assignee import WORDS_MAX
from worker.app.acts.by_link import act_by_link, can_undo, take_back
from worker.app.acts.changes import change_ticket
from worker.app.acts.statements import (
    DueForPerson,
    Imported,
    StatementAnswer,
    StatementDue,
    Unclear,
    check_answer,
    imported,
    rule_of,
    said_together,
    text_changed,
)
from worker.app.refused import Refused
from worker.app.tell.addressing import still_here, who_is_here
from worker.app.tell.answering import statement_message
from worker.app.tell.signed_links import SignedLinks, check_is_here
from worker.app.tell.teller import Teller
from worker.domain.controls.census import CensusMention
from worker.domain.controls.statements import (
    Assurance,
    AttestAnswer,
    Attestation,
    ImportedRow,
    Statement,
    StatementRule,
)
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, Via, acted
from worker.domain.evidence.explained import assignee_id
from worker.domain.kinds import STATEMENTS
from worker.domain.model import Account, AccountKey
from worker.domain.reconcile.attesting import answered_with, changed_mind
from worker.domain.reconcile.whom import is_one_of
from worker.domain.text.language_codes import accepted, fitting
from worker.domain.tickets.ticket import Ticket, TicketState
from worker.ports.state.access import Undo
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import Store, UnitOfWork

INITIALS_MAX = 10
KNOWN_MAX = 30  # groups of their people that a census names for them


@dataclass(frozen=True, slots=True)
class _Reached:
    """What a link reaches: its ticket, the statements that its reader is asked for, and the last minute's answers.

    `mine` begins with the ticket of the link; it is empty for somebody else who has that ticket.
    """

    ticket: Ticket
    mine: Sequence[Ticket] = ()
    undos: Mapping[int, Undo] = field(default_factory=dict)


class Attesting:
    """Statements of people. `languages`: the organisation's first, for texts that a reader's own has none of.

    `rules` are of the configuration; `known` finds all rules that there are now, with those of messengers.
    `accountable` is an e-mail address or empty.
    """

    def __init__(
        self,
        store: Store,
        links: SignedLinks,
        teller: Teller,
        rules: Sequence[StatementRule],
        languages: Sequence[str],
        known: Callable[[UnitOfWork], Sequence[StatementRule]],
        accountable: str,
    ) -> None:
        self._store = store
        self._links = links
        self._teller = teller
        self._rules = tuple(rules)
        self._languages = tuple(languages)
        self._known = known
        self._accountable = accountable

    def changed_texts(self) -> list[str]:
        """A sentence for each statement whose text changed under the same version since it was first shown."""
        with self._store.reading() as uow:
            known = uow.attestations.texts()
        return [text_changed(rule) for rule in self._rules if rule.differs_from(known)]

    # --- looking ---------------------------------------------------------------------------------

    def look(self, token: str, now: datetime) -> DueForPerson:
        """All that the person of a link is asked for; of whoever else has its ticket, nothing. Raises LinkDead."""
        with self._store.reading() as uow:
            return self._due(uow, self._reached(uow, token, now))

    def _reached(self, uow: UnitOfWork, token: str, now: datetime) -> _Reached:
        """Open a link: a statement is its person's, who answers by the link of any of theirs.

        An answer may have left the ticket to somebody else: its link still opens the others, and can take it back.
        """
        opened = self._links.read(uow, token, now)
        ticket = opened.ticket
        human = uow.people.human(_person(ticket))
        accounts = human.accounts if human else ()
        asked = [one for one in uow.tickets.of_person(_person(ticket)) if one.kind is STATEMENTS]
        found = ((one, uow.access.undo_of(one.id)) for one in asked)
        undos = {one.id: undo for one, undo in found if undo is not None and can_undo(one, undo, now)}
        before = {one.id: undos[one.id].before if one.id in undos else one for one in asked}
        mine = [one for one in asked if is_one_of(before[one.id].assignee, accounts)]
        of_link = next((before[one.id] for one in mine if opened.is_for(before[one.id])), None)
        if of_link is None:
            return _Reached(self._links.ticket(uow, token, now))
        check_is_here(uow, of_link)
        mine = sorted(filter(opened.reaches, mine), key=lambda one: (one.id != ticket.id, one.id))
        return _Reached(ticket, mine, {one.id: undos[one.id] for one in mine if one.id in undos})

    def _due(self, uow: UnitOfWork, reached: _Reached) -> DueForPerson:
        ticket, mine, undos = reached.ticket, reached.mine, reached.undos
        person = uow.people.get(_person(ticket))
        language = person.facts.language if person and mine else None
        rules = self._known(uow)
        is_due = (one for one in mine if one.state is TicketState.OPEN and one.id not in undos)
        due = [self._shown(uow, one, rules, language) for one in is_due]
        undoable = ((one, undos[one.id]) for one in mine if one.id in undos)
        answered = [self._shown(uow, one, rules, language, undo.until) for one, undo in undoable]
        return DueForPerson(
            ticket,
            person,
            ticket.person_name,
            language,
            bool(mine),
            tuple(one for one in due if one is not None),
            tuple(one for one in answered if one is not None),
            tuple(
                self._kept(uow, mine, rules, {one.ticket.id for one in answered if one is not None}, language)
            ),
        )

    def _kept(
        self,
        uow: UnitOfWork,
        mine: Sequence[Ticket],
        rules: Sequence[StatementRule],
        undoable: Collection[int],
        language: str | None,
    ) -> Iterator[StatementDue]:
        for one in mine:
            shown = (
                self._shown(uow, one, rules, language)
                if one.state is TicketState.VERIFIED and one.id not in undoable
                else None
            )
            if shown is not None and shown.rule.statement.is_revocable:
                yield shown

    def _shown(
        self,
        uow: UnitOfWork,
        ticket: Ticket,
        rules: Sequence[StatementRule],
        language: str | None,
        until: datetime | None = None,
    ) -> StatementDue | None:
        rule = rule_of(ticket, rules)
        if rule is None:
            return None
        theirs = accepted(language or "")
        code, text = rule.text_in([*theirs, *self._languages])
        is_theirs = not (text and theirs) or fitting([code], theirs) != ""
        due = StatementDue(ticket, rule, code, text, rule.changed.get(code, ""), is_theirs, until)
        if rule.statement is not Statement.CENSUS:
            return due
        known = uow.census.groups_under(_person(ticket), KNOWN_MAX)
        return replace(due, named=tuple(uow.census.of_ticket(ticket.id)), known=tuple(known))

    # --- answering -------------------------------------------------------------------------------

    def answer(
        self,
        token: str,
        said: Mapping[int, StatementAnswer],
        now: datetime,
        assurance: Assurance = Assurance.LINK,
    ) -> list[Ticket]:
        """Answer statements, by the number of their ticket; those that are not open are left alone.

        The answer that is kept already changes nothing, since a form may be sent twice. Raises Refused if a text on
        the page is not the one that is asked for now, or an item has no answer.
        """
        with self._store.begin() as uow:
            shown = self._due(uow, self._reached(uow, token, now))
            due = {one.ticket.id: one for one in (*shown.due, *shown.kept)}
            chosen = [
                (due[number], one)
                for number, one in said.items()
                if number in due and not _is_kept(due[number].ticket, one)
            ]
            for one, answer in chosen:
                check_answer(one, answer)
                self._note(uow, one.ticket, answer, now)
            return [
                self._answer(uow, one, answer, assurance, now)
                for one, answer in chosen
                if not answer.has_more
            ]

    def _note(self, uow: UnitOfWork, ticket: Ticket, said: StatementAnswer, now: datetime) -> None:
        """Keep the groups that a census names."""
        if said.groups and said.answer is AttestAnswer.ACCEPTED:
            uow.census.note(said.groups, CensusMention(now, ticket.person, ticket=ticket.id))

    def _answer(
        self, uow: UnitOfWork, due: StatementDue, said: StatementAnswer, assurance: Assurance, now: datetime
    ) -> Ticket:
        new = self._attestation(due, said, assurance, now)
        ticket, links = due.ticket, self._links
        accounts = _accounts(uow, _person(ticket))
        uow.attestations.add(new, accounts)
        _let_in(uow, due.rule, accounts, now)

        def messages(after: Ticket) -> list[OutMessage]:
            return [] if new.is_pass else statement_message(uow, after, new, self._teller, now)

        def change(one: Ticket) -> Ticket:
            return answered_with(one, new, now)

        if ticket.state is not TicketState.OPEN:
            return self._changed(uow, ticket, new, now)
        answer = said.answer.value
        return act_by_link(uow, links, ticket, change, events.TICKET_ANSWERED, now, messages, answer)

    def _changed(self, uow: UnitOfWork, ticket: Ticket, new: Attestation, now: datetime) -> Ticket:
        """Keep another answer than the one before: nothing is asked for, so there is nothing to undo.

        Who was accountable when the ticket was closed may have left, or may be so no more.
        """

        def change(one: Ticket) -> Ticket:
            return changed_mind(one, new, now)

        by, said = Actor(assignee_id(ticket.assignee), via=Via.LINK), new.answer.value
        _, after = change_ticket(uow, ticket.id, change, events.TICKET_ANSWERED, by, now, answer=said)
        if not new.is_pass:
            told = replace(after, accountable=who_is_here(uow, self._accountable))
            uow.outbox.add(statement_message(uow, told, new, self._teller, now), now)
        return after

    def _attestation(
        self, due: StatementDue, said: StatementAnswer, assurance: Assurance, now: datetime
    ) -> Attestation:
        rule, ticket = due.rule, due.ticket
        return Attestation(
            statement=rule.statement,
            subject=rule.subject,
            version=rule.version,
            person=ticket.person,
            answer=said.answer,
            at=now,
            assurance=assurance,
            language=due.language,
            text_sha256=due.text_sha256 if due.shown else "",
            group=ticket.group,
            items=said.items,
            expires_at=now + rule.every if rule.every else None,
            ticket=ticket.id,
            reason=" ".join(said.words.split())[:WORDS_MAX],
            initials=" ".join(said.initials.split())[:INITIALS_MAX],
        )

    def undo(self, token: str, now: datetime) -> list[Ticket]:
        """Take back all answers of the last minute. Raises Refused if there are none any more."""
        with self._store.begin() as uow:
            reached = self._reached(uow, token, now)
            undone = []
            for one in reached.mine:
                if one.id in reached.undos:
                    undone.append(take_back(uow, reached.undos[one.id], now))
                    uow.census.forget(one.id, one.verified_at or now)
                    if (rule := rule_of(one, self._rules)) is not None:
                        _let_in(uow, rule, _accounts(uow, _person(one)), now)
            if not undone:
                raise Refused("It can't be taken back any more.")
            return undone

    # --- lists of other systems ------------------------------------------------------------------

    def take(
        self,
        rows: Iterable[ImportedRow],
        statement: Statement,
        source: str,
        by: Actor,
        now: datetime,
        reason: str = "",
    ) -> Imported:
        """Keep what a list says; of a row that is not clear, nothing. A row that was kept before is kept once.

        Capitals make no difference in what a row is about. Rows about something else that no rule asks are counted.
        Raises Refused if no rule asks for this statement.
        """
        rules = {rule.subject.casefold(): rule for rule in self._rules if rule.statement is statement}
        if not rules:
            raise Refused(f"Nothing in `controls:` asks for {statement.value}.")
        problems: list[str] = []
        of_nobody = 0
        others = Counter[str]()
        read: list[tuple[StatementRule, Attestation]] = []
        with self._store.begin() as uow:
            for row in rows:
                only = next(iter(rules.values())) if len(rules) == 1 and not row.subject else None
                rule = rules.get(row.subject.casefold(), only)
                if rule is None:
                    others[row.subject] += 1  # another course of the same list
                    continue
                person = _one(uow, row.who)
                if person is None:
                    problems.append(
                        f"Line {row.line}: {row.who!r} is nobody, or several people, in the directories."
                    )
                    of_nobody += 1
                    continue
                try:
                    read.append((rule, imported(uow, row, rule, person, source, self._teller.timezone, now)))
                except Unclear as why:
                    problems.append(f"Line {row.line}: {why}")
            kept = sum(_is_new(uow, rule, new, now) for rule, new in said_together(read))
            if kept:
                data = {"statement": statement.value, "rows": kept, "problems": len(problems)}
                entry = acted(by, now, events.ATTESTATIONS_IMPORTED, f"source:{source}", reason, data)
                uow.journal.append([entry])
        return Imported(kept, tuple(problems), of_nobody, others)


def _is_new(uow: UnitOfWork, rule: StatementRule, new: Attestation, now: datetime) -> bool:
    """Keep what a list says, unless it was kept before."""
    assert new.person is not None  # noqa: S101  a list names somebody
    accounts = _accounts(uow, new.person)
    is_new = uow.attestations.add(new, accounts) is not None
    if is_new:
        _let_in(uow, rule, accounts, now)
    return is_new


def _is_kept(ticket: Ticket, said: StatementAnswer) -> bool:
    return ticket.state is not TicketState.OPEN and ticket.details.get("answer") == said.answer.value


def _let_in(uow: UnitOfWork, rule: StatementRule, accounts: Collection[AccountKey], now: datetime) -> None:
    """Have the groups looked at in which the joiner rules place whoever answered, if an addition waits for it."""
    if rule.is_gate or rule.statement.is_revocable:
        placed = {group for account in accounts for group in uow.rosters.expectations(account)}
        uow.rosters.mark_dirty(sorted(placed), now)
    if rule.statement.is_revocable:
        uow.consents.mark_dirty(accounts, now)


def _one(uow: UnitOfWork, who: str) -> Account | None:
    """The person with this e-mail address or employee id who is here, if there is exactly one."""
    found = still_here(uow, uow.people.find(who))
    humans = {min(_accounts(uow, one.key)): one for one in found}
    return next(iter(humans.values())) if len(humans) == 1 else None


def _accounts(uow: UnitOfWork, person: AccountKey) -> list[AccountKey]:
    human = uow.people.human(person)
    return [account.key for account in human.accounts] if human else [person]


def _person(ticket: Ticket) -> AccountKey:
    """The person whom a ticket asks."""
    subject = ticket.subject
    return AccountKey(subject.source, subject.person_id)
