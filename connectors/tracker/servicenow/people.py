"""People and groups of an instance: an address is an account, a group's name is its sys_id."""

from __future__ import annotations

import re

from connectors.tracker.servicenow import mapping
from connectors.tracker.servicenow.client import ServicenowClient, plain
from worker.ports import BadConfig, Rejected

_SYS_ID = re.compile(r"[0-9a-f]{32}")


class People:
    """Looks people up in `sys_user`, and the configured group once in `sys_user_group`."""

    def __init__(self, client: ServicenowClient, group: str | None) -> None:
        self._client = client
        self._wanted = group or ""
        self._group = ""

    def group(self) -> str:
        """Return the sys_id of the configured group; empty if none is configured. Raises BadConfig."""
        if not self._wanted or _SYS_ID.fullmatch(self._wanted):
            return self._wanted
        group = self._group or self._group_named(self._wanted)
        self._group = group  # asked for once; another thread may forget it
        return group

    def forget(self) -> None:
        """Look the group up anew: it may have been made anew under its name."""
        self._group = ""

    def _group_named(self, name: str) -> str:
        if "^" in name:
            raise BadConfig("group can't have a ^ in it.", remedy="Give the group's sys_id.")
        rows = self._client.rows(
            "sys_user_group", f"name={name}^active=true", ("sys_id", "name"), "the group", at_most=2
        )
        ids = [mapping.value(row, "sys_id") for row in rows if mapping.value(row, "name") == name]
        if len(ids) != 1:
            raise BadConfig(
                f"ServiceNow has {len(ids) or 'no'} active groups called {name}, or the account can't see them.",
                remedy="Write the group's name as it is there, or its sys_id, in group.",
            )
        return ids[0]

    def known(self, email: str) -> str:
        """Return the sys_id of the one active account with this address. Raises Rejected."""
        query = f"email={plain(email)}^active=true"
        rows = self._client.rows(
            "sys_user", query, ("sys_id", "email"), "an account by its address", at_most=20
        )
        ids = [
            mapping.value(row, "sys_id")
            for row in rows
            if mapping.value(row, "email").casefold() == email.casefold()
        ]
        if len(ids) != 1:
            raise Rejected(
                f"ServiceNow has not one account with the address {email} but {len(ids)}.",
                remedy="Give one active account that address there, or let the account read sys_user.",
            )
        self._require_in_group(ids[0], email)
        return ids[0]

    def _require_in_group(self, person: str, email: str) -> None:
        group = self.group()
        if not group:
            return
        query = f"group={group}^user={person}"
        rows = self._client.rows("sys_user_grmember", query, ("group", "user"), "a group's member", at_most=2)
        if not any(
            (mapping.value(row, "group"), mapping.value(row, "user")) == (group, person) for row in rows
        ):
            raise Rejected(
                f"{email} is not in the assignment group {self._wanted}.",
                remedy="Put that account into the group, or write another group.",
            )
