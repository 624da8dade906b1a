"""A company that asks for statements, and what its people say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from harness import Harness
from worker.app.acts.attesting import Attesting
from worker.app.acts.statements import StatementAnswer
from worker.domain.controls.others import DEVICE, DUTIES, POLICY, TRAINING
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.statements import (
    AttestAnswer,
    Attestation,
    Statement,
    StatementRule,
    text_hash,
)
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.tickets.ticket import Ticket, TicketKind

ASKS = ControlSwitch(Mode.TICKET)
TEXT = "# Policy\n\nBe kind."
POLICY_3 = StatementRule(
    Statement.POLICY, POLICY.id, ASKS, "messaging", "3", texts={"en": TEXT}, every=timedelta(days=365)
)
DUTIES_2 = StatementRule(
    Statement.DUTIES,
    DUTIES.id,
    ASKS,
    "",
    "2",
    texts={"en": "# Duties"},
    only_admins=True,
    for_each_group=True,
)
COURSE = StatementRule(Statement.TRAINING, TRAINING.id, ASKS, "MSG-101", "1", every=timedelta(days=365))
PHONE = StatementRule(Statement.DEVICE, DEVICE.id, ASKS, "", "1", items=("screen_lock", "not_shared"))
Made = Callable[..., Harness]


def asking(start: Made) -> Made:
    """A company that asks for these statements, whose first run was released."""

    def make(*rules: StatementRule) -> Harness:
        harness = start(controls=ControlPolicy(statements=rules, daily_max=10))
        harness.control()
        harness.decide()
        harness.control()
        return harness

    return make


def rule_anew(harness: Harness, *rules: StatementRule) -> None:
    """The worker is started again with other rules."""
    policy = replace(harness.app.rules.controls, statements=rules)
    harness.start(replace(harness.app.rules, controls=policy))


def attesting(harness: Harness) -> Attesting:
    return harness.app.attesting


def tickets(harness: Harness, person: str = "") -> list[Ticket]:
    found = harness.tickets(TicketKind.ATTEST)
    return [one for one in found if not person or (one.person and one.person.person_id == person)]


def token(harness: Harness, ticket: Ticket) -> str:
    return harness.link(ticket.id).rpartition("/")[2]


def say(
    harness: Harness, ticket: Ticket, answer: AttestAnswer = AttestAnswer.ACCEPTED, **more: object
) -> Ticket:
    said = StatementAnswer(answer, **({"text_sha256": text_hash(TEXT)} | more))  # type: ignore[arg-type]
    [after] = attesting(harness).answer(token(harness, ticket), {ticket.id: said}, harness.now)
    return after


def said(harness: Harness) -> list[Attestation]:
    with harness.store.begin() as uow:
        return uow.attestations.page(0, 100)


def counts(harness: Harness, control: str) -> tuple[int, int, int, int]:
    [one] = [one.counts for one in harness.app.controls.report(harness.now) if one.control == control]
    return one.subjects, one.passed, one.failed, one.declined
