"""Notes about requests to Microsoft Graph, about our subscription and about its calls.

Fields of a request: `what`, `method`, `client_request_id` and `took_s`. Fields of its answer: `status`, `request_id`,
`units`, and if stated `retry_after_s`, `throttle_share`, `throttle_scope`, `throttle_why`, `code`.

An ordinary request is also a line in the log: a wrong answer may be noticed only days later, and then Microsoft's
support asks for its ids. In a quiet tenant that is one line for each poll.
"""

from __future__ import annotations

import logging

from worker.ports import Count, Metric, Noted

REQUESTS = Metric(
    "whosleft_graph_requests",
    "Requests to Microsoft Graph, by the status of the answer (none: no answer came).",
    label="status",
)
UNITS = Metric(
    "whosleft_graph_resource_units",
    "Resource units that Microsoft Graph counted, or by its documentation counts, for them.",
)
THROTTLED = Metric("whosleft_graph_throttled", "Requests that Microsoft Graph put off (429, 503).")
HELD_BACK = Metric(
    "whosleft_graph_held_back",
    "Requests that were not sent, because it was too soon after a wait or for the tenant's budget.",
)
LIMIT_RATIO = Metric(
    "whosleft_graph_throttle_limit_ratio",
    "Share of the app's limit in the tenant that is used; Microsoft Graph tells it from 0.8 on, else it is 0.",
    is_gauge=True,
)
SUBSCRIPTIONS = Metric(
    "whosleft_graph_subscriptions",
    "What became of our subscription to Microsoft Graph's notifications, and how often.",
    label="outcome",
)
CALLS = Metric(
    "whosleft_graph_calls",
    "Calls that came in as Microsoft Graph's, by whether something in them was believed, or was not.",
    label="outcome",
)

_NONE_YET = (Count(THROTTLED, otherwise=0), Count(HELD_BACK, otherwise=0))
_SENT = (*_NONE_YET, Count(REQUESTS, label_from="status"), Count(UNITS, by="units", otherwise=0))
_FAILED = (*_SENT, Count(LIMIT_RATIO, by="throttle_share", otherwise=None))
_NO_OUTCOME_YET = (
    *(Count(SUBSCRIPTIONS, label=one, otherwise=0) for one in ("made", "renewed", "refused", "ended")),
    *(Count(CALLS, label=one, otherwise=0) for one in ("accepted", "refused")),
)


def _outcome(metric: Metric, outcome: str, by: str = "") -> tuple[Count, ...]:
    return (*_NO_OUTCOME_YET, Count(metric, by=by, label=outcome))


# A good answer does not state a share below 0.8; an error may state none
GRAPH_ANSWERED = Noted(
    "graph.answered", logging.INFO, (*_SENT, Count(LIMIT_RATIO, by="throttle_share", otherwise=0))
)
GRAPH_REFUSED = Noted("graph.refused", logging.WARNING, _FAILED)
GRAPH_THROTTLED = Noted("graph.throttled", logging.WARNING, (*_FAILED, Count(THROTTLED)))
GRAPH_UNANSWERED = Noted("graph.left_unanswered", logging.WARNING, _FAILED)  # error
GRAPH_HELD_BACK = Noted(  # what, method, wait_s, why
    "graph.held_back", logging.INFO, (*_NONE_YET, Count(HELD_BACK))
)
SUBSCRIPTION_MADE = Noted("subscription.made", logging.INFO, _outcome(SUBSCRIPTIONS, "made"))  # ends_at
SUBSCRIPTION_RENEWED = Noted(  # ends_at
    "subscription.renewed", logging.INFO, _outcome(SUBSCRIPTIONS, "renewed")
)
SUBSCRIPTION_REFUSED = Noted(  # what, error, retry_after_s
    "subscription.refused", logging.WARNING, _outcome(SUBSCRIPTIONS, "refused")
)
SUBSCRIPTION_ENDED = Noted("subscription.ended", logging.WARNING, _outcome(SUBSCRIPTIONS, "ended"))  # why
CALL_ACCEPTED = Noted("call.accepted", logging.INFO, _outcome(CALLS, "accepted"))  # notices, lifecycle
CALL_REFUSED = Noted(  # calls: how many since the last line, why
    "call.refused", logging.WARNING, _outcome(CALLS, "refused", by="calls")
)

NOTES = (
    GRAPH_ANSWERED, GRAPH_REFUSED, GRAPH_THROTTLED, GRAPH_UNANSWERED, GRAPH_HELD_BACK,
    SUBSCRIPTION_MADE, SUBSCRIPTION_RENEWED, SUBSCRIPTION_REFUSED, SUBSCRIPTION_ENDED,
    CALL_ACCEPTED, CALL_REFUSED,
)  # fmt: skip
