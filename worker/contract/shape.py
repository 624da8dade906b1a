"""The base of all shapes: no extra keys, `null` is always written, instants have one form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, SerializeAsAny

from worker.domain.reconcile.plan import instant

Instant: TypeAlias = Annotated[
    datetime, PlainSerializer(instant, return_type=str), Field(json_schema_extra={"format": "date-time"})
]
Day: TypeAlias = Annotated[
    date, PlainSerializer(date.isoformat, return_type=str), Field(json_schema_extra={"format": "date"})
]
Data: TypeAlias = dict[str, Any]
Counts: TypeAlias = dict[str, int]
Item = TypeVar("Item")


class Shape(BaseModel):
    """One object of an answer."""

    model_config = ConfigDict(extra="forbid", defer_build=True)  # most commands use none of them


class ListShape(Shape):
    """A whole list of one kind of shape."""

    items: list[SerializeAsAny[Shape]]
    total: int

    @classmethod
    def of(cls, items: Sequence[Shape]) -> ListShape:
        return cls(items=list(items), total=len(items))


class PageShape(Shape, Generic[Item]):
    """A part of a list. `total` is null where it is not counted; `next` is null at the end."""

    items: list[Item]
    total: int | None
    next: str | None

    @classmethod
    def of(
        cls, items: Sequence[Item], total: int | None = None, following: str | None = None
    ) -> PageShape[Item]:
        return cls(items=list(items), total=total, next=following)
