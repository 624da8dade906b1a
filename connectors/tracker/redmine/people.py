"""Who is who in Redmine, which shows e-mail addresses to administrators alone, or of those who let it."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.kit.rest import Refusal
from connectors.kit.tracker_rest import NotUnderstood
from connectors.tracker.redmine.client import REDMINE, RedmineClient
from worker.ports import NotDone, PermissionDenied, Rejected, Transient


class People:
    """The people of one Redmine: as configured, else as it shows them. Keeps what it was shown."""

    def __init__(self, client: RedmineClient, configured: Mapping[str, int]) -> None:
        self._client = client
        self._numbers = {email.casefold(): number for email, number in configured.items()}
        self._addresses = {number: email for email, number in configured.items()}
        self._unanswered: dict[int, Transient] = {}

    def ask_again(self) -> None:
        """Ask for those again of whom Redmine could not say anything."""
        self._unanswered.clear()

    def address(self, number: int, name: str) -> str:
        """Return somebody's address; their name where Redmine does not show it.

        Raises NotUnderstood if it answers, and can't say: by their name they would be somebody else.
        """
        if number in self._unanswered:
            raise self._unanswered[number]
        if number not in self._addresses:
            try:
                self._addresses[number] = str(self._client.user(number).get("mail") or "")
            except (PermissionDenied, Rejected):  # a group, or somebody whom we may not see
                self._addresses[number] = ""
            except NotDone:
                raise
            except Transient as error:
                if not isinstance(error, NotUnderstood) and not Refusal.behind(error).status:
                    raise  # no answer at all, which is not about them
                said = NotUnderstood(error.message, remedy=f"Look at {name} in {REDMINE}.")
                self._unanswered[number] = said
                raise said from error
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
