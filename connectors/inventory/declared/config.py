"""The configuration of an inventory of declared rosters."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, field_validator

from connectors.kit.settings import Period, Section


class DeclaredConfig(Section):
    """The keys of an inventory of kind `declared`, besides `name` and `kind`."""

    confirm_every: Period = Field(
        default=timedelta(days=30),
        description="How long a declared roster counts, unless stale_after says. Then its admin is asked again.",
    )
    messenger: str = Field(
        default="whatsapp", min_length=1, description="The messenger of groups that name none."
    )

    @field_validator("messenger")
    @classmethod
    def _is_a_key(cls, messenger: str) -> str:
        return messenger.strip().casefold()
