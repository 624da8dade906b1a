"""GitLab: the issues of one project, on gitlab.com or on a server of one's own.

client (one request) -> mapping (an issue is a copy) -> connector (the port), check (what is missing)
"""

from connectors.tracker.gitlab.config import GitlabConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="gitlab",
    port=Port.TRACKER,
    config=GitlabConfig,
    build=lazily("connectors.tracker.gitlab.connector:GitlabTracker"),
    summary="Copies of tickets as confidential issues of a GitLab project",
)
