from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import DAY, HOUR, NOW, ticket
from worker.domain.escalation.calendar import BusinessCalendar, is_open
from worker.domain.escalation.policy import (
    STANDARD,
    After,
    Coming,
    DueStep,
    Named,
    NamedKind,
    Policy,
    Step,
    Taken,
    Target,
    When,
    due_steps,
    explain,
    next_unreached,
    parse_after,
    parse_whom,
    policy_for,
    step_at,
)
from worker.domain.model import Evidence
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState

DAY_LONG = 24 * HOUR
OPENED = ticket(opened_at=NOW, clock_from=NOW, due_at=NOW + DAY_LONG)
OFFICE = BusinessCalendar((time(9), time(17)), frozenset(range(5)), "Europe/London")


def due(
    taken: tuple[Taken, ...], now: datetime, work: Ticket = OPENED, policy: Policy = STANDARD
) -> list[DueStep]:
    return list(due_steps(work, policy, taken, DAY_LONG, now))


@pytest.mark.parametrize(
    "text, after",
    [
        ("50%", After(share=0.5)),
        (" 100% ", After(share=1.0)),
        ("0%", After()),
        ("12.5%", After(share=0.125)),
        ("2h", After(plus=2 * HOUR)),
        ("due", After(share=1.0)),
        ("DUE", After(share=1.0)),
        ("due+4h", After(share=1.0, plus=4 * HOUR)),
    ],
)
def test_when_a_step_comes_is_written_as_share_duration_or_after_due(text: str, after: After) -> None:
    assert parse_after(text) == after


@pytest.mark.parametrize("text", ["101%", "-1%", "%", "half%", "nan%", "inf%"])
def test_what_is_no_share_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write for example 50%"):
        parse_after(text)


@pytest.mark.parametrize("text", ["", "due+", "due-4h", "soon", "-2h"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_after(text)


REMOVE, ADD = TicketKind.REMOVE_MEMBER, TicketKind.ADD_MEMBER


@pytest.mark.parametrize(
    "when, fits",
    [
        (When(), True),
        (When(kinds=frozenset({REMOVE})), True),
        (When(kinds=frozenset({ADD})), False),
        (When(sensitive=True), True),
        (When(sensitive=False), False),
        (When(evidence=frozenset({Evidence.DISABLED})), True),
        (When(evidence=frozenset({Evidence.MOVED})), False),
        (When(messenger=frozenset({"whatsapp"})), True),
        (When(messenger=frozenset({"signal"})), False),
        (When(frozenset({REMOVE}), True, frozenset({Evidence.DISABLED}), frozenset({"whatsapp"})), True),
        (When(frozenset({REMOVE}), True, frozenset({Evidence.DISABLED}), frozenset({"signal"})), False),
    ],
)
def test_a_policy_fits_when_every_condition_does(when: When, fits: bool) -> None:
    assert when.fits(REMOVE, Evidence.DISABLED, "whatsapp", sensitive=True) is fits


def test_the_first_policy_that_fits_is_taken_and_the_built_in_one_else() -> None:
    one, two = (Policy(name, (), When(kinds=frozenset({REMOVE}))) for name in ("one", "two"))
    assert policy_for((one, two), REMOVE, None, "signal", sensitive=False) == one
    assert policy_for((one, two), ADD, None, "signal", sensitive=False) == STANDARD


STEP_TIMES = [NOW + 12 * HOUR, NOW + 24 * HOUR, NOW + 28 * HOUR]


@pytest.mark.parametrize("number, at", list(enumerate(STEP_TIMES, start=1)))
def test_a_step_is_due_at_its_instant_and_never_earlier(number: int, at: datetime) -> None:
    before = tuple(Taken(n, 0, when) for n, when in enumerate(STEP_TIMES[: number - 1], start=1))
    assert due(before, at - timedelta(microseconds=1)) == []
    assert due(before, at) == [DueStep(number, 0, at)]


def test_steps_missed_in_an_outage_are_taken_late_in_order_once() -> None:
    late = due((), NOW + 30 * DAY)
    assert [(d.step, d.repeat, d.at) for d in late] == [
        (n, 0, at) for n, at in enumerate(STEP_TIMES, start=1)
    ]
    taken = tuple(Taken(d.step, d.repeat, NOW + 30 * DAY) for d in late)
    assert due(taken, NOW + 30 * DAY) == []


def test_a_repeat_counts_from_the_last_time_and_missed_ones_are_taken_once() -> None:
    taken = tuple(Taken(n, 0, at) for n, at in enumerate(STEP_TIMES, start=1))
    assert due(taken, STEP_TIMES[2] + DAY - timedelta(seconds=1)) == []
    (again,) = due(taken, STEP_TIMES[2] + 10 * DAY)
    assert (again.step, again.repeat, again.at) == (3, 1, STEP_TIMES[2] + DAY)
    assert due((*taken, Taken(3, 1, STEP_TIMES[2] + 10 * DAY)), STEP_TIMES[2] + 10 * DAY) == []


def test_what_a_wrong_clock_took_counts_as_not_taken_so_repeats_go_on() -> None:
    taken = tuple(Taken(n, 0, at) for n, at in enumerate(STEP_TIMES, start=1))
    wrong = Taken(3, 1, STEP_TIMES[2] + 40 * DAY)
    (again,) = due((*taken, wrong), STEP_TIMES[2] + DAY)
    assert (again.step, again.repeat) == (3, 2)
    assert due((*taken, wrong, Taken(3, 2, STEP_TIMES[2] + DAY)), STEP_TIMES[2] + DAY) == []


def test_nor_is_the_next_repeat_counted_from_the_time_of_a_wrong_clock_once_that_is_past() -> None:
    wrong, right = Taken(3, 0, STEP_TIMES[2] + 40 * DAY), Taken(3, 1, STEP_TIMES[2] + 39.5 * DAY)
    taken = (*(Taken(n, 0, at) for n, at in enumerate(STEP_TIMES[:2], start=1)), right, wrong)
    (again,) = due(taken, STEP_TIMES[2] + 40.5 * DAY)
    assert (again.step, again.repeat, again.at) == (3, 2, STEP_TIMES[2] + 40.5 * DAY)
    *_, last, coming = explain(OPENED, STANDARD, taken, DAY_LONG)
    assert (last.at, last.is_taken, coming.at) == (right.at, True, again.at)


def test_what_a_wrong_clock_took_is_taken_in_a_round_that_begins_later() -> None:
    start = NOW + DAY
    again = replace(OPENED, clock_from=start, due_at=start + DAY_LONG)
    assert [d.step for d in due((Taken(1, 0, NOW + 40 * DAY),), start + 12 * HOUR, again)] == [1]


def test_a_step_that_a_process_with_another_clock_took_just_now_is_taken() -> None:
    assert due((Taken(1, 0, STEP_TIMES[0] + timedelta(minutes=5)),), STEP_TIMES[0]) == []


def test_a_repeat_of_no_time_is_no_repeat() -> None:
    once = Policy("once", (Step(After(plus=HOUR), (Target.CHANNEL,), repeat=timedelta(0)),))
    assert due((Taken(1, 0, NOW + HOUR),), NOW + DAY, policy=once) == []


@pytest.mark.parametrize("state", list(TicketState)[1:])
def test_only_an_open_ticket_escalates(state: TicketState) -> None:
    assert due((), NOW + 30 * DAY, replace(OPENED, state=state)) == []


def test_an_acknowledgement_holds_until_it_expires() -> None:
    until = NOW + 20 * HOUR
    seen = replace(OPENED, acknowledged_until=until)
    assert due((), until - timedelta(seconds=1), seen) == []
    assert [d.step for d in due((), until, seen)] == [1]


def test_a_new_round_takes_the_steps_again_under_the_next_repeat() -> None:
    first_round = tuple(Taken(n, 0, at) for n, at in enumerate(STEP_TIMES, start=1))
    start = NOW + 5 * DAY
    again = replace(OPENED, clock_from=start, due_at=start + DAY_LONG)
    assert due(first_round, start, again) == []
    assert [(d.step, d.repeat) for d in due(first_round, start + 12 * HOUR, again)] == [(1, 1)]


def test_business_time_is_held_out_of_hours() -> None:
    friday = datetime(2026, 11, 27, 16, 0, tzinfo=NOW.tzinfo)
    policy = Policy("office", (Step(After(plus=2 * HOUR), (Target.ASSIGNEE,)),), calendar=OFFICE)
    at = step_at(replace(OPENED, clock_from=friday), policy, policy.steps[0], 8 * HOUR)
    assert at == datetime(2026, 11, 30, 10, 0, tzinfo=NOW.tzinfo)


def test_time_after_due_is_counted_in_the_policys_time() -> None:
    closing = datetime(2026, 11, 27, 16, 0, tzinfo=NOW.tzinfo)
    policy = Policy("office", (Step(After(share=1.0, plus=2 * HOUR), (Target.CHANNEL,)),), calendar=OFFICE)
    at = step_at(replace(OPENED, due_at=closing), policy, policy.steps[0], 8 * HOUR)
    assert at == datetime(2026, 11, 30, 10, 0, tzinfo=NOW.tzinfo)


def test_what_was_due_at_night_by_an_earlier_clock_is_due_at_the_next_opening() -> None:
    saturday = datetime(2026, 11, 28, 3, 0, tzinfo=NOW.tzinfo)
    policy = Policy("office", (Step(After(share=1.0), (Target.CHANNEL,)),), calendar=OFFICE)
    opening = datetime(2026, 11, 30, 9, 0, tzinfo=NOW.tzinfo)
    assert step_at(replace(OPENED, due_at=saturday), policy, policy.steps[0], DAY_LONG) == opening


STEPS = st.builds(
    Step,
    st.builds(
        After, st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.sampled_from([timedelta(0), HOUR, 30 * HOUR])
    ),
    st.just((Target.ASSIGNEE,)),
    st.none() | st.sampled_from([timedelta(0), HOUR, DAY]),
)
POLICIES = st.builds(
    Policy,
    st.just("any"),
    st.lists(STEPS, max_size=4).map(tuple),
    calendar=st.sampled_from([STANDARD.calendar, OFFICE]),
)
GAPS = st.lists(st.sampled_from([timedelta(minutes=1), HOUR, 7 * HOUR, DAY, 9 * DAY]), max_size=12)


@given(POLICIES, GAPS, st.none() | st.sampled_from([HOUR, 40 * HOUR]), st.none() | st.integers(0, 10))
def test_a_life_of_polls_takes_every_step_in_order_once_and_never_early(
    policy: Policy, gaps: list[timedelta], acknowledged: timedelta | None, reopened_at_poll: int | None
) -> None:
    work = replace(OPENED, acknowledged_until=NOW + acknowledged if acknowledged else None)
    taken: tuple[Taken, ...] = ()
    now = NOW
    for poll, gap in enumerate(gaps):
        now += gap
        if poll == reopened_at_poll:
            work = replace(work, clock_from=now, due_at=now + DAY_LONG)
        found = due(taken, now, work, policy)
        numbers = [d.step for d in found]
        assert numbers == sorted(set(numbers))
        for one in found:
            assert work.clock_from <= one.at <= now
            assert policy.calendar is not OFFICE or one.at == work.due_at or is_open(OFFICE, one.at)
            assert work.acknowledged_until is None or now >= work.acknowledged_until
        taken += tuple(Taken(d.step, d.repeat, now) for d in found)
        assert due(taken, now, work, policy) == []
        assert len({(t.step, t.repeat) for t in taken}) == len(taken)
    if acknowledged is None and gaps:
        reached = {n for n, s in enumerate(policy.steps, 1) if step_at(work, policy, s, DAY_LONG) <= now}
        assert reached <= {t.step for t in taken if t.at >= work.clock_from}


@pytest.mark.parametrize(
    "numbers, following", [((), 1), ((1,), 2), ((2,), 1), ((1, 2), 3), ((1, 2, 3), None)]
)
def test_the_next_step_is_the_first_not_taken_in_this_round(
    numbers: tuple[int, ...], following: int | None
) -> None:
    earlier = tuple(Taken(number, 0, NOW - DAY) for number in (1, 2, 3))
    taken = earlier + tuple(Taken(number, 1, NOW) for number in numbers)
    assert next_unreached(STANDARD, taken, NOW) == following


def test_what_another_policy_took_is_no_step_of_this_one() -> None:
    """The ticket's kind changed, say, and other people are to be told; repeats stay unique."""
    now = NOW + 13 * HOUR
    others = tuple(Taken(number, 0, NOW + 12 * HOUR, "other") for number in (1, 2, 3))
    policy = policy_for(
        (Policy("other", (), When(kinds=frozenset({ADD}))),), REMOVE, None, "", sensitive=False
    )
    assert due(others, now, policy=policy) == [DueStep(1, 1, STEP_TIMES[0])]
    assert due((*others, Taken(1, 1, now, policy.name)), now, policy=policy) == []
    assert next_unreached(policy, others, NOW) == 1
    assert not any(one.is_taken for one in explain(OPENED, policy, others, DAY_LONG))


def test_a_policy_that_has_another_name_now_tells_nobody_again() -> None:
    taken = (Taken(1, 0, NOW + 12 * HOUR, "its name before"),)
    policy = policy_for((Policy("other", ()),), REMOVE, None, "", sensitive=False)
    renamed = replace(STANDARD, others=policy.others)
    assert due(taken, NOW + 13 * HOUR, policy=renamed) == []


def test_a_policy_is_explained_as_data() -> None:
    both = (Target.ASSIGNEE, Target.ADMINS, Target.ACCOUNTABLE)
    assert explain(OPENED, STANDARD, (), DAY_LONG) == (
        Coming(1, STEP_TIMES[0], (Target.ASSIGNEE,)),
        Coming(2, STEP_TIMES[1], both),
        Coming(3, STEP_TIMES[2], (Target.CHANNEL,), DAY),
    )


@pytest.mark.parametrize("waited", [timedelta(0), 2 * DAY])
def test_a_repeat_is_explained_for_the_instant_at_which_it_comes(waited: timedelta) -> None:
    """A step that was taken early, or put off by a claim that was not true, is not repeated before its own time."""
    work = replace(OPENED, due_at=OPENED.due_at + waited, waited_us=waited // timedelta(microseconds=1))
    policy = replace(STANDARD, steps=(Step(After(share=1.0), (Target.CHANNEL,), repeat=HOUR),))
    taken = (Taken(1, 0, NOW + HOUR),)
    again = explain(work, policy, taken, DAY_LONG)[-1].at
    assert again == work.due_at
    assert not due(taken, again - timedelta(microseconds=1), work, policy)
    assert due(taken, again, work, policy) == [DueStep(1, 1, NOW + 2 * HOUR)]


@pytest.mark.parametrize("text, meant", [
    ("assignee", Target.ASSIGNEE),
    (" Owner ", Target.OWNER),
    ("channel", Target.CHANNEL),
    ("channel:wards", Named(NamedKind.CHANNEL, "wards")),
    ("on_call: security", Named(NamedKind.ON_CALL, "security")),
    ("Ann@Example.org", Named(NamedKind.PERSON, "ann@example.org")),
])  # fmt: skip
def test_whom_a_step_tells_is_a_part_a_name_or_an_address(text: str, meant: Target | Named) -> None:
    assert parse_whom(text) == meant


@pytest.mark.parametrize("text", ["", "channel:", "rota:night", "ann@b <c@d>", "nobody", "on_call"])
def test_anything_else_is_nobody_to_tell(text: str) -> None:
    with pytest.raises(ValueError, match=r"is nobody to tell; write assignee"):
        parse_whom(text)


def test_a_name_is_written_as_it_is_read() -> None:
    for text in ("channel:wards", "on_call:security", "ann@example.org"):
        assert str(parse_whom(text)) == text
