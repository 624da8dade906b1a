"""What is said of a held plan of controls."""

from __future__ import annotations

import pytest

from builders import NOW
from worker.domain.kinds.controlled import is_done_in
from worker.domain.messages.held import found_by_control, found_of, held_paragraph
from worker.domain.model import Coverage
from worker.domain.reconcile.guard import HeldSubject
from worker.domain.reconcile.held_findings import HeldFindings, held_controls
from worker.domain.tickets.sight import Sight

ONE = HeldFindings(1, (HeldSubject("wards", "w1", "Ward 1", "Party", "Ward 7"),))


def test_a_plan_of_controls_counts_tickets_and_names_the_control() -> None:
    plan = held_controls(
        {"profile.name": HeldFindings(9, ONE.subjects), "profile.join": HeldFindings(0, ())}, NOW
    )
    assert plan is not None
    paragraph = held_paragraph(plan)
    assert paragraph.headline == "Held: plan P-000000 of controls"
    assert paragraph.facts == (
        ("profile.name", "9 tickets to open: Its name follows the rule, and no other group has it"),
    )
    assert (plan.counted, plan.cohorts[0].counted) == ("9 tickets", "9 tickets")


def test_one_ticket_is_one() -> None:
    plan = held_controls({"profile.name": ONE}, NOW)
    assert plan is not None
    assert found_by_control(plan.cohorts[0]).startswith("One ticket to open: ")
    assert plan.counted == "1 ticket"


@pytest.mark.parametrize(
    "control, found, wanted, said",
    [
        ("group.complete", "purpose", "", "The group's row in the register lacks: purpose."),
        ("people.policy", "messaging", "3", "messaging, version 3"),
        ("group.duties", "", "1", "duties of an admin, version 1"),
        ("people.consent", "", "", "your private number"),
        ("people.training", "MSG-101", "", "MSG-101"),
        ("leaving.conversations", "Finance", "", "Finance"),
    ],
)
def test_what_is_held_is_said_in_words(control: str, found: str, wanted: str, said: str) -> None:
    assert found_of(control, HeldSubject("wards", "w1", "Ward 1", found, wanted)) == said


def test_no_roster_alone_proves_a_ticket_of_controls() -> None:
    assert not is_done_in(Sight(NOW, NOW, Coverage.FULL, is_fresh=True), 2)
