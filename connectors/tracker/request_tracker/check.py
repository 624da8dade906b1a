"""What has to be there before Request Tracker can be trusted: queue, rights, field, statuses, and that a look-up finds.

Reads only. RT lists no statuses, so they are proven by what it offers on our own newest tickets, once there are any.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.kit.tracker_rest import understood
from connectors.tracker.request_tracker import mapping
from connectors.tracker.request_tracker.client import RIGHTS, RT, RequestTrackerClient, Row, text
from connectors.tracker.request_tracker.config import RequestTrackerConfig
from worker.domain.mirror.outside import Goal
from worker.ports import BadConfig, PermissionDenied, Rejected

NEWEST = 20  # own tickets that are looked at
UNKNOWN = "whosleft-000000-check"  # an identity that no ticket has


def checked(client: RequestTrackerClient, config: RequestTrackerConfig, details: dict[str, str]) -> str:
    """Say what is there. Raises a ConnectorError for the first thing that is not."""
    details |= {"is_public": "unknown", "version": client.version()}  # rights of groups are not shown to us
    queue = client.queue(config.queue)
    _require_queue(queue, config)
    found = client.search(mapping.found_by(UNKNOWN, config.field), "an id that no ticket has")
    if found:
        raise Rejected(
            f"{RT} found {len(found)} tickets for an id that none has, so a look-up proves nothing.",
            remedy="Look for an extension of RT that changes searches.",
        )
    query = f"Creator = '__CurrentUser__' AND Queue = {int(queue['id'])}"
    own = client.search(query, "our own tickets", links=True, newest=NEWEST)
    if not own:
        details["proven"] = "no"
        return f"The queue {config.queue} is there. Statuses and moves are proven once a copy exists."
    understood(RT, "our own tickets", lambda: _require_rights(own, config))
    _require_found(client, own, config)
    understood(RT, "our own tickets", lambda: _require_statuses(client, query, own, config, details))
    return f"The queue {config.queue} is there, our tickets are found, and the statuses that we set exist."


def _require_queue(queue: Row, config: RequestTrackerConfig) -> None:
    if str(queue.get("Disabled")) == "1":
        raise BadConfig(
            f"{RT}'s queue {config.queue} is disabled.", remedy="Enable it, or name another in queue."
        )
    if not mapping.offers(queue, "create"):
        raise _lacks("make tickets in the queue", "CreateTicket")
    fields = mapping.names(queue.get("TicketCustomFields") or ())
    for name in (*([config.field] if config.field else []), *config.states.fields):
        if name.casefold() not in fields:
            raise BadConfig(
                f"{RT}'s queue {config.queue} has no custom field {name} for tickets, or we may not see it.",
                remedy=f"Make {name} in RT, apply it to the queue, and give our account SeeCustomField and "
                "ModifyCustomField for it.",
            )


def _require_rights(own: Sequence[Row], config: RequestTrackerConfig) -> None:
    here = own[0]
    if not mapping.moves(here):
        raise _lacks(f"change the status of #{here['id']}, which is {here['Status']}", "ModifyTicket")
    if config.field and not mapping.custom_fields(here).get(config.field):
        raise Rejected(
            f"{RT} left the custom field {config.field} of #{here['id']} empty. It is found by its link all the same.",
            remedy=f"Give our account SeeCustomField and ModifyCustomField for {config.field}.",
        )


def _require_found(client: RequestTrackerClient, own: Sequence[Row], config: RequestTrackerConfig) -> None:
    """The newest own ticket with an identity is found by it, and nothing else is."""
    for row in own:
        for identity in mapping.identities(row, config.field)[:1]:
            hits = client.search(mapping.found_by(identity, config.field), "a ticket by our id", links=True)
            if row["id"] in {hit["id"] for hit in hits if identity in mapping.identities(hit, config.field)}:
                return
            raise Rejected(
                f"{RT} does not find #{row['id']} by what it refers to, so a copy could be made twice.",
                remedy=RIGHTS,
            )


def _require_statuses(
    client: RequestTrackerClient,
    query: str,
    own: Sequence[Row],
    config: RequestTrackerConfig,
    details: dict[str, str],
) -> None:
    there = [str(row["Status"]) for row in own]
    known = {name.casefold(): name for name in (*there, *(to for row in own for to in mapping.moves(row)))}
    for name in there:
        if name.casefold() not in _meant(config):
            raise BadConfig(
                f"The status {name} of {RT} is not named under states.",
                remedy="Add it to done, open or declined.",
            )
    missing = [name for name in config.states.named() if name.casefold() not in known]
    missing = [
        name
        for name in missing
        if not client.search(f"{query} AND Status = {text(name)}", "tickets by status", newest=1)
    ]
    states = config.states
    for name in filter(None, (states.status(Goal.DONE), states.status(Goal.OPEN), states.on_cancelled)):
        if name in missing:
            raise BadConfig(
                f"{RT} does not offer the status {name} on our tickets; it offers {', '.join(known.values())}.",
                remedy="Correct states, or give the lifecycle an action that leads there.",
            )
    if missing:
        details["not_seen_yet"] = ", ".join(missing)


def _meant(config: RequestTrackerConfig) -> frozenset[str]:
    states = config.states
    return frozenset(name.casefold() for name in (*states.named(), *states.declined))


def _lacks(what: str, right: str) -> PermissionDenied:
    return PermissionDenied(
        f"Our account may not {what} in {RT}.", missing=right, remedy=f"{RIGHTS} It lacks {right}."
    )
