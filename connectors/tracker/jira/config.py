"""The keys of a `kind: jira` tracker in the configuration file."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from pydantic import Field, field_validator

from connectors.kit.trackers import ServerAddress, StatesConfig, Token, TrackerConfig
from worker.domain.escalation.wall_clock import named_day

LABEL_MAX = 255  # characters
OWN_FIELDS = frozenset({"project", "issuetype", "summary", "description", "labels"})
_PROJECT = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class JiraConfig(TrackerConfig):
    """What a tracker in Jira is configured with, besides the keys that all trackers have."""

    url: ServerAddress = Field(description="Jira's address. Plain http only to this machine.")
    user: str | None = Field(
        default=None,
        min_length=1,
        description="The account's e-mail address on Cloud; null: token is a personal access token (Data Center).",
    )
    token: Token = Field(description="The API token, or the personal access token: ${file:…} or ${env:…}.")
    token_expires_on: date | None = Field(
        default=None,
        description="The day on which the token ends, which Jira doesn't tell: an alarm says so 30 days before.",
    )
    project: str = Field(description="The project's key, such as SEC.")
    issue_type: str = Field(default="Task", min_length=1, description="The type of its issues.")
    request_type: str | None = Field(
        default=None,
        min_length=1,
        description="Jira Service Management: the request type, by its id on Cloud, as portal/key on Data Center.",
    )
    fields: dict[str, Any] = Field(
        default_factory=dict,
        description="Fixed values that a new issue gets, by a field's id, as Jira's REST API takes them.",
    )
    states: StatesConfig = Field(
        default=StatesConfig(done=("Done",), open=("To Do", "In Progress")),
        description="What Jira's statuses mean, and which ones we set.",
    )
    labels: tuple[str, ...] = Field(
        default=("whosleft",), description="Labels that each issue gets, besides that of its ticket."
    )

    @field_validator("token_expires_on", mode="before")
    @classmethod
    def _is_a_day(cls, day: Any) -> Any:
        try:
            return named_day(day) if isinstance(day, str) else day
        except ValueError:
            raise ValueError("write the day, such as 2027-08-01") from None

    @field_validator("project")
    @classmethod
    def _is_a_key(cls, project: str) -> str:
        if not _PROJECT.fullmatch(project):
            raise ValueError("write the project's key, such as SEC: letters, digits and _ (not its name)")
        return project

    @field_validator("labels")
    @classmethod
    def _are_labels(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if any(not label or len(label) > LABEL_MAX or any(map(str.isspace, label)) for label in labels):
            raise ValueError(f"a label in Jira has no spaces, and {LABEL_MAX} characters at most")
        return labels

    @field_validator("fields")
    @classmethod
    def _are_theirs(cls, fields: dict[str, Any]) -> dict[str, Any]:
        own = sorted(OWN_FIELDS & fields.keys())
        if own:
            raise ValueError(f"{own[0]} is set by Whosleft, or has a key of its own")
        return fields
