"""Copies in trackers, in both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fakes.tracker import FakeTracker
from harness import Harness
from reported import HARM, policy, report
from worker.domain.evidence.actor import Actor
from worker.domain.mirror.copy import CopyState, mark_of
from worker.domain.mirror.outside import CopyStanding, Goal, TrackerSaid
from worker.domain.tickets.ticket import TicketKind
from worker.ports.state.mirrors import CopySort, Left, Unnamed
from worker.running.mirroring import TrackerRules

ME = Actor("sam", "os:sam")
DAY = timedelta(days=1)


@pytest.fixture
def ward(engine: sa.Engine) -> Harness:
    harness = Harness(engine=engine)
    harness.hire("ann", "ben", "joe")
    harness.group("ward-7", "ann", "ben", admins=["joe"], name="Ward 7")
    harness.trackers = [FakeTracker(now=harness.clock, people={"joe@corp.example"})]
    harness.start(replace(harness.app.rules, trackers={"desk": TrackerRules()}))
    harness.settle()
    harness.leave("ann")
    harness.settle()
    harness.mirror()
    return harness


def test_a_copy_is_stored_as_it_is(ward: Harness) -> None:
    with ward.store.begin() as uow:
        copy = uow.mirrors.get("desk", 1).copy
        changed = replace(
            copy, state=CopyState.GONE, standing=CopyStanding.DECLINED, intent=Goal.CANCELLED, problem="gone",
            missing_since=ward.now, settled_at=ward.now + DAY, reopened_at=ward.now, next_at=ward.now, reopens=2,
            look_again_at=ward.now + DAY,
        )  # fmt: skip
        uow.mirrors.put(changed)
    with ward.store.reading() as uow:
        assert uow.mirrors.find("desk", 1) == changed
        assert uow.mirrors.of([1, 2]) == {1: [changed]}
        assert uow.mirrors.counts() == {CopySort("desk", CopyState.GONE): 1}
        assert uow.mirrors.all(9, with_problem=True) == [changed]
        assert uow.mirrors.linked("desk", ward.now, 0, 9) == []
        with pytest.raises(LookupError):
            uow.mirrors.get("other", 1)


def test_statuses_that_are_not_named_are_counted_while_their_tickets_are_live(ward: Harness) -> None:
    with ward.store.begin() as uow:
        assert uow.mirrors.unnamed() == []
        copy = uow.mirrors.get("desk", 1).copy
        uow.mirrors.put(replace(copy, standing=CopyStanding.UNKNOWN, status="9"))
        assert uow.mirrors.unnamed() == [Unnamed("desk", "9", 1)]
    ward.desk.waive(1, ME, "they may stay", ward.now)
    with ward.store.reading() as uow:
        assert uow.mirrors.unnamed() == []


def test_only_what_fits_is_wanted_once(ward: Harness) -> None:
    with ward.store.begin() as uow:
        assert uow.mirrors.want("two", "two", (), sensitive=True) == 0
        assert uow.mirrors.want("two", "two", [TicketKind.REASSIGN_ADMIN], sensitive=None) == 0
        assert uow.mirrors.want("two", "two", [TicketKind.REMOVE_MEMBER], sensitive=False) == 1
        assert uow.mirrors.want("two", "two", (), sensitive=None) == 0
        identities = {one.identity for one in uow.mirrors.of([1])[1]}
    assert len(identities) == 2, "a search may find what is in both"
    assert all(one.startswith("whosleft-") for one in identities)
    assert len({one[: len("whosleft-") + 6] for one in identities}) == 1, "one installation"


def test_what_no_admin_may_hear_of_is_wanted_only_by_the_name_of_its_kind(engine: sa.Engine) -> None:
    harness = Harness(engine=engine, controls=policy(), has_links=True)
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    report(harness, HARM)
    report(harness)
    with harness.store.begin() as uow:
        assert uow.mirrors.want("desk", "desk", (), sensitive=None) == 1
        assert uow.mirrors.want("desk", "desk", [TicketKind.HANDLE_REPORT], sensitive=None) == 1
        assert uow.mirrors.want("desk", "desk", (), sensitive=None) == 0
        assert len(uow.mirrors.all(9, with_problem=False)) == 1, "what is not made yet is dropped"


def test_what_was_made_again_is_found_when_its_time_has_come(ward: Harness) -> None:
    with ward.store.begin() as uow:
        copy = uow.mirrors.get("desk", 1).copy
        assert (copy.state, uow.mirrors.made_again("desk", ward.now + DAY, 9)) == (CopyState.LINKED, [])
        again = replace(copy, look_again_at=ward.now + DAY)
        uow.mirrors.put(again)
    for state, is_found in (
        (CopyState.LINKED, True), (CopyState.REFUSED, True), (CopyState.UNCLEAR, False), (CopyState.GONE, True),
    ):  # fmt: skip
        with ward.store.begin() as uow:
            uow.mirrors.put(replace(again, state=state))
            assert uow.mirrors.made_again("desk", ward.now, 9) == []
            assert uow.mirrors.made_again("other", ward.now + DAY, 9) == []
            found = [one.copy for one in uow.mirrors.made_again("desk", ward.now + DAY, 9)]
        assert found == ([replace(again, state=state)] if is_found else []), state


def test_what_was_told_is_used_once(ward: Harness) -> None:
    told = TrackerSaid("a", "T-000001", True, "ben@corp.example", "gone", ward.now)
    with ward.store.begin() as uow:
        uow.mirrors.keep("desk", told, ward.now)
        uow.mirrors.keep("desk", replace(told, is_done=False), ward.now)
        assert uow.mirrors.told("desk", 9) == [told]
        uow.mirrors.used("desk", "a")
        uow.mirrors.keep("desk", told, ward.now)
        assert uow.mirrors.told("desk", 9) == []
        uow.mirrors.forget_notices(ward.now + DAY)
        uow.mirrors.keep("desk", told, ward.now)
        assert uow.mirrors.told("desk", 9) == [told]


def test_a_cause_is_told_again_after_a_while(ward: Harness) -> None:
    with ward.store.begin() as uow:
        assert uow.mirrors.notice("desk", "x", ward.now, DAY)
        assert not uow.mirrors.notice("desk", "x", ward.now + DAY / 2, DAY)
        assert uow.mirrors.notice("desk", "y", ward.now, DAY)
        assert uow.mirrors.notice("desk", "x", ward.now + DAY, DAY)
        assert uow.mirrors.notice("desk", "x", ward.now - DAY, DAY), "that clock was wrong"


def test_who_is_erased_is_no_assignee_of_a_copy(ward: Harness) -> None:
    with ward.store.begin() as uow:
        copy = uow.mirrors.get("desk", 1).copy
        uow.mirrors.put(replace(copy, assignee="Ann@corp.example", given="ann@corp.example"))
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    ward.desk.erase("ann", ME, "asked for", ward.now)
    with ward.store.reading() as uow:
        copy = uow.mirrors.get("desk", 1).copy
    assert (copy.assignee, copy.given) == ("", "")


def test_copies_are_known_by_their_ticket_or_by_who_has_them_there(ward: Harness) -> None:
    with ward.store.begin() as uow:
        ann, ben = (uow.people.find(f"{name}@corp.example") for name in ("ann", "ben"))
        copy = replace(uow.mirrors.get("desk", 1).copy, assignee=mark_of("Ann@corp.example"))
        uow.mirrors.put(copy)
        assert uow.mirrors.concerning([], ann) == [copy]
        assert uow.mirrors.concerning([1], []) == [copy]
        assert uow.mirrors.concerning([2], ben) == []
        nameless = [replace(ann[0], facts=replace(ann[0].facts, email=None, display_name=""))]
        uow.mirrors.put(replace(copy, assignee=""))
        assert uow.mirrors.concerning([], nameless) == []
        uow.mirrors.put(replace(copy, key=""))
        assert uow.mirrors.concerning([1], ann) == []


def test_what_a_tracker_left_has_another_name_once(ward: Harness) -> None:
    places = {"desk": "a"}
    with ward.store.begin() as uow:
        uow.mirrors.put(replace(uow.mirrors.get("desk", 1).copy, place="b", ref="old"))
        assert uow.mirrors.settle(places) == [Left("desk", "b", "desk (b)", 1)]
        assert uow.mirrors.settle(places) == []
        uow.mirrors.put(replace(uow.mirrors.of([1])[1][0], tracker="desk", ref="new"))
        assert uow.mirrors.settle(places) == [Left("desk", "b", "desk (b)", 1)]
        assert [(one.tracker, one.ref) for one in uow.mirrors.of([1])[1]] == [("desk (b)", "old")]


def test_of_two_that_no_tracker_has_any_more_each_ticket_s_first_is_taken_over(ward: Harness) -> None:
    with ward.store.begin() as uow:
        copy = replace(uow.mirrors.get("desk", 1).copy, place="a")
        for name in ("desk", "two", "other place"):
            uow.mirrors.put(replace(copy, tracker=name, place="b" if name == "other place" else "a"))
        assert uow.mirrors.settle({"new": "a"}) == []
        assert [one.tracker for one in uow.mirrors.of([1])[1]] == ["new", "other place", "two"]


def test_what_is_to_be_looked_for_again_keeps_its_wait_for_the_next_write(ward: Harness) -> None:
    now = ward.now
    with ward.store.begin() as uow:
        copy = uow.mirrors.get("desk", 1).copy
        soon, ahead = now + timedelta(hours=1), now + timedelta(days=40)
        waits = replace(copy, state=CopyState.LINKED, attempted_at=now, next_at=soon, look_again_at=ahead)
        uow.mirrors.put(waits)
        uow.mirrors.set_right("desk", now, timedelta(days=1))
        assert uow.mirrors.find("desk", 1) == replace(waits, look_again_at=now)
