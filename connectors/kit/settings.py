"""Shared parts of connectors' configuration models: a frozen section, TLS, durations, distinguished names.

Connectors cannot import `worker.settings`; these have the same rules and the same messages.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from connectors.kit import dn as _dn
from worker.domain.text.durations import parse_duration


class Section(BaseModel):
    """Settings do not change, an unknown key is an error, and no error repeats what was typed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class TlsConfig(Section):
    """Whom to trust besides the public authorities."""

    ca_file: str | None = Field(
        default=None, description="Certificates (PEM) of the organisation's own authority."
    )

    def path(self, base_dir: Path) -> Path | None:
        """Return the file, resolved against the configuration's folder; None if there is none."""
        return base_dir / self.ca_file if self.ca_file else None


def _seconds(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError(  # noqa: TRY004  pydantic shows a ValueError as it is
            f"{value} has no unit; write {value}s, {value}m or {value}h"
        )
    if not isinstance(value, str | timedelta):  # pydantic would take 1.5 and true for seconds
        raise ValueError("is not a duration; write a number and its unit, such as 5s, 30m or 2h")  # noqa: TRY004
    return parse_duration(value) if isinstance(value, str) else value


def _written(value: timedelta) -> str:
    return f"{round(value.total_seconds())}s"


def _lasts(value: timedelta) -> timedelta:
    if value < timedelta(seconds=1):
        raise ValueError("is too short; write 1s or more")
    return value


Period: TypeAlias = Annotated[
    timedelta,
    BeforeValidator(_seconds),
    AfterValidator(_lasts),
    PlainSerializer(_written, return_type=str, when_used="json"),
    WithJsonSchema(
        {"type": "string", "pattern": r"^\s*([0-9]+[wdhms]\s*)+$", "examples": ["5s", "30s", "30m"]}
    ),
]


def _is_a_dn(value: str) -> str:
    if not _dn.is_dn(value):
        raise ValueError(f"{value!r} is not a distinguished name; write it like OU=Staff,DC=corp,DC=example")
    return value


DistinguishedName: TypeAlias = Annotated[str, AfterValidator(_is_a_dn)]
