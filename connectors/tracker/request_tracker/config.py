"""The keys of a `kind: request_tracker` tracker in the configuration file."""

from __future__ import annotations

from pydantic import Field

from connectors.kit.trackers import ServerAddress, StatesConfig, Token, TrackerConfig


class RequestTrackerConfig(TrackerConfig):
    """What Request Tracker is configured with, besides the keys that every tracker has."""

    url: ServerAddress = Field(description="RT's address, as people open it, without /REST/2.0.")
    token: Token = Field(description="An authentication token of our account: ${file:…} or ${env:…}.")
    queue: str = Field(min_length=1, description="The queue that copies are made in, by its name.")
    states: StatesConfig = Field(
        description="What the statuses of the queue's lifecycle mean; fields are custom fields, by their names."
    )
    field: str | None = Field(
        default=None,
        min_length=1,
        description="A custom field of the queue that gets the identity too; null: it is a link (RefersTo) alone.",
    )
