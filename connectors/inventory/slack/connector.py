"""Slack behind the inventory port: every read asks Slack anew, channel by channel.

roles (Enterprise alone) -> channels, user groups -> who is in each -> each account once -> Roster
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from connectors.inventory.slack import acts
from connectors.inventory.slack.client import NO_SCOPE, SlackWeb, code_of
from connectors.inventory.slack.config import SlackInventoryConfig
from connectors.inventory.slack.mapping import (
    Listed,
    Person,
    channel_of,
    cursor_of,
    group_of,
    is_user_group,
    managers_of,
    person_of,
    roster_of,
    rows_of,
    user_ids_of,
)
from connectors.kit.unshown import Unshown, is_of_one
from worker.domain.model import Coverage, Fact, Member, Roster
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
from worker.ports.connectors.remover import ActOutcome, Confirm, Effect, as_decided

SINGLY_MAX = 50  # accounts that a read of named groups asks for one by one; for more, all are listed
PAGES_MAX = 10_000  # more are a cursor that goes in circles
Managers = Mapping[str, Collection[str]]
People = dict[str, Person | None]  # by id; None for one that Slack fails to show

T = TypeVar("T")


class SlackInventory(Passive):
    """The public channels of a workspace, the private ones that the app is in, and the user groups if wanted."""

    def __init__(self, config: SlackInventoryConfig, context: ConnectorContext) -> None:
        self._context = context
        self._reads_user_groups = config.user_groups
        self._web = SlackWeb(config, context)
        self._has_roles = False

    @property
    def name(self) -> str:
        """The configured name; `source` of its groups."""
        return self._context.name

    @property
    def can(self) -> Capabilities:
        """What the app can see and do; roles, where the last read was shown them."""
        shows = frozenset({Fact.DESCRIPTION, Fact.ARCHIVED})
        return Capabilities(
            sees_roles=self._has_roles, can_remove=True, creator_is_removable=True, shows=shows
        )

    def close(self) -> None:
        """End the connections."""
        self._web.close()

    # --- Reading --------------------------------------------------------------------------------

    def changes(
        self, _cursor: str | None, groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        """Yield the rosters in the order of their ids, then the end.

        A channel that goes away meanwhile is left out. A member whose account can't be understood, or that Slack fails
        to show, makes the roster PARTIAL, and so do fewer members than Slack counts; so is one whose members Slack
        fails to show, unless most are. Raises AuthFailed, PermissionDenied (a scope), BadConfig (no Slack at api_url),
        Rejected, Incomplete and Transient.
        """
        began_at = self._context.now()
        managers = self._managers()
        has_all = groups is None
        people: People = {**self._people()} if has_all else {}
        looked_at: set[str] = set()
        malformed: list[Malformed] = []
        groups_total = 0
        found = self._listed(groups)
        unshown, accounts = self._unshown(len(found)), self._accounts()
        for listed in sorted(found, key=lambda one: one.group_id):
            taken_at = self._context.now()
            shown = self._shown(listed, unshown)
            if shown is None:
                continue
            user_ids, problem = shown
            if not has_all and len(people.keys() | set(user_ids)) > SINGLY_MAX:
                people.update(self._people())
                has_all = True
            self._look_again(user_ids, people, looked_at, accounts)
            roster, problems = roster_of(
                listed,
                user_ids,
                None if managers is None or listed.is_user_group else managers.get(listed.group_id, ()),
                lambda user_id: self._person(user_id, people, accounts),
                taken_at,
            )
            malformed += problems
            groups_total += 1
            if problem is not None:
                roster = replace(roster, coverage=Coverage.PARTIAL, warnings=(problem.message,))
            yield roster
        accounts.require_most(len(people))
        malformed += [*unshown.malformed, *accounts.malformed]
        end = SnapshotEnd(began_at, groups_total, tuple(malformed), is_full=groups is None)
        yield end if self._reads_user_groups else replace(end, left_out=is_user_group)

    def _listed(self, groups: Collection[str] | None) -> list[Listed]:
        """Return the channels and user groups that are wanted."""
        if groups is None:
            found = [channel_of(row) for row in self._rows(self._web.channels, "channels")]
        else:
            channels = [self._channel(one) for one in sorted(set(groups)) if not is_user_group(one)]
            found = [one for one in channels if one is not None]
        if self._reads_user_groups and (groups is None or any(map(is_user_group, groups))):
            rows = rows_of(self._get(self._web.user_groups), "usergroups")
            found += [one for one in map(group_of, rows) if groups is None or one.group_id in groups]
        unique = {one.group_id: one for one in found}.values()
        return [one for one in unique if self._context.takes(one.group_id, one.name)]

    def _channel(self, channel_id: str) -> Listed | None:
        answer = self._get(lambda: self._web.channel(channel_id))
        return None if answer is None else channel_of(answer.get("channel"))

    def _unshown(self, groups: int) -> Unshown:
        return Unshown("group", groups, lambda: self._get(lambda: self._web.channels("")), _is_of_one)

    def _accounts(self) -> Unshown:
        return Unshown("account", None, lambda: self._get(lambda: self._web.users("")), _is_of_one)

    def _shown(self, listed: Listed, unshown: Unshown) -> tuple[list[str], Malformed | None] | None:
        """Return who is in a group, or nobody and why Slack does not show it; None if the group is gone."""
        try:
            user_ids = self._user_ids(listed)
        except ConnectorError as error:
            return [], unshown.set_aside(error, listed.group_id)
        return None if user_ids is None else (user_ids, None)

    def _user_ids(self, listed: Listed) -> list[str] | None:
        """Return who is in a group; None if it is gone. Raises Incomplete for nobody where Slack counts somebody."""
        if listed.is_user_group:
            answer = self._get(lambda: self._web.group_users(listed.group_id))
            if answer is None:
                return None
            found = user_ids_of(answer, "users")
        else:
            pages = list(self._pages(lambda cursor: self._web.members(listed.group_id, cursor)))
            if None in pages:
                return None
            found = [user_id for page in pages for user_id in user_ids_of(page, "members")]
        if not found and listed.count:
            raise Incomplete(
                f"Slack counts {listed.count} members of {listed.group_id}, and listed none.",
                remedy="Nothing is changed by it; it is read again.", expected=listed.count, got=0,
            )  # fmt: skip
        return list(dict.fromkeys(found))

    def _managers(self) -> Managers | None:
        """Return the managers of each channel; None where Slack does not show them to this app."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        try:
            for page in self._pages(self._web.assignments):
                for channel_id, user_id in managers_of(page):
                    found[channel_id].add(user_id)
        except (PermissionDenied, Rejected):
            self._has_roles = False
            return None
        self._has_roles = True
        return found

    def _people(self) -> dict[str, Person]:
        region = self._context.default_region
        return dict(person_of(row, region) for row in self._rows(self._web.users, "members"))

    def _person(self, user_id: str, people: People, accounts: Unshown) -> Person | None:
        """Return an account; one that the list doesn't have, such as a partner company's, is asked for once."""
        if user_id not in people:
            people[user_id] = accounts.ask(user_id, lambda: self._account(user_id))
        return people[user_id]

    def _account(self, user_id: str) -> Person:
        answer = self._get(lambda: self._web.user(user_id))
        return Person() if answer is None else person_of(answer.get("user"), self._context.default_region)[1]

    def _look_again(
        self, user_ids: Collection[str], people: People, looked_at: set[str], accounts: Unshown
    ) -> None:
        """Look up, once a read, who is in a channel by an account that was deactivated before: it may be back."""
        known = {one: people.get(one) for one in user_ids if one not in looked_at}
        unsure = [one for one, person in known.items() if person is not None and person.is_deactivated]
        if unsure and len(looked_at) + len(unsure) > SINGLY_MAX:
            people.update(self._people())
            looked_at |= people.keys()
            return
        for user_id in unsure:
            del people[user_id]
            self._person(user_id, people, accounts)
        looked_at.update(unsure)

    def _rows(self, call: Callable[[str], Any], key: str) -> Iterator[Any]:
        for page in self._pages(call):
            yield from rows_of(page, key)

    def _pages(self, call: Callable[[str], Any]) -> Iterator[Any]:
        """Yield every page. Raises Incomplete for a cursor that was there before."""
        cursor, seen = "", {""}
        while True:
            page = self._get(lambda cursor=cursor: call(cursor))  # type: ignore[misc]
            yield page
            cursor = "" if page is None else cursor_of(page)
            if not cursor:
                return
            if cursor in seen or len(seen) > PAGES_MAX:
                raise Incomplete(
                    "Slack's pages go in circles.", remedy="Nothing is changed by it; it is read again."
                )
            seen.add(cursor)

    def _get(self, call: Callable[[], T]) -> T:
        return self._context.again(call)

    # --- Acts -----------------------------------------------------------------------------------

    def remove(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        """Take the member out of a channel, or of a user group, whose last member stays.

        A second call is NOT_NEEDED. What Slack refuses for this group alone is REFUSED, and holds up no other.
        """
        user_id = member.native_id or member.handle
        try:
            if is_user_group(group_id):
                return acts.remove_from_user_group(self._web, group_id, user_id, confirm)
            channel = self._channel(group_id)
            if channel is None:
                return ActOutcome(Effect.REFUSED, "the app does not see this channel")
            members = self._user_ids(channel) or ()
            return acts.remove_from_channel(self._web, channel, user_id, members, confirm)
        except (Rejected, PermissionDenied) as error:
            return acts.refused(error)

    def make_admin(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        """Refuse: Slack lets only Enterprise's own administrators appoint channel managers."""
        return ActOutcome(Effect.REFUSED, "Slack lets no app of a workspace appoint channel managers")

    # --- Looking --------------------------------------------------------------------------------

    def check(self) -> CheckResult:
        """Look whether the app may read the channels, their members and the accounts; count."""
        try:
            who = self._get(self._web.whoami)
            managers = self._managers()
            listed = self._listed(None)
            people = self._people()
            unshown = self._unshown(len(listed))
            found = {one.group_id: shown[0] for one in listed[:1] if (shown := self._shown(one, unshown))}
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy or "See the README.")
        counts = {
            "groups": len(listed),
            "members": sum(one.count or len(found.get(one.group_id, ())) for one in listed),
            "people": sum(person.is_counted for person in people.values()),
        }
        note = "; no roles, as Slack shows channel managers to Enterprise alone"
        if managers is not None:
            counts["admins"] = sum(len(managers.get(one.group_id, ())) for one in listed)
            note = ""
        said = ", ".join(f"{number} {what}" for what, number in counts.items())
        message = f"{who.get('team')}, read as {who.get('user')}: {said}{note}"
        details = {"first record set aside": str(unshown.malformed[0])} if unshown.malformed else {}
        return CheckResult(ok=True, message=message, counts=counts, details=details)


def _is_of_one(error: ConnectorError) -> bool:
    return is_of_one(error) and code_of(error) != NO_SCOPE
