"""The keys of a `kind: teams` inventory in the configuration file, besides those of a tenant."""

from __future__ import annotations

from pydantic import Field

from connectors.kit.graph.config import TenantConfig


class TeamsConfig(TenantConfig):
    """One tenant's Teams. It signs in as a directory of kind `entra` does."""

    chats: bool = Field(default=False, description="Read group chats, too: one request for each account.")
