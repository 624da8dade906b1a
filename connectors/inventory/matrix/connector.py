"""Matrix behind the inventory port: every read asks Synapse anew, room by room.

list of rooms (whole, or not at all) -> each room's state and members -> each user once -> Roster
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from connectors.inventory.matrix import acts
from connectors.inventory.matrix.client import SynapseClient
from connectors.inventory.matrix.config import MatrixConfig
from connectors.inventory.matrix.mapping import (
    DIRECT_MAX,
    NOBODY_WE_KNOW,
    NOT_THERE,
    Listed,
    Person,
    Room,
    event_at,
    events_of,
    joined_of,
    listed,
    not_there,
    own_id,
    person_of,
    picture_of,
    room_of,
    roster_of,
    server_of,
    unshown,
)
from connectors.kit.looking import Asks, look
from connectors.kit.unshown import Unshown
from worker.domain.groups.facts import unasked
from worker.domain.model import Fact, GroupFacts, Member, Roster
from worker.ports import (
    Capabilities,
    CheckResult,
    ConnectorContext,
    ConnectorError,
    Incomplete,
    Malformed,
    Passive,
    PermissionDenied,
    Rejected,
    SnapshotEnd,
)
from worker.ports.connectors.remover import ActOutcome, Confirm, as_decided

LISTINGS_MAX = 3  # a list that changed while it was read is read again
CHECKED_MAX = 20  # rooms whose state `check` reads

_FORBIDDEN = (
    "The token's account is an administrator, since it may list the rooms. Look why Synapse, or the proxy in front of "
    "it, forbids this one."
)
People = dict[str, Person | None]  # by id; None for one that Synapse fails to show
T = TypeVar("T")


class MatrixInventory(Passive):
    """The rooms of one homeserver, but for direct chats."""

    can = Capabilities(
        sees_all_groups=True,
        sees_roles=True,
        can_remove=True,
        can_change_admin=True,
        creator_is_removable=False,
        shows=frozenset(Fact) - {Fact.LINK},
        costly=frozenset({Fact.PICTURE, Fact.LAST_ACTIVITY}),
    )

    def __init__(self, config: MatrixConfig, context: ConnectorContext) -> None:
        self._context = context
        self._client = SynapseClient(config, context)
        self._own = ""

    @property
    def name(self) -> str:
        """The configured name; `source` of its groups."""
        return self._context.name

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    # --- Reading --------------------------------------------------------------------------------

    def changes(
        self, cursor: str | None, groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        """Yield the rosters in the order of their ids, then the end.

        A room whose state, or a member whose account, can't be understood makes its roster PARTIAL; so is one that
        Synapse fails to show, or whose member it does, unless that is so of most, and one that is listed, and not there
        when it is asked for. A read with a cursor is full, too: it has the rooms without a name that were groups, a
        line each, which are read on while anybody is in them. Other direct chats are out of sight.
        Raises AuthFailed, PermissionDenied (no server administrator), BadConfig (no Synapse at url), Incomplete and
        Transient.
        """
        began_at = self._context.now()
        self._account()
        people: People = {}
        malformed: list[Malformed] = []
        groups_total = 0
        were_groups = frozenset((cursor or "").splitlines())
        wanted = self._rooms() if groups is None else []
        unread = {one.room_id for one in wanted if one.joined}
        rows = {
            one.room_id: one for one in wanted if not one.is_direct or one.room_id in unread & were_groups
        }
        nameless: list[str] = []
        room_ids = sorted(rows) if groups is None else sorted(set(groups))
        rooms_unshown, accounts = self._unshown("group", len(room_ids)), self._unshown("account", None)
        for room_id in room_ids:
            roster, problems = self._roster(
                room_id,
                rows.get(room_id),
                lambda user_id: self._person(user_id, people, accounts),
                rooms_unshown,
                was_group=room_id in were_groups,
            )
            if roster is not None:
                malformed += problems
                groups_total += 1
                unread.discard(room_id)
                nameless += [room_id] if roster.group.name == room_id else []
                yield replace(roster, facts=unasked(roster.facts, self.can.costly))
        accounts.require_most(len(people))
        malformed += [*rooms_unshown.malformed, *accounts.malformed]
        yield SnapshotEnd(
            began_at, groups_total, tuple(malformed), is_full=groups is None,
            cursor="\n".join(nameless) or None if groups is None else cursor, out_of_sight=unread.__contains__,
        )  # fmt: skip

    def _rooms(self) -> list[Listed]:
        """Return the rooms that are wanted, with direct chats. Raises Incomplete if the list never holds still."""
        for _ in range(LISTINGS_MAX):
            rows = self._listing()
            if rows is not None:
                return [row for row in rows if self._is_wanted(row.room_id, row.name)]
        raise Incomplete(
            f"Synapse's list of rooms changed each of the {LISTINGS_MAX} times that it was read.",
            remedy="Nothing is changed by it; it is read again.",
        )

    def _listing(self) -> list[Listed] | None:
        """Read all pages; None if the list changed meanwhile.

        Each page begins with the last room of the page before. If it doesn't, rooms came or went, and one may have
        slipped from a page not yet read to one read already.
        """
        rows, total = self._page(0)
        while len(rows) < total:
            start = max(0, len(rows) - 1)
            page, _ = self._page(start)
            if len(page) < 2 or page[0].room_id != rows[-1].room_id:  # noqa: PLR2004  the last one, and more
                return None
            rows += page[1:]
        return rows if len(rows) == len({row.room_id for row in rows}) == total else None

    def _page(self, start: int) -> tuple[list[Listed], int]:
        return listed(self._get(lambda: self._client.rooms(start)))

    def _is_wanted(self, room_id: str, name: str) -> bool:
        return self._context.takes(room_id, name or room_id)

    def _roster(
        self,
        room_id: str,
        row: Listed | None,
        person: Callable[[str], Person | None],
        rooms_unshown: Unshown,
        *,
        was_group: bool,
    ) -> tuple[Roster | None, list[Malformed]]:
        """Return a room's roster, with what could not be understood. `row`: as the list has it.

        None for one that is not wanted; not there, or not shown, and not listed either.
        """
        read_at = self._context.now()
        try:
            room = self._room(room_id)
            if room is not None and not self._is_wanted(room_id, room.name):
                return None, []
            joined = None if room is None else self._joined(room_id)
        except ConnectorError as error:
            problem = rooms_unshown.set_aside(error, room_id)
            return None if row is None else unshown(row, read_at, problem.message), []
        if room is None or joined is None:
            if row is None:
                return None, []
            return unshown(row, self._context.now(), NOT_THERE), [not_there(room_id)]
        if not room.name and len(joined) <= DIRECT_MAX and not was_group:
            return None, []
        return roster_of(room, joined, self._own, person)

    def _room(self, room_id: str) -> Room | None:
        read_at = self._context.now()
        answer = self._shown(lambda: self._client.state(room_id))
        return None if answer is None else room_of(room_id, events_of(answer), read_at)

    def _joined(self, room_id: str) -> tuple[str, ...] | None:
        answer = self._shown(lambda: self._client.members(room_id))
        return None if answer is None else joined_of(answer)

    def _person(self, user_id: str, people: People, accounts: Unshown) -> Person | None:
        """Return somebody of this server, who is asked for once; of other servers it knows only names."""
        if server_of(user_id) != server_of(self._own):
            return NOBODY_WE_KNOW
        if user_id not in people:
            people[user_id] = accounts.ask(user_id, lambda: self._known(user_id))
        return people[user_id]

    def _known(self, user_id: str) -> Person:
        answer = self._shown(lambda: self._client.user(user_id))
        return NOBODY_WE_KNOW if answer is None else person_of(answer, self._context.default_region)

    def _shown(self, call: Callable[[], T]) -> T:
        """Ask for one room or account. Raises Rejected where that alone is forbidden, and the list of rooms is not."""
        try:
            return self._get(call)
        except PermissionDenied as error:
            self._require_list()
            raise Rejected(error.message, remedy=_FORBIDDEN) from error.__cause__

    def _unshown(self, what: str, total: int | None) -> Unshown:
        return Unshown(what, total, self._require_list)

    def _require_list(self) -> None:
        """Raise unless Synapse is there, and our account is an administrator."""
        self._page(0)

    def _account(self) -> str:
        """Return our own account's id, asked for once."""
        if not self._own:
            self._own = own_id(self._get(self._client.whoami))
        return self._own

    def _get(self, call: Callable[[], T]) -> T:
        return self._context.again(call)

    # --- Looking closely ------------------------------------------------------------------------

    def look_closely(self, wanted: Mapping[str, Collection[Fact]], /) -> Iterator[tuple[str, GroupFacts]]:
        """See `worker.ports.Inventory`. Of the newest event the time is asked for, and nothing of what is in it."""
        for room_id in sorted(wanted):
            asks: Asks = {
                Fact.PICTURE: partial(self._picture, room_id),
                Fact.LAST_ACTIVITY: partial(self._last_at, room_id),
            }
            yield room_id, look(asks, wanted[room_id], self._context.now)

    def _picture(self, room_id: str) -> str | None:
        details = self._client.details(room_id)
        if details is None:
            return None
        found = picture_of(details)
        return self._client.media_digest(*found) if found is not None else ""

    def _last_at(self, room_id: str) -> datetime | None:
        now_ms = int(self._context.now().timestamp() * 1000)
        return event_at(self._client.newest_event(room_id, now_ms))

    # --- Acts -----------------------------------------------------------------------------------

    def remove(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        """Kick the member, as an admin of the room, which our account becomes if need be.

        REFUSED for whom nobody outranks. A second call is NOT_NEEDED.
        """
        return acts.remove(
            self._client, self._account(), group_id, _id_of(member), self._context.now(), confirm
        )

    def make_admin(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        """Give the member the power to remove others and to change the levels; 100, or more where that needs more."""
        return acts.make_admin(
            self._client, self._account(), group_id, _id_of(member), self._context.now(), confirm
        )

    # --- Looking --------------------------------------------------------------------------------

    def check(self) -> CheckResult:
        """Look whether the account may list the rooms and read their state; count."""
        try:
            account = self._account()
            rooms = [room for room in self._rooms() if not room.is_direct]
            rooms_unshown = self._unshown("group", len(rooms))
            asked = [rooms_unshown.ask(one.room_id, partial(self._seen, one)) for one in rooms[:CHECKED_MAX]]
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy or "See the README.")
        read = [one for one in asked if one is not None]
        counts = {"groups": len(rooms), "members": sum(room.joined for room in rooms)}
        if len(rooms) <= CHECKED_MAX:
            counts |= {
                "members": sum(members for members, _ in read),
                "admins": sum(admins for _, admins in read),
            }
        said = ", ".join(f"{number} {what}" for what, number in counts.items())
        message = f"{server_of(account)}, read as {account}: {said}"
        details = (
            {"first record set aside": str(rooms_unshown.malformed[0])} if rooms_unshown.malformed else {}
        )
        return CheckResult(ok=True, message=message, counts=counts, details=details)

    def _seen(self, row: Listed) -> tuple[int, int]:
        """Return how many members and admins a room has."""
        room = self._room(row.room_id)
        joined = [] if room is None else [who for who, how in room.memberships.items() if how == "join"]
        roles: Any = room.powers.roles(joined, self._own) if room and room.powers else {}
        return len(joined), sum(role.is_admin for role in roles.values())


def _id_of(member: Member) -> str:
    return member.native_id or member.handle
