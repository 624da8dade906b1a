"""What somebody is asked to state, their answer, and what has to be right with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

from worker.app.refused import Refused
from worker.domain.controls.census import CensusRow
from worker.domain.controls.statements import (
    COMPLETE,
    Assurance,
    AttestAnswer,
    Attestation,
    ImportedRow,
    ItemAnswer,
    Statement,
    StatementRule,
    text_hash,
)
from worker.domain.escalation.wall_clock import first_showing, local_day
from worker.domain.model import Account
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class StatementDue:
    """One statement that somebody is asked for, as a page shows it.

    `language` is that of the text, which may be another than the reader's: `is_theirs` says so. `can_undo_until`: the
    answer can be taken back until then.
    """

    ticket: Ticket
    rule: StatementRule
    language: str
    text: str
    changed: str
    is_theirs: bool
    can_undo_until: datetime | None = None
    named: tuple[CensusRow, ...] = ()  # in a census, under this ticket so far
    known: tuple[str, ...] = ()  # for a census: groups of their people that are known already

    @property
    def shown(self) -> str:
        """What was put before them: the text, or what is so now, in a fixed form; empty if the question says it all."""
        return self.text or self.rule.facts

    @property
    def text_sha256(self) -> str:
        return text_hash(self.shown)


@dataclass(frozen=True, slots=True)
class DueForPerson:
    """All statements that one person is asked for, and those that they answered in the last minute.

    `is_theirs`: the link is that person's. Whoever else has its ticket is asked for nothing.
    """

    ticket: Ticket
    person: Account | None
    name: str
    language: str | None
    is_theirs: bool
    due: tuple[StatementDue, ...]
    answered: tuple[StatementDue, ...]
    kept: tuple[StatementDue, ...] = ()  # answered before, and can be taken back or given at any time


@dataclass(frozen=True, slots=True)
class StatementAnswer:
    """An answer to one statement. `text_sha256` is of the text that was on the page.

    `groups`: what a census names; `is_none`: they know of none. `has_more`: they go on naming, so nothing is answered.
    """

    answer: AttestAnswer
    text_sha256: str
    items: Mapping[str, ItemAnswer] = field(default_factory=dict)
    initials: str = ""
    words: str = ""
    groups: tuple[CensusRow, ...] = ()
    is_none: bool = False
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class StatementList:
    """A list of another system. `read` returns its rows, or raises ConnectorError."""

    statement: Statement
    name: str
    read: Callable[[], Sequence[ImportedRow]]


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a list: how many rows were new, and whole sentences, with the line, on those that show nothing.

    `of_nobody`: how many of these name nobody. `others`: how many rows are about what no rule asks, by what it is.
    """

    kept: int
    problems: tuple[str, ...]
    of_nobody: int
    others: Mapping[str, int]


def rule_of(ticket: Ticket, rules: Iterable[StatementRule]) -> StatementRule | None:
    """The rule that a ticket asks by; None if there is none any more, or its version is another."""
    asked = (ticket.details.get("statement"), ticket.details.get("subject"))
    for rule in rules:
        is_same = (rule.statement.value, rule.subject) == asked
        is_of_now = rule.version == ticket.details.get("version") or not rule.is_material
        if is_same and (is_of_now or rule.is_shown_live):
            return rule
    return None


def text_changed(rule: StatementRule) -> str:
    """What is wrong with a rule whose text changed, and what to do."""
    return (
        f"The text of {rule.name} changed, and its version is still {rule.version}: nobody is asked for it. "
        "Give it another version, or put the old text back."
    )


class Unclear(Exception):
    """A row of a list does not show what a rule asks. Its text is a sentence."""


def said_by_row(
    row: ImportedRow, rule: StatementRule, today: date
) -> tuple[AttestAnswer, dict[str, ItemAnswer]]:
    """Return what a row answers, and what it says of the items that the rule asks. `today` is local.

    Raises Unclear if that is not certain. One item that is not so is enough to know that it is no pass.
    """
    items = {item: row.items[item] for item in rule.items if item in row.items}
    missing = [item for item in rule.items if item not in items]
    if row.answer is None:
        raise Unclear("Its answer is none of accepted, declined and exception.")
    if row.on is not None and row.on > today:
        raise Unclear(f"{row.on} is a day to come.")
    if row.answer is AttestAnswer.ACCEPTED and missing and ItemAnswer.NO not in items.values():
        raise Unclear(f"It says nothing of {', '.join(missing)}.")
    return row.answer, items


def imported(
    uow: UnitOfWork,
    row: ImportedRow,
    rule: StatementRule,
    person: Account,
    source: str,
    timezone: str,
    now: datetime,
) -> Attestation:
    """What a row says; without a day, since its list says so. Raises Unclear."""
    answer, items = said_by_row(row, rule, local_day(timezone, now))
    until = first_showing(timezone, row.until, time()) if row.until else None
    new = Attestation(
        statement=rule.statement,
        subject=rule.subject,
        version=rule.version,
        person=person.key,
        answer=answer,
        at=now,
        assurance=Assurance.IMPORTED,
        items=items,
        expires_at=until,
        source=source,
    )
    at = first_showing(timezone, row.on, time()) if row.on else uow.attestations.said_since(new, rule) or now
    return replace(new, at=at, expires_at=until or (at + rule.every if rule.every else None))


def said_together(
    read: Sequence[tuple[StatementRule, Attestation]],
) -> list[tuple[StatementRule, Attestation]]:
    """What the rows of one list say. Of what is so now, such as of several phones, one that is no pass is enough."""
    not_so = {one.person for rule, one in read if rule.statement.is_of_now and not one.is_pass}
    return [(rule, one) for rule, one in read if not one.is_pass or one.person not in not_so]


def check_answer(due: StatementDue, said: StatementAnswer) -> None:
    """Refuse an answer to another text than the one that is asked for, or with a part missing."""
    if due.shown and said.text_sha256 != due.text_sha256:
        raise Refused("The text has changed since the page was opened. Read it again.")
    if due.rule.statement.is_revocable and said.answer is AttestAnswer.EXCEPTION:
        raise Refused("Say yes or no.")
    if said.answer is AttestAnswer.ACCEPTED and set(said.items) != set(due.rule.items):
        raise Refused("Answer each of the questions.")
    if not due.rule.statement.answers.issuperset(said.items.values()):
        raise Refused("Choose an answer.")
    if said.items.get(COMPLETE) is ItemAnswer.NO and not said.words.strip():
        raise Refused("Write down what is missing.")
    if said.answer is AttestAnswer.ACCEPTED and due.rule.has_typed_name and not said.initials.strip():
        raise Refused("Type your initials.")
    if due.rule.statement is Statement.CENSUS and said.answer is AttestAnswer.ACCEPTED:
        _check_named(due, said)


def _check_named(due: StatementDue, said: StatementAnswer) -> None:
    """Refuse an answer to a census that names nothing and does not say so, or says both."""
    if said.is_none and said.groups:
        raise Refused("Name groups, or say that you know of none.")
    if not said.is_none and not said.groups and not due.named:
        raise Refused("Name at least one group, or say that you know of none.")
    if not all(one.is_named for one in said.groups):
        raise Refused("Write the name of each group.")
