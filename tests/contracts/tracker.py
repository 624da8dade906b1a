"""What every tracker keeps to. An adapter's test subclasses the suite, and builds its world: a server with people."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from worker.domain.mirror.outside import CopyGone, CopyStanding, Draft, Goal, Seen
from worker.ports import Changed, ConnectorContext, ConnectorError, Rejected, Transient
from worker.ports.connectors.tracker import Tracker

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
AMINA, NOBODY = "amina.yusuf@example.org", "nobody@example.org"


def draft(number: int = 123) -> Draft:
    return Draft(
        identity=f"whosleft-3f9a1c-t-{number:06d}",
        label=f"T-{number:06d}",
        title=f'Remove member: Ward 7 <nights> & "days" (T-{number:06d})',
        paragraphs=(
            "Somebody has to go out of the group.",
            "Due: 27 November 2026 — ñandú, أمينة, 👩🏽‍⚕️ *not bold* <b>.",
        ),
        url=f"https://whosleft.example.org/tickets/T-{number:06d}",
        due_on=date(2026, 11, 27),
    )


def tracker_context(folder: Path = Path(), name: str = "desk") -> ConnectorContext:
    return ConnectorContext(name, folder, "GB", "Europe/London", "en", lambda: NOW)


class TrackerWorld(ABC):
    """A server, the tracker under test on it, and what people do there by other accounts."""

    tracker: Tracker

    @abstractmethod
    def close(self, ref: str) -> None:
        """Somebody closes it: done."""

    @abstractmethod
    def decline(self, ref: str) -> None:
        """Somebody closes it: won't do."""

    @abstractmethod
    def reopen(self, ref: str) -> None:
        """Somebody reopens it."""

    @abstractmethod
    def delete(self, ref: str) -> None:
        """Somebody deletes it, or takes our right to see it."""

    @abstractmethod
    def somebody_elses(self) -> str:
        """Somebody makes a ticket of their own, which is no copy. Returns its `ref`."""

    @abstractmethod
    def comments(self, ref: str) -> Sequence[str]:
        """All comments on it, oldest first, as a person reads them."""

    def files(self, ref: str) -> int:
        """How many files were added to it: as comments, where there is no other way."""
        return len(self.comments(ref))

    @abstractmethod
    def text(self, ref: str) -> str:
        """Title and description, as a person reads them."""

    @abstractmethod
    def copies(self) -> int:
        """How many tickets there are in all, in any state."""

    @abstractmethod
    def forbid_moves(self) -> None:
        """From now on our account may not change a status."""

    @abstractmethod
    def forbid_writes(self) -> None:
        """From now on our account may only look at what is there."""

    @abstractmethod
    def lose_answers(self, count: int) -> None:
        """The next so many writes are done, and their answers are lost."""

    @abstractmethod
    def answer_html(self) -> None:
        """From now on every answer is a page with status 200."""


class AnyTrackerContract(ABC):
    """The suite of trackers that are read, or that of those that are told (contracts.telling_tracker)."""

    kind: ClassVar[str | None]  # the connector's; None for a fake


class TrackerContract(AnyTrackerContract):
    """`world` is made anew for each test. Closing people is `closer`'s account, as `last_move` shows it."""

    closer: ClassVar[str]

    @pytest.fixture
    @abstractmethod
    def world(self) -> TrackerWorld: ...

    def made(self, world: TrackerWorld, number: int = 123) -> Seen:
        tracker = world.tracker
        return tracker.create(draft(number), tracker.mark())

    def now(self, world: TrackerWorld, seen: Seen) -> Seen:
        [found] = world.tracker.read([seen.ref])
        assert isinstance(found, Seen)
        return found

    def test_a_copy_is_made_found_and_read(self, world: TrackerWorld) -> None:
        tracker, mark = world.tracker, world.tracker.mark()
        assert list(tracker.find(draft().identity, mark)) == []
        seen = tracker.create(draft(), mark)
        assert (seen.standing, seen.identity, seen.is_elsewhere) == (
            CopyStanding.OPEN,
            draft().identity,
            False,
        )
        assert seen.key
        assert seen.url.startswith("http")
        assert [one.ref for one in tracker.find(draft().identity, mark)] == [seen.ref]
        assert self.now(world, seen).ref == seen.ref
        shown = world.text(seen.ref)
        assert draft().title in shown
        assert all(text in shown for text in draft().paragraphs)
        assert draft().url in shown
        server, where = tracker.place.split(maxsplit=1)
        assert server.startswith("http")
        assert where == where.casefold(), "one place, in any spelling of capitals"

    def test_no_other_identity_finds_it(self, world: TrackerWorld) -> None:
        mark = world.tracker.mark()
        self.made(world, 123)
        for other in ("whosleft-3f9a1c-t-000012", "whosleft-3f9a1c-t-0001234", "whosleft-aaaaaa-t-000123"):
            assert list(world.tracker.find(other, mark)) == []

    def test_a_closed_one_is_found_too(self, world: TrackerWorld) -> None:
        mark = world.tracker.mark()
        seen = self.made(world)
        world.close(seen.ref)
        [found] = world.tracker.find(draft().identity, mark)
        assert (found.ref, found.standing) == (seen.ref, CopyStanding.DONE)

    def test_of_two_with_one_identity_the_oldest_comes_first(self, world: TrackerWorld) -> None:
        if world.tracker.can.creates_once:
            pytest.skip("it takes one only once")
        mark = world.tracker.mark()
        one, two = self.made(world), self.made(world)
        assert [seen.ref for seen in world.tracker.find(draft().identity, mark)] == [one.ref, two.ref]

    def test_many_are_read_at_once_with_those_that_are_gone(self, world: TrackerWorld) -> None:
        one, two, three = (self.made(world, number) for number in (1, 2, 3))
        world.delete(two.ref)
        world.close(three.ref)
        found = {seen.ref: seen for seen in world.tracker.read([one.ref, two.ref, three.ref])}
        assert isinstance(found[two.ref], CopyGone)
        assert {ref: one.standing for ref, one in found.items() if isinstance(one, Seen)} == {
            one.ref: CopyStanding.OPEN,
            three.ref: CopyStanding.DONE,
        }
        assert list(world.tracker.read([])) == []

    def test_a_ticket_of_somebody_elses_is_told_from_a_copy(self, world: TrackerWorld) -> None:
        """It may have the number of one, once the tracker was put back from a backup."""
        tracker, seen, other = world.tracker, self.made(world), world.somebody_elses()
        found = {one.ref: one for one in tracker.read([seen.ref, other])}
        shown = {ref: one.identity for ref, one in found.items() if isinstance(one, Seen)}
        assert shown == {seen.ref: draft().identity if tracker.can.shows_identity else "", other: ""}
        assert [one.ref for one in tracker.find(draft().identity, "")] == [seen.ref]

    def test_who_closed_it_is_said(self, world: TrackerWorld) -> None:
        seen = self.made(world)
        world.close(seen.ref)
        moved = world.tracker.last_move(self.now(world, seen))
        assert self.closer in {moved.account, moved.email}
        assert moved.at is None or moved.at.tzinfo is not None

    def test_who_moved_it_meanwhile_did_not_close_it(self, world: TrackerWorld) -> None:
        seen = self.made(world)
        world.close(seen.ref)
        closed = self.now(world, seen)
        world.reopen(seen.ref)
        with pytest.raises(Changed):
            world.tracker.last_move(closed)

    def test_declined_is_not_done(self, world: TrackerWorld) -> None:
        seen = self.made(world)
        world.decline(seen.ref)
        assert self.now(world, seen).standing is CopyStanding.DECLINED

    def test_it_is_closed_and_reopened_with_a_note(self, world: TrackerWorld) -> None:
        seen = self.made(world)
        closed = world.tracker.move(seen, Goal.DONE, "Verified: the list of 24 November <shows> it.")
        assert closed.standing is CopyStanding.DONE
        assert self.now(world, seen).standing is CopyStanding.DONE
        again = world.tracker.move(closed, Goal.OPEN, "They are still in the group.")
        assert again.standing is CopyStanding.OPEN
        assert self.now(world, seen).standing is CopyStanding.OPEN
        said = list(world.comments(seen.ref))
        assert sum("Verified: the list of 24 November <shows> it." in text for text in said) == 1
        assert sum("They are still in the group." in text for text in said) == 1

    def test_what_is_there_already_needs_no_move(self, world: TrackerWorld) -> None:
        seen = self.made(world)
        world.close(seen.ref)
        for _ in range(2):
            moved = world.tracker.move(self.now(world, seen), Goal.DONE, "Verified.")
            assert moved.standing is CopyStanding.DONE
        assert sum("Verified." in text for text in world.comments(seen.ref)) == 1

    def test_a_move_without_an_answer_is_asked_for_again_and_says_it_once(self, world: TrackerWorld) -> None:
        tracker, seen = world.tracker, self.made(world)
        for goal, standing, note in (
            (Goal.DONE, CopyStanding.DONE, "Verified: the list of 24 November <shows> it."),
            (Goal.OPEN, CopyStanding.OPEN, "They are still in the group."),
        ):
            now = self.now(world, seen)
            world.lose_answers(1)
            with pytest.raises(Transient):
                tracker.move(now, goal, note)
            assert world.copies() == 1
            for _ in range(2):
                assert tracker.move(self.now(world, seen), goal, note).standing is standing
            assert sum(note in text for text in world.comments(seen.ref)) == 1

    def test_each_reopening_has_its_note(self, world: TrackerWorld) -> None:
        tracker, seen, note = world.tracker, self.made(world), "They are still in the group."
        for times in (1, 2):
            world.close(seen.ref)
            tracker.move(self.now(world, seen), Goal.OPEN, note)
            tracker.move(self.now(world, seen), Goal.OPEN, note)
            assert sum(note in text for text in world.comments(seen.ref)) == times

    def test_a_move_that_is_not_allowed_writes_nothing(self, world: TrackerWorld) -> None:
        seen = self.made(world)
        world.forbid_moves()
        before = list(world.comments(seen.ref))
        with pytest.raises(ConnectorError) as raised:
            world.tracker.move(seen, Goal.DONE, "Verified.")
        assert not isinstance(raised.value, Transient)
        assert raised.value.remedy
        assert self.now(world, seen).standing is CopyStanding.OPEN
        assert list(world.comments(seen.ref)) == before

    def test_one_that_may_only_be_looked_at_is_refused_for_itself(self, world: TrackerWorld) -> None:
        """Others may be open to us, so it is no trouble of the tracker's."""
        tracker, seen = world.tracker, self.made(world)
        world.forbid_writes()
        with pytest.raises(Rejected) as raised:
            tracker.note(seen, "They are still in the group.")
        assert raised.value.remedy
        with pytest.raises(Rejected):
            tracker.move(seen, Goal.DONE, "Verified.")
        if tracker.can.assigns:
            with pytest.raises(Rejected):
                tracker.assign(seen, AMINA)
        if tracker.can.attaches:
            with pytest.raises(Rejected):
                tracker.attach(seen, "T-000123.json", b'{"grade": "B"}')
        now = self.now(world, seen)
        assert (now.standing, now.assignee) == (seen.standing, seen.assignee)
        assert list(world.comments(seen.ref)) == []

    def test_a_note_is_a_comment(self, world: TrackerWorld) -> None:
        seen = self.made(world)
        world.tracker.note(seen, "It waits for T-000122: ñandú, أمينة, <b>&amp;</b> *x*.")
        assert (
            sum(
                "It waits for T-000122: ñandú, أمينة, <b>&amp;</b> *x*." in one
                for one in world.comments(seen.ref)
            )
            == 1
        )
        assert self.now(world, seen).standing is CopyStanding.OPEN

    def test_it_is_given_to_a_person_who_is_known(self, world: TrackerWorld) -> None:
        if not world.tracker.can.assigns:
            pytest.skip("it assigns nobody")
        seen = world.tracker.assign(self.made(world), AMINA)
        assert seen.assignee
        assert self.now(world, seen).assignee == seen.assignee

    def test_nobody_else_gets_it(self, world: TrackerWorld) -> None:
        if not world.tracker.can.assigns:
            pytest.skip("it assigns nobody")
        seen = self.made(world)
        with pytest.raises(Rejected, match=r"nobody@example\.org|one account"):
            world.tracker.assign(seen, NOBODY)
        assert self.now(world, seen).assignee == seen.assignee

    def test_a_file_is_attached(self, world: TrackerWorld) -> None:
        if not world.tracker.can.attaches:
            pytest.skip("it takes no files")
        world.tracker.attach(self.made(world), "T-000123.json", b'{"grade": "B"}')

    def test_a_file_that_is_there_is_not_added_again(self, world: TrackerWorld) -> None:
        """After an answer that was lost nobody knows, so it is asked for again."""
        if not world.tracker.can.attaches:
            pytest.skip("it takes no files")
        seen = self.made(world)
        for data in (b'{"grade": "B"}', b'{"grade": "B"}', b'{"grade": "AB"}'):
            world.tracker.attach(seen, "T-000123.json", data)
        assert world.files(seen.ref) == 2

    def test_a_lost_answer_is_unclear_and_then_found(self, world: TrackerWorld) -> None:
        mark = world.tracker.mark()
        world.lose_answers(1)
        with pytest.raises(Transient) as raised:
            world.tracker.create(draft(), mark)
        assert type(raised.value) is Transient, "it may have been done"
        assert world.copies() == 1
        assert len(world.tracker.find(draft().identity, mark)) == 1

    def test_a_page_in_place_of_an_answer_proves_nothing(self, world: TrackerWorld) -> None:
        seen = self.made(world)
        world.answer_html()
        with pytest.raises(ConnectorError):
            list(world.tracker.read([seen.ref]))
        assert not world.tracker.check().ok

    def test_check_is_green_where_all_is_there(self, world: TrackerWorld) -> None:
        self.made(world)
        checked = world.tracker.check()
        assert checked.ok, checked
