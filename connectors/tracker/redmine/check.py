"""What has to be there before Redmine can be trusted: project, field, statuses, moves, and that a look-up finds.

Reads only. A filter is believed only after a search for what nobody has found nothing, and one for our newest own
issue found just that. What people do to some of our issues is no fault of the set-up: one that can be moved proves it.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.kit.rest import Refusal
from connectors.kit.tracker_rest import understood
from connectors.tracker.redmine import mapping
from connectors.tracker.redmine.client import FORBIDDEN, NOT_FOUND, REDMINE, RIGHTS, RedmineClient, Row
from connectors.tracker.redmine.config import RedmineConfig
from connectors.tracker.redmine.hold import hold_of
from worker.domain.mirror.outside import CopyStanding, Goal
from worker.ports import BadConfig, PermissionDenied, Rejected

UNKNOWN = "whosleft-000000-check"  # an identity that no issue has
NEWEST = 20


def place_of(client: RedmineClient, config: RedmineConfig) -> mapping.Place:
    """Return where copies are made. Raises BadConfig for what is missing there, PermissionDenied if it is archived."""
    try:
        project = client.project(config.project)
    except PermissionDenied as error:
        if Refusal.behind(error).status != FORBIDDEN:
            raise
        raise PermissionDenied(
            error.message,
            missing=error.missing,
            remedy=f"If {config.project} is archived, unarchive it, or name another in project. {error.remedy}",
        ) from error.__cause__
    except Rejected as error:
        if Refusal.behind(error).status != NOT_FOUND:
            raise
        raise BadConfig(
            f"{REDMINE} has no project {config.project}.",
            remedy="Give its identifier in project: the last part of its address.",
        ) from error
    lacks = understood(
        REDMINE, "the project", lambda: mapping.missing_of(project, config.tracker, config.field)
    )
    if "tracker" in lacks:
        raise BadConfig(
            f"{REDMINE}'s project {config.project} has no tracker {config.tracker}.",
            remedy="Add it in the project's settings, or name another in tracker.",
        )
    if lacks:
        raise BadConfig(
            f"{REDMINE}'s project {config.project} has no custom field {config.field}, or we may not see it.",
            remedy=f"Make it (Administration, Custom fields, Issues): Text, used as a filter, for the tracker "
            f"{config.tracker} and this project, visible to our role.",
        )
    return understood(REDMINE, "the project", lambda: mapping.place(project, config.tracker, config.field))


def require_open(where: mapping.Place, config: RedmineConfig) -> None:
    """Raise BadConfig for a closed project: it is shown as ever, and takes no issue and no change."""
    if not where.is_open:
        raise BadConfig(
            f"{REDMINE}'s project {config.project} is closed.",
            remedy="Reopen it, or name another in project.",
        )


def require_filter(rows: Sequence[Row], where: mapping.Place, identity: str, field: str) -> None:
    """Raise Rejected if a search by the field returned an issue without this value: then it proves nothing."""
    values = understood(
        REDMINE, "issues", lambda: [mapping.custom_value(row, where.field_id) for row in rows]
    )
    for row, value in zip(rows, values, strict=True):
        if value != identity:
            raise Rejected(
                f"{REDMINE} ignores the filter by {field}: it returned #{row['id']}, which has another value.",
                remedy=f"Let {field} be used as a filter (Administration, Custom fields), visible to our role.",
            )


def checked(client: RedmineClient, config: RedmineConfig, details: dict[str, str]) -> str:
    """Say what is there. Raises a ConnectorError for the first thing that is not."""
    us = client.account()
    details["account"] = str(us.get("login", ""))
    if us.get("admin"):
        details["admin"] = "yes"
    where = place_of(client, config)
    details["is_public"] = "yes" if where.is_public else "no"
    require_open(where, config)
    _require_statuses(client, config)
    found = client.issues("an id that no issue has", {f"cf_{where.field_id}": UNKNOWN})
    require_filter(found, where, UNKNOWN, config.field)
    query: dict[str, str | int] = {
        "author_id": "me",
        "project_id": where.project_id,
        "limit": NEWEST,
        "sort": "id:desc",
    }
    rows = client.issues("our own issues", query)
    understood(REDMINE, "our own issues", lambda: _require_field(rows, where, config))
    own = understood(
        REDMINE, "our own issues", lambda: [row for row in rows if mapping.custom_value(row, where.field_id)]
    )
    if not own:
        details["proven"] = "no"
        return f"The project {config.project} is there. Moves are proven once a copy exists."
    understood(REDMINE, "our own issues", lambda: _require_found(client, own[0], where, config))
    understood(REDMINE, "our own issues", lambda: _require_tracker(client, own, where, config))
    ours = [row for row in own if int(row["tracker"]["id"]) == where.tracker_id]
    understood(REDMINE, "the moves", lambda: _require_moves(client, ours, config))
    return f"The project {config.project} is there, our issues are found, and they can be moved."


def _require_statuses(client: RedmineClient, config: RedmineConfig) -> None:
    there = client.statuses()
    known = {name.casefold() for name in there.values()}
    for name in (*config.states.named(), *config.states.declined):
        if name.casefold() not in known:
            raise BadConfig(
                f"{REDMINE} has no status {name}; it has {', '.join(there.values())}.",
                remedy="Correct states.",
            )


def _require_field(own: Sequence[Row], where: mapping.Place, config: RedmineConfig) -> None:
    """An issue of a tracker with the field shows it, though it may be empty."""
    for row in own:
        if int(row["tracker"]["id"]) == where.tracker_id and not mapping.has_field(row, where.field_id):
            raise BadConfig(
                f"{REDMINE}'s tracker {config.tracker} does not have the field {config.field}, or we may not see it: "
                f"#{row['id']} is without it.",
                remedy=f"Let {config.field} be for {config.tracker}, and visible to our role.",
            )


def _require_found(client: RedmineClient, newest: Row, where: mapping.Place, config: RedmineConfig) -> None:
    identity = str(mapping.custom_value(newest, where.field_id))
    hits = client.issues("an issue by our id", {f"cf_{where.field_id}": identity})
    require_filter(hits, where, identity, config.field)
    if newest["id"] not in {row["id"] for row in hits}:
        raise Rejected(
            f"{REDMINE} does not find #{newest['id']} by its {config.field}, so a copy could be made twice.",
            remedy=f"Let {config.field} be used as a filter, visible to our role.",
        )


def _require_tracker(
    client: RedmineClient, own: Sequence[Row], where: mapping.Place, config: RedmineConfig
) -> None:
    """The newest one that nobody gave another tracker shows what Redmine makes of ours."""
    for row in own:
        if int(row["tracker"]["id"]) == where.tracker_id:
            return
        if not mapping.was_given_tracker(client.issue(row["id"])):
            raise PermissionDenied(
                f"{REDMINE} made #{row['id']} with the tracker {row['tracker']['name']}, not {config.tracker}.",
                missing="Add issues",
                remedy=f"Let our role add issues of the tracker {config.tracker}.",
            )


def _require_moves(client: RedmineClient, ours: Sequence[Row], config: RedmineConfig) -> None:
    """An open one can be closed, a closed one can be reopened: the newest is told of if none can."""
    states = config.states
    for goal, froms in (
        (Goal.DONE, {CopyStanding.OPEN}),
        (Goal.OPEN, {CopyStanding.DONE, CopyStanding.DECLINED}),
        *([(Goal.CANCELLED, {CopyStanding.OPEN})] if states.on_cancelled else []),
    ):
        wanted = states.status(goal)
        refused: list[Row] = []
        for row in ours:
            if states.standing(str(row["status"]["name"])) not in froms:
                continue
            if mapping.allows(client.issue(row["id"]), wanted):
                refused.clear()
                break
            if not hold_of(client, row["id"]):
                refused.append(row)
        if refused:
            newest = refused[0]
            raise PermissionDenied(
                f"{REDMINE} does not let us move #{newest['id']} from status {newest['status']['name']} to {wanted}.",
                missing="a move of the workflow",
                remedy=f"Allow it for our role and the tracker {config.tracker} in Administration, Workflow. {RIGHTS}",
            )
