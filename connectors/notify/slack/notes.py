"""What this connector notes for the log and the metrics."""

from __future__ import annotations

import logging

from worker.ports import Count, Metric, Noted

CONNECTIONS = Metric(
    "whosleft_slack_connections", "connections to Slack over which clicks come in", is_gauge=True
)

SOCKET_OPENED = Noted("slack.connected", logging.INFO, (Count(CONNECTIONS, by="connections"),))
SOCKET_LOST = Noted("slack.disconnected", logging.INFO, (Count(CONNECTIONS, by="connections"),))  # reason
SOCKET_REFUSED = Noted(  # error
    "slack.connection_refused", logging.WARNING, (Count(CONNECTIONS, by="connections"),)
)
CLICK_LOST = Noted(
    "slack.click_lost", logging.ERROR
)  # error: it could not be stored, and was not acknowledged
CALL_REFUSED = Noted("slack.call_refused", logging.WARNING)
NOTES = (SOCKET_OPENED, SOCKET_LOST, SOCKET_REFUSED, CLICK_LOST, CALL_REFUSED)
