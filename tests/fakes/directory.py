"""A directory in memory, with a sequence number as its cursor, that can be told to lie.

    put/change/disable/delete/erase -> numbered changes -> full and delta passes

It passes `contracts.directory`; the simulations use its lies: an empty answer, a read that breaks off, a
shrunken company, an error of any kind, cursors that are forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from worker.domain.model import AccountFacts
from worker.ports import (
    CheckResult,
    ConnectorError,
    CursorExpired,
    DirectoryPage,
    Incomplete,
    PassEnd,
    Passive,
    Rejected,
    Unshown,
)


class FakeDirectory(Passive):
    """Obeys the Directory port. `now` gives `taken_at`; `reads` logs each pass that was begun.

    `delete` leaves a tombstone (shown as `is_deleted` by deltas and by `look_up`); `erase` leaves
    nothing, so that only absence from a full pass tells. Without `has_delta` every pass is full, as a
    file's are, and deletions are absences.
    """

    def __init__(
        self,
        name: str = "fake",
        *,
        now: Callable[[], datetime],
        page_size: int = 1000,
        can_look_up: bool = True,
        has_delta: bool = True,
    ) -> None:
        self.name = name
        self.unshown: tuple[Unshown, ...] = ()
        self.can_look_up = can_look_up
        self.has_delta = has_delta
        self.can_tell_away = True
        self.away: dict[str, bool | None] = {}
        self.page_size = page_size
        self.reads: list[str] = []
        self._now = now
        self._facts: dict[str, AccountFacts] = {}
        self._changed: dict[str, int] = {}
        self._sequence = 0
        self._epoch = 0
        self.be_honest()

    def is_away(self, person_id: str) -> bool | None:
        return self.away.get(person_id)

    # The world's side

    def put(self, *people: AccountFacts) -> None:
        """Add people, or replace those with the same id."""
        for facts in people:
            self._sequence += 1
            self._facts[facts.person_id] = facts
            self._changed[facts.person_id] = self._sequence

    def change(self, person_id: str, **fields: Any) -> None:
        """Change some facts of somebody who is there."""
        self.put(replace(self._facts[person_id], **fields))

    def disable(self, person_id: str) -> None:
        self.change(person_id, enabled=False)

    def enable(self, person_id: str) -> None:
        self.change(person_id, enabled=True)

    def delete(self, person_id: str) -> None:
        """Leave a tombstone; without deltas nobody ever sees it."""
        self.change(person_id, is_deleted=True)

    def erase(self, person_id: str) -> None:
        """Take somebody out without a trace."""
        self._sequence += 1
        del self._facts[person_id]
        del self._changed[person_id]

    def people(self) -> tuple[AccountFacts, ...]:
        """Who is really there now, by id."""
        return tuple(facts for _, facts in sorted(self._facts.items()) if not facts.is_deleted)

    # Lies and faults, until `be_honest`

    def be_honest(self) -> None:
        self._share = 1.0
        self._error: ConnectorError | None = None
        self._error_after_pages = 0
        self._error_times: int | None = None

    def answer_empty(self) -> None:
        """Say, with every sign of completeness, that nobody is there (and nothing has changed)."""
        self._share = 0.0

    def shrink_to(self, share: float) -> None:
        """List only the first so much of everybody, with every sign of completeness."""
        self._share = share

    def fail(self, error: ConnectorError, *, after_pages: int = 0, times: int | None = None) -> None:
        """Raise this after so many pages of a read, and at once from look-ups; `times` None: always."""
        self._error, self._error_after_pages, self._error_times = error, after_pages, times

    def cut_after(self, pages: int) -> None:
        """Break every read off after so many pages."""
        remedy = "Wait for the next poll."
        self.fail(Incomplete(f"{self.name}: the answer broke off.", remedy=remedy), after_pages=pages)

    def forget_cursors(self) -> None:
        """Make every cursor given so far too old."""
        self._epoch += 1

    # The port's side

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        since = self._position(cursor) if cursor is not None else None
        is_full = full or since is None or not self.has_delta
        self.reads.append("full" if is_full else "delta")
        if since == self._sequence and not full:
            self._raise_at(0)
            yield self._end(is_full=is_full, is_unchanged=True)
            return
        records = self._all() if is_full else self._since(since or 0)
        pages = [records[at : at + self.page_size] for at in range(0, len(records), self.page_size)]
        for number, page in enumerate(pages):
            self._raise_at(number)
            yield DirectoryPage(page)
        self._raise_at(len(pages), is_last=True)
        yield self._end(is_full=is_full, total=len(records))

    def look_up(self, person_id: str) -> AccountFacts | None:
        if not self.can_look_up:
            raise Rejected(f"{self.name} cannot be asked about one person.", remedy="Read it whole.")
        self._raise_at(0)
        return self._facts.get(person_id)

    def watermark(self) -> str | None:
        return None if self._error is not None else str(self._sequence)

    def check(self) -> CheckResult:
        if self._error is not None:
            return CheckResult(
                ok=False, message=self._error.message, remedy=self._error.remedy or "Look at the source."
            )
        people = self.people()
        return CheckResult(
            ok=True,
            message=f"{self.name}: {len(people)} people",
            counts={"people": len(people), "disabled": sum(one.enabled is False for one in people)},
            unshown=self.unshown,
        )

    def _all(self) -> tuple[AccountFacts, ...]:
        people = self.people()
        return people[: int(len(people) * self._share)]

    def _since(self, since: int) -> tuple[AccountFacts, ...]:
        changed = sorted((number, key) for key, number in self._changed.items() if number > since)
        return tuple(self._facts[key] for _, key in changed) if self._share else ()

    def _position(self, cursor: str) -> int:
        head, _, number = cursor.rpartition(":")
        if head != self._cursor_head() or not number.isdecimal() or int(number) > self._sequence:
            raise CursorExpired(f"{self.name}: the cursor is not known here.")
        return int(number)

    def _cursor_head(self) -> str:
        return f"fake:{self.name}:{self._epoch}"

    def _end(self, *, is_full: bool, total: int | None = None, is_unchanged: bool = False) -> PassEnd:
        return PassEnd(
            f"{self._cursor_head()}:{self._sequence}",
            is_full=is_full,
            taken_at=self._now(),
            total=total if is_full else None,
            is_unchanged=is_unchanged,
            unshown=self.unshown if is_full else (),
        )

    def _raise_at(self, pages: int, *, is_last: bool = False) -> None:
        """Raise the planned error when its page has come, or at the end at the latest."""
        if self._error is None or not (pages == self._error_after_pages or is_last):
            return
        error = self._error
        if self._error_times is not None:
            self._error_times -= 1
            if not self._error_times:
                self.be_honest()
        raise error
