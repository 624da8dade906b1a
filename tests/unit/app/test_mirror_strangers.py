"""A tracker that was put back from its backup, or made anew: others have the numbers of our copies."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import pytest

from fakes.tracker import FakeTracker
from harness import Harness
from mirrored import ME, copy, four_more_leave, run, settled, texts, ward
from worker.app.jobs import mirror_seen
from worker.domain.mirror.copy import CopyState
from worker.domain.mirror.outside import CopyGone, CopyStanding, CopyUnread, Seen
from worker.domain.tickets.ticket import TicketState
from worker.ports import Transient

__all__ = ["ward"]

ANOTHER = "whosleft-aaaaaa-t-000001"


def taken(tracker: FakeTracker, identity: str = "", ref: str = "1") -> None:
    """Somebody else's ticket has the number."""
    issue = tracker.issues[ref]
    issue.seen = replace(issue.seen, identity=identity)


def looks(tracker: FakeTracker) -> list[str]:
    """What is looked for from now on."""
    looked: list[str] = []
    find = tracker.find

    def noted(identity: str, mark: str) -> Sequence[Seen]:
        looked.append(identity)
        return find(identity, mark)

    tracker.find = noted  # type: ignore[method-assign]
    return looked


def state(ward: Harness) -> TicketState:
    with ward.store.reading() as uow:
        return uow.mirrors.get("desk", 1).ticket.state


@pytest.mark.parametrize("identity", ["", ANOTHER])
@pytest.mark.parametrize("shows_identity", [True, False])
def test_whoever_closes_it_claims_nothing(ward: Harness, identity: str, shows_identity: bool) -> None:
    tracker = settled(ward)
    tracker.can = replace(tracker.can, shows_identity=shows_identity)
    taken(tracker, identity)
    tracker.put(CopyStanding.DONE)
    assert run(ward)["claimed"] == 0
    assert state(ward) is TicketState.OPEN
    assert [one for one in texts(ward) if "have the numbers of copies" in one]


@pytest.mark.parametrize("shows_identity", [True, False])
def test_nothing_is_written_on_it(ward: Harness, shows_identity: bool) -> None:
    tracker = settled(ward)
    tracker.can = replace(tracker.can, shows_identity=shows_identity)
    taken(tracker)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    for _ in range(3):
        run(ward, minutes=60)
    assert tracker.writes == []
    assert tracker.only.seen.standing is CopyStanding.OPEN


def test_the_copy_is_gone_after_an_hour(ward: Harness) -> None:
    tracker = settled(ward)
    taken(tracker)
    run(ward)
    assert copy(ward).state is CopyState.LINKED
    run(ward, minutes=60)
    assert copy(ward).state is CopyState.GONE
    assert "its number is another ticket's now" in copy(ward).problem


def test_it_is_followed_to_where_it_is_now(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.copy(copy(ward).identity)
    taken(tracker)
    tracker.put(CopyStanding.DONE, ref="2")
    assert run(ward)["claimed"] == 1
    assert (copy(ward).ref, copy(ward).key, copy(ward).missing_since) == ("2", "DESK-2", None)


def test_it_is_looked_for_when_it_is_missed_and_before_it_is_given_up(ward: Harness) -> None:
    tracker = settled(ward)
    looked = looks(tracker)
    taken(tracker)
    for _ in range(3):
        run(ward, minutes=10)
    assert len(looked) == 1
    run(ward, minutes=60)
    assert len(looked) == 2


def test_one_that_came_back_is_the_copy_again(ward: Harness) -> None:
    tracker = settled(ward)
    identity = copy(ward).identity
    taken(tracker)
    run(ward)
    taken(tracker, identity)
    run(ward, minutes=90)
    assert (copy(ward).state, copy(ward).missing_since) == (CopyState.LINKED, None)


def test_without_an_identity_in_reads_it_is_looked_for_before_anything_follows(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.can = replace(tracker.can, shows_identity=False)
    looked, read = looks(tracker), tracker.read

    def without_identity(refs: Collection[str]) -> Iterator[Seen | CopyGone | CopyUnread]:
        for one in read(refs):
            yield replace(one, identity="") if isinstance(one, Seen) else one

    tracker.read = without_identity  # type: ignore[method-assign]
    run(ward)
    assert looked == []
    tracker.put(CopyStanding.DONE)
    assert run(ward)["claimed"] == 1
    assert looked == [copy(ward).identity]


def test_a_number_that_never_recurs_is_proof_enough(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.can = replace(tracker.can, refs_recur=False)
    taken(tracker)
    tracker.put(CopyStanding.DONE)
    assert run(ward)["claimed"] == 1


def test_so_many_are_looked_for_in_one_run(ward: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    four_more_leave(ward)
    tracker = settled(ward)
    monkeypatch.setattr(mirror_seen, "LOOKS_MAX", 2)
    for ref in tracker.issues:
        taken(tracker, ref=ref)
    run(ward)
    with ward.store.reading() as uow:
        missed = [one.missing_since for page in uow.mirrors.of(range(1, 9)).values() for one in page]
    assert len([one for one in missed if one]) == 2
    assert tracker.writes == []


def test_a_look_without_an_answer_changes_nothing(ward: Harness) -> None:
    tracker = settled(ward)
    taken(tracker)
    tracker.put(CopyStanding.DONE)

    def fail(_identity: str, _mark: str) -> Sequence[Seen]:
        raise Transient("No answer came.")

    tracker.find = fail  # type: ignore[method-assign]
    run(ward)
    assert (copy(ward).state, copy(ward).missing_since) == (CopyState.LINKED, None)
    assert state(ward) is TicketState.OPEN


def test_all_that_others_have_are_gone_though_no_copy_can_be_read(ward: Harness) -> None:
    four_more_leave(ward)
    tracker = settled(ward)
    for ref in tracker.issues:
        taken(tracker, ref=ref)
    run(ward)
    run(ward, minutes=60)
    assert copy(ward).state is CopyState.GONE
    assert not [one for one in texts(ward) if "can be read" in one]


def test_one_whose_ticket_is_over_is_no_trouble(ward: Harness) -> None:
    tracker = settled(ward)
    ward.desk.waive(1, ME, "they may stay", ward.now)
    run(ward)
    taken(tracker)
    assert not [one for one in ward.mirror().troubles if "numbers of copies" in one]
    assert tracker.writes.count("move cancelled") == 1
