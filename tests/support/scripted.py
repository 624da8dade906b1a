"""A directory that says what a test tells it to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fakes.directory import FakeDirectory
from harness import Harness
from worker.domain.model import AccountFacts
from worker.ports import ConnectorError, DirectoryPage, PassEnd

Item = DirectoryPage | PassEnd | ConnectorError


class Scripted(FakeDirectory):
    """Says what it is told to, one script a pass; honest when there is none. `asked` is called by look-ups."""

    def __init__(self, *args: object, **wishes: object) -> None:
        super().__init__(*args, **wishes)  # type: ignore[arg-type]  # whatever the harness gives
        self.scripts: list[list[Item]] = []
        self.asked: Callable[[], object] = lambda: None

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        if not self.scripts:
            yield from super().changes(cursor, full=full)
            return
        for item in self.scripts.pop(0):
            if isinstance(item, ConnectorError):
                raise item
            yield item

    def look_up(self, person_id: str) -> AccountFacts | None:
        self.asked()
        return super().look_up(person_id)


def scripted(harness: Harness, *items: Item) -> Scripted:
    assert isinstance(harness.corp, Scripted)
    harness.corp.scripts.append(list(items))
    return harness.corp


def end(harness: Harness, *, is_full: bool = True, **changes: object) -> PassEnd:
    return PassEnd("next", is_full, harness.now, **changes)  # type: ignore[arg-type]  # a test's own words
