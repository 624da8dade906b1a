"""Which part answers each of Microsoft Graph's paths, and who may ask: the table of application permissions of each
call's page (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fakes.graph.calls import ANY, Call, Route, page, text
from fakes.graph.delta import UserDelta
from fakes.graph.http import Reply
from fakes.graph.reads import Allowed, Reads
from fakes.graph.subscriptions import Subscriptions
from fakes.graph.teams import Teams
from fakes.graph.tenant import FakeTenant

Json = dict[str, Any]
READ_USERS = frozenset(
    {"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
)
RESTORE_USERS = frozenset({"User.DeleteRestore.All", "User.ReadWrite.All", "Directory.ReadWrite.All"})
READ_GROUPS = frozenset(
    {"Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
)
READ_MEMBERS = READ_GROUPS | {"GroupMember.Read.All"}
READ_ORGANIZATION = frozenset({"Organization.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"})
READ_MAILBOX = frozenset({"MailboxSettings.Read", "MailboxSettings.ReadWrite"})
USERS = r"/users/(?P<key>[^/]+)"
REPLIES = "/mailboxSettings/automaticRepliesSetting"
DELETED = r"/directory/deletedItems/(?P<key>[^/]+)"
GROUP = r"/groups/(?P<key>[^/]+)"
CAST = r"/(?:microsoft\.)?graph\.user"


class Routes:
    """`allowed` gives a call's check of selected names, as in UserDelta.page."""

    def __init__(
        self,
        tenant: FakeTenant,
        root: Callable[[], str],
        *,
        delta: UserDelta,
        subscriptions: Subscriptions,
        teams: Teams,
        allowed: Callable[[Call], Allowed],
    ) -> None:
        self.tenant = tenant
        self.root = root
        self.delta = delta
        self.subscriptions = subscriptions
        self.teams = teams
        self._reads = Reads(tenant, root)
        self._allowed = allowed

    def table(self) -> tuple[Route, ...]:
        route = Route.of
        reads = self._reads
        delta = r"/users/(?:microsoft\.graph\.)?delta(?:\(\))?"
        return (
            route("GET", delta, self._delta, READ_USERS),
            route(
                "GET",
                "/users",
                lambda call: page(reads.users(call.request, self._allowed(call))),
                READ_USERS,
                2,
            ),
            route("GET", r"/users/\$count", lambda call: text(reads.count(call.request)), READ_USERS),
            route("GET", USERS, self._user, READ_USERS),
            route("GET", USERS + "/manager", self._manager, READ_USERS),
            route("GET", USERS + REPLIES, self._automatic_replies, READ_MAILBOX, 0),
            route("GET", "/directory/deletedItems" + CAST, self._deleted_users, READ_USERS),
            route("GET", DELETED, self._deleted_user, READ_USERS),
            route("POST", DELETED + "/restore", self._restore, RESTORE_USERS),
            route("DELETE", DELETED, self._purge, RESTORE_USERS),
            route("GET", "/groups", lambda call: page(reads.groups(call.request)), READ_MEMBERS, 2),
            route("GET", GROUP, lambda call: page(reads.group(call.request, call.key)), READ_MEMBERS),
            *(
                route("GET", f"{GROUP}/{name}{cast}", self._members(name, bool(cast)), READ_MEMBERS, units)
                for name, units in (("members", 3), ("transitiveMembers", 5))
                for cast in ("", CAST)
            ),
            *(
                route("GET", rf"{GROUP}/{name}{CAST}/\$count", self._member_count(name), READ_MEMBERS)
                for name in ("members", "transitiveMembers")
            ),
            route("GET", f"{GROUP}/owners{CAST}", self._owners, READ_MEMBERS, 3),
            *self.teams.routes(route),
            route("GET", "/organization", self._organization, READ_ORGANIZATION),
            route("GET", "/subscriptions", self._subscriptions, ANY, 0),
            route("POST", "/subscriptions", self._subscribe, READ_USERS, 0),
            route("GET", "/subscriptions/(?P<key>[^/]+)", self._subscription, ANY, 0),
            route("PATCH", "/subscriptions/(?P<key>[^/]+)", self._renew, ANY, 0),
            route("DELETE", "/subscriptions/(?P<key>[^/]+)", self._unsubscribe, ANY, 0),
            route("POST", "/subscriptions/(?P<key>[^/]+)/reauthorize", self._reauthorize, ANY, 0),
        )

    def _delta(self, call: Call) -> Reply:
        return page(self.delta.page(call.request, self._allowed(call)))

    def _user(self, call: Call) -> Reply:
        return page(self._reads.user(call.request, call.key, self._allowed(call)))

    def _manager(self, call: Call) -> Reply:
        return page(self._reads.manager(call.request, call.key, self._allowed(call)))

    def _automatic_replies(self, call: Call) -> Reply:
        return page(self._reads.automatic_replies(call.key))

    def _deleted_users(self, call: Call) -> Reply:
        return page(self._reads.deleted_users(call.request, self._allowed(call)))

    def _deleted_user(self, call: Call) -> Reply:
        return page(self._reads.deleted_user(call.request, call.key, self._allowed(call)))

    def _restore(self, call: Call) -> Reply:
        shown = self._reads.deleted_user(call.request, call.key, self._allowed(call))
        self.tenant.restore(call.key)
        shown.pop("deletedDateTime", None)
        return page(shown)

    def _purge(self, call: Call) -> Reply:
        self._reads.deleted_user(call.request, call.key, self._allowed(call))
        self.tenant.purge(call.key)
        return Reply(204, content_type="")

    def _members(self, name: str, is_cast: bool) -> Callable[[Call], Reply]:
        return lambda call: page(
            self._reads.members(
                call.request,
                call.key,
                self._allowed(call),
                is_transitive=name != "members",
                is_cast=is_cast,
            )
        )

    def _owners(self, call: Call) -> Reply:
        return page(self._reads.owners(call.request, call.key, self._allowed(call)))

    def _member_count(self, name: str) -> Callable[[Call], Reply]:
        return lambda call: text(
            self._reads.member_count(call.request, call.key, is_transitive=name != "members")
        )

    def _organization(self, call: Call) -> Reply:
        domain = {"name": self.tenant.domain, "isDefault": True, "isInitial": False, "type": "Managed"}
        item = {
            "id": self.tenant.id,
            "displayName": self.tenant.name,
            "tenantType": "AAD",
            "verifiedDomains": [domain],
        }
        return page({"@odata.context": f"{self.root()}/$metadata#organization", "value": [item]})

    # --- subscriptions --------------------------------------------------------------------------------------

    def _subscriptions(self, call: Call) -> Reply:
        context = f"{self.root()}/$metadata#subscriptions"
        return page({"@odata.context": context, "value": self.subscriptions.listed(call.app_id)})

    def _subscribe(self, call: Call) -> Reply:
        return self._one_subscription(self.subscriptions.create(call.body, call.app_id), 201)

    def _subscription(self, call: Call) -> Reply:
        found = self.subscriptions.get(call.key, call.app_id)
        return self._one_subscription(self.subscriptions.shown(found))

    def _renew(self, call: Call) -> Reply:
        found = self.subscriptions.get(call.key, call.app_id)
        return self._one_subscription(self.subscriptions.renew(found, call.body))

    def _unsubscribe(self, call: Call) -> Reply:
        del self.subscriptions.by_id[self.subscriptions.get(call.key, call.app_id).id]
        return Reply(204, content_type="")

    def _reauthorize(self, call: Call) -> Reply:
        self.subscriptions.get(call.key, call.app_id).reauthorized += 1
        return Reply(204, content_type="")

    def _one_subscription(self, shown: Json, status: int = 200) -> Reply:
        return page({"@odata.context": f"{self.root()}/$metadata#subscriptions/$entity", **shown}, status)
