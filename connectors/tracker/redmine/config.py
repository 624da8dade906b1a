"""The keys of a `kind: redmine` tracker in the configuration file."""

from __future__ import annotations

from pydantic import Field

from connectors.kit.trackers import ServerAddress, StatesConfig, Token, TrackerConfig


class RedmineConfig(TrackerConfig):
    """What Redmine is configured with, besides the keys that every tracker has."""

    url: ServerAddress = Field(description="Redmine's address, as people open it.")
    api_key: Token = Field(description="The API access key of our account: ${file:…} or ${env:…}.")
    project: str = Field(min_length=1, description="The project that copies are made in, by its identifier.")
    tracker: str = Field(min_length=1, description="The tracker (the type of issue) of copies, by its name.")
    field: str = Field(
        default="Whosleft id",
        min_length=1,
        description="The custom field for issues that holds the identity; it has to be used as a filter.",
    )
    states: StatesConfig = Field(
        description="What the issue statuses mean; fields are custom fields by their names, or done_ratio and the like."
    )
    accounts: dict[str, int] = Field(
        default_factory=dict,
        description="Redmine's numbers of people, by their e-mail addresses, which it shows to administrators alone.",
    )
    formatting: bool = Field(
        default=True,
        description="Whether text is formatted there (CommonMark or Textile); false for plain text.",
    )
