"""An issue is a copy; a draft is an issue. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.kit import forges
from connectors.kit.calls import instant
from connectors.tracker.github.config import GithubConfig
from worker.domain.mirror.outside import CopyStanding, Draft, Goal, LastMove, Seen

NOT_DONE = frozenset({"not_planned", "duplicate"})  # reasons for which an issue is closed without being done
_MOVES = {
    Goal.OPEN: {"state": "open", "state_reason": "reopened"},
    Goal.DONE: {"state": "closed", "state_reason": "completed"},
    Goal.CANCELLED: {"state": "closed", "state_reason": "not_planned"},
}
_EVENTS = frozenset({"closed", "reopened"})


def seen(issue: Mapping[str, Any], config: GithubConfig, ref: str = "") -> Seen:
    """`ref` is the number that it had before it was transferred. Raises KeyError and the like for no issue."""
    number = str(int(issue["number"]))
    place = place_of(issue)
    assignees = [str(one["login"]) for one in issue.get("assignees") or ()]
    return Seen(
        ref=ref or number,
        key=f"{place}#{number}",
        url=str(issue["html_url"]),
        identity=forges.identity(issue.get("body")),
        status=_status(issue),
        standing=standing(issue),
        assignee=config.shown(assignees[0]) if assignees else "",
        revision=str(issue["updated_at"]),
        is_elsewhere=place.casefold() != config.repository.casefold(),
        opened_at=instant(issue["created_at"]),
    )


def place_of(issue: Mapping[str, Any]) -> str:
    """Return owner/name of the repository that it is in."""
    return "/".join(str(issue["repository_url"]).rsplit("/", 2)[1:])


def _status(issue: Mapping[str, Any]) -> str:
    reason = issue.get("state_reason") or ""
    return f"{issue['state']} ({reason.replace('_', ' ')})" if reason else str(issue["state"])


def standing(issue: Mapping[str, Any]) -> CopyStanding:
    """Closed is done, unless the reason says otherwise."""
    if issue["state"] == "open":
        return CopyStanding.OPEN
    if issue["state"] != "closed":
        return CopyStanding.UNKNOWN
    return CopyStanding.DECLINED if issue.get("state_reason") in NOT_DONE else CopyStanding.DONE


def is_issue(row: Mapping[str, Any]) -> bool:
    """Lists of issues have pull requests, too."""
    return "pull_request" not in row


def wanted(draft: Draft, config: GithubConfig) -> dict[str, Any]:
    """Return the issue to make. Who it is assigned to is not in it."""
    labels = {"labels": list(config.labels)} if config.labels else {}
    return {"title": forges.title(draft), "body": forges.description(draft), **labels}


def move_to(goal: Goal) -> dict[str, str]:
    """Return the fields that bring an issue there."""
    return _MOVES[goal]


def labels_of(issue: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of its labels, in lower case: they are compared without case."""
    names = (one["name"] if isinstance(one, Mapping) else one for one in issue["labels"])
    return frozenset(str(name).casefold() for name in names)


def logins_of(issue: Mapping[str, Any]) -> frozenset[str]:
    """Return the accounts that have it, in lower case."""
    return frozenset(str(one["login"]).casefold() for one in issue.get("assignees") or ())


def last_move(events: list[Mapping[str, Any]], config: GithubConfig) -> LastMove:
    """Who closed or reopened it last."""
    moves = [event for event in events if event.get("event") in _EVENTS]
    if not moves:
        return LastMove()
    actor = moves[-1].get("actor") or {}
    login = str(actor.get("login") or "")
    return LastMove(login, config.email(login), instant(moves[-1]["created_at"]))
