"""Jira: Cloud by REST v3 and its document format, Data Center by REST v2 and wiki text.

client (one request, one page) -> mapping (an issue is a copy), moves (which way leads there), markup (our texts)
-> connector (the port), checking (what is missing for it)
"""

from connectors.tracker.jira.config import JiraConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="jira",
    port=Port.TRACKER,
    config=JiraConfig,
    build=lazily("connectors.tracker.jira.connector:JiraTracker"),
    summary="copies of tickets in a project of Jira Cloud, Data Center or Jira Service Management",
)
