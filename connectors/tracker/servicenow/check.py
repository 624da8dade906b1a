"""Whether an instance has what the configuration names. Reads only.

the table and its fields -> states and resolution code in sys_choice -> the group -> the newest own copy is found
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connectors.tracker.servicenow import mapping
from connectors.tracker.servicenow.client import ServicenowClient
from connectors.tracker.servicenow.config import ServicenowConfig
from connectors.tracker.servicenow.people import People
from worker.domain.mirror.outside import Seen
from worker.ports import BadConfig, PermissionDenied, Rejected

DEMANDS_A_CODE = "incident"  # the table that is delivered with it


class Check:
    """Raises the first ConnectorError about what is missing."""

    def __init__(
        self,
        client: ServicenowClient,
        config: ServicenowConfig,
        people: People,
        find: Callable[[str, str], Sequence[Seen]],
    ) -> None:
        self._client = client
        self._config = config
        self._people = people
        self._find = find

    def run(self, details: dict[str, str]) -> str:
        """Return a sentence of what is there; `details` get what could not be seen."""
        details["is_public"] = "no"
        self._require_fields(details)
        self._require_choices(details)
        self._people.group()
        found = self._canary()
        details["canary"] = found or "no copy is there yet"
        return f"writes into {self._config.table}; found by our id: {found or 'no copy is there yet'}"

    def _require_fields(self, details: dict[str, str]) -> None:
        config = self._config
        fields = (*mapping.NEEDED, "work_notes", *config.fields, *(("close_code",) if config.close else ()))
        rows = list(
            self._client.rows(config.table, "ORDERBYDESCsys_created_on", fields, "the table", at_most=1)
        )
        if not rows:
            details["fields"] = "seen when a record can be read"
        for field in mapping.absent(rows[0], fields) if rows else []:
            raise PermissionDenied(
                f"ServiceNow did not show {config.table}.{field}.",
                missing=f"reading {config.table}.{field}",
                remedy=f"Look whether {config.table} has this field, and let the account read it.",
            )

    def _require_choices(self, details: dict[str, str]) -> None:
        config = self._config
        states = self._choices("state")
        if not states:
            details["states"] = "seen when used: the account can't read sys_choice"
        for state in config.states.named() if states else ():
            if state not in states:
                known = ", ".join(f"{number} {label}" for number, label in sorted(states.items()))
                raise BadConfig(
                    f"{config.table} has no state {state}.", remedy=f"Write its numbers in states: {known}."
                )
        if config.close is None:
            self._require_no_code()
            return
        codes = self._choices("close_code")
        if codes and config.close.close_code not in codes:
            raise BadConfig(
                f"{config.table} has no resolution code {config.close.close_code}.",
                remedy=f"Write one of these in close.close_code: {', '.join(sorted(codes))}.",
            )

    def _require_no_code(self) -> None:
        if self._config.table == DEMANDS_A_CODE:
            raise BadConfig(
                "An incident is not resolved without a resolution code and notes.",
                remedy="Write close: {close_code: …, close_notes: …}.",
            )

    def _choices(self, element: str) -> dict[str, str]:
        """What a field may be: the table's own choices, else those of Task; empty where we can't see them."""
        query = f"nameIN{self._config.table},task^element={element}^inactive=false^ORDERBYname"
        fields = ("name", "element", "value", "label")
        try:
            rows = list(self._client.rows("sys_choice", query, fields, f"the choices of {element}"))
        except (PermissionDenied, Rejected):
            return {}
        by_table: dict[str, dict[str, str]] = {}
        for row in rows:
            if mapping.value(row, "element") == element:
                choices = by_table.setdefault(mapping.value(row, "name"), {})
                choices[mapping.value(row, "value")] = mapping.value(row, "label")
        return by_table.get(self._config.table) or by_table.get("task") or {}

    def _canary(self) -> str:
        """The number of the newest copy, which its own id has to find."""
        query = f"correlation_display={mapping.DISPLAY}^ORDERBYDESCsys_created_on"
        fields = (*mapping.NEEDED, "correlation_display")
        rows = self._client.rows(self._config.table, query, fields, "our newest record", at_most=1)
        for row in rows:
            identity, number = mapping.value(row, "correlation_id"), mapping.value(row, "number")
            if mapping.value(row, "correlation_display") != mapping.DISPLAY or not identity:
                raise Rejected(
                    "ServiceNow ignored the question for our own records.",
                    remedy="Let the account read correlation_display and correlation_id.",
                )
            if mapping.value(row, "sys_id") not in {one.ref for one in self._find(identity, "")}:
                raise Rejected(
                    f"{number} is there, and its correlation_id does not find it.",
                    remedy="Let the account query correlation_id; without that, tickets would be made twice.",
                )
            return number
        return ""
