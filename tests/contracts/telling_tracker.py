"""What every tracker that is told of tickets keeps to, instead of being read (`can.tells`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from contracts.tracker import AnyTrackerContract, draft
from worker.domain.mirror.outside import CopyStanding, Draft, Goal, TrackerSaid
from worker.ports import ConnectorError, Rejected, Transient
from worker.ports.connectors.tracker import TellingTracker


def version(number: int, state: str = "open") -> Draft:
    data = {"id": "T-000123", "state": state, "group": "wards/120@g.us"}
    return replace(draft(), version=number, data=data)


class TellingWorld(ABC):
    """A program that is told, and that calls back."""

    tracker: TellingTracker

    @abstractmethod
    def tickets(self) -> Mapping[str, Mapping[str, Any]]:
        """What it knows of each ticket now, as the ticket's JSON; what it had before had no effect."""

    @abstractmethod
    def lose_answers(self, count: int) -> None:
        """The next so many tellings have their effect, and their answers are lost."""

    @abstractmethod
    def call(self, label: str, *, is_done: bool, call_id: str = "one", by: str = "", note: str = "") -> int:
        """It tells us, and returns the status that it is answered."""

    @abstractmethod
    def call_without_proof(self, label: str) -> int:
        """Somebody else tells us."""


class Kept:
    """Stores what is told; a call that is known has no effect."""

    def __init__(self) -> None:
        self.told: dict[str, TrackerSaid] = {}
        self.is_broken = False

    def __call__(self, told: TrackerSaid, /) -> None:
        if self.is_broken:
            raise OSError("the database is away")
        self.told.setdefault(told.call_id, told)


class TellingTrackerContract(AnyTrackerContract):
    @pytest.fixture
    @abstractmethod
    def world(self) -> TellingWorld: ...

    @pytest.fixture
    def kept(self, world: TellingWorld) -> Kept:
        kept = Kept()
        world.tracker.keep_by(kept)
        return kept

    def test_it_is_told_of_a_ticket_and_of_its_changes(self, world: TellingWorld) -> None:
        tracker = world.tracker
        seen = tracker.create(version(1), tracker.mark())
        assert (seen.ref, seen.identity, seen.standing) == ("T-000123", draft().identity, CopyStanding.OPEN)
        assert seen.key
        assert world.tickets()["T-000123"]["state"] == "open"
        tracker.update(seen, version(2, "blocked"))
        assert world.tickets()["T-000123"]["state"] == "blocked"
        closed = tracker.update(seen, version(3, "verified"))
        assert closed.standing is CopyStanding.DONE
        assert world.tickets()["T-000123"]["state"] == "verified"

    def test_a_lost_answer_is_unclear_and_a_repeat_does_nothing_more(self, world: TellingWorld) -> None:
        assert world.tracker.can.creates_once
        world.lose_answers(1)
        with pytest.raises(Transient) as raised:
            world.tracker.create(version(1), "")
        assert type(raised.value) is Transient
        world.tracker.create(version(1), "")
        assert len(world.tickets()) == 1

    def test_it_says_where_it_is_without_a_secret(self, world: TellingWorld) -> None:
        assert world.tracker.place
        assert "/" not in world.tracker.place, "the rest of an address may be secret"

    def test_it_is_neither_read_nor_written_otherwise(self, world: TellingWorld) -> None:
        tracker = world.tracker
        seen = tracker.create(version(1), tracker.mark())
        assert tracker.can.tells
        can = tracker.can
        assert [can.goals, can.notes, can.assigns, can.attaches] == [frozenset(), False, False, False]
        assert list(tracker.find(draft().identity, "")) == []
        assert list(tracker.read([seen.ref])) == []
        assert not tracker.last_move(seen).account
        writes = (
            lambda: tracker.move(seen, Goal.DONE, "Verified."),
            lambda: tracker.note(seen, "It waits."),
            lambda: tracker.assign(seen, "amina.yusuf@example.org"),
            lambda: tracker.attach(seen, "T-000123.json", b"{}"),
        )
        for write in writes:
            with pytest.raises(Rejected):
                write()

    def test_what_it_says_is_stored_before_it_is_acknowledged(self, world: TellingWorld, kept: Kept) -> None:
        assert world.tracker.news() == frozenset()
        status = world.call("T-000123", is_done=True, by="sam.doe@example.org", note="Removed.")
        assert status == 202
        [told] = kept.told.values()
        assert (told.label, told.is_done, told.by, told.note) == (
            "T-000123", True, "sam.doe@example.org", "Removed.",
        )  # fmt: skip
        assert told.at is not None
        assert told.at.tzinfo is not None
        assert world.tracker.news()
        assert world.tracker.news() == frozenset()
        world.call("T-000123", is_done=False, call_id="two")
        assert [one.is_done for one in kept.told.values()] == [True, False]

    def test_a_replay_is_taken_and_has_no_effect(self, world: TellingWorld, kept: Kept) -> None:
        statuses = [world.call("T-000123", is_done=True) for _ in range(3)]
        assert all(200 <= status < 300 for status in statuses)
        assert len(kept.told) == 1
        world.tracker.news()
        world.call("T-000123", is_done=True)
        assert world.tracker.news() == frozenset()

    def test_what_can_not_be_stored_is_not_acknowledged(self, world: TellingWorld) -> None:
        assert world.call("T-000123", is_done=True) == 503
        kept = Kept()
        kept.is_broken = True
        world.tracker.keep_by(kept)
        assert world.call("T-000123", is_done=True) == 503
        assert world.tracker.news() == frozenset()
        kept.is_broken = False
        assert world.call("T-000123", is_done=True) == 202
        assert len(kept.told) == 1

    def test_nobody_else_is_believed(self, world: TellingWorld, kept: Kept) -> None:
        assert world.call_without_proof("T-000123") == 401
        assert not kept.told

    def test_check_is_green_where_all_is_there(self, world: TellingWorld) -> None:
        checked = world.tracker.check()
        assert checked.ok, checked

    def test_no_error_knows_the_address(self, world: TellingWorld) -> None:
        world.lose_answers(1)
        with pytest.raises(ConnectorError) as raised:
            world.tracker.create(version(1), "")
        assert "/hook" not in str(raised.value)


def by_key(tellings: Sequence[tuple[str, Mapping[str, Any]]]) -> Mapping[str, Mapping[str, Any]]:
    """What a program knows that drops what it had before, by key."""
    kept: dict[str, Mapping[str, Any]] = {}
    for key, data in tellings:
        kept.setdefault(key, data)
    return {data["id"]: data for data in kept.values()}
