"""A ward in which the rules place nurses, whose private numbers need consent."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from harness import Harness
from worker.app.acts.statements import StatementAnswer
from worker.domain.controls.others import CONSENT, POLICY
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.statements import AttestAnswer, Statement, StatementRule, text_hash
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.people.joiners import Placement
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState
from worker.storage.sql.tables import consent_subject

Made = Callable[..., Harness]
ASKS = ControlSwitch(Mode.TICKET)
RULE = StatementRule(
    Statement.CONSENT, CONSENT.id, ASKS, "", "1", is_gate=True, private=("otherMobile", "home")
)
TEXT = "# Policy"
POLICY_1 = StatementRule(
    Statement.POLICY, POLICY.id, ASKS, "messaging", "1", texts={"en": TEXT}, is_gate=True
)
NURSES = Placement((("department", ("Nursing",)),), ("Ward*",))
PORTERS = Placement((("department", ("Porters",)),), ("Porters*",))


def consenting_ward(start: Made) -> Made:
    """A ward in which the rules place whoever is a nurse, with these rules about statements."""

    def make(*rules: StatementRule, **wishes: object) -> Harness:
        policy = ControlPolicy(statements=rules or (RULE,), daily_max=10)
        return start(controls=policy, joiners=(NURSES, PORTERS), **wishes)

    return make


def hire(harness: Harness, name: str = "zoe", *attributes: str) -> None:
    """A nurse with one number, in these attributes; without one, the directory does not say where it stands."""
    found = (attributes,) if attributes else ()
    harness.hire(name, department="Nursing", phones_in=found)
    harness.poll()


def allow(harness: Harness) -> None:
    """The control's first run, and a person who releases it."""
    harness.control()
    if harness.plans():
        harness.decide()
    harness.control()


def settle(harness: Harness) -> None:
    harness.settle()
    harness.later(days=1)
    harness.settle(full=True)


def asked(harness: Harness) -> list[Ticket]:
    return harness.tickets(TicketKind.ATTEST)


def additions(harness: Harness) -> list[Ticket]:
    return [one for one in harness.tickets(TicketKind.ADD_MEMBER) if one.is_live]


def removed(harness: Harness) -> list[Ticket]:
    return [one for one in harness.tickets(TicketKind.REMOVE_MEMBER) if one.is_live]


def say(harness: Harness, answer: AttestAnswer = AttestAnswer.ACCEPTED, text: str = "") -> Ticket:
    """The one who is asked answers, or answers otherwise than before."""
    [ticket] = [one for one in asked(harness) if one.state in {TicketState.OPEN, TicketState.VERIFIED}]
    said = StatementAnswer(answer, text_hash(text) if text else "")
    token = harness.link(ticket.id).rpartition("/")[2]
    [after] = harness.app.attesting.answer(token, {ticket.id: said}, harness.now)
    return after


def counts(harness: Harness) -> tuple[int, int, int, int, int]:
    [one] = [one.counts for one in harness.app.controls.report(harness.now) if one.control == CONSENT.id]
    return one.subjects, one.passed, one.failed, one.declined, one.unknown


def more_wards(harness: Harness, count: int) -> None:
    for number in range(count):
        harness.group(f"ward-{number + 8}", admins=["dee"])
    harness.inventory()


def noted(harness: Harness) -> list[str]:
    """Whose numbers a group is about to be shown."""
    with harness.engine.connect() as connection:
        return list(connection.execute(sa.select(consent_subject.c.person_id)).scalars())
