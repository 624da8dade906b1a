"""ServiceNow: one table of tasks, such as incidents, over the Table API.

client (one request) -> mapping (a row is a copy) -> connector (the port), check (what is missing)
"""

from connectors.tracker.servicenow.config import ServicenowConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="servicenow",
    port=Port.TRACKER,
    config=ServicenowConfig,
    build=lazily("connectors.tracker.servicenow.connector:ServicenowTracker"),
    summary="Copies of tickets in a table of ServiceNow",
)
