"""Who clicks: a full member of this workspace with an address, and whether they are an operator.

Nothing is remembered of a person, since rights are looked up at the click and again at its form. A user group's id is
remembered for as long as this process lives, its members for half a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from connectors.notify.slack.config import USER_GROUP
from connectors.notify.slack.talk import TalkClient
from worker.domain.evidence.actor import signed_in
from worker.domain.text.mail_domains import foldable
from worker.ports import Permanent, Unreachable
from worker.ports.connectors.conversing import Clicker

GROUP_LIFE_S = 30.0
_NOT_OURS = "Only full members of this workspace can act."


class Clickers:
    """Looks people up. `operators`: addresses, and `user_group:NAME`."""

    def __init__(self, client: TalkClient, operators: Sequence[str]) -> None:
        self._client = client
        self._addresses = {one.casefold() for one in operators if not one.startswith(USER_GROUP)}
        self._groups = [
            one.removeprefix(USER_GROUP).strip(" @").casefold()
            for one in operators
            if one.startswith(USER_GROUP)
        ]
        self._team = ""
        self._members: tuple[float, frozenset[str]] = (0.0, frozenset())

    def who(self, user_id: str) -> Clicker:
        """Look a person up. Raises Unreachable for guests, bots, other workspaces, and people without an address."""
        self._team = self._team or self._client.team_id()
        found = self._client.person(user_id)
        if not found.is_full_member or self._team not in found.teams or "@" not in found.email:
            raise Unreachable("Slack: this is no full member of the workspace.", remedy=_NOT_OURS)
        is_operator = found.email.casefold() in self._addresses or user_id in self._operators()
        return Clicker(
            foldable(found.email), found.name, signed_in(f"slack:{self._team}", user_id), is_operator
        )

    def _operators(self) -> frozenset[str]:
        """The members of the operators' user groups; nobody of one that can't be read."""
        if not self._groups:
            return frozenset()
        until_s, members = self._members
        if monotonic() >= until_s:
            try:
                ids = self._client.user_groups()
                known = [ids[name] for name in self._groups if name in ids]
                members = frozenset[str]().union(*map(self._client.user_group, known))
            except Permanent:
                members = frozenset()
            self._members = monotonic() + GROUP_LIFE_S, members
        return members

    def missing_groups(self) -> list[str]:
        """The operators' user groups that the workspace doesn't have. Raises ConnectorError."""
        if not self._groups:
            return []
        ids = self._client.user_groups()
        return [name for name in self._groups if name not in ids]
