"""Redmine by its REST interface: copies are issues of one project and one of its trackers.

client (one request, or one write) -> mapping (a row is a copy) -> connector (the port), check (what has to be there)
"""

from connectors.tracker.redmine.config import RedmineConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="redmine",
    port=Port.TRACKER,
    config=RedmineConfig,
    build=lazily("connectors.tracker.redmine.connector:RedmineTracker"),
    summary="issues of a project of Redmine",
)
