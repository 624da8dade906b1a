"""What keeps an issue from being closed or reopened though the workflow allows it: subtasks, blocking ones, parents."""

from __future__ import annotations

from connectors.kit.tracker_rest import understood
from connectors.tracker.redmine.client import PAGE, REDMINE, RedmineClient, Row


def hold_of(client: RedmineClient, ref: str) -> str:
    """Return what has to be done before an issue can be moved, with the numbers; "" if nothing holds it.

    Redmine closes nothing that has an open subtask or an open issue that blocks it, and reopens nothing whose parent
    is closed. What our account may not see is left out.
    """
    row = client.issue(ref, "children,relations")
    return understood(REDMINE, "what is tied to an issue", lambda: _hold(client, row))


def _hold(client: RedmineClient, row: Row) -> str:
    if row["status"].get("is_closed"):
        parents = [str(row["parent"]["id"])] if row.get("parent") else []
        return _told("Reopen its parent first", _those(client, parents, is_closed=True))
    subtasks = _those(client, _subtasks(row), is_closed=False)
    blocking = [
        str(one["issue_id"])
        for one in row.get("relations") or ()
        if one["relation_type"] == "blocks" and str(one["issue_to_id"]) == row["id"]
    ]
    return " ".join(
        filter(
            None,
            (
                _told("Close its open subtasks first", subtasks),
                _told("Close what blocks it first", _those(client, blocking, is_closed=False)),
            ),
        )
    )


def _subtasks(row: Row) -> list[str]:
    """The numbers of all below an issue."""
    children = row.get("children") or ()
    return [number for child in children for number in (str(child["id"]), *_subtasks(child))]


def _those(client: RedmineClient, refs: list[str], *, is_closed: bool) -> list[str]:
    """Return those that are closed, or those that are not."""
    if not refs:
        return []
    rows = client.issues("what is tied to an issue", {"issue_id": ",".join(refs[:PAGE])})
    return [f"#{one['id']}" for one in rows if bool(one["status"].get("is_closed")) is is_closed]


def _told(what: str, keys: list[str]) -> str:
    return f"{what}: {', '.join(keys)}." if keys else ""
