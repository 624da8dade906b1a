"""The keys of a `kind: github` tracker in the configuration file."""

from __future__ import annotations

from pydantic import Field, field_validator

from connectors.kit.forges import ForgeConfig
from connectors.kit.trackers import ServerAddress, Token

PUBLIC_API = "https://api.github.com"
LABEL_MAX = 50


class GithubConfig(ForgeConfig):
    """One repository, and the token that writes into it."""

    url: ServerAddress | None = Field(
        default=None, description="The API's address: https://github.example.org/api/v3; null: github.com."
    )
    token: Token = Field(description="A fine-grained token, or that of an app: ${file:…} or ${env:…}.")
    repository: str = Field(
        pattern=r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$", description="The repository, owner/name."
    )

    @field_validator("labels")
    @classmethod
    def _fit(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if any(not label.strip() or len(label) > LABEL_MAX or "," in label for label in labels):
            raise ValueError(f"a label has 1 to {LABEL_MAX} characters and no comma")
        return labels

    @property
    def api(self) -> str:
        """The API's address."""
        return self.url or PUBLIC_API
