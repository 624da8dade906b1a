"""The base of every section of the configuration."""

from __future__ import annotations

from typing import Any, get_origin

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """Settings do not change, and an unknown key is an error.

    A section or list without a value (all of its lines are comments) counts as left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_left_out(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: item for key, item in value.items() if item is not None or not cls._holds_more(key)}

    @classmethod
    def _holds_more(cls, key: str) -> bool:
        field = cls.model_fields.get(key)
        kind = field.annotation if field else None
        return get_origin(kind) is tuple or (isinstance(kind, type) and issubclass(kind, Section))
