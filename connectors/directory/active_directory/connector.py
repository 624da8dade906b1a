"""Active Directory behind the Directory port.

    a controller -> its identity and USN     -> ids that changed -> those people, complete  (a delta)
                                             -> everybody in scope, page by page            (a full pass)

A cursor only works with the controller that it came from, and only while that controller's numbers go up.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf
from threading import Lock
from time import monotonic
from zoneinfo import ZoneInfo

from connectors.directory.active_directory.check import checked
from connectors.directory.active_directory.config import ActiveDirectoryConfig, Mode
from connectors.directory.active_directory.read.cursor import Cursor, digest_of
from connectors.directory.active_directory.read.deltas import by_dirsync, by_usn
from connectors.directory.active_directory.read.mapping import Reading
from connectors.directory.active_directory.read.news import News
from connectors.directory.active_directory.read.people import People
from connectors.directory.active_directory.wire.addresses import Addresses
from connectors.directory.active_directory.wire.client import Client, none_of, open_client
from connectors.directory.active_directory.wire.controller import Controller, choose, look_at, sees_deleted
from connectors.directory.active_directory.wire.errors import Barred
from connectors.directory.active_directory.wire.rights import DELETED_OBJECTS, how_to_see_deleted, trustee
from worker.domain.instants import has_come
from worker.domain.model import AccountFacts
from worker.ports import (
    AuthFailed,
    BadConfig,
    CheckResult,
    Concern,
    ConnectorContext,
    ConnectorError,
    CursorExpired,
    DirectoryPage,
    PassEnd,
    Passive,
    PermissionDenied,
    Transient,
)

# Domains lock an account after a handful of wrong passwords, and count anew only after 15 to 30 minutes without one
REFUSED_S = 3600.0
IN_AN_HOUR = "It is tried again in an hour, so that the account is not locked, or with a new configuration."
IN_MINUTES = "It is tried again in ten minutes."
BARRED_S = 600.0  # for an account that is disabled, expired or locked: only wrong passwords count
BEHIND = timedelta(days=1)  # for so long a database may lack what another one knew
FAILED_S = 3600.0  # for a server that let us in and then failed: as long it is asked after the others


class ActiveDirectory(Passive):
    """One domain. Reads only; look-ups and looks for news keep their connection for the next one."""

    can_look_up = True
    can_tell_away = False

    def __init__(self, config: ActiveDirectoryConfig, context: ConnectorContext) -> None:
        self.name = context.name
        self.has_delta = config.mode is not Mode.FULL
        self._config = config
        self._context = context
        self._reads = digest_of(config)
        self._reading = Reading.of(config, context.default_region, ZoneInfo(context.timezone))
        self._refusal: tuple[AuthFailed, float] | None = None
        self._signing_in = Lock()  # passes, look-ups and looks for news are in threads of their own
        self._kept: tuple[Client, Controller] | None = None
        self._addresses = Addresses()
        self._failed_at_s: dict[str, float] = {}  # by URL, of the monotonic clock
        self._blind: Concern | None = None  # if the last full pass showed us no deleted objects
        self._stateless: Concern | None = None  # if it showed us no state of some people
        self._news = News(self._open_for_news)
        self._before: Cursor | None = (
            None  # the last one that we were given: a full pass may follow without it
        )

    def __repr__(self) -> str:
        return f"ActiveDirectory({self.name!r}, base={self._config.base!r})"

    # --- passes ------------------------------------------------------------------------------------

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        """Read what changed since the cursor, or everybody: see `Directory.changes`."""
        before = Cursor.load(cursor) if cursor is not None else None
        self._before = before or self._before
        self._let_go()
        is_full = full or before is None or Mode.FULL in {before.mode, self._config.mode}
        # A nightly pass goes back to the first server; a delta stays with the server that its USN is from
        servers = self._servers(None if full or before is None else before.server)
        client = self._open(servers)
        try:
            with self._noting_failure(client):
                controller = look_at(client, self._config)
                taken_at = self._context.now()
                self._addresses.note(controller.server, controller.invocation, taken_at)
                if before is not None and not full and _is_where_it_was(controller, before, self._reads):
                    yield _unchanged(before, taken_at)
                elif is_full or before is None:
                    yield from self._full(client, controller, taken_at, is_first=cursor is None)
                else:
                    yield from self._delta(client, controller, before, taken_at)
        finally:
            client.close()

    def _full(
        self, client: Client, controller: Controller, taken_at: datetime, *, is_first: bool
    ) -> Iterator[DirectoryPage | PassEnd]:
        choice = choose(client, self._config, controller)
        people = self._people(client, controller)
        yield from people.everybody()
        self._stateless = people.stateless()
        is_seen = controller.usn >= 0 and sees_deleted(client, controller)
        self._blind = None if is_seen or controller.usn < 0 else _blind(client, controller)
        if is_first and is_seen:
            for page in people.deleted_with_traces():
                yield people.marked(page, people.hides)
        behind_at = _behind_at(controller, self._before, taken_at)
        after = Cursor(
            choice.mode, controller.server, controller.invocation, controller.usn, taken_at, self._reads,
            choice.flags, choice.cookie, behind_at, people.hides,
        )  # fmt: skip
        yield PassEnd(after.dump(), is_full=True, taken_at=taken_at, may_be_behind=behind_at is not None)

    def _delta(
        self, client: Client, controller: Controller, before: Cursor, taken_at: datetime
    ) -> Iterator[DirectoryPage | PassEnd]:
        self._require_same(controller, before)
        context, cookie = controller.naming_context, b""
        if before.mode is Mode.DIRSYNC:
            ids, cookie = by_dirsync(client, self._config, context, before.flags, before.cookie)
        else:
            ids = ()
        if not ids:  # a controller may answer an unknown cookie with no changes, so its USN is compared, too
            ids = by_usn(client, context, before.usn, self._config.page_size)
        is_unchanged = True
        people = self._people(client, controller)
        for page in people.with_ids(ids):
            is_unchanged = False
            yield people.marked(page, before.hides)
        # A write shows the whole person, as this database knows them: its leavers and joiners may be yesterday's
        behind_at = _behind_at(controller, before, taken_at)
        after = replace(before, usn=controller.usn, taken_at=taken_at, cookie=cookie, behind_at=behind_at)
        yield PassEnd(
            after.dump(),
            is_full=False,
            taken_at=taken_at,
            is_unchanged=is_unchanged,
            may_be_behind=behind_at is not None,
        )

    def _require_same(self, controller: Controller, before: Cursor) -> None:
        if before.reads != self._reads:
            raise CursorExpired(f"{self.name}: the configuration now reads something else.")
        if self._config.mode not in {Mode.AUTO, before.mode}:
            raise CursorExpired(f"{self.name}: mode is now {self._config.mode}, and was {before.mode}.")
        if controller.invocation != before.invocation:
            raise CursorExpired(f"{self.name}: {controller.server} has another database than the one before.")
        if controller.usn < before.usn:
            raise CursorExpired(
                f"{self.name}: {controller.server} was put back to an older copy (its number went from "
                f"{before.usn} to {controller.usn})."
            )

    # --- one person --------------------------------------------------------------------------------

    def look_up(self, person_id: str) -> AccountFacts | None:
        """A person's present facts, even if deleted. Never None: an invisible account may just be hidden from us.

        Raises PermissionDenied for a person who is neither among the present nor among the deleted accounts.
        """
        is_kept = self._kept is not None  # servers end idle connections: that is no failure of theirs
        try:
            client, controller = self._kept = self._kept or self._open_for_one()
            with nullcontext() if is_kept else self._noting_failure(client):
                pages = list(self._people(client, controller).with_ids([uuid.UUID(person_id).bytes_le]))
                is_readable = pages or sees_deleted(client, controller)
                user = "" if is_readable else trustee(client.who_am_i())
        except ConnectorError:
            self._let_go()
            raise
        for page in pages:
            for facts in page.records:
                return facts
            raise page.malformed[0]
        raise PermissionDenied(
            f"{self.name}: {person_id} is to be seen neither among the people nor among the deleted objects.",
            missing="List Contents on the OU where it is" if is_readable else DELETED_OBJECTS,
            remedy="Let the account list that OU; or the object was deleted so long ago that nothing is left of it."
            if is_readable
            else how_to_see_deleted(controller.naming_context, user),
        )

    def watermark(self) -> str | None:
        """A marker that changes when something was written to a person; see `Connector.watermark`.

        None where each pass reads everybody: each change would make one due.
        """
        return self._news.look() if self.has_delta else None

    def check(self) -> CheckResult:
        """Check reach, rights and counts: see `Connector.check`."""
        try:
            return self._checked()
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy or "See the README.")

    def _checked(self) -> CheckResult:
        """What the first server says that answers to the end."""
        failures: list[ConnectorError] = []
        for url in self._servers(None):
            try:
                client = open_client(self._config, self._context.base_dir, (url,))
            except (Transient, BadConfig) as error:
                failures.append(error)
                continue
            try:
                with self._noting_failure(client):
                    return checked(client, self._config, self._reading, self._context.now())
            except Transient as error:
                failures.append(error)
            finally:
                client.close()
        raise none_of(failures)

    def concerns(self) -> Sequence[Concern]:
        of_the_last_pass = (self._blind, self._stateless)
        return (*self._addresses.concerns(self._context.now()), *filter(None, of_the_last_pass))

    def close(self) -> None:
        """End the open connections. Idempotent; the next call connects again."""
        self._let_go()
        self._news.close()

    # --- connections -------------------------------------------------------------------------------

    def _people(self, client: Client, controller: Controller) -> People:
        return People(client, self._config, controller, self._reading)

    def _servers(self, first: str | None) -> Sequence[str]:
        """The servers in the order to ask them: those that failed within an hour last, the latest after the others."""
        old_s = monotonic() - FAILED_S

        def failed_at_s(url: str) -> float:
            at_s = self._failed_at_s.get(url, -inf)
            return at_s if at_s > old_s else -inf

        return sorted(self._config.servers, key=lambda url: (failed_at_s(url), url != first))

    @contextmanager
    def _noting_failure(self, client: Client) -> Iterator[None]:
        """Let a server that fails within come after the others from now on."""
        try:
            yield
        except Transient:
            self._failed_at_s[client.url] = monotonic()
            raise

    def _open(self, servers: Sequence[str]) -> Client:
        with self._signing_in:
            if self._refusal is not None and monotonic() < self._refusal[1]:
                raise self._refusal[0]
            try:
                client = open_client(self._config, self._context.base_dir, servers)
            except AuthFailed as error:
                later, pause_s = (
                    (IN_MINUTES, BARRED_S) if isinstance(error, Barred) else (IN_AN_HOUR, REFUSED_S)
                )
                again = AuthFailed(error.message, remedy=f"{error.remedy} {later}".strip())
                self._refusal = (again, monotonic() + pause_s)
                raise
            self._refusal = None
            return client

    def _open_for_news(self) -> tuple[Client, str, int]:
        client, controller = self._open_for_one()
        return client, controller.naming_context, controller.usn

    def _open_for_one(self) -> tuple[Client, Controller]:
        client = self._open(self._servers(None))
        try:
            with self._noting_failure(client):
                return client, look_at(client, self._config)
        except ConnectorError:
            client.close()
            raise

    def _let_go(self) -> None:
        if self._kept is not None:
            self._kept[0].close()
            self._kept = None


def _is_where_it_was(controller: Controller, before: Cursor, reads: str) -> bool:
    """True if it is the same database, and nothing was written to it since."""
    return (
        controller.usn >= 0
        and (controller.usn, controller.invocation) == (before.usn, before.invocation)
        and before.reads == reads
    )


def _has_all_of(controller: Controller, before: Cursor) -> bool:
    """True if it is the same database, and no older copy of it: another one may not have heard of all."""
    return controller.invocation == before.invocation and controller.usn >= before.usn


def _behind_at(controller: Controller, known: Cursor | None, taken_at: datetime) -> datetime | None:
    """Return when this database was first read after another one of which it may not have heard all; None if it has.

    It may take a day. One that was put back to an older copy never hears of it.
    """
    if known is None:
        return None
    if not _has_all_of(controller, known):
        return taken_at
    at = known.behind_at
    return None if at is None or has_come(at + BEHIND, taken_at, BEHIND) else at


def _blind(client: Client, controller: Controller) -> Concern:
    remedy = how_to_see_deleted(controller.naming_context, trustee(client.who_am_i()))
    return Concern("deleted objects", f"{controller.server}: the account lacks {DELETED_OBJECTS}.", remedy)


def _unchanged(before: Cursor, taken_at: datetime) -> PassEnd:
    after = replace(before, taken_at=taken_at)
    return PassEnd(after.dump(), is_full=False, taken_at=taken_at, is_unchanged=True)
