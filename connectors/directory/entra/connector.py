"""Entra ID behind the Directory port.

    first pass  /users/delta from its beginning: everybody, and the link for the next round; then the deleted users
    delta       the link, replayed as a whole -> people who changed -> each of them, read again
    nightly     the plain list of users beside it; the link stays as it is. Whoever was read lately is read again

No part of a round counts before its last page: the worker applies a pass only with its `PassEnd`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, islice
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from connectors.directory.entra.check import READ_LEAVE_DATE, checked, how_to_grant, lacks_leave_dates
from connectors.directory.entra.config import LEAVE_DATE, EntraConfig
from connectors.directory.entra.notifications import Notifications
from connectors.directory.entra.read.away import is_away
from connectors.directory.entra.read.cursor import Cursor, digest_of
from connectors.directory.entra.read.doubts import Doubts
from connectors.directory.entra.read.leave_dates import marked
from connectors.directory.entra.read.mapping import Reading, map_user, selected
from connectors.directory.entra.read.singly import everybody, read_again
from connectors.directory.entra.read.users import Page, Users, users_in
from connectors.kit import http as _http
from connectors.kit.graph.budget import budget_of
from connectors.kit.graph.client import Graph
from connectors.kit.graph.tokens import Tokens, certificate_concerns
from connectors.kit.guids import guid
from connectors.kit.mapped import page_of
from connectors.kit.unshown import Unshown, is_of_one
from worker.domain.instants import has_come
from worker.domain.model import AccountFacts
from worker.domain.people.leaver import is_stripped
from worker.ports import (
    Called,
    CheckResult,
    Concern,
    ConnectorContext,
    ConnectorError,
    CursorExpired,
    DirectoryPage,
    Incomplete,
    Malformed,
    PassEnd,
    PermissionDenied,
)

LINK_LIFE = timedelta(days=6)  # Graph keeps the links of directory objects for seven days
RESTORABLE = timedelta(days=30)  # after this, a deleted user is gone for good
LOOK_AGAIN = timedelta(hours=1)  # between looks at deleted users, since no delta shows that one was restored
CHANGED_MAX = 1000  # for more people, a new round is quicker
PAGE_SIZE_MAX = 1000
_LACKS_DELETED = "Whoever was deleted before the first pass is not known yet"
_UNSHOWN = (
    "They are read again in each round of an hour, then in the nightly list. If it stays, look in the portal."
)
_COUNT_SLACK, _COUNT_SHARE = 5, 0.99  # $count is some minutes old


class EntraDirectory:
    """One tenant. Reads only."""

    can_look_up = True
    can_tell_away = True
    has_delta = True

    def __init__(
        self, config: EntraConfig, context: ConnectorContext, *, clock_s: Callable[[], float] = monotonic
    ) -> None:
        self.name = context.name
        self._config = config
        self._context = context
        self._reading = Reading(config, context.default_region, ZoneInfo(context.timezone))
        self._tokens = Tokens(config, config.graph, context.base_dir, context.name)
        self._budget = budget_of(config.graph, config.tenant_id, clock_s)
        self._graph: Graph | None = None
        self._calling: Graph | None = None  # for subscriptions: another thread's, with its own connections
        self._sees_leave_date: bool | None = None
        self._lacks_deleted: Concern | None = None  # if they could not be read since the first pass
        self._unshown_users: Unshown | None = None  # of the last pass that read users one by one
        self._notifications = Notifications(config, context.name, context.now, context.note, self._tokens.get)

    def __repr__(self) -> str:
        return f"EntraDirectory({self.name!r}, tenant={self._config.tenant_id!r})"

    # --- passes ------------------------------------------------------------------------------------

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        """Read what changed since the cursor, or everybody: see `Directory.changes`."""
        before = Cursor.load(cursor) if cursor is not None else None
        now = self._context.now()
        if before is None or full:
            self._sees_leave_date = None  # a permission may have been granted or withdrawn
        try:
            for item in self._pass(before, now, full=full):
                if isinstance(item, DirectoryPage):
                    unshown = self._unshown()
                    yield replace(item, unshown=unshown, unsure=item.unsure - unshown)
                else:
                    yield item
        except PermissionDenied:
            self._sees_leave_date = None  # it may only concern the leave date: the next pass finds out
            raise

    def _pass(self, before: Cursor | None, now: datetime, *, full: bool) -> Iterator[DirectoryPage | PassEnd]:
        self._unshown_users = None
        users = self._users()
        reads = self._reads()
        if before is None:
            yield from self._first(users, now, reads)
            return
        self._require_leave_dates(before)
        if full:
            yield from self._everybody(users, before, now)
            return
        if before.reads != reads:
            raise CursorExpired(f"{self.name}: the configuration now reads something else.")
        if now - before.taken_at > LINK_LIFE:
            raise CursorExpired(f"{self.name}: the last round is too long ago for a delta.")
        yield from self._delta(users, before, now)

    def _unshown(self) -> frozenset[str]:
        """The leave date, if it is not asked for: without this, whoever left by it would be back."""
        is_asked = self._config.attributes.leave_date is not None and self._sees_leave_date is not False
        return frozenset() if is_asked else frozenset({"leave_at"})

    def _require_leave_dates(self, before: Cursor) -> None:
        """Raise PermissionDenied if leave dates can no longer be read: without this, people would seem to be back."""
        if self._sees_leave_date is False and before.reads == digest_of(self._config, selected(self._config)):
            raise PermissionDenied(
                f"{self.name}: leave dates were read until now, and may not be read any more.",
                missing=READ_LEAVE_DATE,
                remedy=f"Nobody's status is changed. {how_to_grant(READ_LEAVE_DATE, self._config)}",
            )

    def _first(self, users: Users, now: datetime, reads: str) -> Iterator[DirectoryPage | PassEnd]:
        link, shows_dates = yield from self._all(users.round(users.first_round()), users)
        deleted = yield from self._read_deleted(users)
        removed = dict.fromkeys(deleted or (), now)
        cursor = Cursor(
            link, now, reads, removed, shows_dates=shows_dates, lacks_deleted=deleted is None
        )  # fmt: skip
        yield PassEnd(cursor.dump(), is_full=True, taken_at=now)

    def _read_deleted(self, users: Users) -> Generator[DirectoryPage, None, frozenset[str] | None]:
        """Yield the deleted users of whom something is left; return the ids of all, or None as `_deleted` does."""
        try:
            deleted = users.all_deleted()
        except ConnectorError as error:
            remedy = f"Each pass asks again. {error.remedy}".strip()
            self._lacks_deleted = Concern("deleted users", f"{_LACKS_DELETED}: {error.message}", remedy)
            return None
        self._lacks_deleted = None
        for page in _pages(deleted, self._reading):
            yield replace(page, records=tuple(one for one in page.records if not is_stripped(one)))
        return frozenset(filter(None, (guid(str(user.get("id"))) for user in deleted)))

    def _everybody(
        self, users: Users, before: Cursor, taken_at: datetime
    ) -> Iterator[DirectoryPage | PassEnd]:
        count = users.count()
        doubts = Doubts(before.doubts, before.seen, taken_at)
        watched, purged = dict(before.removed), set(before.purged)
        listed = everybody(users, watched, purged, doubts, self._sparing(users))
        _, shows_dates = yield from self._all(listed, users)
        deleted = (yield from self._read_deleted(users)) if before.lacks_deleted else self._deleted(users)
        removed = {**dict.fromkeys(deleted or (), taken_at), **watched}
        after = replace(
            before, removed=removed, purged=frozenset(purged & removed.keys()), doubts=doubts.left, seen=doubts.seen,
            shows_dates=shows_dates, lacks_deleted=before.lacks_deleted and deleted is None,
        )  # fmt: skip
        total = max(0, int(count * _COUNT_SHARE) - _COUNT_SLACK)
        # Then whoever left or came lately stays as known until a round has read them
        may_be_behind = bool(doubts.left)
        yield PassEnd(after.dump(), is_full=True, taken_at=taken_at, total=total, may_be_behind=may_be_behind)

    def _deleted(self, users: Users) -> frozenset[str] | None:
        """The users who can be restored; None if Graph does not say now: then a later pass asks again."""
        try:
            return users.deleted_ids()
        except ConnectorError:
            return None

    def _sparing(self, users: Users) -> Unshown:
        self._unshown_users = Unshown("user", None, users.require_list, _is_of_one)
        return self._unshown_users

    def _set_aside(self) -> Iterator[DirectoryPage]:
        """Yield a page of those whom Graph failed to show, if there are any; what is known of them stays."""
        if (unshown := self._unshown_users) is not None and unshown.malformed:
            yield DirectoryPage((), tuple(unshown.malformed))

    def _all(self, pages: Iterable[Page], users: Users) -> Generator[DirectoryPage, None, tuple[str, bool]]:
        """Yield everybody on these pages; return the next link, if any, and whether a leave date was shown.

        Raises PermissionDenied at the end if no user's page said whether the account is enabled.
        """
        reading = self._reading_now(users)
        read, said, link = 0, 0, ""

        def mapped() -> Iterator[DirectoryPage]:
            nonlocal read, said, link
            for page in pages:
                read += len(page.users)
                said += sum(isinstance(user.get("accountEnabled"), bool) for user in page.users)
                yield from _pages(page.users, reading)
                link = page.link or link
            yield from self._set_aside()

        shows_dates = yield from marked(mapped())
        if read and not said:
            raise PermissionDenied(
                f"{self.name}: Graph does not say of anybody whether the account is enabled.",
                missing="User.Read.All",
                remedy="Nobody's status is changed. Grant the application permission User.Read.All.",
            )
        return link, shows_dates

    def _delta(self, users: Users, before: Cursor, taken_at: datetime) -> Iterator[DirectoryPage | PassEnd]:
        changed, removed, link = self._round(users, before.link)
        doubts = Doubts(before.doubts, before.seen, taken_at)
        doubts.join(changed, removed)
        late = (yield from self._read_deleted(users)) if before.lacks_deleted else frozenset()
        watched = {**before.removed, **dict.fromkeys({*removed, *(late or ())}, taken_at)}
        purged = set(before.purged)
        looked_at, shows_dates = before.looked_at, before.shows_dates
        is_time = looked_at is None or has_come(looked_at + LOOK_AGAIN, taken_at, LOOK_AGAIN)
        if watched and is_time and (deleted := self._deleted(users)) is not None:
            back = watched.keys() - deleted - removed - purged
            changed |= {user_id: changed.get(user_id, {}) for user_id in back}
            looked_at = taken_at
        if changed or removed:
            self._sees_leave_date = None
            users = self._users()
            self._require_leave_dates(before)
            reading = self._reading_now(users)
            again = read_again(users, changed, removed, watched, purged, doubts, self._sparing(users))
            pages = chain(_pages(again, reading), self._set_aside())
            shows_dates = yield from marked(pages, is_shown=shows_dates)
        watched = {key: at for key, at in watched.items() if taken_at - at < RESTORABLE}
        after = replace(
            before, link=link, taken_at=taken_at, removed=watched, purged=frozenset(purged & watched.keys()),
            looked_at=looked_at, doubts=doubts.left, seen=doubts.seen, shows_dates=shows_dates,
            lacks_deleted=late is None,
        )  # fmt: skip
        is_unchanged = not (changed or removed or late)
        yield PassEnd(after.dump(), is_full=False, taken_at=taken_at, is_unchanged=is_unchanged)

    def _round(self, users: Users, link: str) -> tuple[dict[str, dict[str, Any]], set[str], str]:
        """The last record of each changed user, the removed users, and the link. Raises CursorExpired for too many."""
        last: dict[str, dict[str, Any]] = {}
        for page in users.round(link):
            for user in page.users:
                if (user_id := guid(str(user.get("id") or ""))) is not None:
                    last[user_id] = user
            if len(last) > CHANGED_MAX:
                raise CursorExpired(f"{self.name}: so many have changed that everybody is read.")
            link = page.link or link
        removed = {user_id for user_id, user in last.items() if "@removed" in user}
        return {key: user for key, user in last.items() if key not in removed}, removed, link

    # --- one person --------------------------------------------------------------------------------

    def look_up(self, person_id: str) -> AccountFacts | None:
        """A person's present facts, even if deleted; None if Graph knows them in neither list.

        A 404 alone proves nothing. A 404 from both lists does, since the permission that every read needs shows
        everything in a tenant.
        """
        users = self._users()
        found = users.one(person_id) or users.deleted(person_id)
        if found is None:
            return None
        mapped = map_user(found, self._reading)
        if isinstance(mapped, Malformed):
            raise mapped
        return mapped.facts

    def is_away(self, person_id: str) -> bool | None:
        """Whether the person's mailbox sends automatic replies: see `AwayTeller.is_away`."""
        return is_away(self._connected(), person_id, self._context.now(), self._context.again)

    def watermark(self) -> str | None:
        """The number of accepted notifications; None if Graph was not asked for any."""
        return self._notifications.mark(self._connected_for_calls)

    @property
    def calls(self) -> Sequence[Called]:
        """Graph's calls, if notifications are configured."""
        return (self._notifications,) if self._notifications.listen else ()

    def check(self) -> CheckResult:
        """Check reach, permissions and counts: see `Connector.check`."""
        try:
            users = self._users()
            found = checked(
                users, self._tokens, self._config, self._context.base_dir, self._reading_now(users),
                self._context.now(), sees_leave_date=self._sees_leave_date,
            )  # fmt: skip
            return replace(found, details={**found.details, **self._notifications.found(self._connected())})
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy or "See the README.")

    # --- connections -------------------------------------------------------------------------------

    def concerns(self) -> Sequence[Concern]:
        found = [*certificate_concerns(self._config, self._context.base_dir)]
        if self._lacks_deleted is not None:
            found.append(self._lacks_deleted)
        if (unshown := self._unshown_users) is not None and unshown.malformed:
            count, first = len(unshown.malformed), unshown.malformed[0]
            message = (
                f"{self.name}: users whom Graph fails to show stay as they were: {count}. {first.message}"
            )
            found.append(Concern("single users", message, _UNSHOWN))
        return tuple(found)

    def close(self) -> None:
        """End all connections; they are opened again when needed. Idempotent."""
        self._tokens.close()
        for graph in (self._graph, self._calling):
            if graph is not None:
                graph.close()
        self._graph = self._calling = None

    def _connected(self) -> Graph:
        self._graph = self._graph or self._new_graph()
        return self._graph

    def _connected_for_calls(self) -> Graph:
        self._calling = self._calling or self._new_graph()
        return self._calling

    def _new_graph(self) -> Graph:
        ca_file = self._config.tls.ca_file
        tls = _http.trusting(self._context.base_dir / ca_file if ca_file else None)
        read_s = self._config.page_timeout.total_seconds()
        return Graph(
            self._config.graph,
            self._tokens,
            lambda: _http.new_client(read_s, tls),
            self._context.now,
            budget=self._budget,
            note=self._context.note,
        )

    def _users(self) -> Users:
        return Users(self._connected(), self._properties(), self._context.again)

    def _properties(self) -> tuple[str, ...]:
        """The properties to select. Without its own permission, the leave date would make the whole answer fail."""
        if self._config.attributes.leave_date == LEAVE_DATE and self._sees_leave_date is None:
            probe = self._connected().url("users", _top="1", _select=f"id,{LEAVE_DATE}")
            try:
                page = self._context.again(lambda: self._connected().get(probe, what="a leave date"))
                # Whoever has none has a null there; Graph leaves out, or shows as null, what the app may not read
                shown = users_in(page, "a leave date")
                is_lacking = lacks_leave_dates(self._tokens.get()) and not any(
                    user.get(LEAVE_DATE) for user in shown
                )
                self._sees_leave_date = all(LEAVE_DATE in user for user in shown) and not is_lacking
            except PermissionDenied:
                self._connected().get(self._connected().url("users", _top="1", _select="id"), what="a user")
                self._sees_leave_date = False
        return selected(self._config, with_leave_date=self._sees_leave_date is not False)

    def _reads(self) -> str:
        return digest_of(self._config, self._properties())

    def _reading_now(self, users: Users) -> Reading:
        groups = self._config.scope.groups
        if not groups:
            return self._reading
        return replace(
            self._reading, members=frozenset(one for group in groups for one in users.members(group))
        )


def _pages(users: Iterable[Mapping[str, Any]], reading: Reading) -> Iterator[DirectoryPage]:
    """Yield pages of at most a thousand people, with the last record of each."""
    waiting = iter(users)
    while chunk := tuple(islice(waiting, PAGE_SIZE_MAX)):
        yield page_of(map_user(user, reading) for user in chunk)


def _is_of_one(error: ConnectorError) -> bool:
    """Whether it may be about one user alone; an answer about another one shows a server that mixes them up."""
    return is_of_one(error) and not isinstance(error, Incomplete)
