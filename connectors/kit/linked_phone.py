"""A phone that is linked to a gateway, as an inventory: what WAHA, GOWA and Evolution have in common.

    is the phone linked? -> its groups, by id -> one group's members after another -> the end

It sees only the groups that it is in. A gateway may hide a number behind a LID, and answers an empty list where it
knows no members yet; since the phone itself is in each of its groups, such a list shows nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from connectors.kit.calls import Calls
from connectors.kit.gateway_errors import set_aside, unexpected
from connectors.kit.looking import Asks, look
from connectors.kit.phone_acts import COMMUNITY, ITSELF, UNKNOWN, UNSURE
from connectors.kit.phone_check import CHECKED_MAX, counts_of, details_of, inside_of
from connectors.kit.rest import Refusal
from connectors.kit.text import cut, one_line
from connectors.kit.unshown import Unshown, is_of_one
from connectors.kit.whatsapp import (
    id_of,
    is_at_odds,
    is_group_id,
    is_same,
    is_surely_not_among,
    once_each,
    role_among,
    with_ids_from,
)
from worker.domain.groups.facts import unasked
from worker.domain.model import Coverage, Fact, Group, GroupFacts, Member, Role, Roster
from worker.ports import (
    Capabilities,
    CheckResult,
    ConnectorContext,
    ConnectorError,
    Incomplete,
    Malformed,
    NotDone,
    Passive,
    SnapshotEnd,
    Transient,
)
from worker.ports.connectors.remover import ActOutcome, Confirm, Effect, as_decided

NAME_MAX = 200
NO_MEMBERS = "the gateway shows no members, although the linked phone is one itself"
SOME_ONLY = (
    "WhatsApp shows only admins all members of a community, and the linked phone is not seen to be one"
)
AT_ODDS = "the gateway shows one hidden identity with two numbers, or two with one number"
NOT_INSIDE = "the linked phone is not in this group any more: it shows whom the phone saw there last"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed:
    """A group as a gateway lists it. `warnings` are of the list: that it may be cut.

    `size` is how many members WhatsApp says that it has, where that is surely as fresh as the list. `is_community`: of
    a community, and of its announcement group, WhatsApp shows only admins all members.
    """

    group_id: str
    name: str
    facts: GroupFacts
    warnings: tuple[str, ...] = field(default=())
    size: int | None = None
    is_community: bool = False


class LinkedPhone(Passive, ABC):
    """The port for a linked phone; a kind says how its gateway is asked, and what its rows mean.

    A kind's methods that ask the gateway make one request a call, or wrap each one in `_again`.
    """

    can = Capabilities(sees_roles=True, can_remove=True, can_change_admin=True, breaks_terms=True)
    # What the list of groups has of each, with any gateway
    LISTED = frozenset({Fact.DESCRIPTION, Fact.APPROVAL, Fact.EDIT, Fact.WRITE, Fact.ADD})
    SHOWS_ITSELF: ClassVar[str]  # what to do where the gateway doesn't show which member the phone is

    def __init__(self, context: ConnectorContext, gateway: str, calls: Calls | None) -> None:
        self._context = context
        self._gateway = gateway
        self._calls = calls
        self.calls = (calls,) if calls is not None else ()
        self._me: Member | None = None
        self._is_me_known = False

    @property
    def name(self) -> str:
        """The configured name; `source` of its groups."""
        return self._context.name

    def news(self) -> frozenset[str]:
        """See `worker.ports.Inventory`."""
        return self._calls.news() if self._calls is not None else frozenset()

    # --- What a kind says --------------------------------------------------------------------------------

    @abstractmethod
    def _require_linked(self) -> None:
        """Raise unless the phone is linked and connected."""

    @abstractmethod
    def _listing(self) -> Iterator[Listed | Malformed]:
        """Yield every group that the phone is in, in any order, and what can't be understood of the list."""

    @abstractmethod
    def _group(self, group_id: str) -> Listed | None:
        """Return one group as it is now; None if the phone isn't in it."""

    @abstractmethod
    def _rows(self, group_id: str) -> list[Any] | None:
        """Return the group's members as the gateway has them now; None if the phone isn't in it any more."""

    @abstractmethod
    def _member(self, row: Any) -> Member | None:
        """Return a row's member; None if the row says that they have left. Raises ValueError without their number."""

    @abstractmethod
    def _asks(self, group_id: str) -> Asks:
        """Return how each costly fact of a group is asked for, once."""

    def _begin_look(self, group_ids: Sequence[str]) -> None:
        """Ask for what comes for many groups at once."""

    @abstractmethod
    def _ask(self, action: str, group_id: str, participant: str, confirm: Confirm) -> ActOutcome:
        """Ask for one act on one member: "remove" or "promote"."""

    def _participant(self, member: Member) -> str | None:
        """Return the id under which the gateway takes an act on a member; None if they have none of WhatsApp."""
        return id_of(member)

    @abstractmethod
    def _who_it_is(self) -> Member | None:
        """Ask which member the linked phone is; None if the gateway doesn't show it."""

    def _begin(self) -> None:
        """Forget what was known from the read before."""
        self._is_me_known = False

    # --- Reading -----------------------------------------------------------------------------------------

    def changes(
        self, _cursor: str | None, groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        """Yield the rosters in order of their group ids, then the end; there is no cursor.

        A group that vanishes meanwhile is left out; one whose members the gateway fails to show is PARTIAL, unless most
        are. Raises AuthFailed (no phone is linked, or the credential is wrong), Incomplete (also where the phone is in
        none of the groups any more), Transient or Permanent.
        """
        self._begin()
        malformed: list[Malformed] = []
        groups_total = 0
        if groups is None:
            found = self._all(malformed)
            rosters = self._rosters(found, len(found), malformed)
        else:
            rosters = self._rosters(self._asked(groups), len(groups), malformed)
        seen: set[Coverage] = set()
        for roster in rosters:
            groups_total += 1
            seen |= _seen(roster)
            yield roster
        if groups is None:
            self._require_inside(seen)
        yield SnapshotEnd(self._context.now(), groups_total, tuple(malformed), is_full=groups is None)

    def _all(self, malformed: list[Malformed]) -> list[Listed]:
        self._require_linked()
        found: dict[str, Listed] = {}
        bad: list[Malformed] = []
        for each in self._listing():
            if isinstance(each, Malformed):
                bad.append(each)
            else:
                found[each.group_id] = each
        if bad and not found:
            raise unexpected(self._gateway, "the groups")
        malformed += bad
        takes = self._context.takes
        return [found[key] for key in sorted(found) if takes(key, found[key].name)]

    def _asked(self, groups: Collection[str]) -> Iterator[Listed]:
        for group_id in sorted(groups):
            listed = self._group(group_id) if is_group_id(group_id) else None
            if listed is not None and self._context.takes(group_id, listed.name):
                yield listed

    def _rosters(self, groups: Iterable[Listed], total: int, malformed: list[Malformed]) -> Iterator[Roster]:
        unshown = Unshown("group", total, self._require_linked, _is_of_one_group)
        for listed in groups:
            taken_at = self._context.now()  # who leaves while the answer is waited for may be in it
            try:
                rows = self._rows(listed.group_id)
            except ConnectorError as error:
                warning = (
                    f"the gateway fails to show who is in {listed.group_id}: {error.message.rstrip('.')}"
                )
                malformed.append(unshown.set_aside(error, listed.group_id))
                yield self._roster_of(listed, (), taken_at, Coverage.PARTIAL, (*listed.warnings, warning))
            else:
                if rows is not None:
                    yield self._roster(listed, rows, taken_at, malformed)

    def _require_inside(self, seen: Collection[Coverage]) -> None:
        """Raise Incomplete where all groups that show members show those of an earlier time. `seen`: how they do."""
        if set(seen) == {Coverage.STALE}:
            raise Incomplete(
                f"{self._gateway}: the linked phone is in none of the groups that are listed: they show whom a phone "
                "saw there last.",
                remedy="Link the phone that is in these groups, or add this one to them.",
            )

    def _roster(
        self, listed: Listed, rows: Sequence[Any], taken_at: datetime, malformed: list[Malformed]
    ) -> Roster:
        before = len(malformed)
        members = self._members(listed.group_id, rows, malformed)
        bad = len(malformed) - before
        shown = once_each(members)
        coverage, warnings = self._judged(shown, listed, bad=bad)
        if coverage is Coverage.FULL and is_at_odds(members):
            coverage, warnings = Coverage.PARTIAL, (AT_ODDS,)
        return self._roster_of(listed, shown, taken_at, coverage, listed.warnings + warnings)

    def _members(self, group_id: str, rows: Iterable[Any], malformed: list[Malformed]) -> list[Member]:
        """Return the members whom the rows show, one a row; what can't be understood is set aside."""
        members: list[Member] = []
        for number, row in enumerate(rows, start=1):
            try:
                member = self._member(row)
            except ValueError as error:
                malformed.append(set_aside(self._gateway, f"{group_id} row {number}", error))
            else:
                members += [] if member is None else [member]
        return members

    def _roster_of(
        self,
        listed: Listed,
        members: tuple[Member, ...],
        taken_at: datetime,
        coverage: Coverage,
        warnings: tuple[str, ...],
    ) -> Roster:
        group, facts = Group(listed.group_id, listed.name), unasked(listed.facts, self.can.costly)
        return Roster(group, members, taken_at, coverage, warnings, facts)

    def _judged(
        self, members: Sequence[Member], listed: Listed, *, bad: int
    ) -> tuple[Coverage, tuple[str, ...]]:
        """Return how much of a group its list shows, and what is missing, in words; `bad` rows more are unread."""
        got = len(members) + bad
        if not got:
            return Coverage.PARTIAL, (NO_MEMBERS,)
        if listed.size is not None and got < listed.size:
            return Coverage.PARTIAL, (f"the gateway shows {got} of {listed.size} members",)
        if bad:
            return Coverage.PARTIAL, (f"{bad} of {got} rows can't be understood",)
        if self._is_outside(members):
            return Coverage.STALE, (NOT_INSIDE,)
        if listed.is_community and not listed.size and not self._is_admin_among(members):
            return Coverage.PARTIAL, (SOME_ONLY,)
        return Coverage.FULL, ()

    def _myself(self) -> Member | None:
        """Return which member the linked phone is, asked for once a read; None if that is not known."""
        if not self._is_me_known:
            self._me, self._is_me_known = self._who_it_is(), True
        return self._me

    def _is_outside(self, members: Sequence[Member]) -> bool:
        """Whether the phone itself is surely none of the members: some gateways keep groups that it has left."""
        me = self._myself()
        return me is not None and is_surely_not_among(me, members)

    def _is_admin_among(self, members: Sequence[Member]) -> bool:
        me = self._myself()
        return me is not None and role_among(me, members) in {Role.ADMIN, Role.CREATOR}

    def _is_this(self, group_id: str, listed: Callable[[Any, datetime], Listed], row: Any) -> Listed:
        """Return the group that was asked for. Raises Incomplete if the row is another, or none."""
        try:
            found = listed(row, self._context.now())
        except ValueError:
            found = None
        if found is None or found.group_id != group_id:
            raise unexpected(self._gateway, "a group")
        return found

    def _again(self, call: Callable[[], T]) -> T:
        return self._context.again(call)

    # --- Looking closely ---------------------------------------------------------------------------------

    def look_closely(self, wanted: Mapping[str, Collection[Fact]], /) -> Iterator[tuple[str, GroupFacts]]:
        """See `worker.ports.Inventory`. Nothing is tried again: what can't be had now is asked for another day."""
        group_ids = sorted(filter(is_group_id, wanted))
        self._begin_look([one for one in group_ids if Fact.LAST_ACTIVITY in wanted[one]])
        for group_id in group_ids:
            yield group_id, look(self._asks(group_id), wanted[group_id], self._context.now)

    # --- Acting ------------------------------------------------------------------------------------------

    def remove(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        """See `worker.ports.Remover`. The linked phone has to be an admin of the group, and is not removed itself."""
        return self._act("remove", group_id, member, confirm)

    def make_admin(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        """See `worker.ports.Remover`. The linked phone has to be an admin of the group."""
        return self._act("promote", group_id, member, confirm)

    def _act(self, action: str, group_id: str, member: Member, confirm: Confirm) -> ActOutcome:
        participant = self._participant(member)
        if participant is None or not is_group_id(group_id):
            return ActOutcome(Effect.REFUSED, "the member has no id of WhatsApp")
        if action == "remove" and (why_not := self._why_not(group_id, member)):
            return ActOutcome(Effect.REFUSED, why_not)
        return self._ask(action, group_id, participant, confirm)

    def _why_not(self, group_id: str, member: Member) -> str:
        """Return why the member is not removed; "" if they surely are not the phone that is linked now, nor the group a
        community.

        What fails here is before the act.
        """
        try:
            me = self._who_it_is()
            if me is None:
                return f"{UNKNOWN} {self.SHOWS_ITSELF}"
            is_me = is_same(me, member)
            if is_me is None:  # one shows a number alone, the other a LID: the group's list may show both
                shown = self._members(group_id, self._rows(group_id) or (), [])
                is_me = is_same(with_ids_from(shown, me), with_ids_from(shown, member))
            listed = self._group(group_id) if is_me is False else None
        except (Transient, Incomplete) as error:
            wait_s = error.retry_after_s if isinstance(error, Transient) else None
            raise NotDone(error.message, remedy=error.remedy, retry_after_s=wait_s) from error
        if is_me is not False:
            return ITSELF if is_me else UNSURE
        return COMMUNITY if listed is not None and listed.is_community else ""

    # --- check -------------------------------------------------------------------------------------------

    def check(self) -> CheckResult:
        """Look whether the phone is linked and in its groups; count these, and the members of the first of them."""
        self._begin()
        malformed: list[Malformed] = []
        try:
            listed = self._all(malformed)
            rosters = self._first_rosters(listed, malformed)
            told = {} if self._myself() else {"removals": f"{UNKNOWN} {self.SHOWS_ITSELF}"}
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy or "See the README.")
        counts = counts_of(rosters) | {"groups": len(listed), "malformed": len(malformed)}
        return CheckResult(
            ok=True,
            message=f"{self._gateway}: the phone is linked, and is in {inside_of(len(listed), rosters)}.",
            remedy="" if listed else "Add the linked phone to the groups that are to be watched.",
            counts=counts,
            details=details_of(len(listed), rosters) | told,
        )

    def _first_rosters(self, listed: list[Listed], malformed: list[Malformed]) -> list[Roster]:
        """Return the rosters of the first groups, and of more where these don't show that the phone is in some."""
        rosters: list[Roster] = []
        seen: set[Coverage] = set()
        for roster in self._rosters(listed, len(listed), malformed):
            rosters.append(roster)
            seen |= _seen(roster)
            if len(rosters) >= CHECKED_MAX and seen != {Coverage.STALE}:
                break
        self._require_inside(seen)
        return rosters


def _is_of_one_group(error: ConnectorError) -> bool:
    """As `is_of_one`; WhatsApp itself may ask to wait, behind any answer of a gateway."""
    return is_of_one(error) and "rate-overlimit" not in str(Refusal.behind(error).body)


def _seen(roster: Roster) -> set[Coverage]:
    return {roster.coverage} if roster.members else set()


def name_of(found: Any) -> str:
    """Return a group's name on one line; "" if it has none."""
    return cut(one_line(found), NAME_MAX) if isinstance(found, str) else ""
