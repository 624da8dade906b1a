"""The place where the next page of a list by name starts; it is encrypted in a form, since it has names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from worker.desk.calls import Call
from worker.desk.refs import REFERENCE_MAX, reference, resolve

PLACE = "place"
Key = TypeVar("Key", bound=tuple[str, str])


def next_of(call: Call, name: str, key: tuple[str, str]) -> str:
    """The place after the last row of this page."""
    return reference(call.services.key, PLACE, (name, "\n".join(key)))


def after_of(call: Call, make: Callable[[str, str], Key]) -> tuple[str, Key] | None:
    """The place that a form asks for; None for the first page. Raises NoSuchReference."""
    text = call.text("after", REFERENCE_MAX)
    if not text:
        return None
    name, joined = resolve(call.services.key, PLACE, text)
    source, _, identity = joined.partition("\n")
    return name, make(source, identity)
