"""Microsoft Teams behind the inventory port: every read asks Graph anew, team by team.

teams -> owners and members, is it archived? -> channels that are not standard -> their members -> chats, if wanted
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any, TypeVar

from connectors.inventory.teams import acts
from connectors.inventory.teams.client import (
    READ_CHANNEL_MEMBERS,
    READ_CHANNELS,
    READ_CHAT_MEMBERS,
    READ_CHATS,
    READ_MEMBERS,
    TeamsClient,
)
from connectors.inventory.teams.config import TeamsConfig
from connectors.inventory.teams.mapping import (
    HIDDEN,
    UNTOLD,
    Place,
    Seat,
    Settings,
    channels_of,
    chat_of,
    id_of,
    is_channel,
    is_chat,
    next_of,
    roster_of,
    rows_of,
    seat_of,
    settings_of,
    team_of,
    user_of,
)
from connectors.inventory.teams.refusals import Refusals
from connectors.kit import http as _http
from connectors.kit.graph.budget import budget_of
from connectors.kit.graph.client import READ_USERS, Graph, Missing
from connectors.kit.graph.tokens import Tokens, certificate_concerns
from connectors.kit.looking import Asks, look
from worker.domain.groups.facts import unasked
from worker.domain.model import Fact, GroupFacts, Member, Roster
from worker.ports import (
    Capabilities,
    CheckResult,
    Concern,
    ConnectorContext,
    ConnectorError,
    Incomplete,
    Malformed,
    Passive,
    PermissionDenied,
    Rejected,
    SnapshotEnd,
)
from worker.ports.connectors.remover import ActOutcome, Confirm, Effect, as_decided

READ_S = 30.0
CHECKED_MAX = 20  # teams whose members `check` reads
Listing = Callable[[str | None], Any]
_LISTED = {READ_CHANNELS: is_channel, READ_CHATS: is_chat}  # what takes a list for each team, or each account

T = TypeVar("T")


class TeamsInventory(Passive):
    """All teams of a tenant, the channels that have members of their own, and group chats if wanted."""

    can = Capabilities(
        sees_all_groups=True,
        sees_roles=True,
        can_remove=True,
        can_change_admin=True,
        creator_is_removable=True,
        shows=frozenset({Fact.DESCRIPTION, Fact.PICTURE, Fact.EDIT, Fact.ADD, Fact.ARCHIVED}),
        costly=frozenset({Fact.PICTURE}),
    )

    def __init__(
        self, config: TeamsConfig, context: ConnectorContext, *, clock_s: Callable[[], float] = monotonic
    ) -> None:
        self._config = config
        self._context = context
        self._tokens = Tokens(config, config.graph, context.base_dir, context.name)
        self._budget = budget_of(config.graph, config.tenant_id, clock_s)
        self._graph: Graph | None = None
        self._shows_settings = True

    def __repr__(self) -> str:
        return f"TeamsInventory({self.name!r}, tenant={self._config.tenant_id!r})"

    @property
    def name(self) -> str:
        """The configured name; `source` of its groups."""
        return self._context.name

    def concerns(self) -> Sequence[Concern]:
        return certificate_concerns(self._config, self._context.base_dir)

    def close(self) -> None:
        """End all connections."""
        self._tokens.close()
        if self._graph is not None:
            self._graph.close()
        self._graph = None

    # --- Reading --------------------------------------------------------------------------------

    def changes(
        self, _cursor: str | None, groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        """Yield the rosters in the order of the teams' ids, each team before its channels; then chats; then the end.

        A member without an id makes the roster PARTIAL, and so does a refusal to show the account of a member. A group
        that Graph listed and does not show is PARTIAL without members; what it should have listed and did not is out of
        sight. Raises AuthFailed, PermissionDenied (an application permission), BadConfig, Rejected, Incomplete and
        Transient.
        """
        began_at = self._context.now()
        self._shows_settings = True
        malformed: list[Malformed] = []
        refusals = Refusals()
        groups_total = 0
        for roster, problems in self._rosters(groups, refusals):
            malformed += problems
            groups_total += 1
            yield replace(roster, facts=unasked(roster.facts, self.can.costly))
        if groups is None:
            refusals.require_some()
        hidden = [is_one for needs, is_one in _LISTED.items() if refusals.has(needs)]
        end = SnapshotEnd(
            began_at, groups_total, (*malformed, *refusals.malformed), is_full=groups is None,
            out_of_sight=lambda group_id: any(is_one(group_id) for is_one in hidden),
        )  # fmt: skip
        yield end if self._config.chats else replace(end, left_out=is_chat)

    def _rosters(
        self, groups: Collection[str] | None, refusals: Refusals
    ) -> Iterator[tuple[Roster, list[Malformed]]]:
        known: dict[str, Seat | None] = {}  # accounts by id, None for those that Graph refuses to show
        for place in self._places(groups, refusals):
            if self._is_wanted(place, groups):
                yield self._roster(place, known, refusals)
        if self._config.chats:
            for chat in self._chats(groups, refusals):
                if self._is_wanted(chat, groups):
                    yield self._roster(chat, known, refusals)

    def _places(self, groups: Collection[str] | None, refusals: Refusals) -> Iterator[Place]:
        """Yield the teams and their channels; without channels where none is asked for."""
        teams = sorted((team_of(row) for row in self._rows(self._client.teams)), key=lambda one: one.group_id)
        has_channels = groups is None or any(map(is_channel, groups))
        for team in teams:
            yield team
            if has_channels:
                yield from refusals.ask(team.group_id, READ_CHANNELS, partial(self._channels, team)) or ()

    def _channels(self, team: Place) -> list[Place]:
        rows = self._rows(lambda link: self._client.channels(team.group_id, link))
        return sorted(channels_of(rows, team), key=lambda one: one.group_id)

    def _chats(self, groups: Collection[str] | None, refusals: Refusals) -> list[Place]:
        """Return the group chats: those asked for, or those of every account. An account may have no Teams."""
        if groups is not None:
            wanted = sorted(one for one in set(groups) if is_chat(one))
            asked = [refusals.ask(one, READ_CHATS, partial(self._chat, one)) for one in wanted]
            return [one for one in asked if one is not None]
        chats: dict[str, Place] = {}
        for row in self._rows(self._client.users):
            user_id = id_of(row)
            try:
                found = refusals.ask(
                    user_id, READ_CHATS, partial(self._chats_of, user_id), may_be_missing=True
                )
            except Missing:
                continue
            chats |= {chat.group_id: chat for chat in found or ()}
        return [chats[one] for one in sorted(chats)]

    def _chats_of(self, user_id: str) -> list[Place]:
        found = [chat_of(row) for row in self._rows(lambda link: self._client.chats(user_id, link))]
        return [one for one in found if one is not None]

    def _chat(self, chat_id: str) -> Place | None:
        try:
            return chat_of(self._get(lambda: self._client.chat(chat_id)))
        except Missing:
            return None

    def _is_wanted(self, place: Place, groups: Collection[str] | None) -> bool:
        is_asked_for = groups is None or place.group_id in groups
        return is_asked_for and self._context.takes(place.group_id, place.name)

    def _roster(
        self, place: Place, known: dict[str, Seat | None], refusals: Refusals
    ) -> tuple[Roster, list[Malformed]]:
        taken_at = self._context.now()
        needs = READ_CHANNEL_MEMBERS if place.team_id else READ_MEMBERS
        needs = READ_CHAT_MEMBERS if is_chat(place.group_id) else needs
        seats = refusals.ask(place.group_id, needs, lambda: self._seats(place))
        if place.team_id or is_chat(place.group_id):
            whole = seats and [self._with_account(seat, known, refusals) for seat in seats]
            return roster_of(place, whole, HIDDEN, taken_at)
        shown = {seat.user_id: seat for seat in seats or () if seat is not None}
        known |= shown
        if any(seat.name for seat in shown.values()):  # without the permission there are ids alone
            refusals.shows(READ_USERS)
        return roster_of(place, seats, self._settings(place), taken_at)

    def _seats(self, place: Place) -> list[Seat | None]:
        """Return whom a place shows, each once; None for each who can't be understood. Raises Missing."""
        if place.team_id:
            found = self._channel_seats(place)
        elif is_chat(place.group_id):
            rows = self._rows(lambda link: self._client.chat_members(place.group_id, link))
            found = [seat_of(row) for row in rows]
        else:
            found = self._people(place.group_id)
        whole = {seat.user_id: seat for seat in found if seat is not None}
        return [*whole.values(), *(seat for seat in found if seat is None)]

    def _channel_seats(self, channel: Place) -> list[Seat | None]:
        """Return whom a channel shows; last those who were added to it itself, who are in both lists."""
        client, ids = self._client, (channel.team_id, channel.group_id)
        found: list[Seat | None] = []
        if channel.is_shared:
            rows = self._rows(lambda link: client.all_channel_members(*ids, link))
            found = [seat_of(row, is_direct=False) for row in rows]
        return [*found, *map(seat_of, self._rows(lambda link: client.channel_members(*ids, link)))]

    def _with_account(
        self, seat: Seat | None, known: dict[str, Seat | None], refusals: Refusals
    ) -> Seat | None:
        """Return a member of a channel or a chat with what the account has; None if Graph refuses to show that.

        Channels and chats show no numbers. An account that is not `known` from its team is asked for, so that it is
        the same in each group and each read.
        """
        if seat is None:
            return None
        if seat.user_id not in known:
            known[seat.user_id] = refusals.ask(seat.user_id, READ_USERS, partial(self._account, seat))
        account = known[seat.user_id]
        return account and replace(account, is_owner=seat.is_owner, membership_id=seat.membership_id)

    def _account(self, seat: Seat) -> Seat:
        """Return what the account has; of one of another tenant, what the channel or chat shows."""
        answer = self._get(lambda: self._client.user(seat.user_id))
        return user_of(answer, self._context.default_region, is_owner=False) or seat

    def _people(self, team_id: str) -> list[Seat | None]:
        """Return a team's members, then its owners: an owner need not be among the members."""
        region = self._context.default_region
        return [
            user_of(row, region, is_owner=role == "owners")
            for role in ("members", "owners")
            for row in self._rows(lambda link, role=role: self._client.people(team_id, role, link))  # type: ignore[misc]
        ]

    def _settings(self, team: Place) -> Settings:
        """Return a team's settings, as far as the app may see them, which is asked once a read."""
        if not self._shows_settings:
            return HIDDEN
        try:
            return settings_of(self._get(lambda: self._client.settings(team.group_id)))
        except PermissionDenied:
            self._shows_settings = False
            return HIDDEN
        except Rejected:
            return UNTOLD

    def _rows(self, listing: Listing) -> Iterator[Any]:
        """Yield the rows of all pages. Raises Incomplete for a link that was there before."""
        link: str | None = None
        seen: set[str] = set()
        while True:
            page = self._get(lambda link=link: listing(link))  # type: ignore[misc]
            yield from rows_of(page)
            link = next_of(page)
            if link is None:
                return
            if link in seen:
                raise Incomplete(
                    "Graph's pages go in circles.", remedy="Nothing is changed; it is read again."
                )
            seen.add(link)

    def _get(self, call: Callable[[], T]) -> T:
        return self._context.again(call)

    @property
    def _client(self) -> TeamsClient:
        self._graph = self._graph or self._new_graph()
        return TeamsClient(self._graph)

    def _new_graph(self) -> Graph:
        tls = _http.trusting(self._config.tls.path(self._context.base_dir))
        return Graph(
            self._config.graph,
            self._tokens,
            lambda: _http.new_client(READ_S, tls),
            self._context.now,
            budget=self._budget,
            note=self._context.note,
        )

    # --- Looking closely ------------------------------------------------------------------------

    def look_closely(self, wanted: Mapping[str, Collection[Fact]], /) -> Iterator[tuple[str, GroupFacts]]:
        """See `worker.ports.Inventory`. Channels and chats have no picture that Graph shows."""
        for group_id in sorted(wanted):
            is_team = not (is_chat(group_id) or is_channel(group_id))
            asks: Asks = {Fact.PICTURE: partial(self._client.picture_digest, group_id)} if is_team else {}
            yield group_id, look(asks, wanted[group_id], self._context.now)

    # --- Acts -----------------------------------------------------------------------------------

    def remove(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        """Take the member out of a team, a channel or a chat; the last owner stays. A second call is NOT_NEEDED."""
        return self._act(acts.remove, group_id, member, confirm)

    def make_admin(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        """Make the member an owner of a team or a channel. In a chat everybody has the same rights: REFUSED."""
        return self._act(acts.make_owner, group_id, member, confirm)

    def _act(
        self,
        act: Callable[[TeamsClient, Place, Collection[Seat], str, Confirm], ActOutcome],
        group_id: str,
        member: Member,
        confirm: Confirm,
    ) -> ActOutcome:
        try:
            place = self._place(group_id)
            seats = [] if place is None else self._seats(place)
        except Missing:
            place, seats = None, []
        if place is None:
            return ActOutcome(Effect.REFUSED, "Graph does not know this group")
        seated = [seat for seat in seats if seat is not None]
        return act(self._client, place, seated, member.native_id or member.handle, confirm)

    def _place(self, group_id: str) -> Place | None:
        """Find a group by its id. A channel's id doesn't say of which team it is, so all teams are looked through."""
        if is_chat(group_id):
            return self._chat(group_id)
        if not is_channel(group_id):
            return Place(group_id, "")
        refusals = Refusals()
        found = next((one for one in self._places([group_id], refusals) if one.group_id == group_id), None)
        if found is None and refusals.has(READ_CHANNELS):
            raise refusals.malformed[0]
        return found

    # --- Looking --------------------------------------------------------------------------------

    def check(self) -> CheckResult:
        """Look whether the app may read teams, channels and members; count."""
        try:
            teams = [team_of(row) for row in self._rows(self._client.teams)]
            wanted = [team for team in teams if self._is_wanted(team, None)]
            refusals = Refusals()
            read = [
                refusals.ask(one.group_id, READ_MEMBERS, partial(self._seats, one)) or ()
                for one in wanted[:CHECKED_MAX]
            ]
            for one in wanted[:1]:
                refusals.ask(one.group_id, READ_CHANNELS, partial(self._channels, one))
            refusals.require_some()
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy or "See the README.")
        counts = {"groups": len(wanted)}
        if len(wanted) <= CHECKED_MAX:
            counts["members"] = sum(map(len, read))
            counts["admins"] = sum(seat is not None and seat.is_owner for seats in read for seat in seats)
        said = ", ".join(f"{number} {what}" for what, number in counts.items())
        details = {"first record set aside": str(refusals.malformed[0])} if refusals.malformed else {}
        return CheckResult(
            ok=True, message=f"{self._config.graph}, teams alone: {said}", counts=counts, details=details
        )
