"""GitHub: the issues of one repository, on github.com or on a server of one's own.

client (one request) -> mapping (an issue is a copy) -> connector (the port)
"""

from connectors.tracker.github.config import GithubConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="github",
    port=Port.TRACKER,
    config=GithubConfig,
    build=lazily("connectors.tracker.github.connector:GithubTracker"),
    summary="Copies of tickets as issues of a GitHub repository",
)
