"""Questions to Graph about users: rounds, lists, and single people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from connectors.directory.entra.config import PROPERTIES
from connectors.kit.graph.client import READ_USERS, BadRequest, Graph, Missing
from connectors.kit.guids import guid
from worker.ports import Again, BadConfig, CursorExpired, Incomplete, PermissionDenied

PAGE_MAX = 999  # of /users; Graph chooses the page size of a delta
_DELETED = "directory/deletedItems/microsoft.graph.user"
_CAN_BE_RESTORED: dict[str, Any] = {"@removed": {"reason": "changed"}}
_NEXT, _DELTA = "@odata.nextLink", "@odata.deltaLink"

READ_GROUPS = "GroupMember.Read.All"
_UNKNOWN = re.compile(r"property named '([^']+)'")  # from Graph's message for a $select that it refuses


@dataclass(frozen=True, slots=True)
class Page:
    """The users of one answer; on a round's last page, `link` is where the next round begins."""

    users: tuple[dict[str, Any], ...]
    link: str | None = None


class Users:
    """Asks with one selection. `again` repeats a single request within its limits."""

    def __init__(self, graph: Graph, properties: tuple[str, ...], again: Again) -> None:
        self._graph = graph
        self._select = ",".join(properties)
        self._again = again

    def first_round(self) -> str:
        """The address of a round that begins with everybody."""
        return self._graph.url("users/delta", _select=f"{self._select},manager")

    def round(self, link: str) -> Iterator[Page]:
        """All pages from a link up to the one with the link of the next round; pages may be empty.

        Raises Incomplete for a page without either link, or without a list: nothing shows that it is the last; and for
        a link to another host, which would be asked in vain until it is too old.
        Raises CursorExpired for a link that Graph no longer understands, by any of its errors.
        """
        what = "the users who have changed"
        is_given = link != self.first_round()  # Graph gave it, with a token that may have expired
        seen = {link}
        while True:
            try:
                page = self._get(link, what)
            except (BadRequest, Missing) as error:
                if not is_given:
                    raise
                raise CursorExpired(error.message, remedy=error.remedy) from error
            users, following, last = users_in(page, what), _following(page, seen, what), page.get(_DELTA)
            if following is None:
                if not (isinstance(last, str) and last):
                    raise Incomplete(
                        "Graph ended a round without saying where the next one begins.",
                        remedy="Nobody's status is changed; it is read again.",
                    )
                self._graph.require_own(last, what)
            yield Page(users, last if following is None else None)
            if following is None:
                return
            link, is_given = following, True

    def everybody(self) -> Iterator[Page]:
        """The plain list, independent of any delta."""
        url = self._graph.url(
            "users", _select=self._select, _top=str(PAGE_MAX), _expand="manager($select=id)"
        )
        return (Page(users) for users in self._pages(url, "all users"))

    def require_list(self) -> None:
        """Ask for the list, by the same selection: what is refused or not answered there is not about one user."""
        self._get(self._graph.url("users", _select=self._select, _top="1"), "all users")

    def one(self, user_id: str) -> dict[str, Any] | None:
        """One user with their manager; None for a 404, which alone proves nothing."""
        url = self._graph.url(f"users/{user_id}", _select=self._select, _expand="manager($select=id)")
        return self._found(user_id, url, "one user")

    def deleted(self, user_id: str) -> dict[str, Any] | None:
        """One deleted user, as long as they can be restored (30 days)."""
        url = self._graph.url(f"directory/deletedItems/{user_id}", _select=self._select)
        found = self._found(user_id, url, "one deleted user")
        return None if found is None else {**_CAN_BE_RESTORED, **found}

    def all_deleted(self) -> tuple[dict[str, Any], ...]:
        """All users who can be restored, without their managers."""
        url = self._graph.url(_DELETED, _select=self._select, _top=str(PAGE_MAX))
        pages = self._pages(url, "the deleted users")
        return tuple({**_CAN_BE_RESTORED, **user} for users in pages for user in users)

    def deleted_ids(self) -> frozenset[str]:
        """The ids of all users who can be restored."""
        url = self._graph.url(_DELETED, _select="id", _top=str(PAGE_MAX))
        return frozenset(self._ids(url, "the deleted users"))

    def members(self, group_id: str) -> frozenset[str]:
        """The ids of a group's users, including nested groups; raises an error if there are none."""
        url = self._graph.url(
            f"groups/{group_id}/transitiveMembers/microsoft.graph.user", _select="id", _top=str(PAGE_MAX)
        )
        try:
            found = frozenset(self._ids(url, f"the members of group {group_id}", READ_GROUPS))
        except PermissionDenied as error:
            error.remedy = f"{error.remedy} Without scope.groups it is not needed."
            raise
        except Missing as error:
            raise BadConfig(
                f"scope.groups: Graph knows no group {group_id}.",
                remedy="Copy the object id from the group's overview in the portal.",
            ) from error
        if not found:
            raise Incomplete(
                f"Graph lists nobody in group {group_id} of scope.groups.",
                remedy="Nobody's status is changed. If nobody should be in it, take it out of scope.groups.",
            )
        return found

    def count(self) -> int:
        """The number of users, including guests."""
        return self._again(lambda: self._graph.count(self._graph.url("users/$count"), what="users"))

    def _found(self, user_id: str, url: str, what: str) -> dict[str, Any] | None:
        """The user at an address. Raises Incomplete for another one than was asked for."""
        found = self._again(lambda: self._graph.find(url, what=what))
        if found is not None and guid(str(found.get("id") or "")) not in {None, guid(user_id)}:
            raise Incomplete(
                f"Graph's answer for {what} is about another user.",
                remedy="Nobody's status is changed; it is read again.",
            )
        return found

    def _ids(self, url: str, what: str, needs: str = READ_USERS) -> Iterator[str]:
        for users in self._pages(url, what, needs):
            yield from (found for user in users if (found := guid(str(user.get("id") or ""))))

    def _pages(self, url: str, what: str, needs: str = READ_USERS) -> Iterator[tuple[dict[str, Any], ...]]:
        """The users of each page, up to the page without a link to another."""
        following: str | None = url
        seen = {url}
        while following:
            page = self._get(following, what, needs)
            following = _following(page, seen, what)
            yield users_in(page, what)

    def _get(self, url: str, what: str, needs: str = READ_USERS) -> dict[str, Any]:
        try:
            return self._again(lambda: self._graph.get(url, what=what, needs=needs))
        except BadRequest as error:
            if (found := _UNKNOWN.search(error.message)) is None:
                raise
            near = get_close_matches(found[1], PROPERTIES, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise BadConfig(
                f"Graph knows no property {found[1]} of users.",
                remedy=f"Check attributes and scope.require.{hint}",
            ) from error


def users_in(page: dict[str, Any], what: str) -> tuple[dict[str, Any], ...]:
    """The users of a page. Raises Incomplete if it has no list of them."""
    users = page.get("value")
    if not isinstance(users, list) or not all(isinstance(user, dict) for user in users):
        raise Incomplete(
            f"Graph's answer for {what} has no list.", remedy="Nobody's status is changed; it is read again."
        )
    return tuple(users)


def _following(page: dict[str, Any], seen: set[str], what: str) -> str | None:
    """The address of the next page; None on the last. Raises an error for an address that is in `seen` already."""
    link = page.get(_NEXT)
    if link is None:
        return None
    if isinstance(link, str) and link and link not in seen:
        seen.add(link)
        return link
    how = "leads to a page for a second time" if link and isinstance(link, str) else "is no address"
    raise Incomplete(
        f"Graph's link to more of {what} {how}.", remedy="Nobody's status is changed; it is read again."
    )
