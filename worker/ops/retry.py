"""Repeat failed reads, in one place: wrappers with the same port as the connectors they wrap.

Only a read that has not yielded anything yet is tried again. In the middle of a pass nothing is: the next poll
starts the pass anew. A message that a notifier could not send goes back to the outbox, which tries again by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay
from tenacity.nap import sleep as nap

from worker.domain.model import AccountFacts, Fact, GroupFacts, Member, Roster
from worker.ports import (
    AwayTeller,
    Called,
    Capabilities,
    CheckResult,
    Concern,
    Connector,
    Directory,
    DirectoryPage,
    Inventory,
    PassEnd,
    SnapshotEnd,
    Transient,
)
from worker.ports.connectors.inventory import KeepRenumbered
from worker.ports.connectors.kept_list import KeptList, ProvenRow
from worker.ports.connectors.remover import ActOutcome, Confirm, Remover, as_decided

ATTEMPTS_MAX = 4
TOTAL_MAX_S = 60.0
WAIT_FIRST_S = 0.5
WAIT_MAX_S = 30.0

T = TypeVar("T")
C = TypeVar("C", bound=Connector)


def wait_s(attempt: int, asked_s: float | None) -> float:
    """Seconds to wait after this attempt (from 1): twice as many each time, or more if the other side asked for it.

    Some ask for none, or name an instant that has been: at once would be too soon all the same.
    """
    wait: float = WAIT_FIRST_S * 2 ** (attempt - 1)
    return max(min(wait, WAIT_MAX_S), asked_s or 0.0)


def again(call: Callable[[], T], sleep: Callable[[float], None] | None = None) -> T:
    """Call until it does not raise Transient; after the last attempt the error is raised as it is.

    Never sooner than the other side asked: if that is later than TOTAL_MAX_S after the first attempt, there is no
    further one. `sleep` (seconds) may raise to give up, as `Interrupt.sleep` does.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(Transient),
        stop=stop_after_attempt(ATTEMPTS_MAX) | stop_before_delay(TOTAL_MAX_S),
        wait=_wait,
        reraise=True,
        sleep=sleep or nap,
    )
    return retrying(call)


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return wait_s(state.attempt_number, error.retry_after_s if isinstance(error, Transient) else None)


def _started(read: Callable[[], Iterator[T]], sleep: Callable[[float], None] | None) -> Iterator[T]:
    """Start a read, with repeats until its first item comes; return its iterator."""

    def start() -> tuple[Iterator[T], list[T]]:
        items = read()
        return items, [item for _, item in zip(range(1), items, strict=False)]

    items, first = again(start, sleep)
    yield from first
    yield from items


class _Retrying(Generic[C]):
    """The parts of a connector that are passed on unchanged."""

    def __init__(self, inner: C, sleep: Callable[[float], None] | None = None) -> None:
        self._inner = inner
        self._sleep = sleep

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def calls(self) -> Sequence[Called]:
        return self._inner.calls

    def watermark(self) -> str | None:
        return self._inner.watermark()

    def check(self) -> CheckResult:
        return self._inner.check()

    def concerns(self) -> Sequence[Concern]:
        return self._inner.concerns()

    def close(self) -> None:
        self._inner.close()


class RetryingDirectory(_Retrying[Directory]):
    """A directory whose reads are tried again."""

    @property
    def can_look_up(self) -> bool:
        return self._inner.can_look_up

    @property
    def has_delta(self) -> bool:
        return self._inner.has_delta

    @property
    def can_tell_away(self) -> bool:
        return self._inner.can_tell_away

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        return _started(lambda: self._inner.changes(cursor, full=full), self._sleep)

    def look_up(self, person_id: str) -> AccountFacts | None:
        return again(lambda: self._inner.look_up(person_id), self._sleep)

    def is_away(self, person_id: str) -> bool | None:
        inner: AwayTeller = self._inner  # type: ignore[assignment]  # `can_tell_away` says so
        return again(lambda: inner.is_away(person_id), self._sleep)


class RetryingInventory(_Retrying[Inventory]):
    """An inventory whose reads are tried again."""

    @property
    def can(self) -> Capabilities:
        return self._inner.can

    def changes(
        self, cursor: str | None, groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        return _started(lambda: self._inner.changes(cursor, groups), self._sleep)

    def look_closely(self, wanted: Mapping[str, Collection[Fact]], /) -> Iterator[tuple[str, GroupFacts]]:
        return _started(lambda: self._inner.look_closely(wanted), self._sleep)

    def news(self) -> frozenset[str]:
        return self._inner.news()

    def keep_renumbered_by(self, keep: KeepRenumbered, /) -> None:
        self._inner.keep_renumbered_by(keep)

    def remove(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        """Ask once: who acts looks at the roster before it is asked again."""
        return self._remover.remove(group_id, member, confirm)

    def make_admin(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        """Ask once, as `remove` does."""
        return self._remover.make_admin(group_id, member, confirm)

    def write_back(self, proven: Sequence[ProvenRow], /) -> int:
        """Ask once: a list that is open stays so for longer than a retry."""
        kept: KeptList = self._inner  # type: ignore[assignment]  # `can` says so
        return kept.write_back(proven)

    @property
    def _remover(self) -> Remover:
        remover: Remover = self._inner  # type: ignore[assignment]  # `can` says so
        return remover
