"""An issue is a copy; a draft is an issue. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.kit import forges
from connectors.kit.calls import instant
from connectors.tracker.gitlab.config import GitlabConfig
from worker.domain.mirror.outside import CopyGone, CopyStanding, Draft, Goal, LastMove, Seen

OPEN, CLOSED = "opened", "closed"


def seen(issue: Mapping[str, Any], config: GitlabConfig) -> Seen:
    """Raises KeyError and the like for no issue."""
    assignees = [str(one["username"]) for one in issue.get("assignees") or ()]
    return Seen(
        ref=str(int(issue["iid"])),
        key=str(issue["references"]["full"]),
        url=str(issue["web_url"]),
        identity=forges.identity(issue.get("description")),
        status=_status(issue, config),
        standing=standing(issue, config),
        assignee=config.shown(assignees[0]) if assignees else "",
        revision=str(issue["updated_at"]),
        opened_at=instant(issue["created_at"]),
    )


def moved_away(issue: Mapping[str, Any]) -> CopyGone | None:
    """An issue that was moved is closed here, which nobody meant as done; where it is now, we can't read."""
    if issue.get("moved_to_id") is None:
        return None
    return CopyGone(str(int(issue["iid"])), "moved to another project")


def standing(issue: Mapping[str, Any], config: GitlabConfig) -> CopyStanding:
    """Closed is done, unless it is a duplicate or has a label that says otherwise."""
    if issue["state"] == OPEN:
        return CopyStanding.OPEN
    if issue["state"] != CLOSED:
        return CopyStanding.UNKNOWN
    is_duplicate = bool((issue.get("_links") or {}).get("closed_as_duplicate_of"))
    if is_duplicate or declining(issue, config):
        return CopyStanding.DECLINED
    return CopyStanding.DONE


def declining(issue: Mapping[str, Any], config: GitlabConfig) -> list[str]:
    """Return the labels on it that say that it was not done."""
    wanted = {label.casefold() for label in config.declined_labels}
    return [str(label) for label in issue["labels"] if str(label).casefold() in wanted]


def _status(issue: Mapping[str, Any], config: GitlabConfig) -> str:
    labels = declining(issue, config) if issue["state"] == CLOSED else []
    return f"{issue['state']} ({', '.join(labels)})" if labels else str(issue["state"])


def wanted(draft: Draft, config: GitlabConfig) -> dict[str, Any]:
    """Return the issue to make. Who it is assigned to is not in it."""
    labels = {"labels": ",".join(config.labels)} if config.labels else {}
    due = {"due_date": draft.due_on.isoformat()} if draft.due_on else {}
    return {
        "title": forges.title(draft),
        "description": forges.description(draft),
        "confidential": config.confidential,
        **labels,
        **due,
    }


def move_to(goal: Goal, issue: Mapping[str, Any], config: GitlabConfig) -> dict[str, str]:
    """Return the fields that bring an issue there. A label that says that it was not done goes, or comes."""
    fields = {"state_event": "reopen" if goal is Goal.OPEN else "close"}
    if goal is Goal.CANCELLED:
        return {**fields, "add_labels": config.declined_labels[0]}
    declined = declining(issue, config)
    return {**fields, **({"remove_labels": ",".join(declined)} if declined else {})}


def dropped(issue: Mapping[str, Any], config: GitlabConfig) -> list[str]:
    """Return the configured labels that it does not have, and "confidential" if it is not."""
    there = {str(label).casefold() for label in issue["labels"]}
    labels = [label for label in config.labels if label.casefold() not in there]
    is_open = config.confidential and issue["confidential"] is not True
    return [*labels, *(["confidential"] if is_open else [])]


def logins_of(issue: Mapping[str, Any]) -> frozenset[str]:
    """Return the accounts that have it, in lower case."""
    return frozenset(str(one["username"]).casefold() for one in issue.get("assignees") or ())


def last_move(moves: Sequence[Mapping[str, Any]], config: GitlabConfig) -> LastMove:
    """Who closed or reopened it last."""
    if not moves:
        return LastMove()
    last = max(moves, key=lambda move: int(move["id"]))
    login = str((last.get("user") or {}).get("username") or "")
    return LastMove(login, config.email(login), instant(last["created_at"]))
