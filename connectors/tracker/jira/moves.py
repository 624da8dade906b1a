"""Which move leads to a status from where an issue is, and what it asks for. Pure.

A status is no move: the ids of moves depend on where the issue is, and a move's screen decides which fields it takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.kit.text import cut, one_line
from connectors.tracker.jira.client import Row
from worker.ports import Rejected

NAMED_MAX = 10
TEXT_MAX = 200


@dataclass(frozen=True, slots=True)
class Way:
    """One move. `has_screen` is None where Jira doesn't tell: without one, what comes along with it is lost."""

    move_id: str
    fields: Mapping[str, Any]
    has_screen: bool | None


def way_to(transitions: Sequence[Row], here: str, status: str, values: Mapping[str, Any]) -> Way:
    """Return the move to a status, with those of the `values` that its screen takes.

    Of several the first whose required fields have a value. Raises Rejected if there is none, or a field has none.
    """
    leading = [row for row in transitions if _leads_to(row, status)]
    if not leading:
        raise Rejected(
            f"No move leads from {here!r} to {status!r} for this account.",
            remedy="Give the account the right Transition Issues, and the workflow a move there from each status.",
        )
    row = min(leading, key=lambda row: bool(_missing(row, values)))
    missing = _missing(row, values)
    if missing:
        raise Rejected(
            f"The move to {status!r} asks for {', '.join(missing)}.",
            remedy="Give it a value in states.fields (closing), or make it optional on the move's screen in Jira.",
        )
    fields = {key: value for key, value in values.items() if key in _fields(row)}
    has_screen = row.get("hasScreen")
    return Way(str(row.get("id")), fields, has_screen if isinstance(has_screen, bool) else None)


def _leads_to(row: Row, status: str) -> bool:
    to = row.get("to")
    name = to.get("name") if isinstance(to, dict) else None
    return (
        isinstance(name, str) and name.casefold() == status.casefold() and row.get("isAvailable") is not False
    )


def _missing(row: Row, values: Mapping[str, Any]) -> list[str]:
    """Return the required fields without a value, each with its id and what may stand in it."""
    return [
        _described(key, field)
        for key, field in _fields(row).items()
        if field.get("required") is True and field.get("hasDefaultValue") is not True and key not in values
    ]


def _described(key: str, field: Row) -> str:
    allowed = field.get("allowedValues")
    names = [
        one_line(str(value.get("name") or value.get("value") or ""))
        for value in (allowed if isinstance(allowed, list) else [])
        if isinstance(value, dict)
    ]
    one_of = f": one of {', '.join(filter(None, names[:NAMED_MAX]))}" if any(names) else ""
    return cut(f"{one_line(str(field.get('name') or key))} ({key}{one_of})", TEXT_MAX)


def _fields(row: Row) -> dict[str, Row]:
    fields = row.get("fields")
    found = fields if isinstance(fields, dict) else {}
    return {key: field for key, field in found.items() if isinstance(field, dict)}
