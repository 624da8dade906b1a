"""The recorded past, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from builders import facts
from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.model import AccountKey, Evidence, GroupKey, RegisterFacts
from worker.domain.people.joiners import Placement
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.replay.history import GuardedLeaving, HumanPast, Membership
from worker.domain.tickets.ticket import TicketState
from worker.ports import Port
from worker.ports.state.past import Losses

SAM = Actor("sam", "os:sam")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WARD = GroupKey("wards", "ward-7")


@pytest.fixture
def wards(engine: sa.Engine) -> Harness:
    """Twenty-four people of two directories; ann and ben are in a ward, of which dee is the admin."""
    harness = Harness(engine=engine, directories=("corp", "payroll"), limits=GuardLimits(leavers_max=2))
    harness.hire("ann", "ben", "cay", "dee", *(f"p{number}" for number in range(20)))
    harness.directories[1].put(facts("zoe"))
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.later()
    return harness


def judgements(harness: Harness, begins: datetime | None = None) -> list[GuardedLeaving]:
    with harness.store.reading() as uow:
        return uow.past.judgements(begins or harness.now - 30 * DAY, harness.now + HOUR)


def test_all_earlier_judgements_of_somebody_are_known_on_request_and_with_a_later_one(wards: Harness) -> None:
    wards.directories[1].put(facts("a-1", email="ann@corp.example"))
    wards.settle()
    wards.leave("ann", "ben")
    wards.settle()
    wards.later(days=40)

    def known(begins: datetime, *also: str) -> list[str]:
        with wards.store.reading() as uow:
            people = [AccountKey("corp", name) for name in also]
            found = uow.past.judgements(begins, wards.now + HOUR, people)
        return [one.departure.person.person_id for one in found]

    assert known(wards.now) == []
    assert known(wards.now, "ben") == ["ben"]
    begins = wards.now
    wards.directories[1].disable("a-1")
    wards.settle()
    assert known(begins) == ["ann", "a-1"]


def active(harness: Harness, *hours_ago: float) -> list[int]:
    with harness.store.reading() as uow:
        corp = uow.past.populations()["corp"]
    return [corp.at(harness.now - hours * HOUR) for hours in hours_ago]


def test_nothing_has_happened(engine: sa.Engine) -> None:
    harness = Harness(engine=engine)

    with harness.store.reading() as uow:
        assert uow.past.begins_at() is None
        assert uow.past.populations() == {}
        assert uow.past.groups([WARD]) == {}
        assert uow.past.tickets(harness.now, harness.now + DAY, 0, 10) == []
        assert uow.past.losses(harness.now, harness.now + DAY) == Losses(0, 0)
    assert judgements(harness) == []


def test_a_leaving_is_judged_by_the_pass_that_let_it_through(wards: Harness) -> None:
    wards.leave("ann")
    left_at = wards.now
    wards.poll()
    wards.later(hours=2)
    wards.settle()

    [one] = judgements(wards)

    assert (one.departure.person, one.departure.at) == (AccountKey("corp", "ann"), left_at)
    assert (one.departure.evidence, one.departure.name) == (Evidence.DISABLED, "Ann")
    assert (one.at, one.plan, one.passed_at, one.departure.is_first_run) == (
        wards.now,
        None,
        wards.now,
        False,
    )
    assert one.memberships == (Membership(WARD),)
    assert judgements(wards, wards.now + HOUR / 2) == []


def test_memberships_that_ended_are_known_from_their_tickets(wards: Harness) -> None:
    wards.leave("ann")
    wards.settle()
    wards.later()
    wards.drop("ward-7", "ann")
    wards.settle()

    [one] = judgements(wards)

    assert one.memberships == (Membership(WARD, None, wards.now),)
    assert one.groups_at(wards.now - HOUR / 2) == (WARD,)
    assert one.groups_at(wards.now) == ()


def test_a_removal_without_a_proof_shows_who_was_in_the_group_when_it_was_opened(wards: Harness) -> None:
    wards.leave("ann")
    wards.settle()
    opened_at = wards.now
    wards.later()
    wards.hire("ann")
    wards.settle()
    wards.drop("ward-7", "ann")
    wards.settle()
    assert [one.state for one in wards.tickets()] == [TicketState.CANCELLED]

    [one] = judgements(wards)

    assert one.groups_at(opened_at) == (WARD,)
    assert one.groups_at(wards.now) == ()


def test_plans_hold_until_people_decide(wards: Harness) -> None:
    wards.leave("ann", "ben", "cay")
    wards.settle()
    held_at = wards.now
    assert {(one.plan, one.passed_at, one.at) for one in judgements(wards)} == {(1, None, held_at)}

    wards.later()
    wards.decide(*(part.id for part in wards.plans()[0].cohorts))
    wards.settle()

    assert {(one.plan, one.passed_at, one.at) for one in judgements(wards)} == {(1, wards.now, held_at)}
    assert [one.is_released for one in judgements(wards)] == [True] * 3


def test_a_leaving_that_was_over_before_the_guard_looked_is_none(wards: Harness) -> None:
    wards.leave("ann")
    wards.poll()
    wards.hire("ann")
    wards.later()
    wards.settle()

    assert judgements(wards) == []


def test_who_had_left_before_the_first_pass_is_of_the_first_run(engine: sa.Engine) -> None:
    harness = Harness(engine=engine)
    harness.hire("ann", "ben", *(f"p{number}" for number in range(20)))
    harness.leave("ann")
    harness.group("ward-7", "ann", admins=["ben"])
    harness.settle()

    [one] = judgements(harness)

    assert (one.departure.is_first_run, one.plan) == (True, 1)


def test_people_are_counted_over_time(wards: Harness) -> None:
    assert active(wards, 0.5) == [24]
    wards.leave("ann")
    wards.settle()
    wards.later()
    wards.hire("new")
    wards.settle()
    wards.later()
    wards.hire("ann")
    wards.settle()
    wards.later()

    assert active(wards, 0, 1, 1.5, 2.5, 3.5) == [25, 25, 24, 23, 24]


def test_who_came_as_somebody_who_had_left_was_never_active(wards: Harness) -> None:
    wards.hire("old", enabled=False)
    wards.settle()
    wards.later()

    assert active(wards, 0, 2) == [24, 24]


def test_newcomers_are_those_whom_the_guard_counted(wards: Harness) -> None:
    since = wards.now
    wards.hire("new", "guest-to-be", "brief")
    wards.hire("guest", is_in_scope=False)
    wards.hire("old", enabled=False)
    wards.settle()
    wards.later()
    came_at = wards.now
    wards.hire("late")
    wards.hire("guest-to-be", is_in_scope=False)
    wards.leave("brief")
    wards.settle()
    wards.later()

    assert active(wards, 0, 3) == [26, 24]
    with wards.store.reading() as uow:
        [corp] = uow.past.newcomers(since - HOUR).values()
        assert uow.past.newcomers(wards.now) == {}
    assert [corp.active(since - HOUR, at) for at in (since - HOUR / 2, since, wards.now)] == [0, 2, 2]
    assert corp.active(came_at - HOUR / 2, wards.now) == 1


def test_groups_have_their_sizes_of_then(wards: Harness) -> None:
    wards.drop("ward-7", "ben")
    wards.settle()
    wards.later()
    wards.group("ward-7", "ann", "cay", "p1", admins=["dee"])
    wards.settle()
    wards.later()

    with wards.store.reading() as uow:
        found = uow.past.groups([WARD, GroupKey("wards", "other")])
        losses = uow.past.losses(wards.now - DAY, wards.now)
    assert found.keys() == {WARD}
    ward = found[WARD]
    assert (ward.name, ward.is_sensitive) == ("Ward 7", False)
    assert [ward.size.at(wards.now - hours * HOUR) for hours in (0, 1.5, 2.5)] == [4, 2, 3]
    assert losses == Losses(1, 2)


def test_the_register_that_shows_the_same_group_says_whether_it_is_sensitive(engine: sa.Engine) -> None:
    harness = Harness(engine=engine, inventories=("wards", "rows"))
    harness.hire("ann", "ben")
    for at, name in ((1, "Row 7"), (0, "Ward 7")):
        harness.group("ward-7", "ann", admins=["ben"], at=at, name=name)
    harness.inventories[1].register("ward-7", RegisterFacts(sensitive=True))
    harness.settle()

    keys = [GroupKey("wards", "ward-7"), GroupKey("rows", "ward-7")]
    with harness.store.reading() as uow:
        assert [one.leader for one in uow.rosters.groups()] == [keys[0], None]
        found = uow.past.groups(keys)
    assert [found[key].is_sensitive for key in keys] == [True, True]
    shown = [(keys[0], "Ward 7"), (keys[1], "Row 7")]
    assert [list(found[key].shown_as.items()) for key in keys] == [shown, shown]


def test_a_membership_of_whose_end_a_ticket_tells_is_no_loss(wards: Harness) -> None:
    wards.leave("ann")
    wards.settle()
    wards.later()
    wards.drop("ward-7", "ann")
    wards.settle()

    with wards.store.reading() as uow:
        assert uow.past.losses(wards.now - HOUR / 2, wards.now + HOUR) == Losses(0, 0)


def test_people_with_two_accounts_have_both_with_their_leavings(wards: Harness) -> None:
    payroll = wards.directories[1]
    payroll.put(facts("a-1", email="ann@corp.example"))
    wards.settle()
    payroll.change("a-1", is_in_scope=False)
    wards.settle()
    wards.leave("ann")
    left_at = wards.now
    wards.settle()
    wards.later()
    wards.hire("ann")
    wards.settle()

    with wards.store.reading() as uow:
        found = uow.past.humans([AccountKey("corp", "ann"), AccountKey("corp", "ben")])
    assert found.keys() == {AccountKey("corp", "ann")}
    human: HumanPast = found[AccountKey("corp", "ann")]
    corp, other = human.accounts
    assert other.account.key == AccountKey("payroll", "a-1")
    [absence] = corp.absences
    assert (absence.at, absence.evidence, absence.over_at) == (left_at, Evidence.DISABLED, wards.now)
    assert (corp.was_in_scope, other.was_in_scope) == (False, True), "it went out of scope"


def test_an_account_counts_from_the_first_read_of_its_directory_to_the_last_one(wards: Harness) -> None:
    payroll = wards.directories.pop()
    payroll.put(facts("a-1", email="ann@corp.example"), facts("b-1", immutable_id="g-bo"))
    payroll.put(facts("b-2", immutable_id="g-bo"))
    wards.directories.append(payroll)
    wards.settle()
    read_at = wards.now
    people = [AccountKey("corp", "ann"), AccountKey("payroll", "b-1")]

    def unread_from() -> list[list[datetime | None]]:
        with wards.store.reading() as uow:
            humans = uow.past.humans(people)
            first_at = uow.sources.get("corp", Port.DIRECTORY).first_pass_at
        assert {one.read_from for each in humans.values() for one in each.accounts} == {first_at}
        return [[one.unread_from for one in humans[key].accounts] for key in people]

    assert unread_from() == [[None, None], [None, None]]
    wards.directories.pop()
    wards.start(wards.app.rules)
    wards.later()
    wards.settle()
    assert unread_from() == [[None, read_at + timedelta.resolution], [None, None]], (
        "the others are all there is"
    )


def test_moves_are_judged_too(engine: sa.Engine) -> None:
    rule = Placement((("department", ("Surgery",)),), ("ward-7",))
    harness = Harness(engine=engine, joiners=(rule,))
    harness.hire("eve", *(f"p{number}" for number in range(9)))
    harness.group("ward-7", admins=["eve"])
    harness.settle()
    harness.later()
    harness.hire("ann", department="Surgery")
    harness.settle()
    harness.later()
    harness.hire("ann", department="Kitchen")
    harness.settle()

    [one] = judgements(harness)

    assert (one.key.is_move, one.departure.evidence) == (True, Evidence.MOVED)
    assert one.moved_from == {WARD}

    harness.later()
    harness.hire("ann", department="Surgery")
    harness.settle()
    assert {each.moved_from for each in judgements(harness)} == {frozenset()}, "she has her place again"


def test_tickets_and_what_was_told_of_them(wards: Harness) -> None:
    wards.leave("ann")
    wards.settle()
    opened_at = wards.now
    for _ in range(30):
        wards.later()
        wards.escalate()
        wards.deliver()
    wards.drop("ward-7", "ann")
    wards.settle()

    with wards.store.reading() as uow:
        [one] = uow.past.tickets(wards.now - 2 * DAY, wards.now, 0, 10)
        assert uow.past.tickets(wards.now - 2 * DAY, wards.now, one.id, 10) == []
        assert uow.past.tickets(wards.now - 2 * DAY, opened_at, 0, 10) == []
        assert len(uow.past.tickets(wards.now, wards.now + DAY, 0, 10)) == 1, (
            "it was verified at that instant"
        )
        assert uow.past.tickets(wards.now + HOUR, wards.now + DAY, 0, 10) == []
        told = uow.past.told([one.id])[one.id]
    assert (told[0].at, told[0].who, told[0].what, told[0].address) == (
        opened_at, "Dee", "open", "dee@corp.example",
    )  # fmt: skip
    assert [(each.who, each.what) for each in told[1:]] == [
        ("Dee", "step1"), ("Dee", "step2"), ("it-security@example.org", "step2"), ("channel", "step3"),
    ]  # fmt: skip
    assert told[-1].address == ""


@pytest.mark.parametrize("end", ["cancelled", "waived"])
def test_a_ticket_that_ended_without_a_proof_was_there_until_then(wards: Harness, end: str) -> None:
    wards.leave("ann")
    wards.settle()
    wards.later()
    if end == "cancelled":
        wards.hire("ann")
    else:
        wards.desk.waive(1, SAM, "it was agreed", wards.now)
    wards.settle()
    [one] = wards.tickets()
    assert one.state.value == end

    def numbers(from_at: datetime) -> list[int]:
        with wards.store.reading() as uow:
            return [each.id for each in uow.past.tickets(from_at, wards.now + DAY, 0, 10)]

    assert numbers(wards.now) == [one.id]
    assert numbers(wards.now + HOUR) == []
