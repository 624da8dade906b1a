"""What every pass over a directory keeps to: who is listed, what a cursor is good for, what a broken read proves.

Flags say what the source can do, and the suite branches on them, never on names.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest

from contracts.directory_world import (
    DirectoryWorld,
    drain,
    known_facts,
    person,
    read_pass,
    read_until_error,
)
from worker.ports import ConnectorError, CursorExpired, Directory, Incomplete, PassEnd

PAGE_SIZE_MAX = 1000
FOREIGN_CURSORS = (
    "",
    "garbage",
    "null",
    "17",
    "another:directory:0:1",
    "[]",
    "{}",
    '{"kind": "another connector\'s", "position": 3}',
    "\u2603 not ours \u0000",
)


class PassContract:
    """Subclasses say the flags, and give the fixture `world` with nobody in it."""

    has_delta: ClassVar[bool] = True  # after the first pass only what changed is listed
    shows_deletions: ClassVar[bool] = True  # a deletion is a record; otherwise an absence from a full pass
    accepts_nobody: ClassVar[bool] = True  # an empty source is a complete pass; otherwise Incomplete
    page_size_max: ClassVar[int] = PAGE_SIZE_MAX

    @pytest.fixture
    def directory(self, world: DirectoryWorld) -> Directory:
        return world.directory

    # Reading

    def test_an_empty_source_lists_nobody(self, directory: Directory) -> None:
        if not self.accepts_nobody:
            with pytest.raises(Incomplete):
                list(directory.changes(None))
            return

        got = drain(directory)

        assert got.people == {}

    def test_everybody_is_listed_with_what_the_source_says(
        self, world: DirectoryWorld, directory: Directory
    ) -> None:
        world.put(person(1), person(2, enabled=None), person(3, phones=()))

        got = drain(directory)

        assert sorted(map(known_facts, got.people.values())) == sorted(
            map(known_facts, (person(1), person(2, enabled=None), person(3, phones=())))
        )
        assert got.malformed == ()

    def test_a_first_pass_is_full_and_says_how_many(
        self, world: DirectoryWorld, directory: Directory
    ) -> None:
        world.put(person(1), person(2))

        end = drain(directory).end

        assert (end.is_full, end.is_unchanged) == (True, False)
        assert end.total in {None, 2}

    def test_nothing_is_new_after_draining(self, world: DirectoryWorld, directory: Directory) -> None:
        world.put(person(1))
        first = drain(directory)

        again = drain(directory, first.end.cursor)

        assert (again.pages, again.end.is_unchanged) == ((), True)
        assert drain(directory, again.end.cursor).end.is_unchanged

    def test_reading_twice_with_one_cursor_says_the_same(
        self, world: DirectoryWorld, directory: Directory
    ) -> None:
        world.put(person(1), person(2))
        cursor = drain(directory).end.cursor
        world.put(person(3))
        first, second = drain(directory, cursor), drain(directory, cursor)

        assert second.pages == first.pages
        # A cursor is the source's own, and may hold the time at which it was given
        assert replace(second.end, cursor="") == replace(first.end, cursor="")

    def test_a_read_that_was_given_up_costs_nothing(
        self, world: DirectoryWorld, directory: Directory
    ) -> None:
        world.put(*map(person, range(self.page_size_max + 5)))
        begun = directory.changes(None)
        next(begun)
        getattr(begun, "close", int)()  # as a worker that is stopped does

        assert len(drain(directory).people) == self.page_size_max + 5

    def test_full_lists_everybody_again(self, world: DirectoryWorld, directory: Directory) -> None:
        world.put(person(1), person(2))
        cursor = drain(directory).end.cursor

        again = read_pass(directory, cursor, full=True)

        assert again.people.keys() == {person(1).person_id, person(2).person_id}
        assert (again.end.is_full, again.end.is_unchanged) == (True, False)

    def test_pages_are_bounded_and_name_each_person_once(
        self, world: DirectoryWorld, directory: Directory
    ) -> None:
        count = 2 * self.page_size_max + 1
        world.put(*map(person, range(count)))

        got = drain(directory)

        assert max(len(page.records) + len(page.malformed) for page in got.pages) <= self.page_size_max
        assert all(
            len({facts.person_id for facts in page.records}) == len(page.records) for page in got.pages
        )
        assert len(got.people) == count

    def test_it_says_whether_it_has_deltas(self, directory: Directory) -> None:
        assert directory.has_delta is self.has_delta

    # What happens in the world

    def test_a_joiner_is_seen_after_the_cursor(self, world: DirectoryWorld, directory: Directory) -> None:
        world.put(person(1))
        cursor = drain(directory).end.cursor
        world.put(person(2))

        got = drain(directory, cursor)

        assert known_facts(got.people[person(2).person_id]) == known_facts(person(2))
        assert (person(1).person_id in got.people) is not self.has_delta

    def test_a_disabled_leaver_is_seen_after_the_cursor(
        self, world: DirectoryWorld, directory: Directory
    ) -> None:
        world.put(person(1), person(2))
        cursor = drain(directory).end.cursor
        world.disable(person(2).person_id)

        got = drain(directory, cursor)

        assert got.people[person(2).person_id].enabled is False

    def test_a_deleted_leaver_is_seen_after_the_cursor(
        self, world: DirectoryWorld, directory: Directory
    ) -> None:
        world.put(person(1), person(2))
        cursor = drain(directory).end.cursor
        world.delete(person(2).person_id)

        got = drain(directory, cursor)

        if self.shows_deletions:
            assert got.people[person(2).person_id].is_deleted
        else:
            assert got.end.is_full
            assert got.people.keys() == {person(1).person_id}

    def test_a_person_keeps_the_id_through_a_new_name_address_and_place(
        self, world: DirectoryWorld, directory: Directory
    ) -> None:
        world.put(person(1))
        cursor = drain(directory).end.cursor
        renamed = person(
            1, display_name="Person Newname", email="new@example.org", username="new@corp.example"
        )
        world.put(replace(renamed, department="Surgery"))

        got = drain(directory, cursor)

        assert [known_facts(facts) for facts in got.people.values()] == [
            known_facts(replace(renamed, department="Surgery"))
        ]

    def test_taken_at_is_aware_utc_and_never_goes_back(
        self, world: DirectoryWorld, directory: Directory
    ) -> None:
        world.put(person(1))
        first = drain(directory).end
        world.put(person(2))
        second = drain(directory, first.cursor).end

        assert first.taken_at.utcoffset() == second.taken_at.utcoffset() == timedelta(0)
        assert first.taken_at <= second.taken_at

    # What goes wrong

    def test_a_foreign_cursor_is_refused(self, world: DirectoryWorld, directory: Directory) -> None:
        world.put(person(1))

        answers = {cursor: read_until_error(directory, cursor) for cursor in FOREIGN_CURSORS}

        assert {cursor: items for cursor, (items, _) in answers.items() if items} == {}
        assert {type(error) for _, error in answers.values()} == {CursorExpired}

    @pytest.mark.parametrize("full", [False, True])
    def test_a_read_that_breaks_off_never_looks_complete(
        self, world: DirectoryWorld, directory: Directory, full: bool
    ) -> None:
        world.put(*map(person, range(self.page_size_max + 5)))
        cursor = drain(directory).end.cursor
        world.put(*map(person, range(self.page_size_max + 10)))
        world.cut()

        items, error = read_until_error(directory, cursor, full=full)

        assert isinstance(error, ConnectorError)
        assert not any(isinstance(item, PassEnd) for item in items)

    def test_the_old_cursor_is_good_after_a_read_that_broke_off(
        self, world: DirectoryWorld, directory: Directory
    ) -> None:
        world.put(person(1))
        cursor = drain(directory).end.cursor
        world.put(person(2))
        world.cut()
        read_until_error(directory, cursor)
        world.mend()

        assert person(2).person_id in drain(directory, cursor).people

    def test_an_unreadable_source_is_an_error_with_a_remedy(
        self, world: DirectoryWorld, directory: Directory
    ) -> None:
        world.put(person(1))
        world.shut()

        items, error = read_until_error(directory, None)

        assert items == []
        assert isinstance(error, ConnectorError)
        assert error.message
        assert error.remedy
