"""Who is who in Redmine, which shows e-mail addresses to administrators alone, or of those who let it."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.tracker.redmine.client import REDMINE, RedmineClient
from worker.ports import PermissionDenied, Rejected


class People:
    """The people of one Redmine: as configured, else as it shows them. Keeps what it was shown."""

    def __init__(self, client: RedmineClient, configured: Mapping[str, int]) -> None:
        self._client = client
        self._numbers = {email.casefold(): number for email, number in configured.items()}
        self._addresses = {number: email for email, number in configured.items()}

    def address(self, number: int, name: str) -> str:
        """Return somebody's address; their name where Redmine does not show it. Raises ConnectorError."""
        if number not in self._addresses:
            try:
                self._addresses[number] = str(self._client.user(number).get("mail") or "")
            except (PermissionDenied, Rejected):  # a group, or somebody whom we may not see
                self._addresses[number] = ""
        return self._addresses[number] or name

    def number(self, email: str) -> int:
        """Return the number of the one active person with an address. Raises Rejected."""
        known = self._numbers.get(email.casefold())
        if known is not None:
            return known
        try:
            found = self._client.users(email)
        except PermissionDenied as error:
            raise Rejected(
                f"{REDMINE} shows addresses to administrators alone, so {email} can't be told to be one account.",
                remedy="Write their number there, which is in the address of their page, under accounts.",
            ) from error
        if len(found) != 1:
            raise Rejected(
                f"{REDMINE} has {len(found)} active accounts with the address {email}, not one account.",
                remedy="Write their number there under accounts, or give it to somebody by hand.",
            )
        return next(iter(found))
