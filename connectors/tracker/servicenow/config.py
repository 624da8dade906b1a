"""The keys of a `kind: servicenow` tracker in the configuration file."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.kit.settings import Section
from connectors.kit.trackers import ServerAddress, StatesConfig, TrackerConfig


class CloseConfig(Section):
    """What closing demands: an incident is not resolved without both."""

    close_code: str = Field(
        min_length=1, description="The value of Resolution code, as this instance has it."
    )
    close_notes: str | None = Field(
        default=None, min_length=1, description="The resolution notes; null: what is noted on that occasion."
    )


class ServicenowConfig(TrackerConfig):
    """One table of one instance, and the account that writes into it."""

    url: ServerAddress = Field(description="The instance: https://example.service-now.com.")
    user: str = Field(min_length=1, pattern=r"^[^:\s]+$", description="The service account's user id.")
    password: SecretStr = Field(description="Its password: ${file:…} or ${env:…}.")
    table: str = Field(
        default="incident", pattern=r"^[a-z][a-z0-9_]*$", description="The table; it has to extend Task."
    )
    states: StatesConfig = Field(description="What its states mean, by their numbers.")
    close: CloseConfig | None = Field(default=None, description="What is sent along when it is closed.")
    group: str | None = Field(
        default=None, min_length=1, description="The assignment group of each copy, by name or sys_id."
    )
    fields: dict[str, str] = Field(
        default_factory=dict, description="Further fields of each copy, as values: sys_ids and numbers."
    )

    @field_validator("password")
    @classmethod
    def _is_given(cls, password: SecretStr) -> SecretStr:
        if not password.get_secret_value().strip():
            raise ValueError("the password is empty")
        return password

    @model_validator(mode="after")
    def _has_numbers(self) -> Self:
        states = self.states
        for state in (*states.named(), *states.declined):
            if state in states.declined and state not in states.named():
                continue  # a resolution code has a text
            if not state.lstrip("-").isdecimal():
                raise ValueError(f"states: {state!r} is no number; ServiceNow's states are numbers")
        return self
