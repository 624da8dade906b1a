"""The screen on which new issues are made: which type, which fields it takes, and which it wants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.kit.text import listed
from connectors.tracker.jira.client import JiraClient, Row
from connectors.tracker.jira.config import JiraConfig
from worker.ports import BadConfig

REQUEST_TYPE = "com.atlassian.servicedesk:vp-origin"  # the kind of field that holds the type of a request
_GIVEN = frozenset({"project", "issuetype", "summary", "description", "labels", "duedate", "reporter"})


@dataclass(frozen=True, slots=True)
class Form:
    """`fields` are by id. `request_field` is the id of the request type's; "" where none is configured."""

    type_id: str
    fields: Mapping[str, Row]
    request_field: str = ""

    def unanswered(self, config: JiraConfig) -> list[str]:
        """Return the fields that are required, and that a new issue of ours would have no value for."""
        given = _GIVEN | config.fields.keys() | {self.request_field}
        return [
            f"{field.get('name')} ({key})"
            for key, field in self.fields.items()
            if field.get("required") is True and field.get("hasDefaultValue") is not True and key not in given
        ]


def read_form(client: JiraClient, config: JiraConfig) -> Form:
    """Return the form of the configured issue type. Raises BadConfig where the account may make none of it."""
    types = client.issue_types(config.project)
    wanted = config.issue_type.casefold()
    row = next((row for row in types if str(row.get("name")).casefold() == wanted), None)
    if row is None:
        names = listed([str(one.get("name")) for one in types]) or "none"
        raise BadConfig(
            f"This account can make no {config.issue_type!r} in the project {config.project}; it can make: {names}.",
            remedy="Give one of them in issue_type, or the account the right Create Issues.",
        )
    type_id = str(row.get("id"))
    fields = {
        str(field.get("fieldId") or field.get("key")): field for field in client.form(config.project, type_id)
    }
    return Form(type_id, fields, _request_field(client) if config.request_type else "")


def _request_field(client: JiraClient) -> str:
    for field in client.all_fields():
        schema = field.get("schema")
        if isinstance(schema, dict) and schema.get("custom") == REQUEST_TYPE:
            return str(field.get("id"))
    raise BadConfig(
        "This Jira has no request types.",
        remedy="Leave request_type out: it is for Jira Service Management.",
    )
