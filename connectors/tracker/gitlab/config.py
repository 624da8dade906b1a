"""The keys of a `kind: gitlab` tracker in the configuration file."""

from __future__ import annotations

from pydantic import Field, field_validator

from connectors.kit.forges import ForgeConfig
from connectors.kit.trackers import ServerAddress, Token


class GitlabConfig(ForgeConfig):
    """One project, and the token that writes into it."""

    url: ServerAddress = Field(description="The server: https://gitlab.com.")
    token: Token = Field(
        description="A project's or a person's access token, scope api: ${file:…} or ${env:…}."
    )
    project: str = Field(
        pattern=r"^([0-9]+|[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)+)$",
        description="The project: its number, or its path as group/project.",
    )
    confidential: bool = Field(
        default=True, description="Only the project's members see the copies; false: whoever sees its issues."
    )
    declined_labels: tuple[str, ...] = Field(
        default=(),
        description="Labels that mean, on a closed issue: it was not done. The first is set when it is cancelled; "
        "without any, closed is done, and a cancelled ticket is only noted.",
    )

    @field_validator("labels", "declined_labels")
    @classmethod
    def _fit(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if any(not label.strip() or "," in label for label in labels):
            raise ValueError("a label is not empty and has no comma")
        return labels
