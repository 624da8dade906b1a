"""A directory and an inventory that lie in any way: `bend` changes what each read says, `answer` what a look-up says.

They are the plain fakes until something is bent. `be_honest` and `mend` end every lie.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from fakes.directory import FakeDirectory
from fakes.inventory import FakeInventory
from worker.domain.model import AccountFacts, Roster
from worker.ports import DirectoryPage, PassEnd, SnapshotEnd

Said: TypeAlias = Iterator[DirectoryPage | PassEnd]
Shown: TypeAlias = Iterator[Roster | SnapshotEnd]
Bend: TypeAlias = Callable[[Said], Said]
Distort: TypeAlias = Callable[[Shown], Shown]
Facts: TypeAlias = Callable[[AccountFacts], AccountFacts | None]
Answer: TypeAlias = Callable[[str, AccountFacts | None], AccountFacts | None]

PAGE = 10


class LyingDirectory(FakeDirectory):
    """`look_ups` counts how often it was asked about one person. With `is_quiet`, `touch` does nothing."""

    def __init__(
        self, name: str, *, now: Callable[[], datetime], can_look_up: bool = True, has_delta: bool = True
    ) -> None:
        self.bends: list[Bend] = []
        self.answers: list[Answer] = []
        self.look_ups = 0
        self.is_quiet = False
        super().__init__(name, now=now, page_size=PAGE, can_look_up=can_look_up, has_delta=has_delta)

    def be_honest(self) -> None:
        super().be_honest()
        self.bends.clear()
        self.answers.clear()
        self.is_quiet = False

    def touch(self) -> None:
        """Write everybody anew, so that a delta names them all and a file is another."""
        if not self.is_quiet:
            self.put(*self._facts.values())

    def rewind(self) -> None:
        """Name everybody again in the next delta, since the cursor that it goes on from is an older one."""
        self._changed = dict.fromkeys(self._changed, self._sequence + 1)
        self._sequence += 1

    def bend(self, how: Bend) -> None:
        self.bends.append(how)

    def bend_facts(self, change: Facts, *, asked: bool = True) -> None:
        """Change, or leave out, what is said of each person; if asked about one of them, too (never left out)."""
        self.bend(lambda items: _each(items, change))
        if asked:
            self.answers.append(lambda _id, facts: facts and (change(facts) or facts))

    def changes(self, cursor: str | None, *, full: bool = False) -> Said:
        said: Said = super().changes(cursor, full=full)
        for bend in self.bends:
            said = bend(said)
        return said

    def look_up(self, person_id: str) -> AccountFacts | None:
        self.look_ups += 1
        facts = super().look_up(person_id)
        for answer in self.answers:
            facts = answer(person_id, facts)
        return facts


def _each(items: Said, change: Facts) -> Said:
    for item in items:
        if isinstance(item, DirectoryPage):
            changed = (change(facts) for facts in item.records)
            yield replace(item, records=tuple(facts for facts in changed if facts is not None))
        else:
            yield item


class LyingInventory(FakeInventory):
    """Shows rosters as they are until something is bent."""

    def __init__(self, name: str, *, now: Callable[[], datetime], is_kept_by_people: bool = False) -> None:
        self.bends: list[Distort] = []
        super().__init__(name, now=now, is_kept_by_people=is_kept_by_people)

    def mend(self) -> None:
        super().mend()
        self.bends.clear()

    def bend(self, how: Distort) -> None:
        self.bends.append(how)

    def bend_rosters(self, change: Callable[[Roster], Roster]) -> None:
        """Change what is shown of each group."""
        self.bend(lambda items: (change(one) if isinstance(one, Roster) else one for one in items))

    def changes(self, cursor: str | None, only: Collection[str] | None = None, /) -> Shown:
        shown: Shown = super().changes(cursor, only)
        for bend in self.bends:
            shown = bend(shown)
        return shown
