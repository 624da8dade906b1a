"""A tenant read by the poll into the store: what becomes of people when Graph lies, refuses, or forgets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import pytest

from connectors.directory.entra.config import LEAVE_DATE
from connectors.directory.entra.connector import EntraDirectory
from fakes.graph import faults
from fakes.graph.setup import Lab
from fakes.graph.tokens import LEAVE_DATE_ROLE
from harness import Harness
from worker.app.jobs.report import Report
from worker.app.tell.health import Freshness
from worker.domain.model import AccountKey, Standing
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.tickets.ticket import TicketState
from worker.running.connecting import Connectors

HOUR = timedelta(hours=1)
DELTA = "*/users/delta"


class Worker:
    """The tenant's people, twenty of whom are members, and a ward of all of them with an admin who stays."""

    def __init__(self, lab: Lab, **changes: Any) -> None:
        self.lab = lab
        self.harness = Harness(limits=GuardLimits(leavers_share_max=None, group_share_max=None))
        self.people = [self.add() for _ in range(20)]
        self.directory: EntraDirectory = lab.directory(**changes)
        self.start()

    def start(self) -> None:
        """As a new process, over the same database."""
        rules = replace(self.harness.app.rules, fresh_directories=Freshness(30 * 24 * HOUR, {}))
        self.harness.start(rules, Connectors((self.directory,), tuple(self.harness.inventories), ()))

    def add(self, **properties: Any) -> str:
        number = self.harness.number(f"n{len(self.harness._numbers)}")
        return self.lab.tenant.add(**{"mobilePhone": number, **properties})

    def seat_everybody(self, *others: str) -> None:
        numbers = [user.properties["mobilePhone"] for user in self.lab.tenant.live()]
        for number in numbers:
            self.harness._numbers.setdefault(number, number)
        self.harness.group("ward-7", *numbers)

    def poll(self, *, full: bool = False) -> Report:
        self.harness.now = self.lab.tenant.now
        report = self.harness.poll(full=full)
        self.harness.inventory()
        self.harness.reconcile(full=full)
        return report

    def later(self, **spans: float) -> None:
        self.lab.tenant.advance(timedelta(**spans))

    def leaves_in(self, days: int, user_id: str) -> None:
        day = self.lab.tenant.now + days * 24 * HOUR
        self.lab.tenant.change(user_id, employeeLeaveDateTime=f"{day:%Y-%m-%dT%H:%M:%SZ}")

    def standing(self, user_id: str) -> Standing:
        return self.harness.person(user_id, "tenant").standing

    def left(self) -> list[str]:
        return self.harness.leavers()

    def tickets(self) -> list[tuple[AccountKey | None, TicketState]]:
        return [(ticket.person, ticket.state) for ticket in self.harness.tickets() if ticket.person]


@pytest.fixture
def worker(lab: Lab) -> Iterator[Worker]:
    made = Worker(lab)
    made.seat_everybody()
    assert made.poll().troubles == ()
    yield made
    made.harness.close()


@pytest.mark.parametrize("full", [False, True])
def test_whoever_is_deleted_has_left_although_their_leave_date_is_a_word(lab: Lab, full: bool) -> None:
    leave_date = {"leave_date": "onPremisesExtensionAttributes.extensionAttribute5"}
    worker = Worker(lab, attributes=leave_date)
    try:
        worker.seat_everybody()
        worker.poll()
        ann = worker.people[1]
        lab.tenant.change(ann, onPremisesExtensionAttributes={"extensionAttribute5": "not known yet"})
        worker.later(hours=1)
        worker.poll(full=full)
        assert (worker.left(), worker.harness.source("tenant").counts["malformed"]) == ([], 1)

        lab.tenant.delete(ann)
        worker.later(hours=1)
        worker.poll(full=full)
        assert worker.left() == [ann]
    finally:
        worker.harness.close()


@pytest.mark.parametrize(
    "fault",
    [
        faults.no_people(),
        faults.fewer_people(0.4),
        faults.without_links(),
        faults.limited_info("accountEnabled"),
    ],
    ids=["nobody", "fewer", "without links", "nothing of being enabled"],
)
@pytest.mark.parametrize("full", [False, True])
def test_a_list_that_is_not_true_changes_nobody_and_is_red(
    worker: Worker, fault: faults.Fault, *, full: bool
) -> None:
    worker.lab.entra.graph.faults.add(faults.sync_state_not_found(), path=DELTA)
    worker.lab.entra.graph.faults.add(fault, path="*/users*", times=None)

    assert worker.poll(full=full).troubles != ()

    assert worker.left() == []
    assert worker.tickets() == []


def test_people_who_are_listed_twice_do_not_stand_for_those_who_are_missing(worker: Worker) -> None:
    def twice(page: dict[str, Any]) -> dict[str, Any]:
        half = page["value"][: len(page["value"]) // 2]
        return {**page, "value": [*half, *half]}

    for _ in range(40):  # enough of them that what $count may be late by does not hide it
        worker.add()
    worker.poll()
    worker.lab.entra.graph.faults.add(faults.Fault(edit=twice), path="*/users", times=None)

    (trouble,) = worker.poll(full=True).troubles
    assert "says that it has" in trouble
    assert worker.left() == []


@pytest.mark.parametrize(
    "what_graph_does, is_started_anew",
    [("refused", True), ("null", True), ("absent", True), ("unshown", True), ("unshown", False)],
)
def test_leave_dates_that_may_be_read_no_more_bring_nobody_back(
    worker: Worker,
    *,
    what_graph_does: Literal["refused", "null", "absent", "unshown"],
    is_started_anew: bool,
) -> None:
    ann, ben, *_ = worker.people
    worker.leaves_in(-2, ann)
    worker.leaves_in(1, ben)
    worker.poll()
    assert (worker.standing(ann), worker.standing(ben)) == (Standing.LEFT, Standing.LEAVING)

    if what_graph_does != "unshown":
        worker.lab.entra.graph.leave_date = what_graph_does
        worker.lab.entra.tokens.app.roles.discard(LEAVE_DATE_ROLE)
    else:
        worker.lab.entra.graph.faults.add(faults.unshown(LEAVE_DATE), path="*/users*", times=None)
    if is_started_anew:
        worker.directory = worker.lab.directory()
        worker.start()
    worker.lab.tenant.change(ann, department="Away")
    for full in (False, True):
        (trouble,) = worker.poll(full=full).troubles
        assert LEAVE_DATE_ROLE in trouble or "leave dates" in trouble
    worker.later(days=2)
    worker.poll()

    assert worker.standing(ann) is Standing.LEFT
    assert [state for _, state in worker.tickets()][:1] == [TicketState.OPEN]


@pytest.mark.parametrize("attributes", [{"leave_date": None}, {"long_leave": "officeLocation"}])
def test_leave_dates_that_are_not_asked_for_any_more_bring_nobody_back(
    worker: Worker, attributes: dict[str, str | None]
) -> None:
    """As the remedy says; or since everybody is read anew, and the permission is gone meanwhile."""
    ann, ben, *_ = worker.people
    worker.leaves_in(-2, ann)
    worker.leaves_in(1, ben)
    worker.poll()
    worker.lab.entra.tokens.app.roles.discard(LEAVE_DATE_ROLE)
    worker.directory = worker.lab.directory(attributes=attributes)
    worker.start()
    assert worker.poll().troubles == ()
    assert (worker.standing(ann), worker.standing(ben)) == (Standing.LEFT, Standing.LEAVING)
    worker.later(days=2)
    worker.poll(full=True)

    assert (worker.standing(ann), worker.standing(ben)) == (Standing.LEFT, Standing.LEFT)


@pytest.mark.parametrize("is_shown_later", [True, False])
def test_leave_dates_that_are_shown_of_nobody_any_more_bring_nobody_back(
    worker: Worker, *, is_shown_later: bool
) -> None:
    """Our token names the permission, and Graph shows a null all the same."""
    ann, ben, *_ = worker.people
    worker.leaves_in(-2, ann)
    worker.leaves_in(1, ben)
    worker.poll()
    worker.lab.entra.graph.faults.add(faults.limited_info(LEAVE_DATE), path="*/users*", times=None)
    worker.poll(full=True)
    worker.lab.tenant.change(ann, department="Away")
    worker.later(days=2)
    worker.poll()

    assert (worker.standing(ann), worker.standing(ben)) == (Standing.LEFT, Standing.LEAVING)
    assert [state for _, state in worker.tickets()] == [TicketState.OPEN]

    worker.lab.entra.graph.faults.clear()
    if is_shown_later:
        worker.lab.tenant.change(ann, employeeLeaveDateTime=None)
    worker.poll(full=True)
    assert worker.standing(ann) is (Standing.ACTIVE if is_shown_later else Standing.LEFT)
    assert worker.standing(ben) is Standing.LEFT


def test_what_deletion_takes_from_a_user_or_changes_stays_known(worker: Worker) -> None:
    ann, ben, *_ = worker.people
    worker.lab.tenant.set_manager(ann, ben)
    worker.poll()
    before = worker.harness.person(ann, "tenant").facts
    worker.lab.tenant.delete(ann)
    worker.poll()

    after = worker.harness.person(ann, "tenant").facts
    assert (after.manager_id, after.username) == (ben, before.username)
    assert after.is_deleted


@pytest.mark.parametrize("full", [True, False])
def test_a_leave_date_that_is_taken_back_while_others_are_shown_is_gone(
    worker: Worker, *, full: bool
) -> None:
    ann, *_, zoe = worker.people
    worker.leaves_in(-2, ann)
    worker.leaves_in(1, zoe)
    worker.poll()
    worker.lab.tenant.change(ann, employeeLeaveDateTime=None)
    worker.poll(full=full)

    assert worker.standing(ann) is Standing.ACTIVE


@pytest.mark.parametrize("status, code", [(400, "BadRequest"), (404, "Request_ResourceNotFound")])
def test_a_link_that_is_refused_in_other_words_is_mended_by_night_at_the_latest(
    worker: Worker, status: int, code: str
) -> None:
    refusal = faults.Fault(status=status, code=code, message="Token not found: token is invalid or expired.")
    worker.lab.entra.graph.faults.add(refusal, path=DELTA)
    worker.lab.tenant.disable(worker.people[0])

    worker.poll()
    worker.poll(full=True)

    assert worker.left() == [worker.people[0]]


def test_guests_and_outsiders_who_are_deleted_and_purged_open_nothing(lab: Lab) -> None:
    worker = Worker(lab)
    guest = worker.add(userType="Guest")
    worker.seat_everybody()
    worker.poll()
    lab.tenant.delete(guest)
    worker.poll()
    lab.tenant.purge(guest)
    worker.later(hours=2)
    worker.poll()
    worker.poll(full=True)

    assert worker.left() == []
    assert worker.tickets() == []
    worker.harness.close()


def test_who_was_disabled_long_before_the_first_pass_is_held_and_tells_nobody(lab: Lab) -> None:
    worker = Worker(lab)
    for user_id in worker.people[:5]:
        lab.tenant.disable(user_id)
    worker.seat_everybody()
    worker.poll()

    assert worker.tickets() == []
    assert len(worker.harness.plans()) == 1
    worker.harness.close()


def test_a_restored_user_is_back_within_the_hour_after_a_round_from_the_beginning(worker: Worker) -> None:
    ann = worker.people[0]
    worker.lab.tenant.delete(ann)
    worker.poll()
    worker.lab.entra.graph.faults.add(faults.sync_state_not_found(), path=DELTA)
    worker.poll()
    assert [state for _, state in worker.tickets()] == [TicketState.OPEN]

    worker.lab.tenant.restore(ann)
    worker.later(hours=1)
    worker.poll()

    assert worker.standing(ann) is Standing.ACTIVE
    assert [state for _, state in worker.tickets()] == [TicketState.CANCELLED]
