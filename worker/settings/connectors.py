"""The entries of `directories:`, `inventories:`, `notify:` and of advisories' feeds: their common keys, and the others
unchanged.

The settings know no connector; each connector's own model decides on its other keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    Field,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from worker.domain.mirror.copy import Content
from worker.domain.text.globs import fits
from worker.domain.tickets.ticket import TicketKind
from worker.ports import Port
from worker.settings.document import PlacedDict, Position
from worker.settings.fields import Name, Period, Text, at_least
from worker.settings.problems import Wrong
from worker.settings.references import is_secret_key
from worker.settings.section import Section

EVERY_MIN = timedelta(seconds=10)
# The lists of entries, by their place in the file
SECTIONS: Mapping[tuple[str, ...], Port] = {
    ("directories",): Port.DIRECTORY,
    ("inventories",): Port.INVENTORY,
    ("notify",): Port.NOTIFY,
    ("controls", "advisories", "feeds"): Port.ADVISORIES,
    ("trackers",): Port.TRACKER,
}


class ConnectorEntry(Section):
    """One connector: its name and kind; `options` has every other key, with secrets as SecretStr."""

    COMMON: ClassVar[tuple[str, ...]] = ("name", "kind")

    name: Name = Field(description="Its name here; lasting, since it is part of every id that it gives.")
    kind: Text = Field(description="Which connector it is.")
    options: dict[str, Any] = Field(default_factory=dict)
    _place: Position | None = PrivateAttr(default=None)

    @model_validator(mode="wrap")
    @classmethod
    def _keep_the_rest(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(value, dict):
            return handler(value)
        common = {key: value[key] for key in cls.COMMON if key in value}
        rest = {key: item for key, item in value.items() if key not in cls.COMMON}
        place = value.place if isinstance(value, PlacedDict) else None
        entry = handler({**common, "options": wrapped(rest, place)})
        return entry.placed(place)

    def placed(self, place: Position | None) -> Self:
        """Note the entry's place in the file, for messages about its options."""
        self._place = place
        return self

    @property
    def place(self) -> Position | None:
        """The entry's place in the file; None if it does not come from a file."""
        return self._place

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        """Allow other keys than the common ones: they are the connector's, and `worker.settings.schema` adds them."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        del schema["properties"]["options"]
        schema["additionalProperties"] = True
        return schema


class SourceEntry(ConnectorEntry):
    """A source that data comes from."""

    COMMON: ClassVar[tuple[str, ...]] = ("name", "kind", "stale_after")

    stale_after: Period | None = Field(default=None, description="Its own longest age; null: as in fresh.")


class InventoryEntry(SourceEntry):
    """An inventory."""

    COMMON: ClassVar[tuple[str, ...]] = (*SourceEntry.COMMON, "every", "groups", "exclude")

    every: Annotated[Period, at_least(EVERY_MIN)] | None = Field(
        default=None, description="Its own pace, 10s or more; null: its kind's, or schedule.inventory."
    )
    groups: tuple[Text, ...] = Field(default=("*",), description="The groups to read: globs of names or ids.")
    exclude: tuple[Text, ...] = Field(default=(), description="Groups to leave out: globs of names or ids.")

    @field_validator("groups")
    @classmethod
    def _names_a_group(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        if not groups:
            raise Wrong(
                "this list is empty, so no group is read",
                "Leave groups out to read all, or name those that are to be read.",
            )
        return groups

    def takes(self, group_id: str, name: str) -> bool:
        """Whether the configuration wants this group. Upper and lower case are alike."""
        texts = (group_id, name)
        is_wanted = any(fits(text, self.groups) for text in texts)
        return is_wanted and not any(fits(text, self.exclude) for text in texts)


class NotifierEntry(ConnectorEntry):
    """A channel to people."""


class AdvisoryFeedEntry(SourceEntry):
    """A feed of advisories."""

    COMMON: ClassVar[tuple[str, ...]] = (*SourceEntry.COMMON, "every")

    every: Annotated[Period, at_least(EVERY_MIN)] | None = Field(
        default=None, description="Its own pace, 10s or more; null: its kind's."
    )


class MirroredTickets(Section):
    """Which tickets a tracker has copies of; what is left out fits all."""

    kinds: tuple[TicketKind, ...] = Field(
        default=(),
        description="Kinds of tickets; empty: all, but no report that is kept from admins.",
    )
    sensitive: bool | None = Field(
        default=None, description="Only of sensitive groups (true), or only of others (false)."
    )


class TrackerEntry(ConnectorEntry):
    """A tracker in which tickets have copies."""

    COMMON: ClassVar[tuple[str, ...]] = (*ConnectorEntry.COMMON, "when", "content", "assign")

    when: MirroredTickets = Field(default_factory=MirroredTickets, description="Which tickets have copies.")
    content: Content = Field(
        default=Content.MINIMAL,
        description="What a copy says: minimal (what to do, and the ticket's number) or full (names, too).",
    )
    assign: bool = Field(default=True, description="Whether a copy goes to whoever has the ticket, and back.")


ENTRIES: Mapping[Port, type[ConnectorEntry]] = {
    Port.DIRECTORY: SourceEntry,
    Port.INVENTORY: InventoryEntry,
    Port.NOTIFY: NotifierEntry,
    Port.ADVISORIES: AdvisoryFeedEntry,
    Port.TRACKER: TrackerEntry,
}


def wrapped(value: Any, place: Position | None) -> Any:
    """Options with every secret in a SecretStr. A value is secret by its reference, or by its key's name."""
    return _wrapped(value, place, place.path if place else (), is_secret=False)


def _wrapped(value: Any, place: Position | None, path: tuple[str | int, ...], *, is_secret: bool) -> Any:
    if isinstance(value, dict):
        return {
            key: _wrapped(item, place, (*path, key), is_secret=is_secret or is_secret_key(key))
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_wrapped(item, place, (*path, i), is_secret=is_secret) for i, item in enumerate(value)]
    is_hidden = is_secret or (place is not None and path in place.document.hidden)
    return SecretStr(value) if isinstance(value, str) and is_hidden else value


def revealed(value: Any) -> Any:
    """Options with plain secrets, only for the connector's own model."""
    if isinstance(value, dict):
        return {key: revealed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [revealed(item) for item in value]
    return value.get_secret_value() if isinstance(value, SecretStr) else value
