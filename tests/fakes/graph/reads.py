"""The reads of users, deleted users and groups that aren't a delta: lists in pages, one by id, counts and managers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from fakes.graph.http import Request
from fakes.graph.queries import Options, ids_in, matcher, opened, sealed, selected
from fakes.graph.shapes import DEFAULT, USER_TYPE, Refused, bad_request, full, not_found, unsupported
from fakes.graph.tenant import FakeTenant, Group, User

Json = dict[str, Any]
Allowed = Callable[[tuple[str, ...]], tuple[str, ...]]
EXPAND = re.compile(r"manager(\(\$select=(?P<names>[\w,]+)\))?", re.IGNORECASE)
NO_REPLIES: Json = {"status": "disabled", "externalAudience": "all"}
GROUP_NAMES = ("id", "displayName", "description", "mailEnabled", "securityEnabled", "groupTypes")
TEAMS = "resourceProvisioningOptions/Any(x:x eq 'Team')"


class Reads:
    """Each method answers one path with a JSON object, or raises Refused. `allowed` as in UserDelta.page."""

    def __init__(self, tenant: FakeTenant, root: Callable[[], str]) -> None:
        self._tenant = tenant
        self._root = root

    # --- users ----------------------------------------------------------------------------------------------

    def users(self, request: Request, allowed: Allowed) -> Json:
        options = Options.of(request)
        names = allowed(options.select or DEFAULT)
        matches = matcher(options.filter)
        place = self._place(options.skip_token, "users")
        ids = ids_in(options.filter) if options.filter else None
        if ids is not None:
            found = [
                user for each in dict.fromkeys(ids) if (user := self._tenant.find(each)) and matches(user)
            ]
            return self._page(request, options, self._shown(found, names, options), None, len(found))
        items: list[Json] = []
        end = self._tenant.places
        while place < end and len(items) < options.top:
            user = self._tenant.at(place)
            place += 1
            if user.is_live and matches(user):
                items += self._shown([user], names, options)
        total = sum(map(matches, self._tenant.live())) if options.is_counted else 0
        return self._page(request, options, items, place if place < end else None, total)

    def count(self, request: Request) -> int:
        if request.headers.get("consistencylevel", "").lower() != "eventual":
            raise bad_request("$count is not currently supported.")
        filtered = request.query.get("$filter", "")
        if not filtered:
            return self._tenant.count
        return sum(map(matcher(filtered), self._tenant.live()))

    def user(self, request: Request, key: str, allowed: Allowed) -> Json:
        options = Options.of(request)
        names = allowed(options.select or DEFAULT)
        user = self._user(key)
        shown = self._shown([user], names, options)[0]
        kind = f"users({','.join(options.select)})" if options.select else "users"
        return {"@odata.context": f"{self._root()}/$metadata#{kind}/$entity", **shown}

    def manager(self, request: Request, key: str, allowed: Allowed) -> Json:
        options = Options.of(request)
        names = allowed(options.select or DEFAULT)
        manager = self._live_manager(self._user(key))
        if manager is None:
            raise not_found("manager")
        context = {"@odata.context": f"{self._root()}/$metadata#directoryObjects/$entity"}
        return {**context, "@odata.type": USER_TYPE, **_full(manager, names)}

    def automatic_replies(self, key: str) -> Json:
        """What a mailbox is set to; off where a test says nothing."""
        user = self._user(key)
        setting = self._tenant.automatic_replies.get(user.id, NO_REPLIES)
        if setting is None:
            raise Refused(
                404,
                "MailboxNotEnabledForRESTAPI",
                "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
            )
        context = f"{self._root()}/$metadata#users('{user.id}')/mailboxSettings/automaticRepliesSetting"
        return {"@odata.context": context, **setting}

    # --- deleted items --------------------------------------------------------------------------------------

    def deleted_users(self, request: Request, allowed: Allowed) -> Json:
        options = Options.of(request)
        if options.orderby and not options.is_counted:
            raise unsupported("Sorting not supported for current query.")
        names = allowed(options.select or DEFAULT)
        matches = matcher(options.filter)
        users = [user for user in self._tenant.deleted() if matches(user)]
        if options.orderby.lower().removesuffix(" asc") not in {"", "deleteddatetime"}:
            users.reverse()
        start = self._place(options.skip_token, "deleted")
        items = [_deleted(user, names) for user in users[start : start + options.top]]
        more = start + options.top if start + options.top < len(users) else None
        return self._page(request, options, items, more, len(users))

    def deleted_user(self, request: Request, user_id: str, allowed: Allowed) -> Json:
        options = Options.of(request)
        names = allowed(options.select or (*DEFAULT, "deletedDateTime"))
        user = self._tenant.deleted_user(user_id)
        if user is None:
            raise not_found(user_id)
        context = {"@odata.context": f"{self._root()}/$metadata#directoryObjects/$entity"}
        return {**context, "@odata.type": USER_TYPE, **_deleted(user, names)}

    # --- groups ---------------------------------------------------------------------------------------------

    def groups(self, request: Request) -> Json:
        options = _group_options(request)
        wanted = re.fullmatch(r"displayName eq '(.*)'", options.filter)
        is_of_teams = options.filter == TEAMS
        if options.filter and not wanted and not is_of_teams:
            raise unsupported(f"Unsupported or invalid query filter clause specified: {options.filter}.")
        found = [
            group
            for group in self._tenant.groups.values()
            if (not wanted or group.name == wanted[1]) and (group.is_team or not is_of_teams)
        ]
        start = self._place(options.skip_token, "groups")
        items = [_group(group, options.select) for group in found[start : start + options.top]]
        more = start + options.top if start + options.top < len(found) else None
        return self._page(request, options, items, more, len(found), "groups")

    def group(self, request: Request, group_id: str) -> Json:
        context = {"@odata.context": f"{self._root()}/$metadata#groups/$entity"}
        return {**context, **_group(self._group(group_id), _group_options(request).select)}

    def members(
        self, request: Request, group_id: str, allowed: Allowed, *, is_transitive: bool, is_cast: bool
    ) -> Json:
        """The users in a group. Without the cast to users the groups in it are listed as well, where not transitive."""
        options = Options.of(request)
        names = allowed(options.select or DEFAULT)
        items = list(self._members(group_id, names, is_transitive=is_transitive, is_cast=is_cast))
        start = self._place(options.skip_token, "members")
        more = start + options.top if start + options.top < len(items) else None
        page = items[start : start + options.top]
        return self._page(
            request, options, page, more, len(items), "users" if is_cast else "directoryObjects"
        )

    def owners(self, request: Request, group_id: str, allowed: Allowed) -> Json:
        """The users who own a group."""
        options = Options.of(request)
        names = allowed(options.select or DEFAULT)
        owners = [self._tenant.user(each) for each in self._group(group_id).owners]
        items = [_full(user, names) for user in owners if user.is_live]
        start = self._place(options.skip_token, "members")
        more = start + options.top if start + options.top < len(items) else None
        return self._page(request, options, items[start : start + options.top], more, len(items), "users")

    def member_count(self, request: Request, group_id: str, *, is_transitive: bool) -> int:
        if request.headers.get("consistencylevel", "").lower() != "eventual":
            raise bad_request("$count is not currently supported.")
        return sum(1 for _ in self._tenant.members(self._group(group_id).id, is_transitive=is_transitive))

    def _members(
        self, group_id: str, names: tuple[str, ...], *, is_transitive: bool, is_cast: bool
    ) -> Iterator[Json]:
        group = self._group(group_id)
        kind = {} if is_cast else {"@odata.type": USER_TYPE}
        for user_id in self._tenant.members(group.id, is_transitive=is_transitive):
            yield {**kind, **_full(self._tenant.user(user_id), names)}
        if not is_cast:
            for member in group.members:
                if member in self._tenant.groups:
                    nested = self._tenant.groups[member]
                    yield {
                        "@odata.type": "#microsoft.graph.group",
                        "id": nested.id,
                        "displayName": nested.name,
                    }

    # --- within ---------------------------------------------------------------------------------------------

    def _user(self, key: str) -> User:
        user = self._tenant.find(key)
        if user is None:
            raise not_found(key)
        return user

    def _group(self, group_id: str) -> Group:
        group = self._tenant.groups.get(group_id)
        if group is None:
            raise not_found(group_id)
        return group

    def _live_manager(self, user: User) -> User | None:
        return self._tenant.find(user.manager) if user.manager else None

    def _shown(self, users: Iterable[User], names: tuple[str, ...], options: Options) -> list[Json]:
        if not options.expand:
            return [_full(user, names) for user in users]
        expand = EXPAND.fullmatch(options.expand)
        if not expand:
            raise unsupported(f"$expand={options.expand} is not supported by the fake.")
        inner = selected(expand["names"]) or DEFAULT
        items = []
        for user in users:
            manager = self._live_manager(user)
            expanded = {"manager": {"@odata.type": USER_TYPE, **_full(manager, inner)}} if manager else {}
            items.append({**_full(user, names), **expanded})
        return items

    def _place(self, token: str, kind: str) -> int:
        if not token:
            return 0
        state = opened(token)
        if state.get("kind") != kind:
            raise bad_request("Badly formed token.")
        return int(state["at"])

    def _page(
        self,
        request: Request,
        options: Options,
        items: list[Json],
        more: int | None,
        total: int,
        kind: str = "users",
    ) -> Json:
        names = f"({','.join(options.select)})" if options.select else ""
        page: Json = {"@odata.context": f"{self._root()}/$metadata#{kind}{names}"}
        if options.is_counted and not options.skip_token:
            page["@odata.count"] = total  # on the first page only
        if more is not None:
            what = request.path.rsplit("/", 1)[-1]
            kinds = {"users": "users", "groups": "groups"}
            place = "deleted" if "deletedItems" in request.path else kinds.get(what, "members")
            page["@odata.nextLink"] = self._next_link(request, sealed({"kind": place, "at": more}))
        page["value"] = items
        return page

    def _next_link(self, request: Request, token: str) -> str:
        parts = urlsplit(request.target)
        kept = [(name, value) for name, value in parse_qsl(parts.query) if name.lower() != "$skiptoken"]
        query = "&".join(
            f"{name}={quote(value, safe=',$')}" for name, value in [*kept, ("$skiptoken", token)]
        )
        return f"{self._root()}{parts.path.removeprefix('/v1.0')}?{query}"


def _full(user: User, names: Iterable[str]) -> Json:
    return {**full(user.properties, names), "id": user.id}


def _deleted(user: User, names: Iterable[str]) -> Json:
    """A deleted user, whose user name begins with their id, so that another one can have it."""
    shown = _full(user, names)
    if name := shown.get("userPrincipalName"):
        shown["userPrincipalName"] = user.id.replace("-", "") + name
    return shown


def _group_options(request: Request) -> Options:
    return Options.of(request, also=frozenset(GROUP_NAMES))


def _group(group: Group, select: tuple[str, ...] | None) -> Json:
    everything: Json = {
        "id": group.id,
        "displayName": group.name,
        "description": group.description,
        "mailEnabled": False,
        "securityEnabled": True,
        "groupTypes": [],
    }
    unknown = set(select or ()) - set(everything)
    if unknown:
        raise Refused(400, "BadRequest", f"Could not find a property named '{unknown.pop()}' on group.")
    return {name: everything[name] for name in select or GROUP_NAMES}
