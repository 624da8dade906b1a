from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from fakes.inventory import FakeInventory
from worker.domain.model import AccountFacts, Fact, Group, GroupFacts, Member, Roster
from worker.ops.retry import ATTEMPTS_MAX, TOTAL_MAX_S, RetryingDirectory, RetryingInventory, again, wait_s
from worker.ports import (
    AuthFailed,
    Capabilities,
    CheckResult,
    ConnectorError,
    CursorExpired,
    DirectoryPage,
    Incomplete,
    PassEnd,
    Passive,
    SnapshotEnd,
    Transient,
)
from worker.ports.connectors.kept_list import ProvenRow
from worker.ports.connectors.remover import Effect

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
END = PassEnd("c2", is_full=False, taken_at=NINE)
PAGE = DirectoryPage(())


@dataclass
class Failing(Passive):
    """A directory and an inventory whose calls fail as told, one error after the other, then succeed."""

    errors: list[Exception]
    after_page: bool = False  # whether the errors come in the middle of a pass
    count: int = 0
    name: str = "corp"
    can_look_up: bool = True
    has_delta: bool = True
    can_tell_away: bool = True
    asked: list[object] = field(default_factory=list)

    def _call(self) -> None:
        self.count += 1
        if self.errors:
            raise self.errors.pop(0)

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        self.asked.append((cursor, full))
        if not self.after_page:
            self._call()
        yield PAGE
        if self.after_page:
            self._call()
        yield END

    def look_up(self, person_id: str) -> AccountFacts | None:
        self.asked.append(person_id)
        self._call()
        return None

    def is_away(self, person_id: str) -> bool | None:
        self._call()
        return True

    def watermark(self) -> str | None:
        return "17"

    def check(self) -> CheckResult:
        self._call()
        return CheckResult(ok=True, message="reached")


class FailingInventory(Failing):
    """The same as an inventory."""

    can = Capabilities(is_kept_by_people=True)

    def changes(  # type: ignore[override]  # a directory's is another
        self, _cursor: str | None, _groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        self._call()
        yield SnapshotEnd(NINE, 0)

    def look_closely(self, _wanted: Mapping[str, Collection[Fact]], /) -> Iterator[tuple[str, GroupFacts]]:
        self._call()
        yield "ward-7", GroupFacts()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.mark.parametrize(
    "attempt, asked_s, waited_s",
    [
        (1, None, 0.5),
        (2, None, 1),
        (3, None, 2),
        (20, None, 30),
        (1, 7, 7),
        (3, 0, 2),
        (3, 1, 2),
        (1, -3, 0.5),
    ],
)
def test_the_wait_doubles_unless_a_longer_one_was_asked_for(
    attempt: int, asked_s: float | None, waited_s: float
) -> None:
    assert wait_s(attempt, asked_s) == waited_s


def test_a_passing_fault_is_tried_again_until_it_has_passed(waits: list[float]) -> None:
    directory = Failing([Transient("busy"), Transient("busy", retry_after_s=3)])

    items = list(RetryingDirectory(directory, waits.append).changes("c1", full=True))

    assert items == [PAGE, END]
    assert waits == [0.5, 3]
    assert directory.asked == [("c1", True)] * 3


def test_there_is_a_last_attempt_and_its_error_comes_through(waits: list[float]) -> None:
    directory = Failing([Transient(f"busy {number}") for number in range(9)])

    with pytest.raises(Transient, match=f"busy {ATTEMPTS_MAX - 1}"):
        list(RetryingDirectory(directory, waits.append).changes(None))
    assert directory.count == ATTEMPTS_MAX
    assert len(waits) == ATTEMPTS_MAX - 1


def test_nobody_is_asked_again_sooner_than_they_want(waits: list[float]) -> None:
    directory = Failing([Transient("come back in ten minutes", retry_after_s=600)])

    with pytest.raises(Transient, match="ten minutes"):
        list(RetryingDirectory(directory, waits.append).changes(None))
    assert (directory.count, waits) == (1, [])


def test_the_longest_wait_that_is_still_waited_is_under_a_minute(waits: list[float]) -> None:
    inventory = FailingInventory([Transient("busy", retry_after_s=TOTAL_MAX_S - 1)])

    assert list(RetryingInventory(inventory, waits.append).changes(None)) == [SnapshotEnd(NINE, 0)]
    assert waits == [TOTAL_MAX_S - 1]


def test_a_closer_look_is_tried_again_until_its_first_group(waits: list[float]) -> None:
    inventory = FailingInventory([Transient("busy")])
    assert list(RetryingInventory(inventory, waits.append).look_closely({})) == [("ward-7", GroupFacts())]
    assert len(waits) == 1


@pytest.mark.parametrize(
    "error", [AuthFailed("no"), CursorExpired("old"), Incomplete("cut"), ValueError("a fault of ours")]
)
def test_what_will_not_pass_is_not_tried_again(error: Exception, waits: list[float]) -> None:
    directory = Failing([error])

    with pytest.raises(type(error)):
        list(RetryingDirectory(directory, waits.append).changes(None))
    assert (directory.count, waits) == (1, [])


def test_in_the_middle_of_a_pass_nothing_is_tried_again(waits: list[float]) -> None:
    directory = Failing([Transient("cut off")], after_page=True)
    read = RetryingDirectory(directory, waits.append).changes(None)

    assert next(read) == PAGE
    with pytest.raises(Transient, match="cut off"):
        next(read)
    assert (len(directory.asked), waits) == (1, [])


def test_nothing_is_asked_before_the_first_item_is_wanted() -> None:
    directory = Failing([])

    RetryingDirectory(directory).changes(None)

    assert directory.count == 0


def test_pages_are_handed_on_one_by_one() -> None:
    directory = Failing([ValueError("never reached")], after_page=True)

    assert next(RetryingDirectory(directory).changes(None)) == PAGE
    assert directory.count == 0, "the second item was not asked for"


def test_looking_up_one_person_is_tried_again(waits: list[float]) -> None:
    directory = Failing([Transient("busy")])

    assert RetryingDirectory(directory, waits.append).look_up("p1") is None
    assert directory.asked == ["p1", "p1"]


def test_a_check_is_asked_once_since_somebody_waits_for_it(waits: list[float]) -> None:
    busy = Transient("busy")

    with pytest.raises(ConnectorError):
        RetryingDirectory(Failing([busy]), waits.append).check()
    with pytest.raises(ConnectorError):
        RetryingInventory(FailingInventory([busy]), waits.append).check()
    assert waits == []


def test_the_wrappers_go_by_the_name_of_what_they_wrap() -> None:
    assert RetryingDirectory(Failing([])).name == RetryingInventory(FailingInventory([])).name == "corp"
    directory = RetryingDirectory(Failing([]))
    assert (directory.can_look_up, directory.has_delta, directory.watermark()) == (True, True, "17")


def test_who_is_away_is_asked_again(waits: list[float]) -> None:
    directory = RetryingDirectory(Failing([Transient("busy")]), waits.append)

    assert directory.can_tell_away
    assert directory.is_away("p1") is True
    assert len(waits) == 1


def test_a_wait_that_raises_ends_the_attempts() -> None:
    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    directory = Failing([Transient("busy")])
    with pytest.raises(KeyboardInterrupt):
        again(lambda: directory.look_up("p1"), interrupted)
    assert directory.count == 1


def test_an_act_is_asked_for_once(waits: list[float]) -> None:
    rooms = FakeInventory(now=lambda: NINE)
    member = Member("+447700900101")
    rooms.add_group(Group("ward-7", "Ward 7"), [member])
    retrying = RetryingInventory(rooms, waits.append)

    assert retrying.make_admin("ward-7", member).effect is Effect.DONE
    assert retrying.remove("ward-7", member).effect is Effect.DONE
    assert [deed for deed, _, _ in rooms.acts] == ["make_admin", "remove"]
    assert (retrying.can, retrying.news()) == (rooms.can, frozenset())


def test_days_are_written_once(waits: list[float]) -> None:
    """A list that is open stays so for longer than a retry waits."""
    asked: list[Sequence[ProvenRow]] = []

    class Open(FailingInventory):
        def write_back(self, proven: Sequence[ProvenRow], /) -> int:
            asked.append(proven)
            raise Transient("it is open")

    with pytest.raises(Transient):
        RetryingInventory(Open([]), waits.append).write_back([])
    assert (asked, waits) == ([[]], [])
