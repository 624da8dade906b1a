"""A company whose managers are asked for its groups, and what they answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from harness import Harness
from worker.app.acts.statements import StatementAnswer
from worker.domain.controls.census import CensusCandidate, CensusRow
from worker.domain.controls.others import CENSUS
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.statements import AttestAnswer, Statement, StatementRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.tickets.ticket import Ticket, TicketKind

ASKS = ControlSwitch(Mode.TICKET)
YEARLY = StatementRule(Statement.CENSUS, CENSUS.id, ASKS, "", "1", every=timedelta(days=365))
Made = Callable[..., Harness]


def asking(start: Made) -> Made:
    """A company whose managers are asked, and whose first run was released."""

    def make(rule: StatementRule = YEARLY, **policy: object) -> Harness:
        harness = start(controls=ControlPolicy(statements=(rule,), **policy))  # type: ignore[arg-type]
        harness.hire("ben", "cem", manager_id="ann")
        harness.hire("dee", manager_id="ben")
        harness.poll()
        harness.control()
        harness.decide()
        harness.control()
        return harness

    return make


def tickets(harness: Harness) -> list[Ticket]:
    return harness.tickets(TicketKind.ATTEST)


def token(harness: Harness, ticket: Ticket) -> str:
    return harness.link(ticket.id).rpartition("/")[2]


def ticket_of(harness: Harness, name: str) -> Ticket:
    return next(one for one in tickets(harness) if one.person_name == name)


def answer(
    harness: Harness,
    name: str,
    *rows: CensusRow,
    said: AttestAnswer = AttestAnswer.ACCEPTED,
    has_more: bool = False,
) -> list[Ticket]:
    ticket = ticket_of(harness, name)
    given = StatementAnswer(said, "", groups=rows, is_none=not rows, has_more=has_more)
    return harness.app.attesting.answer(token(harness, ticket), {ticket.id: given}, harness.now)


def candidates(harness: Harness) -> list[CensusCandidate]:
    with harness.store.begin() as uow:
        return uow.census.candidates()


def counts(harness: Harness, control: str = CENSUS.id) -> tuple[int, int, int, int]:
    [one] = [one.counts for one in harness.app.controls.report(harness.now) if one.control == control]
    return one.subjects, one.passed, one.failed, one.declined


WARD_9 = CensusRow("Ward 9 nights", "whatsapp", "Dee", 12)
