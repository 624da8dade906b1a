"""What a source answers to a machine's act: refused, not done, unclear, later; and a process that dies with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from harness import Harness
from remediated import (
    CAN,
    LEAVER,
    Found,
    acts,
    begin,
    is_in,
    leaves,
    look,
    ticket_of,
    ward,
)
from worker.app.jobs import remediate
from worker.domain.evidence import events
from worker.domain.tickets.ticket import TicketState
from worker.ports import AuthFailed, Changed, ConnectorError, Incomplete, Malformed, NotDone, Transient
from worker.ports.state.remediations import ActState

__all__ = ["ward"]


class Died(BaseException):
    """The process dies here."""


def die() -> None:
    raise Died


def test_a_refusal_is_in_the_report_and_the_history_and_is_not_tried_again(ward: Harness) -> None:
    ward.wards.refuses = "403 not allowed"
    report = ward.remediate()
    assert (report.is_ok, report.counts["refused"]) == (True, 1)
    ward.remediate()
    assert len(ward.wards.acts) == 1
    assert ticket_of(ward).state is TicketState.OPEN
    [refused] = [one.entry for one in ward.journal() if one.entry.kind == events.TICKET_REMEDIATION_REFUSED]
    assert refused.reason == "403 not allowed"


def test_what_was_surely_not_done_is_tried_again_and_a_failing_source_is_left_alone(ward: Harness) -> None:
    ward.group("ward-8", LEAVER, admins=["eve"])
    ward.inventory()
    ward.reconcile()

    def fail() -> None:
        raise NotDone("It is busy.")

    ward.wards.before = fail
    assert not ward.remediate().is_ok
    ward.wards.before = lambda: None
    assert ward.remediate().counts["done"] == 2


def ended(harness: Harness) -> list[str]:
    kind = events.TICKET_REMEDIATION_NOT_DONE
    return [one.entry.reason for one in harness.journal() if one.entry.kind == kind]


@pytest.mark.parametrize(
    "at, error",
    [
        ("before", NotDone("Too many requests.")),
        ("asking", Transient("Too many requests.")),
        ("asking", Malformed("Too many requests.", record_id="1")),
    ],
    ids=["refused", "broken-look", "malformed-look"],
)
def test_what_was_surely_not_done_uses_up_no_attempts_and_rests_twice_as_long_each_time(
    ward: Harness, at: str, error: ConnectorError
) -> None:
    """Before it is asked for, nothing is done, however unclear the answer to what is looked at first."""

    def fail() -> None:
        tried.append(minute)
        raise error

    tried: list[int] = []
    setattr(ward.wards, at, fail)
    for minute in range(70):
        if minute % 10 == 0:
            ward.inventory()
        ward.remediate()
        ward.later(minutes=1)
    assert tried == [0, 1, 2, 5, 12, 27, 58]
    assert ended(ward) == ["Too many requests."] * 7
    setattr(ward.wards, at, lambda: None)
    ward.later(minutes=51)
    ward.inventory()
    assert ward.remediate().counts["done"] == 1


def test_a_source_that_fails_for_weeks_is_asked_once_in_17_hours(ward: Harness) -> None:
    def fail() -> None:
        raise NotDone("Too many requests.")

    ward.wards.before = fail
    for _ in range(13):
        ward.later(hours=17, minutes=3)
        ward.poll()
        ward.inventory()
        ward.remediate()
    assert len(ended(ward)) == 13


def test_a_source_that_asks_to_wait_is_asked_for_nothing_until_then(ward: Harness) -> None:
    def cut() -> None:
        raise Transient("It is overloaded.", retry_after_s=1800)

    ward.group("ward-8", LEAVER, admins=["eve"])
    ward.inventory()
    ward.reconcile()
    ward.wards.after = cut
    assert ward.remediate().counts["unclear"] == 1
    ward.wards.after = lambda: None
    ward.later(minutes=29)
    ward.inventory()
    ward.remediate()
    assert len(ward.wards.acts) == 1
    ward.later(minutes=1)
    ward.remediate()
    assert len(ward.wards.acts) == 2


def test_a_source_that_asks_to_wait_is_asked_after_that_and_uses_up_no_attempts(ward: Harness) -> None:
    def fail() -> None:
        raise NotDone("Too many requests.", retry_after_s=1800)

    ward.wards.before = fail
    assert ward.remediate().troubles == ("wards: Too many requests.",)
    for _ in range(remediate.ATTEMPTS_MAX):
        ward.later(minutes=5)
        assert ward.remediate().is_ok
    ward.wards.before = lambda: None
    assert ward.wards.acts == []
    ward.later(minutes=20)
    assert ward.remediate().counts["done"] == 1


@pytest.mark.parametrize(
    "error", [AuthFailed("Logged out.", remedy="Scan the code."), Changed("Logged out. Scan the code.")]
)
def test_a_source_that_does_not_know_us_is_a_trouble_and_nothing_is_lost(
    ward: Harness, error: ConnectorError
) -> None:
    def fail() -> None:
        raise error

    ward.wards.before = fail
    assert ward.remediate().troubles == ("wards: Logged out. Scan the code.",)
    ward.wards.before = lambda: None
    assert ward.remediate().counts["done"] == 1


@pytest.mark.parametrize(
    "error",
    [Transient("The answer broke off."), Incomplete("It answered no JSON."), Malformed("x", record_id="1")],
    ids=["broken", "no-json", "malformed"],
)
def test_after_an_unclear_answer_the_roster_is_looked_at_first(ward: Harness, error: ConnectorError) -> None:
    def cut() -> None:
        raise error

    ward.wards.after = cut
    assert ward.remediate().counts["unclear"] == 1
    assert ward.taker.is_due(ward.now), "its group is read at once"
    ward.wards.after = lambda: None
    ward.remediate()
    assert len(ward.wards.acts) == 1
    ward.later()
    ward.inventory()
    assert ward.remediate().counts["done"] == 1
    assert (ticket_of(ward).state, len(ward.wards.acts)) == (TicketState.DONE, 1)


def test_a_roster_that_was_read_while_the_act_was_under_way_contradicts_nothing(ward: Harness) -> None:
    def wait() -> None:
        ward.later(seconds=20)
        ward.inventory()
        ward.later(seconds=30)

    began_at, ward.wards.before = ward.now, wait
    ward.remediate()
    ward.verify()
    assert (ticket_of(ward).state, ticket_of(ward).done_at) == (
        TicketState.DONE,
        began_at + timedelta(seconds=50),
    )
    assert ticket_of(ward).remediated_at == ticket_of(ward).done_at
    look(ward)
    assert ticket_of(ward).state is TicketState.VERIFIED


def test_a_roster_that_was_read_before_the_answer_broke_off_settles_nothing(ward: Harness) -> None:
    def wait() -> None:
        ward.later(seconds=20)
        ward.inventory()

    def cut() -> None:
        ward.later(seconds=30)
        raise Transient("The answer broke off.")

    ward.wards.before, ward.wards.after = wait, cut
    ward.remediate()
    ward.wards.before = ward.wards.after = lambda: None
    ward.remediate()
    assert (acts(ward), len(ward.wards.acts)) == ([ActState.BEGUN], 1)


def goes_out_of_sight(harness: Harness) -> None:
    for number in range(8):
        harness.group(f"other-{number}", "eve")
    harness.inventory()
    harness.wards.omit("ward-7")
    harness.later(minutes=1)
    harness.inventory()


def is_left_out(harness: Harness) -> None:
    takes = {"wards": lambda group_id, _name: group_id != "ward-7"}
    harness.start(replace(harness.app.rules, takes=takes))
    goes_out_of_sight(harness)


def stays_as_it_was(harness: Harness) -> None:
    harness.later(minutes=61)


@pytest.mark.parametrize("change", [goes_out_of_sight, is_left_out, stays_as_it_was])
def test_a_group_that_shows_nothing_of_an_act_is_not_asked_for_again_and_again(
    ward: Harness, change: Callable[[Harness], None]
) -> None:
    def cut() -> None:
        raise Transient("The answer broke off.")

    ward.wards.can = replace(CAN, sees_all_groups=False)
    ward.wards.after = cut
    ward.remediate()
    ward.wards.after = lambda: None
    change(ward)
    with ward.store.begin() as uow:
        uow.sources.had(uow.sources.wanted())
    ward.remediate()
    with ward.store.reading() as uow:
        assert uow.sources.wanted() == []
    assert (acts(ward), len(ward.wards.acts)) == ([ActState.BEGUN], 1), "nor repeated"


@pytest.mark.parametrize("is_done", [False, True])
def test_a_process_that_dies_removes_nobody_twice(ward: Harness, is_done: bool) -> None:
    if is_done:
        ward.wards.after = die
    else:
        ward.wards.before = die
    with pytest.raises(Died):
        ward.remediate()
    ward.wards.before = ward.wards.after = lambda: None
    ward.remediate()
    assert len(ward.wards.acts) == int(is_done), "nobody knows yet what came of it"
    ward.later()
    ward.inventory()
    ward.remediate()
    assert len(ended(ward)) == int(not is_done)
    ward.remediate()
    assert not is_in(ward)
    assert len(ward.wards.acts) == 1
    look(ward)
    assert ticket_of(ward).state is TicketState.VERIFIED


def test_what_takes_its_time_is_awaited_and_given_up_after_an_hour(start: Found) -> None:
    harness = begin(start(), can=replace(CAN, removal_is_asynchronous=True))
    leaves(harness)
    assert harness.remediate().counts["asked"] == 1
    harness.later(minutes=10)
    harness.inventory()
    harness.remediate()
    assert acts(harness) == [ActState.ASKED]
    harness.later(minutes=51)
    harness.inventory()
    assert harness.remediate().counts["refused"] == 1
    assert (len(harness.wards.acts), ticket_of(harness).state) == (1, TicketState.OPEN)


def test_what_took_its_time_and_was_done_needs_no_further_claim(start: Found) -> None:
    harness = begin(start(), can=replace(CAN, removal_is_asynchronous=True))
    leaves(harness)
    harness.remediate()
    harness.drop("ward-7", LEAVER)
    look(harness)
    assert ticket_of(harness).state is TicketState.VERIFIED
    harness.remediate()
    assert acts(harness) == [ActState.DONE]


def test_what_does_not_hold_is_left_to_people_after_three_tries(ward: Harness) -> None:
    for _ in range(5):
        ward.remediate()
        ward.wards.add_member("ward-7", ward.member(LEAVER))
        look(ward)
    assert len(ward.wards.acts) == 3
    assert ticket_of(ward).state is TicketState.OPEN


def test_nor_is_it_left_alone_until_the_time_of_a_wrong_clock(ward: Harness) -> None:
    def fail() -> None:
        raise NotDone("Too many requests.", retry_after_s=1800)

    ward.wards.before = fail
    ward.later(days=2)
    ward.poll()
    ward.inventory()
    assert ward.remediate().troubles == ("wards: Too many requests.",)
    ward.wards.before = lambda: None
    ward.later(days=-2)
    ward.inventory()
    assert ward.remediate().counts["done"] == 1


def test_a_roster_that_was_read_while_a_lost_act_was_still_under_way_lets_nobody_be_asked_twice(
    ward: Harness,
) -> None:
    ward.wards.before = die
    with pytest.raises(Died):
        ward.remediate()
    ward.wards.before = lambda: None
    for minutes in (1, 4):
        ward.later(minutes=minutes)
        ward.inventory()
        ward.remediate()
    ward.later(hours=1)
    ward.remediate()
    assert (acts(ward), ward.wards.acts) == ([ActState.BEGUN], []), "the gateway may be slow"
    ward.inventory()
    ward.remediate()
    assert acts(ward) == [ActState.OVER, ActState.DONE]
