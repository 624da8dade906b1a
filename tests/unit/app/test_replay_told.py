"""When messages of recorded days would have been told by another configuration, and whom steps would reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from builders import rules
from harness import Harness
from replayed import DAY, HOUR, STEPS, TWO, Found, base, pass_hours, played, with_rules
from worker.domain.controls.policy import ClassRule, ControlPolicy, DescriptionRule, ProfileRule
from worker.domain.controls.switch import REPORTED, ControlSwitch, Mode
from worker.domain.escalation.absence import Absence
from worker.domain.escalation.policy import STANDARD, After, Named, NamedKind, Policy, Step, Target, When
from worker.domain.escalation.silences import Silence
from worker.domain.model import GroupFacts, RegisterFacts
from worker.domain.replay.comparing import PlayEffect
from worker.domain.tickets.ticket import TicketKind


def ward(found: Found, *admins: str, **wishes: Any) -> Harness:
    """Ann is in a ward of twenty-one."""
    harness = found(**({"rules": TWO} | wishes))
    harness.hire("ann", "eve", *(f"p{number}" for number in range(60)))
    harness.group("ward-7", "ann", *(f"p{number}" for number in range(20)), admins=admins)
    harness.settle()
    return harness


def opening(harness: Harness, silence: Silence) -> tuple[PlayEffect, datetime | None]:
    """What becomes of the message that ann's ticket is there."""
    seen = played(harness, replace(base(harness), silences=(silence,)))
    found = [one.told for one in seen.messages if one.told.what == "open"]
    return (found[0].difference, found[0].would) if found else (PlayEffect.SAME, None)


@pytest.mark.parametrize("admins, accountable", [(("eve",), "it-security@example.org"), ((), "")])
@pytest.mark.parametrize("of, is_held", [
    ({"groups": ("Ward 7",)}, True),
    ({"sources": ("wards",)}, True),
    ({"kinds": (TicketKind.REMOVE_MEMBER,)}, True),
    ({"people": ("ann",)}, True),
    ({"groups": ("Ward 8",)}, False),
])  # fmt: skip
def test_a_silence_for_a_ticket_holds_every_message_about_it(
    found: Found, admins: tuple[str, ...], accountable: str, of: dict[str, Any], is_held: bool
) -> None:
    harness = ward(found, *admins, rules=rules(policies=(Policy("two", STEPS),), accountable=accountable))
    begins = harness.now
    pass_hours(harness, 3, {1: lambda: harness.leave("ann")})
    silence = Silence("1", begins, begins + DAY, "sam", "moves", **of)

    told = opening(harness, silence)

    assert told == ((PlayEffect.LATER, begins + DAY) if is_held else (PlayEffect.SAME, None))
    late = replace(silence, from_at=begins + 2 * HOUR + HOUR / 2)
    assert opening(harness, late) == (PlayEffect.SAME, None), "it had been told before"


SEC, DEP = "sec@corp.example", "dep@corp.example"
ASKED = (Named(NamedKind.PERSON, SEC),)


def later_steps(harness: Harness, plus: float, to: tuple[Named, ...] = ASKED) -> dict[str, tuple[int, int]]:
    """Whom the step tells in fact, and so many hours later, how often."""
    other = Policy("one", (Step(After(plus=plus * HOUR), to),))
    seen = played(harness, with_rules(harness, policies=(other,)))
    return {who: (was, would) for who, was, would in seen.readers if who in {SEC, DEP}}


@pytest.mark.parametrize("to, away, plus, told", [
    # The step came after five hours; from three to eight after the opening somebody was away
    (ASKED, (3, 8), 5, {SEC: (1, 1), DEP: (1, 1)}),
    (ASKED, (3, 8), 7, {SEC: (1, 1), DEP: (1, 1)}),
    (ASKED, (3, 8), 9, {SEC: (1, 1), DEP: (1, 0)}),
    (ASKED, (8, 12), 9, {SEC: (1, 1), DEP: (0, 1)}),
    ((*ASKED, Named(NamedKind.PERSON, DEP)), (3, 8), 9, {SEC: (1, 1), DEP: (1, 1)}),
])  # fmt: skip
def test_a_deputy_is_told_of_a_step_while_somebody_is_away(
    found: Found, to: tuple[Named, ...], away: tuple[int, int], plus: float, told: dict[str, tuple[int, int]]
) -> None:
    harness = ward(found, "eve", rules=rules(policies=(Policy("one", (Step(After(plus=5 * HOUR), to),)),)))
    opened_at = harness.now + 2 * HOUR
    from_at, until_at = (opened_at + hours * HOUR for hours in away)
    absence = Absence(SEC, from_at, until_at, DEP)
    harness.start(replace(harness.app.rules, rotas=replace(harness.app.rules.rotas, absences=(absence,))))
    pass_hours(harness, 15, {1: lambda: harness.leave("ann")})
    assert [one.opened_at for one in harness.tickets()] == [opened_at]

    seen = played(harness, None)
    assert seen.messages == ()
    assert later_steps(harness, plus, to) == told


@pytest.mark.parametrize("to, told", [
    (STANDARD.steps[1].to, {"Eve": (3, 3), SEC: (1, 1), "channel": (1, 1)}),
    ((Named(NamedKind.PERSON, DEP),), {"Eve": (3, 2), SEC: (1, 0), "channel": (1, 1), DEP: (0, 1)}),
])  # fmt: skip
def test_a_configuration_that_redefines_the_built_in_policy_tells_its_own_readers(
    found: Found, to: tuple[Target | Named, ...], told: dict[str, tuple[int, int]]
) -> None:
    harness = ward(found, "eve", rules=rules(accountable=SEC))
    pass_hours(harness, 32, {1: lambda: harness.leave("ann")})
    first, second, third = STANDARD.steps
    other = replace(STANDARD, steps=(first, replace(second, to=to), third))

    seen = played(harness, with_rules(harness, policies=(other,)))

    assert {who: (was, would) for who, was, would in seen.readers} == told


QUICK = Policy("quick", (Step(After(plus=2 * HOUR), (Target.ASSIGNEE,)),), When(sensitive=True))
SLOW = Policy("slow", (Step(After(plus=9 * HOUR), (Target.ASSIGNEE,)),))
PATIENTS = ClassRule(REPORTED, "patients", ("whatsapp",), ("Ward*",), is_sensitive=True)


@pytest.mark.parametrize("groups, said", [(("Ward*",), None), (("ward-7",), ""), ((), "Patients")])
def test_a_control_s_ticket_is_sensitive_by_its_group_s_class(
    found: Found, groups: tuple[str, ...], said: str | None
) -> None:
    asks = ProfileRule(ControlSwitch(Mode.TICKET), description=DescriptionRule({"en": "Be kind."}))
    policy = ControlPolicy(profile=(asks,), classes=(replace(PATIENTS, groups=groups),))
    harness = ward(found, "eve", registers=("rows",), rules=rules(policies=(QUICK, SLOW)), controls=policy)
    harness.wards.show("ward-7", GroupFacts(read_at=harness.now, description="hello"))
    if said is not None:
        harness.group("ward-7", "ann", admins=["eve"], at=1)
        harness.inventories[1].register("ward-7", RegisterFacts(data_class=said))
    harness.settle()
    harness.control()
    harness.decide()
    pass_hours(harness, 12, {1: harness.control})
    [ticket] = harness.tickets()
    assert (ticket.is_sensitive, ticket.kind) == (True, TicketKind.FIX_PROFILE)

    seen = played(harness)

    assert (seen.messages, seen.same_messages) == ((), 2)
    plain = replace(base(harness), classes=())
    assert {one.told.difference for one in played(harness, plain).messages} == {PlayEffect.LATER}
    named = replace(plain, sensitive=("Ward 7",))
    assert played(harness, named).messages == ()
