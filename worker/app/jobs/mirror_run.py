"""One run over one tracker: its rules, its instant, its counts, and how trouble with it is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from worker.app.jobs.matching import Matching
from worker.app.tell.addressing import who_is_here, whoever_has
from worker.app.tell.withholding import answered_for
from worker.domain.messages.copies import trouble_text
from worker.domain.messages.message import CHANNEL, Paragraph
from worker.domain.mirror.copy import Content, Copy
from worker.domain.mirror.outside import CopyUnread, Seen
from worker.domain.text.tongue import Languages, Tongue
from worker.domain.tickets.ticket import Ticket, TicketKind
from worker.ports import BadConfig, CheckResult, ConnectorError, Malformed, PermissionDenied
from worker.ports.connectors.tracker import PUBLIC, PUBLIC_REMEDY, Tracker, is_public, says_who_reads
from worker.ports.state.leases import Lease
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import Store, UnitOfWork

ATTEMPTS_MAX = 3
UNCLEAR_MAX = 3  # answers in one run; then the tracker has a rest until the next
UNREAD = "It can't be read now"
TOLD_AGAIN_AFTER = timedelta(hours=24)
LATE_EVERY = timedelta(days=1)  # what may still appear is looked for
_VARIES = re.compile(r"\S*\d\S*")  # keys, times and numbers in a message


@dataclass(frozen=True, slots=True)
class MirroredTracker:
    """A tracker, which tickets it has copies of (no kinds: all), and what these say."""

    tracker: Tracker
    kinds: Collection[TicketKind]
    sensitive: bool | None
    content: Content
    assigns: bool


@dataclass(frozen=True, slots=True)
class MirrorRules:
    """Who is told of trouble beside the channel; empty: nobody else."""

    accountable: str = ""


@dataclass(frozen=True, slots=True)
class Texts:
    """How copies are written: language, IANA time zone, a ticket's page on the desk, and its JSON."""

    languages: Languages
    timezone: str
    url: Callable[[Ticket], str]
    data: Callable[[UnitOfWork, Ticket, Content], Mapping[str, Any]]

    @property
    def tongue(self) -> Tongue:
        """The organisation's language."""
        return self.languages.of(None)


@dataclass(slots=True)
class MirrorRun:
    """One run over one tracker. `has_seen`: a copy could be read. `unclear`: how many writes had no clear answer.

    `names` are those of all trackers, `checked` is what the tracker's check said, once it was asked for. `looks`: how
    many copies were looked for whose numbers others have.
    """

    one: MirroredTracker
    store: Store
    rules: MirrorRules
    texts: Texts
    now: datetime
    lease: Lease | None
    counts: dict[str, int]
    troubles: list[str]
    names: Collection[str]
    clock: Callable[[], datetime]
    has_seen: bool = False
    unclear: int = 0
    looks: int = 0
    checked: CheckResult | None = None

    @property
    def name(self) -> str:
        """The tracker's name."""
        return self.one.tracker.name

    @property
    def place(self) -> str:
        """Where the tracker is."""
        return self.one.tracker.place

    def at(self) -> datetime:
        """The present instant: a run takes its time, and people act meanwhile."""
        return max(self.now, self.clock())

    def find(self, copy: Copy) -> list[Seen]:
        """What the tracker has by a copy's identity, oldest first. Raises ConnectorError.

        A ticket that others were merged into may have it from them, so it is the copy only if it was the copy before.
        """
        found = self.one.tracker.find(copy.identity, copy.mark)
        return [one for one in found if not one.is_merged or one.ref == copy.ref]

    def check(self) -> CheckResult:
        """What the tracker's check says, which is asked once a run."""
        if self.checked is None:
            self.checked = self.one.tracker.check()
        return self.checked

    def require_privacy(self) -> None:
        """Raise BadConfig if copies have names in them and everybody can read them.

        PermissionDenied if nobody knows: then what people do on copies is heard all the same.
        """
        if self.one.content is not Content.FULL:
            return
        found = self.check()
        if is_public(found):
            raise BadConfig(f"{PUBLIC}.", remedy=PUBLIC_REMEDY)
        if not found.ok and not says_who_reads(found):
            raise PermissionDenied(
                f"Whether everybody can read it is not known: {found.message}",
                missing="to see who can read it",
                remedy=found.remedy,
            )

    def content(self) -> Content:
        """How much may be said on a copy in the configured place: no names where everybody may be able to read them.

        What the tracker's check says of that is asked once a run.
        """
        try:
            self.require_privacy()
        except ConnectorError as error:
            self.trouble(error)
            return Content.MINIMAL
        return self.one.content

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """A writing transaction, under the lease."""
        return Matching(self.store, self.now, self.lease).begin()

    def count(self, what: str) -> None:
        """Count one of something."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def trouble(self, error: ConnectorError, about: int | None = None) -> None:
        """Report trouble, and tell it: one notice for each cause, again after a day. `about` as in `tell`."""
        sentence = f"{self.name}: {error}"
        if sentence not in self.troubles:
            self.troubles.append(sentence)
        self.notice(
            f"{type(error).__name__}:{_VARIES.sub('#', error.message)}", str(error), about, lasts=True
        )

    def problem(self, ticket: int, error: ConnectorError) -> None:
        """Keep what is wrong with one copy, beside it."""
        with self.begin() as uow:
            copy = uow.mirrors.get(self.name, ticket).copy
            uow.mirrors.put(replace(copy, problem=str(error)))
        self.trouble(error, ticket)

    def unread(self, ticket: int, seen: CopyUnread) -> None:
        """Keep why one copy can't be read, beside it, until it is read again."""
        self.problem(ticket, Malformed(f"{UNREAD}: {seen.why}", record_id=seen.ref, remedy=seen.remedy))

    def notice(self, cause: str, what: str, about: int | None = None, *, lasts: bool = False) -> None:
        """As `tell`, in a transaction of its own."""
        with self.begin() as uow:
            self.tell(uow, cause, what, about, lasts=lasts)

    def tell(
        self, uow: UnitOfWork, cause: str, what: str, about: int | None = None, *, lasts: bool = False
    ) -> None:
        """Tell the channel and the accountable person, unless they were told of this cause not long ago.

        `about`: the number of the ticket whose copy it is about. Only who is accountable for it may hear of that.
        `lasts`: it is told again after a day if it is still so, and says that.
        """
        if not uow.mirrors.notice(self.name, cause, self.now, TOLD_AGAIN_AFTER):
            return
        languages = self.texts.languages
        address = self.rules.accountable if about is None else self._accountable(uow, about)
        address = who_is_here(uow, address)
        people = [whoever_has(uow, address, languages)] if address else []
        messages = []
        for to in dict.fromkeys([CHANNEL, *people]):
            headline, text = trouble_text(self.name, languages.of(to.language), lasts=lasts)
            key = f"mirror:{self.name}:{cause}:{self.now.isoformat()}:{to.kind.value}:{to.address}"
            messages.append(OutMessage(key, to, headline, Paragraph(headline, f"{what} {text}")))
        uow.outbox.add(messages, self.now)

    def _accountable(self, uow: UnitOfWork, number: int) -> str:
        return answered_for(uow, uow.mirrors.get(self.name, number).ticket).accountable
