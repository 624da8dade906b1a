"""Names and numbers on copies: where strangers may read them, nothing more is said than has to be."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from erased import dump
from fakes.tracker import FakeTracker
from harness import Harness
from mirrored import ME, NURSE, begin, copy, desk, run, settled, ward
from worker.domain.evidence.actor import Actor
from worker.domain.mirror.copy import Content, Copy
from worker.domain.mirror.outside import CopyStanding, TrackerSaid
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import TicketState
from worker.ports import CheckResult
from worker.ports.connectors.tracker import TrackerAbilities
from worker.running.mirroring import TrackerRules

__all__ = ["ward"]

BROKEN = CheckResult(ok=False, message="Jira answered 503.", remedy="It is tried again.")


def _says(tracker: FakeTracker, result: CheckResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "check", lambda: result)


def test_names_are_not_written_where_nobody_knows_who_reads_them(
    ward: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = begin(ward, TrackerRules(content=Content.FULL))
    _says(tracker, BROKEN, monkeypatch)
    run(ward)
    assert tracker.issues == {}
    assert "503" in ward.mirror().troubles[0]
    _says(tracker, replace(BROKEN, details={"is_public": "no"}), monkeypatch)
    run(ward)
    assert len(tracker.issues) == 1, "what else is wrong has nothing to do with it"


def test_where_a_tracker_can_not_tell_it_is_for_people_to_look(
    ward: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = begin(ward, TrackerRules(content=Content.FULL))
    _says(tracker, replace(BROKEN, details={"is_public": "unknown"}), monkeypatch)
    run(ward)
    assert len(tracker.issues) == 1


@pytest.mark.parametrize("is_known", [True, False])
def test_once_everybody_can_read_it_notes_have_no_names_and_no_file_comes(
    ward: Harness, is_known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = begin(ward, TrackerRules(content=Content.FULL))
    settled(ward)
    tracker.is_public = True
    if not is_known:
        _says(tracker, BROKEN, monkeypatch)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    run(ward)
    assert tracker.only.seen.standing is CopyStanding.DONE
    [note] = tracker.only.notes
    assert ("Verified" in note, "shows it" in note) == (True, False)
    assert tracker.only.files == {}
    assert len([one for one in ward.titles() if "Copies of tickets" in one]) == 2
    tracker.is_public = False
    _says(tracker, replace(BROKEN, ok=True), monkeypatch)
    run(ward)
    assert list(tracker.only.files) == ([] if is_known else ["T-000001.json"])


def test_a_private_one_gets_the_reason_and_the_file(ward: Harness) -> None:
    tracker = begin(ward, TrackerRules(content=Content.FULL))
    settled(ward)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    run(ward)
    assert "shows it" in tracker.only.notes[0]
    assert ward.number("ann") not in str(tracker.only.files)


def test_with_minimal_content_nobody_is_named_but_who_has_to_do_it(ward: Harness) -> None:
    run(ward)
    refused = replace(copy(ward), problem="eve@corp.example is not exactly one account.")
    with ward.store.begin() as uow:
        uow.mirrors.put(refused)
    ticket = ward.desk.assign(1, NURSE, Actor("sam.doe@corp.example", "os:sam"), ward.now, "Ann's friend")
    with ward.store.reading() as uow:
        told = json.dumps(ward.app.mirror._texts.data(uow, ticket, Content.MINIMAL))
    assert NURSE in told
    assert [name for name in ("sam.doe", "Ann", "eve@") if name in told] == []


@pytest.mark.parametrize("content", list(Content))
def test_a_ticket_as_it_is_told_has_no_whole_number(ward: Harness, content: Content) -> None:
    """Whoever has it may have no e-mail address, and then it is their number that is known."""
    ticket = ward.ticket()
    assert ticket.assignee is not None
    ticket = replace(
        ticket, assignee=replace(ticket.assignee, email="+447700900123"), reason=Reason("+447700900456 left")
    )
    with ward.store.reading() as uow:
        told = json.dumps(ward.app.mirror._texts.data(uow, ticket, content))
    assert ward.number("ann") not in told
    assert "447700900" not in told
    assert "0123" in told
    assert ('"Ann"' in told) is (content is Content.FULL)
    assert desk(ward).issues == {}


def test_one_that_was_moved_elsewhere_gets_no_names_and_no_file(ward: Harness) -> None:
    """Nobody looked who reads it there."""
    tracker = begin(ward, TrackerRules(content=Content.FULL))
    settled(ward)
    tracker.only.seen = replace(tracker.only.seen, is_elsewhere=True)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    run(ward)
    [note] = tracker.only.notes
    assert ("Verified" in note, "shows it" in note) == (True, False)
    assert (tracker.writes, tracker.only.files) == (["note"], {})


def test_who_erases_somebody_hears_which_copies_are_there_still(ward: Harness) -> None:
    begin(ward, TrackerRules(content=Content.FULL))
    ward.group("ward-8", "ann", "eve", admins=["joe"], name="Ward 8")
    ward.settle()
    settled(ward)
    for number in (1, 2):
        with ward.store.begin() as uow:
            uow.mirrors.put(Copy("other", number, f"whosleft-{number}", ""))  # never made
    for group in ("ward-7", "ward-8"):
        ward.drop(group, "ann")
    ward.settle()
    run(ward)

    erased = ward.desk.erase("ann", Actor("sam"), "asked to be", ward.now)

    assert [(one.tracker, one.ticket, one.key) for one in erased.copies] == [
        ("desk", 1, "DESK-1"),
        ("desk", 2, "DESK-2"),
    ]
    assert all(one.url for one in erased.copies)


@pytest.mark.parametrize("shown", ["eve@corp.example", "Eve"])
def test_who_was_erased_does_not_come_back_by_a_copy_that_is_theirs_there(ward: Harness, shown: str) -> None:
    """The one by whom ours stays may have no account there, so it is theirs there still."""
    tracker = settled(ward)
    tracker.give("eve@corp.example")
    run(ward)
    tracker.people.clear()
    tracker.give(shown)
    run(ward)
    ward.leave("eve")
    ward.settle()
    ward.later(hours=1)
    ward.drop("ward-7", "eve")
    ward.settle()
    run(ward)
    tracker.writes.clear()

    erased = ward.desk.erase("eve", Actor("sam"), "asked to be", ward.now)
    assert (1, "DESK-1") in [(one.ticket, one.key) for one in erased.copies]
    run(ward)
    run(ward)
    kept = copy(ward)
    assert shown not in f"{kept.assignee} {kept.given} {kept.noted}"
    assert tracker.writes == []


def test_whoever_was_erased_before_we_used_what_a_tracker_told_of_them_is_named_nowhere(
    ward: Harness,
) -> None:
    desk(ward).can = TrackerAbilities(tells=True, creates_once=True, assigns=False)
    ward.start(ward.app.rules)
    ward.hire("zoe")
    ward.settle()
    run(ward)
    ward.leave("zoe")
    ward.settle()
    keep, zoe = desk(ward).keep, "zoe@corp.example"
    assert keep is not None
    keep(TrackerSaid("a", "T-000001", True, zoe, f"{zoe} did it", ward.now))
    ward.desk.erase("zoe", ME, "asked", ward.now)

    assert run(ward)["claimed"] == 1
    assert (ward.ticket().state, ward.ticket().done_by) == (TicketState.DONE, "desk")
    assert dump(ward, zoe) == []
