"""What is asked of Graph about users: rounds, lists, and single people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connectors._guids import guid
from connectors.directory.entra.graph import Graph
from worker.ports import Again, Incomplete, PermissionDenied

PAGE_MAX = 999  # of /users; what a delta gives at once is Graph's own choice
_NEXT, _DELTA = "@odata.nextLink", "@odata.deltaLink"

READ_GROUPS = "GroupMember.Read.All"


@dataclass(frozen=True, slots=True)
class Page:
    """Users of one answer; `link` is where the next round begins, on a round's last page."""

    users: tuple[dict[str, Any], ...]
    link: str | None = None


class Users:
    """Asks with one selection. `again` tries a single answer again, as often as is good for Graph."""

    def __init__(self, graph: Graph, properties: tuple[str, ...], again: Again) -> None:
        self._graph = graph
        self._select = ",".join(properties)
        self._again = again

    def first_round(self) -> str:
        """The address of a round that begins with everybody."""
        return self._graph.url("users/delta", _select=f"{self._select},manager")

    def round(self, link: str) -> Iterator[Page]:
        """All pages from a link to the one that has the link of the next round; empty pages among them.

        Raises Incomplete for a page that has neither link, or no list: then nothing shows that it is the last.
        """
        while True:
            page = self._get(link, "the users who have changed")
            users = _users_in(page, "the users who have changed")
            following, last = page.get(_NEXT), page.get(_DELTA)
            if not isinstance(following or last, str):
                raise Incomplete(
                    "Graph ended a round without saying where the next one begins.",
                    remedy="Nobody's status is changed; it is read again.",
                )
            yield Page(users, last if not following else None)
            if not following:
                return
            link = following

    def everybody(self) -> Iterator[Page]:
        """The plain list, independent of any delta."""
        url = self._graph.url(
            "users", _select=self._select, _top=str(PAGE_MAX), _expand="manager($select=id)"
        )
        while url:
            page = self._get(url, "all users")
            yield Page(_users_in(page, "all users"))
            url = page.get(_NEXT) or ""

    def one(self, user_id: str) -> dict[str, Any] | None:
        """One user with their manager; None for a 404, which is no proof of anything by itself."""
        url = self._graph.url(f"users/{user_id}", _select=self._select, _expand="manager($select=id)")
        return self._again(lambda: self._graph.find(url, what="one user"))

    def deleted(self, user_id: str) -> dict[str, Any] | None:
        """One deleted user, as long as they can be restored (30 days)."""
        url = self._graph.url(f"directory/deletedItems/{user_id}", _select=self._select)
        found = self._again(lambda: self._graph.find(url, what="one deleted user"))
        return None if found is None else {"@removed": {"reason": "changed"}, **found}

    def deleted_ids(self) -> frozenset[str]:
        """The ids of all users who can be restored."""
        url = self._graph.url("directory/deletedItems/microsoft.graph.user", _select="id", _top=str(PAGE_MAX))
        return frozenset(self._ids(url, "the deleted users"))

    def members(self, group_id: str) -> frozenset[str]:
        """The ids of a group's users, those of nested groups too."""
        url = self._graph.url(
            f"groups/{group_id}/transitiveMembers/microsoft.graph.user", _select="id", _top=str(PAGE_MAX)
        )
        try:
            return frozenset(self._ids(url, f"the members of group {group_id}"))
        except PermissionDenied as error:
            remedy = f"Grant the application permission {READ_GROUPS} and consent to it, or leave scope.groups empty."
            raise PermissionDenied(error.message, missing=READ_GROUPS, remedy=remedy) from error

    def count(self) -> int:
        """How many users there are, guests too."""
        return self._again(lambda: self._graph.count(self._graph.url("users/$count"), what="users"))

    def _ids(self, url: str, what: str) -> Iterator[str]:
        while url:
            page = self._get(url, what)
            yield from (found for user in _users_in(page, what) if (found := guid(str(user.get("id") or ""))))
            url = page.get(_NEXT) or ""

    def _get(self, url: str, what: str) -> dict[str, Any]:
        return self._again(lambda: self._graph.get(url, what=what))


def _users_in(page: dict[str, Any], what: str) -> tuple[dict[str, Any], ...]:
    users = page.get("value")
    if not isinstance(users, list) or not all(isinstance(user, dict) for user in users):
        raise Incomplete(
            f"Graph's answer for {what} has no list.", remedy="Nobody's status is changed; it is read again."
        )
    return tuple(users)
