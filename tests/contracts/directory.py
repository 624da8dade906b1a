"""What every directory keeps to. An adapter's test subclasses the suite and builds its world.

The world is the vendor's side: it changes what the source holds, breaks it and mends it. Flags say what
the source can do, and the suite branches on them, never on names.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from worker.domain.model import PersonFacts
from worker.ports import (
    ConnectorContext,
    ConnectorError,
    CursorExpired,
    Directory,
    DirectoryPage,
    Incomplete,
    Malformed,
    PassEnd,
    Rejected,
)

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PAGE_SIZE_MAX = 1000
PASSES_MAX = 100
NOBODY = str(uuid.UUID(int=0xDEAD))
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


def person(number: int, **fields: object) -> PersonFacts:
    """Somebody invented, the same for the same number; telephone numbers from Ofcom's drama range."""
    facts = PersonFacts(
        person_id=str(uuid.uuid5(uuid.NAMESPACE_DNS, f"person-{number}.corp.example")),
        display_name=f"Person Number{number}",
        email=f"person{number}@example.org",
        username=f"person{number}@corp.example",
        employee_id=f"E{number:05}",
        phones=(f"+447700900{number % 1000:03}",),
        department="Nursing",
        enabled=True,
    )
    return replace(facts, **fields)  # type: ignore[arg-type]


def context(name: str, base_dir: Path) -> ConnectorContext:
    return ConnectorContext(
        name=name,
        base_dir=base_dir,
        default_region="GB",
        timezone="Europe/London",
        language="en",
        now=lambda: NOW,
    )


class DirectoryWorld(ABC):
    """The source behind a directory. Each change shows in the next read."""

    secrets: tuple[str, ...] = ()  # what must never be seen in a repr or an error

    @property
    @abstractmethod
    def directory(self) -> Directory:
        """The adapter under test, reading this world."""

    @abstractmethod
    def put(self, *people: PersonFacts) -> None:
        """Add people, or replace those with the same id."""

    @abstractmethod
    def disable(self, person_id: str) -> None: ...

    @abstractmethod
    def delete(self, person_id: str) -> None: ...

    @abstractmethod
    def cut(self) -> None:
        """Make every read break off before its end, until `mend`."""

    @abstractmethod
    def shut(self) -> None:
        """Make the source unreadable, until `mend`."""

    @abstractmethod
    def mend(self) -> None: ...


@dataclass(frozen=True)
class Drained:
    """What passes until `has_more` is false showed; in `people` the last word on each."""

    pages: tuple[DirectoryPage, ...]
    end: PassEnd
    people: dict[str, PersonFacts]
    malformed: tuple[Malformed, ...]


def read_pass(directory: Directory, cursor: str | None, *, full: bool = False) -> Drained:
    """One pass, which has to end with its only PassEnd."""
    items = list(directory.changes(cursor, full=full))
    end = items[-1]
    pages = tuple(item for item in items if isinstance(item, DirectoryPage))
    assert isinstance(end, PassEnd), "a pass ends with a PassEnd"
    assert len(pages) == len(items) - 1, "a pass has one PassEnd, and it is the last"
    people = {facts.person_id: facts for page in pages for facts in page.records}
    return Drained(pages, end, people, tuple(bad for page in pages for bad in page.malformed))


def drain(directory: Directory, cursor: str | None = None) -> Drained:
    """Pass after pass until nothing more is ready; a full pass replaces what was known before."""
    known: dict[str, PersonFacts] = {}
    pages: tuple[DirectoryPage, ...] = ()
    malformed: tuple[Malformed, ...] = ()
    for _ in range(PASSES_MAX):
        one = read_pass(directory, cursor)
        pages, malformed, cursor = pages + one.pages, malformed + one.malformed, one.end.cursor
        is_replaced = one.end.is_full and not one.end.is_unchanged
        known = one.people if is_replaced else {**known, **one.people}
        if not one.end.has_more:
            return Drained(pages, one.end, known, malformed)
    raise AssertionError("has_more never becomes false")


class DirectoryContract:
    """Subclasses say `kind` and the flags, and give the fixture `world` with nobody in it."""

    kind: ClassVar[str | None]
    can_look_up: ClassVar[bool] = True
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

        assert drain(directory, cursor) == drain(directory, cursor)

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

    @pytest.mark.parametrize("cursor", FOREIGN_CURSORS)
    def test_a_foreign_cursor_is_refused(
        self, world: DirectoryWorld, directory: Directory, cursor: str
    ) -> None:
        world.put(person(1))

        with pytest.raises(CursorExpired):
            list(directory.changes(cursor))

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

    def test_no_secret_is_in_a_repr_or_an_error(self, world: DirectoryWorld, directory: Directory) -> None:
        world.put(person(1))
        texts = [repr(directory), str(directory), repr(directory.check())]
        world.shut()
        texts += [repr(read_until_error(directory, None)), repr(directory.check())]

        assert [secret for secret in world.secrets for text in texts if secret in text] == []

    # Looking up and checking

    def test_one_person_can_be_asked_for_or_the_question_is_refused(
        self, world: DirectoryWorld, directory: Directory
    ) -> None:
        world.put(person(1))

        assert directory.can_look_up is self.can_look_up
        if not self.can_look_up:
            with pytest.raises(Rejected):
                directory.look_up(person(1).person_id)
            return
        facts = directory.look_up(person(1).person_id)

        assert facts is not None
        assert known_facts(facts) == known_facts(person(1))
        assert directory.look_up(NOBODY) is None

    def test_a_look_up_that_cannot_be_answered_is_an_error_and_never_nobody(
        self, world: DirectoryWorld, directory: Directory
    ) -> None:
        world.put(person(1))
        world.shut()

        with pytest.raises(ConnectorError):
            directory.look_up(person(1).person_id)

    def test_check_is_green_and_counts_people(self, world: DirectoryWorld, directory: Directory) -> None:
        world.put(person(1), person(2))

        result = directory.check()

        assert (result.ok, result.remedy) == (True, "")
        assert result.message
        assert result.counts.get("people") in {None, 2}

    @pytest.mark.parametrize("break_it", ["cut", "shut"])
    def test_check_turns_red_with_a_remedy_and_does_not_raise(
        self, world: DirectoryWorld, directory: Directory, break_it: str
    ) -> None:
        world.put(*map(person, range(self.page_size_max + 5)))
        getattr(world, break_it)()

        result = directory.check()

        assert not result.ok
        assert result.message
        assert result.remedy

    def test_check_is_green_again_when_the_source_is_mended(
        self, world: DirectoryWorld, directory: Directory
    ) -> None:
        world.put(person(1))
        world.shut()
        world.mend()

        assert directory.check().ok


def known_facts(facts: PersonFacts) -> tuple[object, ...]:
    """What every source can say of somebody, as sortable values."""
    return (
        facts.person_id,
        facts.display_name,
        facts.email,
        facts.username,
        facts.employee_id,
        facts.phones,
        facts.department,
        str(facts.enabled),
        facts.is_deleted,
        facts.is_in_scope,
    )


def read_until_error(
    directory: Directory, cursor: str | None, *, full: bool = False
) -> tuple[list[DirectoryPage | PassEnd], ConnectorError | None]:
    """What came before the error, and the error; None when there was none."""
    items: list[DirectoryPage | PassEnd] = []
    try:
        items.extend(directory.changes(cursor, full=full))
    except ConnectorError as error:
        return items, error
    return items, None
