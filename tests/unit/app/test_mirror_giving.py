"""Who has a copy is who has the ticket, where both sides know them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.tracker import FakeTracker
from harness import Harness
from mirrored import ME, NURSE, begin, copy, desk, run, settled, texts, ward
from worker.app.refused import Refused
from worker.domain.mirror.outside import CopyStanding
from worker.domain.tickets.ticket import TicketState
from worker.running.mirroring import TrackerRules

__all__ = ["ward"]


def test_given_to_a_known_person_there_is_given_here(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.give(NURSE)
    assert run(ward)["assigned"] == 1
    assignee = ward.ticket().assignee
    assert assignee is not None
    assert assignee.email == NURSE
    run(ward)
    assert tracker.writes == []


def test_who_is_about_to_leave_and_still_here_gets_it(ward: Harness) -> None:
    tracker = settled(ward)
    ward.corp.change("eve", leave_at=ward.now + timedelta(days=60))
    ward.settle()
    tracker.give("eve@corp.example")
    assert run(ward)["assigned"] == 1
    assignee = ward.ticket().assignee
    assert assignee is not None
    assert assignee.email == "eve@corp.example"
    assert tracker.only.notes == []


def test_nobody_knows_who_gave_it_there(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.put(CopyStanding.OPEN, by="head nurse")
    tracker.give(NURSE)
    run(ward)
    assert ward.journal()[-1].entry.actor == "desk"


def test_who_may_not_have_it_does_not_get_it_and_the_others_go_on(
    ward: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As somebody who would have to answer for their own row of a review."""
    tracker = settled(ward)
    tracker.give(NURSE)

    def refuse(*_args: object) -> None:
        raise Refused("Nobody answers for themselves.")

    monkeypatch.setattr(ward.desk, "assign", refuse)
    assert ward.mirror().is_ok
    assert tracker.writes == ["note"]
    run(ward)
    assert tracker.writes == ["note"]


def test_a_process_that_dies_before_it_is_given_here_gives_it_later(
    ward: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_args: object) -> None:
        raise Killed

    tracker = settled(ward)
    tracker.give(NURSE)
    with monkeypatch.context() as patch:
        patch.setattr(ward.desk, "assign", die)
        with pytest.raises(Killed):
            run(ward)
    assert run(ward)["assigned"] == 1
    assert tracker.only.seen.assignee == NURSE


@pytest.mark.parametrize("who", ["stranger@example.org", "ann@corp.example", "queue-7"])
def test_given_to_nobody_who_is_here_stays_and_is_said_once(ward: Harness, who: str) -> None:
    tracker = settled(ward)
    tracker.give(who)
    for _ in range(3):
        run(ward)
    assignee = ward.ticket().assignee
    assert assignee is not None
    assert assignee.email == "joe@corp.example"
    assert tracker.writes == ["note"]


def test_given_here_is_given_there(ward: Harness) -> None:
    tracker = settled(ward)
    ward.desk.assign(1, NURSE, ME, ward.now)
    run(ward)
    assert tracker.only.seen.assignee == NURSE
    run(ward)
    assert tracker.writes == ["assign"]


def test_whom_the_tracker_does_not_know_is_tried_once(ward: Harness) -> None:
    tracker = desk(ward)
    tracker.people.clear()
    for _ in range(3):
        run(ward)
    assert tracker.writes.count("assign") == 1
    assert "not exactly one account" in copy(ward).problem


def test_nobody_is_given_anything_where_that_is_off(ward: Harness) -> None:
    tracker = begin(ward, TrackerRules(assigns=False))
    run(ward)
    assert tracker.only.seen.assignee == ""


def test_who_gets_a_copy_there_does_not_get_the_ticket_where_that_is_off(ward: Harness) -> None:
    tracker = begin(ward, TrackerRules(assigns=False))
    run(ward)
    before = ward.ticket().assignee
    tracker.give(NURSE)
    counts = run(ward)
    run(ward)
    assert counts["assigned"] == 0
    assert ward.ticket().assignee == before
    assert tracker.only.notes == [], "nor is it said there that it stays"


def test_a_workflow_that_gives_what_is_closed_to_the_lead_calls_nobody(ward: Harness) -> None:
    tracker = settled(ward)
    ward.deliver()
    before = len(ward.soc.sent)
    tracker.put(CopyStanding.DONE, by=NURSE)
    tracker.give("eve@corp.example")
    run(ward)
    run(ward)
    assert ward.ticket().state is TicketState.DONE
    ward.deliver()
    said = [(m.to.address, p.headline, len(p.steps)) for m in ward.soc.sent[before:] for p in m.paragraphs]
    assert said == []


def test_two_trackers_that_each_give_it_to_their_own_stop_passing_it_on(ward: Harness) -> None:
    """Each desk has a rule that gives whatever is given to it to its own person."""
    people = {NURSE, "eve@corp.example", "joe@corp.example"}
    one, other = (FakeTracker(name, now=ward.clock, people=people) for name in ("one", "other"))
    ward.trackers = [one, other]
    ward.start(replace(ward.app.rules, trackers={"one": TrackerRules(), "other": TrackerRules()}))
    run(ward)
    ward.titles()
    given = []
    for _ in range(12):
        one.give(NURSE)
        other.give("eve@corp.example")
        given.append(run(ward)["assigned"])
    assert sum(given) == 6
    assert given[-3:] == [0, 0, 0]
    told = [text for text in texts(ward) if "again and again" in text]
    assert {text.split(" ")[0] for text in told} == {"T-000001"}
    notes = [*one.only.notes, *other.only.notes]
    assert not notes, "whoever has it there is known here"
    ward.later(days=8)
    one.give("joe@corp.example")
    run(ward)
    one.give(NURSE)
    assert run(ward)["assigned"] == 1


def test_who_had_it_before_only_marks_were_kept_is_no_news(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.give("stranger@example.org")
    run(ward)
    with ward.store.begin() as uow:
        uow.mirrors.put(replace(uow.mirrors.get("desk", 1).copy, assignee="stranger@example.org"))
    tracker.writes.clear()
    run(ward)
    assert tracker.writes == []
    assert "stranger" not in copy(ward).assignee
