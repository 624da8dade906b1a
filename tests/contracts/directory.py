"""What every directory keeps to. An adapter's test subclasses the suite and builds its world.

directory_world  the vendor's side, and how passes are read     directory_passes  what passes keep to
here             whoever is asked directly: one person, the mark of what is new, check
"""

from __future__ import annotations

import uuid
from typing import ClassVar

import pytest

from contracts.directory_passes import PAGE_SIZE_MAX, PassContract
from contracts.directory_world import (
    NOW,
    DirectoryWorld,
    Drained,
    context,
    drain,
    known_facts,
    person,
    read_pass,
    read_until_error,
)
from worker.ports import ConnectorError, Directory, PermissionDenied, Rejected

__all__ = [
    "NOW",
    "PAGE_SIZE_MAX",
    "DirectoryContract",
    "DirectoryWorld",
    "Drained",
    "PassContract",
    "context",
    "drain",
    "known_facts",
    "person",
    "read_pass",
    "read_until_error",
]

NOBODY = str(uuid.UUID(int=0xDEAD))


class DirectoryContract(PassContract):
    """Subclasses say `kind` and the flags, and give the fixture `world` with nobody in it."""

    kind: ClassVar[str | None]
    can_look_up: ClassVar[bool] = True
    is_sure_of_nobody: ClassVar[bool] = True  # can tell somebody who isn't there from somebody who is hidden

    # The mark that tells whether it is worth reading

    @pytest.mark.parametrize("happening", ["put", "disable", "delete"])
    def test_a_mark_is_another_one_after_a_change_and_only_then(
        self, world: DirectoryWorld, directory: Directory, happening: str
    ) -> None:
        world.put(person(1), person(2))
        before = directory.watermark()
        same = [directory.watermark() for _ in range(3)]
        getattr(world, happening)(person(3) if happening == "put" else person(1).person_id)

        after = directory.watermark()

        assert same == [before] * 3
        assert before is None or after not in {None, before}

    def test_reading_is_no_change_to_the_mark(self, world: DirectoryWorld, directory: Directory) -> None:
        world.put(person(1))
        before = directory.watermark()
        drain(directory)

        assert directory.watermark() == before

    @pytest.mark.parametrize("break_it", ["cut", "shut"])
    def test_a_mark_that_cannot_be_had_is_none_or_the_last_and_never_an_error(
        self, world: DirectoryWorld, directory: Directory, break_it: str
    ) -> None:
        world.put(person(1))
        before = directory.watermark()
        getattr(world, break_it)()

        assert break_it == "cut" or directory.watermark() in {None, before}
        directory.watermark()
        world.mend()
        after = directory.watermark()

        assert (after is None) is (before is None)

    def test_closed_twice_it_is_asked_again_like_before(
        self, world: DirectoryWorld, directory: Directory
    ) -> None:
        world.put(person(1))
        directory.close()
        directory.watermark()
        directory.close()
        directory.close()

        assert directory.check().ok
        assert all(called.listen and called.name == directory.name for called in directory.calls)

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
        if self.is_sure_of_nobody:
            assert directory.look_up(NOBODY) is None
            return
        with pytest.raises(PermissionDenied) as raised:
            directory.look_up(NOBODY)
        assert raised.value.missing
        assert raised.value.remedy

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
