"""Recorded days are played again: as they were, and by another configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from typing import Any

import pytest

from builders import rules
from harness import Harness, company_fixture
from replayed import (
    DAY,
    HOUR,
    SAM,
    STEPS,
    TWO,
    Found,
    base,
    counts,
    limits_of,
    pass_hours,
    played,
    with_limits,
    with_rules,
)
from worker.app.reads.replay_side import _asked_by
from worker.app.refused import Refused
from worker.app.tell.quiet import PersonalQuiet
from worker.contract.replay import ReplayShape
from worker.domain.escalation.policy import Named, NamedKind, Policy, Target
from worker.domain.escalation.quiet import QuietHours
from worker.domain.escalation.silences import Silence
from worker.domain.model import Evidence
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.replay.comparing import PlayEffect
from worker.domain.replay.fates import Why
from worker.domain.replay.limits import Limit
from worker.domain.tickets.ticket import TicketKind
from worker.ports.state.store import UnitOfWork
from worker.running.replaying import replay_of


@company_fixture
def week() -> Harness:
    """Four days of a company of forty: ann and ben leave at once, then cay, and dee the only admin of ward 8.

    Ann is taken out of her group after a day; ben's ticket is claimed falsely, and claimed again.
    """
    harness = Harness(rules=TWO)
    harness.hire(*(f"p{number}" for number in range(34)), "ann", "ben", "cay", "dee", "eve", "fay")
    harness.group("ward-7", "ann", "ben", *(f"p{number}" for number in range(12)), admins=["eve"])
    harness.group("ward-8", "cay", *(f"p{number}" for number in range(12)), admins=["dee"])
    harness.settle()

    def wrongly() -> None:
        harness.desk.done(2, SAM, harness.now)

    def truly() -> None:
        harness.drop("ward-7", "ben")
        harness.desk.done(2, SAM, harness.now)

    deeds: dict[int, Callable[[], Any]] = {
        2: lambda: harness.leave("ann", "ben"),
        20: wrongly,
        26: lambda: harness.drop("ward-7", "ann"),
        30: lambda: harness.leave("cay", "dee"),
        50: truly,
    }
    pass_hours(harness, 96, deeds)
    return harness


def test_the_present_configuration_gives_what_was(week: Harness) -> None:
    opened = len(week.tickets())

    seen = played(week)

    assert opened > 4
    assert counts(seen) == {PlayEffect.SAME: opened}
    assert (seen.messages, seen.plans, seen.is_changed) == ((), (), False)
    assert seen.same_messages > opened
    assert not limits_of(seen).keys() & {Limit.GUARD, Limit.DUE, Limit.STEPS, Limit.ERASED}


def test_it_gives_the_same_as_a_changed_one_too(week: Harness) -> None:
    seen = played(week, base(week))

    assert counts(seen) == {PlayEffect.SAME: len(week.tickets())}
    assert (seen.messages, seen.changed, seen.is_changed) == ((), ("a line",), True)


def test_more_time_to_act_makes_it_later(week: Harness) -> None:
    seen = played(week, with_rules(week, due=2 * DAY))

    assert counts(seen) == {PlayEffect.LATER: len(week.tickets())}
    one = seen.tickets[0]
    assert one.would.due_at == one.was.due_at + DAY  # type: ignore[operator]
    assert {message.told.difference for message in seen.messages} <= {PlayEffect.LATER, PlayEffect.FEWER}


def test_a_lower_limit_holds(week: Harness) -> None:
    seen = played(week, with_limits(week, leavers_max=1))

    assert seen.count(PlayEffect.HELD) == len(week.tickets())
    fewer = {PlayEffect.FEWER: len(seen.messages), PlayEffect.SAME: seen.same_messages}
    nothing = dict.fromkeys((PlayEffect.MORE, PlayEffect.EARLIER, PlayEffect.LATER), 0)
    assert seen.messages_by_effect() == fewer | nothing
    assert [(one.difference, one.plan.size) for one in seen.plans] == [(PlayEffect.MORE, 2)] * 2
    assert {message.told.difference for message in seen.messages} == {PlayEffect.FEWER}
    assert {one.would.why for one in seen.tickets} == {Why.PLAN_HELD}


def test_an_excluded_group_has_no_tickets(week: Harness) -> None:
    inside = [one for one in week.tickets() if one.group_name == "Ward 7"]
    without = replace(base(week), takes={"wards": lambda id_, _name: id_ != "ward-7"})

    seen = played(week, without)

    assert counts(seen) == {
        PlayEffect.SAME: len(week.tickets()) - len(inside),
        PlayEffect.FEWER: len(inside),
    }
    assert {one.group_name for one in seen.tickets} == {"Ward 7"}
    assert seen.tickets[0].person_name == "Ann"


def test_evidence_that_does_not_count_makes_no_tickets(week: Harness) -> None:
    rules_of_now = base(week)
    without = replace(rules_of_now, gate=replace(rules_of_now.gate, evidence=frozenset({Evidence.EXPIRED})))

    assert played(week, without).count(PlayEffect.FEWER) == len(week.tickets())


def test_other_steps_tell_other_people(week: Harness) -> None:
    other = (replace(STEPS[0], to=(Target.ACCOUNTABLE,)), STEPS[1])

    seen = played(week, with_rules(week, policies=(Policy("two", other),)))

    assert counts(seen) == {PlayEffect.SAME: len(week.tickets())}
    by_reader = {who: (was, would) for who, was, would in seen.readers}
    assert by_reader["it-security@example.org"][0] < by_reader["it-security@example.org"][1]
    assert {(one.told.what, one.told.difference) for one in seen.messages} == {
        ("step 1", PlayEffect.MORE),
        ("step 1", PlayEffect.FEWER),
    }
    assert limits_of(seen)[Limit.READERS]


def test_readers_are_looked_up_where_they_may_be_others(week: Harness) -> None:
    assert limits_of(played(week, replace(base(week), has_same_readers=False)))[Limit.READERS]


def test_another_accountable_person_gets_what_the_first_one_got(found: Found) -> None:
    harness = found(rules=rules(policies=(Policy("two", STEPS),)))
    harness.hire("ann", *(f"p{number}" for number in range(30)))
    harness.group("ward-7", "ann")
    harness.settle()
    pass_hours(harness, 20, {1: lambda: harness.leave("ann")})
    [ticket] = harness.tickets()
    assert ticket.assignee is not None

    seen = played(harness, with_rules(harness, accountable="kim@corp.example"))
    assert [(who, was, would) for who, was, would in seen.readers] == [
        ("it-security@example.org", 2, 0),
        ("kim@corp.example", 0, 2),
    ]
    nobody = played(harness, with_rules(harness, accountable=""))
    # It is told instead, and of the next step at once, since the first one reaches nobody
    assert {who: would for who, _, would in nobody.readers}["channel"] == 2


def test_whoever_else_is_asked_stays(week: Harness) -> None:
    seen = played(week, with_rules(week, accountable="kim@corp.example"))

    assert counts(seen) == {PlayEffect.SAME: len(week.tickets())}
    readers = {who: (was, would) for who, was, would in seen.readers}
    assert readers["Eve"][0] == readers["Eve"][1] > 0


def test_what_was_held_and_never_released_would_be_more(found: Found) -> None:
    harness = found(rules=TWO, limits=GuardLimits(leavers_max=1))
    harness.hire("ann", "ben", "eve", *(f"p{number}" for number in range(60)))
    harness.group("ward-7", "ann", "ben", *(f"p{number}" for number in range(20)), admins=["eve"])
    harness.group("ward-8", "ann", admins=["eve"])
    harness.settle()
    pass_hours(harness, 30, {1: lambda: harness.leave("ann", "ben")})
    assert harness.tickets() == []
    assert played(harness).plans == ()

    seen = played(harness, with_limits(harness, leavers_max=25))

    assert counts(seen) == {PlayEffect.MORE: 3}
    assert [(one.person_name, one.group_name, one.ticket) for one in seen.tickets] == [
        ("Ann", "Ward 7", None), ("Ann", "Ward 8", None), ("Ben", "Ward 7", None),
    ]  # fmt: skip
    assert [one.difference for one in seen.plans] == [PlayEffect.FEWER]
    assert limits_of(seen)[Limit.NEW_MESSAGES] == 3
    only_eight = {"wards": lambda id_, _name: id_ == "ward-8"}
    fewer = replace(with_limits(harness, leavers_max=25), takes=only_eight)
    assert [one.group_name for one in played(harness, fewer).tickets] == ["Ward 8"]
    assert played(harness, replace(fewer, takes={})).tickets == ()

    harness.decide(*(part.id for part in harness.plans()[0].cohorts))
    pass_hours(harness, 3)
    assert counts(played(harness)) == {PlayEffect.SAME: 3}
    sooner = played(harness, with_limits(harness, leavers_max=25))
    assert counts(sooner) == {PlayEffect.EARLIER: 3}


def test_what_was_rejected_is_named_by_the_play_of_both_sides(found: Found) -> None:
    harness = found(rules=TWO, limits=GuardLimits(leavers_max=1))
    harness.hire("ann", "ben", "eve", *(f"p{number}" for number in range(60)))
    harness.group("ward-7", "ann", "ben", *(f"p{number}" for number in range(20)), admins=["eve"])
    harness.settle()
    pass_hours(harness, 3, {1: lambda: harness.leave("ann", "ben")})
    harness.decide(*(part.id for part in harness.plans()[0].cohorts), release=False)
    harness.start(replace(harness.app.rules, limits=GuardLimits()))

    seen = played(harness)

    assert counts(seen) == {PlayEffect.MORE: 2}
    assert limits_of(seen)[Limit.GUARD] == 2
    assert [one.about for one in seen.cannot if one.what is Limit.PLANS] == [("P-000001",)]


@pytest.mark.parametrize("named", ["eve@corp.example", "eve"])
def test_silences_and_quiet_hours_hold_messages(week: Harness, named: str) -> None:
    begins = week.now - 4 * DAY
    of_ticket = Silence("1", begins, begins + 3 * DAY, "sam", "moves", groups=("Ward 7",))
    of_person = Silence("2", begins, begins + 3 * DAY, "sam", "is away", people=(named,))

    silenced = played(week, replace(base(week), silences=(of_ticket,)))
    assert {one.ticket.group_name for one in silenced.messages} == {"Ward 7"}
    held = played(week, replace(base(week), silences=(of_person,)))
    assert {one.told.who for one in held.messages} == {"Eve"}
    assert {one.told.would for one in held.messages} == {begins + 3 * DAY}
    quiet = PersonalQuiet(QuietHours(time(17), time(13)), "Europe/London", "GB")
    night = played(week, replace(base(week), quiet=quiet))
    assert {one.told.difference for one in night.messages} == {PlayEffect.LATER}


def test_who_was_erased_keeps_their_tickets_and_is_counted(week: Harness) -> None:
    number, ann = len(week.tickets()), week.person("ann").key
    with week.store.begin() as uow:
        uow.people.erase(ann)

    seen = played(week)

    assert counts(seen) == {PlayEffect.SAME: number}
    assert limits_of(seen)[Limit.ERASED] == 1


def test_another_configuration_than_the_one_of_then_is_named(week: Harness) -> None:
    week.start(replace(week.app.rules, tickets=rules(policies=TWO.policies, due=6 * HOUR)))

    seen = played(week)

    assert limits_of(seen)[Limit.DUE] == len(week.tickets())
    assert limits_of(seen)[Limit.STEPS]
    assert seen.count(PlayEffect.EARLIER) == len(week.tickets())


def test_questions_come_from_sources(found: Found) -> None:
    harness = found(rules=TWO)
    harness.hire("eve")
    harness.group("ward-7", "stranger", admins=["eve"])
    pass_hours(harness, 3)
    assert len(harness.tickets()) == 1
    assert Limit.MEMBERSHIPS not in limits_of(played(harness))

    harness.drop("ward-7", "stranger")
    harness.group("ward-7", "other", "another", admins=["eve"])
    pass_hours(harness, 3)
    seen = played(harness)

    assert limits_of(seen)[Limit.SOURCES] == len(harness.tickets())
    assert limits_of(seen)[Limit.MEMBERSHIPS] == 3


def test_days_without_a_record_are_refused_or_said(week: Harness) -> None:
    replay, now = replay_of(week.app), week.now

    with pytest.raises(Refused, match="ends after it begins"):
        replay.play(now, now, now)
    with pytest.raises(Refused, match="days to come"):
        replay.play(now + DAY, now + 2 * DAY, now)
    with pytest.raises(Refused, match="Nothing is recorded"):
        replay.play(now - 30 * DAY, now - 20 * DAY, now)
    early = replay.play(now - 30 * DAY, now, now)
    assert limits_of(early)[Limit.BEFORE_RECORDS] == 27
    late = replay.play(now - DAY, now, now)
    assert Limit.BEFORE_RECORDS not in limits_of(late)
    assert late.same == 0, "every ticket was opened before"


def test_an_empty_journal_has_no_days(found: Found) -> None:
    harness = found()

    with pytest.raises(Refused, match="is empty"):
        played(harness)


def test_settings_that_are_not_played_are_named(week: Harness) -> None:
    seen = played(
        week, base(week), unplayed=("joiners[0]: a -> b",), widens=("leaver.disabled: false -> true",)
    )

    said = {one.what: one.about for one in seen.cannot}
    assert said[Limit.SETTINGS] == ("joiners[0]: a -> b",)
    assert said[Limit.NOT_READ] == ("leaver.disabled: false -> true",)


def test_the_contract_has_all_of_it(week: Harness) -> None:
    seen = played(week, with_limits(week, leavers_max=1))

    shape = ReplayShape.of(seen).model_dump(mode="json", by_alias=True)

    assert shape.keys() == {"from", "until", "configuration", "tickets", "messages", "plans", "cannot"}
    assert shape["configuration"] == {"same": False, "changed": ["a line"]}
    assert shape["tickets"]["same"] == 0
    first = shape["tickets"]["held"][0]
    assert (first["ticket"], first["kind"], first["group"], first["person"]) == (
        "T-000001", "remove_member", "wards/ward-7", "corp/ann",
    )  # fmt: skip
    assert first["would"] == {"become": "held", "opened_at": None, "due_at": None, "why": "plan_held"}
    assert shape["plans"]["more"][0]["people"] == 2
    assert shape["messages"]["fewer"][0].keys() == {"ticket", "who", "what", "was", "would"}
    assert {one["what"] for one in shape["cannot"]} >= {"acts"}


def test_progress_is_told(week: Harness) -> None:
    told: list[tuple[str, int]] = []
    replay = replay_of(week.app).watched(lambda what, more: told.append((what, more)))
    replay.play(week.now - 5 * DAY, datetime.max.replace(tzinfo=week.now.tzinfo), week.now)

    number, leavers, groups, directories = len(week.tickets()), 4, 2, 1
    of_history = [("history", each) for each in (leavers, groups, 0, directories)]
    assert told == [("tickets", number), *of_history, ("played", number)]


def test_whom_each_target_means_is_looked_up(week: Harness) -> None:
    everybody = (
        Target.ASSIGNEE, Target.ADMINS, Target.OWNER, Target.MANAGER, Target.ACCOUNTABLE, Target.CHANNEL,
        Named(NamedKind.PERSON, "kim@corp.example"), Named(NamedKind.ON_CALL, "night"),
    )  # fmt: skip
    asked: list[datetime] = []

    def on_call(_uow: UnitOfWork, _rota: str, at: datetime) -> list[str]:
        asked.append(at)
        return ["night@example.org"]

    policies = (Policy("two", (replace(STEPS[0], to=everybody), STEPS[1])),)
    other = with_rules(week, policies=policies)
    seen = played(week, replace(other, explainer=replace(other.explainer, on_call=on_call)))

    told = {one.told.who for one in seen.messages if one.told.would is not None}
    assert {"kim@corp.example", "night@example.org", "it-security@example.org", "channel"} <= told
    assert len(asked) == len(set(asked)) > 0, "of each instant once"


def test_reported_messages_are_kept_from_some_each_time(week: Harness) -> None:
    one = replace(
        week.ticket(1), kind=TicketKind.HANDLE_REPORT, details={"tier": "harm", "confidential": True}
    )

    assert _asked_by(one, Target.ADMINS, week.now) == (1, week.now)
