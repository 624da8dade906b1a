"""What becomes of a recorded ticket by other rules, and which steps its policy takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from builders import DAY, HOUR, NOW, WARD, person, rules, ticket
from worker.domain.escalation.policy import After, Policy, Step, Target
from worker.domain.escalation.replay import Spell
from worker.domain.kinds.controlled import TIME_S
from worker.domain.kinds.keeps import since_details
from worker.domain.model import AccountKey, Evidence
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.replay.fates import Become, Fate, TicketSide, Why, fate_of, moved, silenced, steps_of
from worker.domain.replay.gate import GateRules, GuardPlay, seen_by
from worker.domain.replay.history import (
    AccountPast,
    GroupPast,
    Growth,
    History,
    HumanPast,
    LeavingKey,
    LeftSpell,
    RecordedTicket,
)
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState

ANN = LeavingKey(AccountKey("corp", "ann"), NOW - DAY)
OPENED = ticket(opened_at=NOW, clock_from=NOW, due_at=NOW + DAY)
NOTHING = History(NOW - DAY, NOW + 7 * DAY, (), {}, {}, {})


def spell(begins: float, until: float | None, state: TicketState = TicketState.OPEN, **changes: Any) -> Spell:
    ends = None if until is None else NOW + until * HOUR
    return Spell(NOW + begins * HOUR, ends, state, **({"clock_from": NOW} | changes))


def recorded(one: Ticket = OPENED, *life: Spell, **changes: Any) -> RecordedTicket:
    return RecordedTicket(one, life or (spell(0, None),), **({"due_at": one.due_at} | changes))


def let_through(at: datetime = NOW, leaving: LeavingKey = ANN) -> GuardPlay:
    return GuardPlay({leaving: at})


def everything(_id: str, _name: str) -> bool:
    return True


def side(gate: GuardPlay | None = None, **changes: Any) -> TicketSide:
    return TicketSide(gate or let_through(), rules(), **({"takes": {"wards": everything}} | changes))


def fate(one: RecordedTicket, by: TicketSide, was: GuardPlay | None = None, past: History = NOTHING) -> Fate:
    return fate_of(past, one, was or let_through(), by)


def test_by_the_same_rules_it_is_opened_when_it_was() -> None:
    assert fate(recorded(), side()) == Fate(Become.OPENED, NOW, NOW + DAY)


@pytest.mark.parametrize(
    "takes", [{}, {"wards": lambda id_, _name: id_ != "ward-7"}, {"wards": lambda _id, name: name == "x"}]
)
def test_a_group_that_is_not_read_has_no_tickets(takes: dict[str, Callable[[str, str], bool]]) -> None:
    assert fate(recorded(), side(takes=takes)) == Fate(Become.ABSENT, why=Why.GROUP_LEFT_OUT)


@pytest.mark.parametrize("one", [
    ticket(TicketKind.IDENTIFY_MEMBER, person=None, opened_at=NOW),
    ticket(evidence=None, opened_at=NOW),
    ticket(left_at=None, opened_at=NOW),
    ticket(left_at=NOW + DAY, opened_at=NOW),
    ticket(TicketKind.ATTEST, group=None, evidence=None, opened_at=NOW),
])  # fmt: skip
def test_a_ticket_that_comes_of_no_leaving_stays(one: Ticket) -> None:
    found = fate(recorded(one), side(GuardPlay()))

    assert (found.become, found.opened_at, found.why) == (Become.OPENED, NOW, Why.NONE)


def test_a_leaving_that_is_none_has_no_tickets() -> None:
    assert fate(recorded(), side(GuardPlay(ignored={ANN}))).why is Why.NO_LEAVING


def test_a_held_leaving_holds_its_tickets() -> None:
    gate = GuardPlay(held={ANN: None})  # type: ignore[dict-item]  # which plan does not matter

    assert fate(recorded(), side(gate)) == Fate(Become.HELD, why=Why.PLAN_HELD)


def test_an_absence_that_is_too_short_has_no_tickets() -> None:
    assert fate(recorded(), side(GuardPlay(early={ANN}))) == Fate(Become.ABSENT, why=Why.NOT_YET)


@pytest.mark.parametrize("was", [GuardPlay(), let_through(NOW + HOUR)])
def test_a_leaving_whose_pass_is_not_known_any_more_keeps_its_tickets(was: GuardPlay) -> None:
    found = fate(recorded(), side(GuardPlay()), was)

    assert (found.opened_at, found.why) == (NOW, Why.NO_RECORD)


def test_it_is_opened_later_if_its_leaving_passes_later() -> None:
    found = fate(recorded(), side(let_through(NOW + 5 * HOUR)))

    assert found == Fate(Become.OPENED, NOW + 5 * HOUR, NOW + 5 * HOUR + DAY)


def test_it_is_not_opened_if_it_was_over_by_then() -> None:
    over = recorded(OPENED, spell(0, 2), spell(2, 3, TicketState.DONE), spell(3, None, TicketState.VERIFIED))
    again = recorded(OPENED, spell(0, 3), spell(3, 9, TicketState.CANCELLED), spell(9, None))

    assert fate(over, side(let_through(NOW + 2.5 * HOUR))).opened_at == NOW + 2.5 * HOUR
    assert fate(over, side(let_through(NOW + 5 * HOUR))) == Fate(Become.ABSENT, why=Why.GONE_BEFORE)
    assert fate(again, side(let_through(NOW + 5 * HOUR))).opened_at == NOW + 9 * HOUR


def test_it_is_opened_sooner_if_its_leaving_passes_sooner_and_they_were_in_the_group() -> None:
    was = let_through()
    came = replace(OPENED, details=since_details(NOW - 2 * HOUR))

    assert fate(recorded(), side(let_through(NOW - 5 * HOUR)), was).opened_at == NOW - 5 * HOUR
    assert fate(recorded(came), side(let_through(NOW - 5 * HOUR)), was).opened_at == NOW - 2 * HOUR


def test_what_was_opened_for_a_later_cause_stays_until_the_leaving_passes() -> None:
    was = let_through(NOW - 3 * HOUR)

    assert fate(recorded(), side(let_through(NOW - 5 * HOUR)), was).opened_at == NOW
    assert fate(recorded(), side(let_through(NOW - HOUR)), was).opened_at == NOW
    assert fate(recorded(), side(let_through(NOW + HOUR)), was).opened_at == NOW + HOUR


def test_time_to_act_is_that_of_the_rules() -> None:
    sensitive = {WARD: GroupPast("Ward 7", Growth(9), is_sensitive=True)}

    assert fate(recorded(), side(sensitive=("Ward 7*",))).due_at == NOW + 4 * HOUR
    assert fate(recorded(), side(), past=replace(NOTHING, groups=sensitive)).due_at == NOW + 4 * HOUR
    own = replace(OPENED, details={TIME_S: 60.0})
    assert fate(recorded(own, due_at=NOW + 3 * DAY), side()).due_at == NOW + 3 * DAY
    assert fate(recorded(own, due_at=None), side()).due_at == NOW + timedelta(minutes=1)


def two_accounts(at_payroll: datetime | None) -> HumanPast:
    """Ann, whose account in corp has left, and whose other one has since an instant."""
    at_corp = person("ann")
    other = replace(at_corp, key=AccountKey("payroll", "a-1"))
    absences = (LeftSpell(at_payroll, Evidence.DISABLED, at_payroll),) if at_payroll else ()
    return HumanPast(
        (
            AccountPast(at_corp, absences=(LeftSpell(NOW - DAY, Evidence.DISABLED, NOW - DAY),)),
            AccountPast(other, absences=absences),
        )
    )


@pytest.mark.parametrize("at_payroll, expected", [(NOW + HOUR, NOW + 2 * HOUR), (None, None)])
def test_every_directory_has_to_say_so_if_that_is_the_rule(
    at_payroll: datetime | None, expected: datetime | None
) -> None:
    human = two_accounts(at_payroll)
    past = replace(NOTHING, humans={ANN.person: human})
    gate = let_through()
    gate.passed[LeavingKey(AccountKey("payroll", "a-1"), NOW + HOUR)] = NOW + 2 * HOUR

    found = fate(recorded(), side(gate, accounts=AccountsRule.ALL), past=past)

    assert found.opened_at == expected
    assert found.why is (Why.NONE if expected else Why.OTHER_DIRECTORY)
    assert fate(recorded(), side(gate), past=past).opened_at == NOW


def test_the_word_of_another_account_counts_where_the_first_one_is_none() -> None:
    at_payroll = LeavingKey(AccountKey("payroll", "a-1"), NOW + HOUR)
    gate = GuardPlay({at_payroll: NOW + 2 * HOUR}, ignored={ANN})
    past = seen_by(
        replace(NOTHING, humans={ANN.person: two_accounts(NOW + HOUR)}),
        GateRules(GuardLimits(), left_out=frozenset({"corp"})),
    )

    assert fate(recorded(), side(gate), past=past).opened_at == NOW + 2 * HOUR
    alone = replace(NOTHING, humans={})
    assert fate(recorded(), side(gate), past=alone) == Fate(Become.ABSENT, why=Why.NO_LEAVING)


def test_it_is_opened_sooner_if_one_word_is_enough() -> None:
    at_payroll = LeavingKey(AccountKey("payroll", "a-1"), NOW - HOUR)
    past = replace(NOTHING, humans={at_payroll.person: two_accounts(NOW - HOUR)})
    both = GuardPlay({ANN: NOW - DAY, at_payroll: NOW})
    by_the_last = recorded(
        ticket(opened_at=NOW, clock_from=NOW, person=at_payroll.person, left_at=at_payroll.at)
    )

    every = fate(by_the_last, side(both, accounts=AccountsRule.ALL), both, past)
    either = fate(by_the_last, side(both), both, past)

    assert (every.opened_at, either.opened_at) == (NOW, NOW - DAY)


def test_an_earlier_leaving_of_the_person_is_another_one() -> None:
    before = LeavingKey(ANN.person, NOW - 9 * DAY)
    human = HumanPast(
        (
            AccountPast(
                person("ann"),
                absences=(
                    LeftSpell(before.at, Evidence.DISABLED, before.at),
                    LeftSpell(ANN.at, Evidence.DISABLED, ANN.at + HOUR),
                ),
            ),
        )
    )
    past = replace(NOTHING, humans={ANN.person: human})
    gate = GuardPlay({before: before.at, ANN: NOW})

    assert fate(recorded(), side(gate), past=past).opened_at == NOW


# --- steps -----------------------------------------------------------------------------------------------

TWO = Policy("two", (Step(After(share=0.5), (Target.ASSIGNEE,)), Step(After(share=1.0), (Target.CHANNEL,))))


def steps(
    one: RecordedTicket, becomes: Fate, *silences: tuple[datetime, datetime], **changes: Any
) -> list[float]:
    by = replace(side(), rules=rules(policies=(TWO,)), **changes)
    found = steps_of(NOTHING, one, becomes, by, silences, lambda _taken: True)
    return [(taken.at - NOW) / HOUR for taken in found]


def test_steps_count_from_the_opening() -> None:
    later = NOW + 6 * HOUR

    assert steps(recorded(), Fate(Become.OPENED, NOW, NOW + DAY)) == [12, 24]
    assert steps(recorded(), Fate(Become.OPENED, later, later + DAY)) == [18, 30]
    assert steps(recorded(), Fate(Become.ABSENT)) == []
    assert steps(recorded(), Fate(Become.HELD)) == []


def test_only_steps_of_the_days_count() -> None:
    early = replace(OPENED, opened_at=NOW - 40 * HOUR, clock_from=NOW - 40 * HOUR)
    life = spell(-40, None, clock_from=NOW - 40 * HOUR)
    becomes = Fate(Become.OPENED, early.opened_at, early.due_at)

    assert steps(recorded(early, life), becomes) == [-16], "the first one came before the days"


def test_a_silence_holds_steps_until_its_end() -> None:
    becomes = Fate(Become.OPENED, NOW, NOW + DAY)

    assert steps(recorded(), becomes, (NOW + 10 * HOUR, NOW + 15 * HOUR)) == [15, 24]


def test_a_life_is_moved_with_its_opening() -> None:
    life = (
        spell(0, 5),
        spell(5, 9, TicketState.DONE),
        spell(9, 30),
        spell(30, None, clock_from=NOW + 30 * HOUR),
    )

    assert moved(life, NOW, NOW) == life
    sooner = moved(life, NOW, NOW - HOUR)
    assert (sooner[0].begins, sooner[0].clock_from) == (NOW - HOUR, NOW - HOUR)
    assert sooner[3] == life[3]
    later = moved(life, NOW, NOW + 7 * HOUR)
    assert [one.state for one in later] == [TicketState.DONE, TicketState.OPEN, TicketState.OPEN]
    assert (later[0].begins, later[0].clock_from, later[1].begins) == (
        NOW + 7 * HOUR,
        NOW + 7 * HOUR,
        NOW + 9 * HOUR,
    )


def test_a_silence_parts_a_life() -> None:
    hours = [NOW + number * HOUR for number in range(10)]
    life = (spell(0, 4), spell(4, None, snoozed_until=hours[9]))

    assert silenced(life, [(hours[0] - 2 * HOUR, hours[0])]) == life, "it was over before"
    assert silenced(life[:1], [(hours[5], hours[6])]) == life[:1]
    found = silenced(life, [(hours[2], hours[5])])
    assert [(one.begins, one.snoozed_until) for one in found] == [
        (hours[0], None),
        (hours[2], hours[5]),
        (hours[4], hours[9]),
    ]
