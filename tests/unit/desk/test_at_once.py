"""Two at once on one desk, on both databases: taps, windows, approvers, jobs. One wins, and the other is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from databases import database_url, empty_engine, engine
from desk_caller import desk_of
from harness import Harness
from worker.app.acts.access import hashed
from worker.app.refused import Refused
from worker.app.tell.signed_links import LinkDead
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import RecipientKind
from worker.domain.reconcile.guard import HoldState
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import TicketState
from worker.ports.state.access import Visitor

__all__ = ["database_url", "empty_engine", "engine"]

TEMPS = tuple(f"temp{number:02d}" for number in range(60))


@pytest.fixture
def ward(engine: sa.Engine) -> Harness:
    """Ann has left and is still in the ward's group; dee, its admin, was told."""
    harness = Harness(engine=engine)
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    harness.later()
    return harness


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def at_once(pool: ThreadPoolExecutor, *acts: Callable[[], object]) -> list[str]:
    """What came of each: "" or the name of what it raised."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        start.wait(10)
        try:
            act()
        except (Refused, LinkDead) as error:
            return type(error).__name__
        return ""

    return list(pool.map(run, acts))


def token_of(harness: Harness) -> str:
    return harness.link(1).rpartition("/t/")[2]


def kinds(harness: Harness) -> list[str]:
    return [sealed.entry.kind for sealed in harness.journal()]


def test_a_double_tap_is_one_claim(ward: Harness, pool: ThreadPoolExecutor) -> None:
    token = token_of(ward)

    said = at_once(pool, *[lambda: ward.assigned.done(token, ward.now)] * 2)

    assert (said, ward.ticket().state) == (["", ""], TicketState.DONE)
    assert kinds(ward).count("ticket.done") == 1


def test_of_done_and_not_my_group_in_two_windows_one_wins(ward: Harness, pool: ThreadPoolExecutor) -> None:
    token = token_of(ward)

    said = at_once(
        pool,
        lambda: ward.assigned.done(token, ward.now),
        lambda: ward.assigned.answer(token, Answer.NOT_MY_GROUP, "", ward.now),
    )

    is_done = ward.ticket().state is TicketState.DONE
    assert said == (["", "Refused"] if is_done else ["LinkDead", ""])
    assert kinds(ward).count("ticket.done") + kinds(ward).count("ticket.disowned") == 1


def test_an_undo_and_a_proof_at_once_leave_one_of_them(ward: Harness, pool: ThreadPoolExecutor) -> None:
    token = token_of(ward)
    ward.assigned.done(token, ward.now)
    ward.wards.remove_member("ward-7", ward.number("ann"))
    ward.later(seconds=10)
    ward.inventory()

    said = at_once(pool, lambda: ward.assigned.undo(token, ward.now), ward.verify)

    was_taken_back = "ticket.undone" in kinds(ward)
    assert said == ["" if was_taken_back else "Refused", ""]
    ward.verify()
    assert ward.ticket().state is TicketState.VERIFIED, "the roster shows it either way"


def test_what_was_told_by_a_clock_ahead_of_ours_is_not_taken_back(ward: Harness) -> None:
    token = token_of(ward)
    ward.assigned.answer(token, Answer.NOT_MY_GROUP, "ask kim", ward.now)
    ward.later(seconds=61)
    ward.deliver()
    told = len(ward.soc.sent)

    with pytest.raises(Refused, match="others have been told"):
        ward.assigned.undo(token, ward.now - timedelta(seconds=2))

    assignee = ward.ticket().assignee
    assert assignee is not None
    assert assignee.email == "it-security@example.org"
    assert "ticket.undone" not in kinds(ward)
    assert len(ward.soc.sent) == told


def test_a_message_goes_out_or_is_taken_back_and_never_both(ward: Harness, pool: ThreadPoolExecutor) -> None:
    token = token_of(ward)
    ward.assigned.answer(token, Answer.STILL_WORKS_HERE, "", ward.now)
    told = len(ward.soc.sent)
    before = ward.later(seconds=61) - timedelta(seconds=2)

    at_once(pool, lambda: ward.assigned.undo(token, before), ward.deliver)

    is_disputed = ward.ticket().disputed_at is not None
    sent = [one for one in ward.soc.sent[told:] if one.to.kind is RecipientKind.CHANNEL]
    assert len(sent) == int(is_disputed)


def test_an_answer_and_an_escalation_at_once_are_both_kept(ward: Harness, pool: ThreadPoolExecutor) -> None:
    token = token_of(ward)
    ward.later(hours=13)

    said = at_once(
        pool, lambda: ward.assigned.answer(token, Answer.NOT_MY_GROUP, "", ward.now), ward.escalate
    )

    assert said == ["", ""]
    ward.escalate()
    with ward.store.reading() as uow:
        steps = [taken.step for taken, _, _ in uow.tickets.steps(1)]
    assert steps == [1]
    assert ward.ticket().reason.startswith("Dee: not my group")


def test_a_login_link_signs_in_one_of_two_at_once(ward: Harness, pool: ThreadPoolExecutor) -> None:
    visitor, until = Visitor("sam", ("viewer",)), ward.now + timedelta(hours=1)
    with ward.store.begin() as uow:
        uow.access.add_login_link(hashed("s"), visitor, "root", until)
    first = desk_of(ward)
    browsers = [first, desk_of(ward, app=first.app)]
    for browser in browsers:
        browser.get("/login/s")

    at_once(pool, *[lambda one=browser: one.post("/login/s") for browser in browsers])

    assert sorted(one.last.status_code for one in browsers if one.last) == [200, 403]
    assert kinds(ward).count("desk.signed_in") == 1


@pytest.fixture
def storm(engine: sa.Engine) -> Harness:
    """Sixty temps left in one hour: two have to release that."""
    harness = Harness(engine=engine)
    harness.hire(*TEMPS, org_unit="OU=Temps")
    harness.hire("dee")
    harness.group("hall", *TEMPS, admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave(*TEMPS)
    harness.settle()
    return harness


@pytest.mark.parametrize(
    "names, state", [(("kim", "sam"), HoldState.RELEASED), (("sam", "Sam"), HoldState.HELD)]
)
def test_two_approvers_at_once_release_and_one_in_two_windows_does_not(
    storm: Harness, pool: ThreadPoolExecutor, names: tuple[str, str], state: HoldState
) -> None:
    def decide(name: str) -> object:
        return storm.approvals.decide(1, [], Actor(name), "they left", storm.now, release=True)

    at_once(pool, *[lambda by=name: decide(by) for name in names])

    assert storm.plans()[0].state is state


def test_a_link_made_dead_while_its_page_is_open_does_nothing(ward: Harness) -> None:
    phone = desk_of(ward)
    link = phone.ticket()
    phone.get(link)
    phone.post(f"{link}/done")
    ward.assigned.revoke(1, Actor("sam"), ward.now)

    assert phone.post(f"{link}/undo").status_code == 410
    assert ward.ticket().state is TicketState.DONE


def test_an_undo_twice_at_once_is_one(ward: Harness, pool: ThreadPoolExecutor) -> None:
    token = token_of(ward)
    ward.assigned.done(token, ward.now)

    said = at_once(pool, *[lambda: ward.assigned.undo(token, ward.now)] * 2)

    assert "" in said
    assert ward.ticket().state is TicketState.OPEN
    assert kinds(ward).count("ticket.undone") == 1


def test_of_an_undo_and_a_waiver_at_once_each_says_what_it_did(
    ward: Harness, pool: ThreadPoolExecutor
) -> None:
    token = token_of(ward)
    ward.assigned.done(token, ward.now)

    said = at_once(
        pool,
        lambda: ward.assigned.undo(token, ward.now),
        lambda: ward.desk.waive(1, Actor("sam"), "agreed", ward.now),
    )

    assert said[1] == ""
    assert ward.ticket().state is TicketState.WAIVED, "the security team's word is not taken back by a link"
    assert kinds(ward).count("ticket.undone") == (said[0] == "")
