"""Audit: evidence packs about a person, a group, a period, or everything.

The chain is read page by page, each in its own transaction, up to a head that is read first. So no writer waits for
long, and memory use does not grow with the journal.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import BinaryIO, TypeAlias

from worker.app.evidence.report import Heading, report, with_rows
from worker.app.evidence.scope import Selection, scope_of
from worker.app.evidence.zip import CHUNK, REPORT, TICKETS, PackWriter
from worker.app.refused import Refused
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, acted
from worker.domain.evidence.journal import GENESIS, Sealed, seal
from worker.domain.evidence.manifest import Manifest, digest_of, stated_event
from worker.domain.evidence.pack import JOURNAL, Hidden, JournalSum, Scope, Tally, What, line_of
from worker.domain.kinds.keeps import KeptGroup
from worker.domain.model import AccountKey
from worker.domain.tickets.ticket import Ticket, TicketState, ticket_number
from worker.ports.state.journal import Head
from worker.ports.state.store import Store, UnitOfWork

PAGE = 500  # rows in one transaction
_TICKET = "ticket:"
SPOOL_MAX = 4 << 20  # bytes of tickets.csv in memory; more goes to a temporary file


@dataclass(frozen=True, slots=True)
class Exported:
    """What identifies a pack: the head of the chain, and the digest that seals the pack."""

    journal: JournalSum
    digest: str


Keeps: TypeAlias = Callable[[UnitOfWork, Sequence[AccountKey]], Sequence[KeptGroup]]


def nothing_kept(_uow: UnitOfWork, _accounts: Sequence[AccountKey]) -> Sequence[KeptGroup]:
    """For packs that don't say what people keep."""
    return ()


class Audit:
    """Makes evidence packs.

    `software` is the program with its version; `timezone` is the organisation's (IANA). `keeps` says what the person
    with these accounts keeps.
    """

    def __init__(
        self, store: Store, organisation: str, timezone: str, software: str, keeps: Keeps = nothing_kept
    ) -> None:
        self._keeps = keeps
        self._store = store
        self._organisation = organisation
        self._timezone = timezone
        self._software = software

    def export(self, selection: Selection, file: BinaryIO, by: Actor, now: datetime) -> Exported:
        """Write a pack into `file` (which need not be seekable). Its last event, `audit.exported`, records this export.

        That event is committed before the journal is written, and after everything else: so no export goes unrecorded.
        Raises Refused for a selection that names nobody, and for a broken journal; the file is then no pack.
        """
        with self._store.reading() as uow:
            scope, name = scope_of(uow, selection, self._timezone)
            head = uow.journal.head()
            sources = tuple(uow.sources.all())
            kept = tuple(self._keeps(uow, _people(scope)))
        tally, numbers = self._surveyed(scope, head)
        heading = Heading(
            self._organisation, scope.covered, name, tally.sum(), sources, by.name, now, self._timezone, self._software,
            kept,
        )  # fmt: skip
        with closing(PackWriter(file)) as pack, tempfile.SpooledTemporaryFile(SPOOL_MAX) as table:
            tickets = with_rows(self._tickets(numbers), table)
            events = (sealed for sealed in _chain(self._store, head) if scope.has(sealed.entry))
            pack.write(REPORT, report(heading, tickets, events))
            table.seek(0)
            pack.write(TICKETS, iter(partial(table.read, CHUNK), b""))
            manifest = Manifest(
                now, by.name, self._software, self._organisation, self._timezone, scope.covered, tally.sum(), pack.sums
            )  # fmt: skip
            end = self._written_down(by, scope, manifest, tally)
            shown = Tally()
            pack.write(JOURNAL, self._lines(scope, end, shown))
            manifest = replace(manifest, journal=shown.sum())
            pack.finish(manifest)
        return Exported(manifest.journal, digest_of(manifest))

    def _surveyed(self, scope: Scope, head: Head) -> tuple[Tally, set[int]]:
        """Sum up the entries up to the head; return also the tickets of the entries that belong to the pack."""
        tally, numbers = Tally(), set[int]()
        for sealed in _chain(self._store, head):
            tally.add(_shown(scope, sealed))
            if scope.has(sealed.entry) and sealed.entry.subject.startswith(_TICKET):
                numbers.add(ticket_number(sealed.entry.subject.removeprefix(_TICKET)))
        return tally, numbers

    def _written_down(self, by: Actor, scope: Scope, manifest: Manifest, tally: Tally) -> Head:
        """Journal the export with the pack's contents, including events that came meanwhile; return the new head."""
        with self._store.begin() as uow:
            for sealed in _checked(_rest(uow, tally.count), tally.count, tally.previous):
                tally.add(_shown(scope, sealed))
            so_far = tally.sum()
            data = stated_event(manifest, so_far.full, so_far.full_sha256)
            uow.journal.append(
                [acted(by, manifest.made_at, events.AUDIT_EXPORTED, _subject(scope), data=data)]
            )
            return uow.journal.head()

    def _lines(self, scope: Scope, end: Head, tally: Tally) -> Iterator[bytes]:
        """The lines of the journal; the last one, the export itself, is always in full."""
        for sealed in _chain(self._store, end):
            shown = sealed if sealed.seq == end.seq else _shown(scope, sealed)
            tally.add(shown)
            yield line_of(shown)

    def _tickets(self, numbers: set[int]) -> Iterator[Ticket]:
        """The tickets that the pack's events are about, by id, as they are now."""
        waiting = deque(sorted(numbers))
        while waiting:
            first = last = waiting[0]
            while waiting and waiting[0] < first + PAGE:
                last = waiting.popleft()
            with self._store.reading() as uow:
                page = uow.tickets.page(list(TicketState), first - 1, last - first + 1)  # ids have no gaps
            yield from (ticket for ticket in page if ticket.id in numbers)


def checked_chain(store: Store) -> Iterator[Sealed]:
    """The whole journal, each entry checked against the one before. Raises Refused if one does not fit."""
    with store.reading() as uow:
        head = uow.journal.head()
    return _chain(store, head)


def _chain(store: Store, head: Head) -> Iterator[Sealed]:
    """The entries up to the head, each checked against the one before. Raises Refused if one does not fit."""
    last = GENESIS
    for sealed in _checked(_pages(store, head.seq), 0, GENESIS):
        last = sealed.hash
        yield sealed
    if last != head[1]:
        raise _broken(head.seq)


def _pages(store: Store, count: int) -> Iterator[Sealed]:
    """The first `count` entries, one transaction a page. Raises Refused if there are fewer."""
    seq = 0
    while seq < count:
        with store.reading() as uow:
            page = uow.journal.page(seq, min(PAGE, count - seq))
        if not page:
            raise _broken(seq + 1)
        yield from page
        seq = page[-1].seq


def _shown(scope: Scope, sealed: Sealed) -> Sealed | Hidden:
    return sealed if scope.has(sealed.entry) else Hidden(sealed.seq, sealed.hash)


def _rest(uow: UnitOfWork, seq: int) -> Iterator[Sealed]:
    while page := uow.journal.page(seq, PAGE):
        yield from page
        seq = page[-1].seq


def _checked(entries: Iterable[Sealed], seq: int, previous: str) -> Iterator[Sealed]:
    """The same entries; raises Refused unless they follow the entry with this number and hash."""
    for sealed in entries:
        if sealed != seal(sealed.entry, seq + 1, previous):
            raise _broken(seq + 1)
        seq, previous = sealed.seq, sealed.hash
        yield sealed


def _subject(scope: Scope) -> str:
    """The journal's subject for an export: the person or group whose history the pack has, else the pack."""
    covered = scope.covered
    is_one = covered.what in {What.PERSON, What.GROUP}
    return f"{covered.what.value}:{covered.ids[0]}" if is_one else "audit:pack"


def _broken(seq: int) -> Refused:
    return Refused(
        f"The journal in the database is broken at event {seq}: it is not the one that was sealed. "
        "Find out who changed the database, and compare it with a backup and with earlier packs."
    )


def _people(scope: Scope) -> list[AccountKey]:
    """The accounts that a pack is about."""
    if scope.covered.what is not What.PERSON:
        return []
    return [AccountKey(*id_.split("/", 1)) for id_ in scope.covered.ids]
