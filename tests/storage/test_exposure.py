"""Who has left and is still in a group, on both databases: people, not tickets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from builders import NOW, facts, key, ticket
from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.model import GroupKey, Member
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState
from worker.ports.state.overview import Exposed, Exposure, Part, PartCount, Unasked
from worker.storage.figures import SqlVitals
from worker.storage.sql.tables import membership
from worker.storage.store import SqlStore

HOUR = timedelta(hours=1)
ASKED, WAITING, NOBODY = Part.ASKED, Part.WAITING, Part.NOBODY


def exposure(harness: Harness) -> Exposure:
    with harness.store.reading() as uow:
        return uow.overview.exposure()


def exposed(harness: Harness, part: Part | None = None) -> list[Exposed]:
    with harness.store.reading() as uow:
        return uow.overview.exposed(part, 0, 50)


def memberships(harness: Harness) -> tuple[int, int, int]:
    """Asked, waiting, nobody asked."""
    parts = exposure(harness).parts
    return parts[ASKED].memberships, parts[WAITING].memberships, parts[NOBODY].memberships


def company(engine: sa.Engine, **wishes: Any) -> Harness:
    """Twenty people; ann and ben are in two wards, of which dee is the admin."""
    harness = Harness(engine=engine, **wishes)
    harness.hire("ann", "ben", "cem", "dee", *(f"p{number}" for number in range(16)))
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"])
    harness.group("ward-8", "ann", "ben", admins=["dee"])
    return harness


@pytest.fixture
def wards(engine: sa.Engine) -> Harness:
    harness = company(engine)
    harness.settle()
    harness.later()
    return harness


# --- asked, waiting, nobody ---------------------------------------------------------------------------


def test_nobody_is_exposed_while_nobody_left(wards: Harness) -> None:
    assert exposure(wards) == Exposure(
        {ASKED: PartCount(0, 0), WAITING: PartCount(0, 0), NOBODY: PartCount(0, 0)}, people=0, is_settled=True
    )
    assert exposed(wards) == []


def test_of_whom_a_ticket_asks_it_is_exposed_from_the_leaving_on(wards: Harness) -> None:
    left_at = wards.now
    wards.leave("ann")
    wards.later()
    wards.settle()

    [ann] = exposed(wards)
    assert memberships(wards) == (2, 0, 0)
    assert (ann.name, ann.groups, ann.why) == ("Ann", {ASKED: 2}, ())
    assert ann.since == ann.left_at
    assert ann.since >= left_at
    assert ann.since == wards.tickets(TicketKind.REMOVE_MEMBER)[0].left_at


def test_the_leavers_of_a_held_plan_are_exposed_and_wait(engine: sa.Engine) -> None:
    harness = company(engine)
    harness.leave("ann", "ben")
    harness.settle()

    assert harness.tickets() == [], "a first run is held"
    assert memberships(harness) == (0, 4, 0)
    assert exposure(harness).people == 2
    assert [(one.name, one.groups) for one in exposed(harness, WAITING)] == [
        ("Ann", {WAITING: 2}),
        ("Ben", {WAITING: 2}),
    ]
    assert exposed(harness, NOBODY) == []

    harness.decide()
    harness.reconcile()

    assert memberships(harness) == (4, 0, 0)


def test_of_whom_a_person_rejected_the_plan_nobody_is_asked(engine: sa.Engine) -> None:
    harness = company(engine)
    harness.leave("ann")
    harness.settle()
    harness.decide(release=False)
    harness.reconcile()

    [ann] = exposed(harness, NOBODY)
    assert (memberships(harness), ann.why) == ((0, 0, 2), (Unasked.REJECTED,))


def test_what_is_waived_is_exposed_and_whoever_is_in_two_parts_is_one_person(wards: Harness) -> None:
    wards.leave("ann")
    wards.settle()
    wards.desk.waive(1, Actor("kim"), "agreed", wards.later())

    assert memberships(wards) == (1, 0, 1)
    assert exposure(wards).people == 1
    [ann] = exposed(wards)
    assert (ann.groups, ann.why) == ({ASKED: 1, NOBODY: 1}, (Unasked.WAIVED,))
    assert [one.groups for one in exposed(wards, ASKED)] == [{ASKED: 1}]
    assert [one.groups for one in exposed(wards, NOBODY)] == [{NOBODY: 1}]

    wards.wards.remove_member("ward-7", wards.number("ann"))
    wards.wards.remove_member("ward-8", wards.number("ann"))
    wards.later()
    wards.settle()
    assert memberships(wards) == (0, 0, 0)


def test_who_left_a_moment_ago_counts_before_the_worker_has_come_to_it(wards: Harness) -> None:
    wards.leave("ann")
    wards.poll()

    [ann] = exposed(wards)
    assert (memberships(wards), ann.why) == ((0, 0, 2), (Unasked.NOT_YET,))
    assert not exposure(wards).is_settled

    wards.reconcile()
    assert exposure(wards).is_settled


def test_members_that_were_never_matched_leave_it_open_who_is_exposed(engine: sa.Engine) -> None:
    harness = company(engine)
    harness.leave("ann")
    harness.poll()
    harness.inventory()

    assert not exposure(harness).is_settled


def test_a_member_whom_a_partial_roster_does_not_list_is_not_exposed(wards: Harness) -> None:
    with wards.engine.begin() as connection:
        connection.execute(sa.text("UPDATE membership SET is_unlisted = 1"))
    wards.leave("ann")
    wards.poll()

    assert memberships(wards) == (0, 0, 0)


def test_the_longest_exposed_come_first_in_pages(wards: Harness) -> None:
    wards.leave("ben")
    wards.settle()
    wards.later()
    wards.leave("ann")
    wards.settle()
    wards.later()
    wards.leave("cem")
    wards.poll()
    with wards.store.reading() as uow:
        names = [[one.name for one in uow.overview.exposed(None, skip, 2)] for skip in (0, 2, 4)]

    assert names == [["Ben", "Ann"], ["Cem"], []]


# --- one human, several accounts ----------------------------------------------------------------------


def hybrid(engine: sa.Engine, rule: AccountsRule) -> Harness:
    """Everybody has an account in each of two directories; ann's second group knows her by her second number."""
    limits = GuardLimits(leavers_max=0)  # whoever leaves is held
    harness = company(engine, directories=("corp", "tenant"), accounts=rule, limits=limits)
    for person_id in ("ann", "ben", "cem", "dee"):
        harness.hire(person_id, employee_id=f"E-{person_id}")
        stated = {"employee_id": f"E-{person_id}", "phones": (_cloud_number(person_id),)}
        harness.directories[1].put(facts(f"cloud-{person_id}", display_name=person_id.capitalize(), **stated))
    harness.wards.add_member("ward-8", Member(_cloud_number("ann"), "Ann", phone=_cloud_number("ann")))
    harness.settle()
    harness.later()
    return harness


def _cloud_number(person_id: str) -> str:
    return f"+4420794601{('ann', 'ben', 'cem', 'dee').index(person_id):02d}"


def test_a_human_with_two_accounts_is_one_person(engine: sa.Engine) -> None:
    harness = hybrid(engine, AccountsRule.EITHER)
    harness.leave("ann")
    harness.directories[1].disable("cloud-ann")
    harness.settle()

    assert (memberships(harness), exposure(harness).people) == ((0, 3, 0), 1)


def test_a_handle_of_an_account_that_is_still_here_is_exposed_with_the_human_who_left(
    engine: sa.Engine,
) -> None:
    harness = hybrid(engine, AccountsRule.EITHER)
    harness.leave("ann")
    harness.settle()

    assert (memberships(harness), exposure(harness).people) == ((0, 3, 0), 1)


def test_whom_the_other_directory_still_has_is_not_exposed_where_all_must_agree(engine: sa.Engine) -> None:
    harness = hybrid(engine, AccountsRule.ALL)
    harness.leave("ann")
    harness.settle()

    assert memberships(harness) == (0, 0, 0)


# --- by tickets alone, over time, and in the metrics --------------------------------------------------


@pytest.fixture
def store(engine: sa.Engine) -> SqlStore:
    return SqlStore(engine)


def _removal(person_id: str, **changes: Any) -> Ticket:
    """A removal; `left` and `opened` in hours before NOW."""
    left, opened = changes.pop("left", 30), changes.pop("opened", 1)
    stated: dict[str, Any] = {
        "group": GroupKey("wards", "ward-7"), "handle": f"+{person_id}", "person": key(person_id),
        "person_name": person_id.capitalize(), "left_at": NOW - left * HOUR, "opened_at": NOW - opened * HOUR,
        "occasion": person_id,
    }  # fmt: skip
    return ticket(changes.pop("kind", TicketKind.REMOVE_MEMBER), **(stated | changes))


def _put(store: SqlStore, *tickets: Ticket) -> None:
    with store.begin() as uow:
        uow.tickets.insert(tickets)


def test_only_live_removals_ask(store: SqlStore, engine: sa.Engine) -> None:
    _put(store, *(
        _removal(f"{kind}-{state}", kind=kind, state=state) for kind in TicketKind for state in TicketState
    ))  # fmt: skip

    with store.reading() as uow:
        assert uow.overview.exposure().parts[ASKED] == PartCount(6, 6)
    assert SqlVitals(engine, AccountsRule.EITHER).figures(NOW).exposed[ASKED] == PartCount(6, 6)


def test_a_ticket_that_knows_no_leaving_counts_from_its_opening(store: SqlStore) -> None:
    _put(store, _removal("ann", left_at=None, opened=7))

    with store.reading() as uow:
        [ann] = uow.overview.exposed(None, 0, 9)
    assert (ann.left_at, ann.since) == (None, NOW - 7 * HOUR)


def test_the_curve_goes_up_with_each_leaving_and_down_with_each_proof(store: SqlStore) -> None:
    verified: dict[str, Any] = {"state": TicketState.VERIFIED, "verified_at": NOW - 2 * HOUR}
    _put(
        store,
        _removal("ann", left=100),
        _removal("ben", left=30, **verified),
        _removal("cem", left=20, state=TicketState.CANCELLED),
        _removal("dee", left=3, state=TicketState.WAIVED),
        _removal("eve", left=3, kind=TicketKind.ADD_MEMBER),
        _removal("fay", left=3, opened=1),
        _removal("gus", left_at=None, evidence=None, **verified),  # a review sent them away
    )
    ends = [NOW - 200 * HOUR, NOW - 31 * HOUR, NOW - 30 * HOUR, NOW - 3 * HOUR, NOW - 2 * HOUR, NOW]
    with store.reading() as uow:
        assert uow.overview.exposure_at(ends) == [0, 1, 2, 3, 2, 2]
        assert uow.overview.exposure_at([NOW]) == [2]


def test_the_curve_has_those_who_wait_for_a_decision_from_their_leaving_on(engine: sa.Engine) -> None:
    harness = company(engine)
    harness.leave("ann")
    harness.settle()
    harness.later(hours=5)
    [ann] = exposed(harness)

    with harness.store.reading() as uow:
        ends = [ann.since - HOUR, ann.since, harness.now]
        assert uow.overview.exposure_at(ends) == [0, 2, 2]


# --- marks --------------------------------------------------------------------------------------------


def marked(harness: Harness) -> list[str]:
    m = membership.c
    query = sa.select(m.handle).where(m.is_leaver == 1).order_by(m.group_id, m.handle)
    with harness.engine.connect() as connection:
        return list(connection.execute(query).scalars())


def forget_marks(harness: Harness) -> None:
    with harness.engine.begin() as connection:
        connection.execute(sa.update(membership).values(is_leaver=0))


@pytest.mark.parametrize("is_first_run", [False, True])
def test_a_mark_that_is_missing_comes_with_the_night_and_with_a_new_process(
    wards: Harness, *, is_first_run: bool
) -> None:
    wards.leave("ann")
    wards.settle()
    before = marked(wards)
    assert len(before) == 2
    forget_marks(wards)
    wards.reconcile()
    assert marked(wards) == []
    if is_first_run:
        wards.start(wards.app.rules)
    wards.reconcile(full=not is_first_run)
    assert marked(wards) == before


def test_the_mark_of_somebody_who_is_back_goes_with_the_night(wards: Harness) -> None:
    wards.leave("ann")
    wards.settle()
    wards.hire("ann")
    wards.settle()
    assert exposure(wards).people == 0
    wards.reconcile(full=True)
    assert marked(wards) == []
