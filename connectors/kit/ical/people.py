"""Who an event means: its attendees, an address in its text, or a name that stands for one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from icalendar import vCalAddress

from connectors.kit.ical.exporters import every

TEXT_MAX = 2_000  # of a title or a description; nobody's name stands further on
_ADDRESS = re.compile(r"(?<![\w.+'-])[\w.+'-]{1,64}+@[\w-]++(?:\.[\w-]++)++")
_NOT_ASKED = {"ROOM", "RESOURCE"}


def people_of(event: Any, aliases: Mapping[str, str]) -> set[str]:
    """The e-mail addresses of who an event puts on call; `aliases` are addresses by name, in any case.

    Nobody, if all who were asked have declined.
    """
    if all_declined(event):
        return set()  # who can't come may be named in the title, too
    title, description = (str(event.get(key, ""))[:TEXT_MAX] for key in ("SUMMARY", "DESCRIPTION"))
    return (
        _attendees(event)
        or set(_ADDRESS.findall(title))
        or set(_ADDRESS.findall(description)[:1])  # others are in there to be asked, not on call
        or _named(" / ".join([*_names(event), title]), aliases)
    )


def all_declined(event: Any) -> bool:
    """Whether people were asked to an event, and none of them comes."""
    asked = [one for one in every(event.get("ATTENDEE")) if _is_person(one)]
    return bool(asked) and not any(map(_may_come, asked))


def _attendees(event: Any) -> set[str]:
    addresses = set()
    for one in _listed(event):
        kind, _, address = str(one).partition(":")
        if kind.lower() == "mailto" and _ADDRESS.fullmatch(address):
            addresses.add(address)
    return addresses


def _names(event: Any) -> list[str]:
    """The names of attendees, which may have no address."""
    return [str(one.params.get("CN", ""))[:TEXT_MAX] for one in _listed(event)]


def _listed(event: Any) -> list[vCalAddress]:
    """The attendees who may come: rooms and whoever declined are not there."""
    return [one for one in every(event.get("ATTENDEE")) if _is_person(one) and _may_come(one)]


def _is_person(one: vCalAddress) -> bool:
    return str(one.params.get("CUTYPE", "")).upper() not in _NOT_ASKED


def _may_come(one: vCalAddress) -> bool:
    return str(one.params.get("PARTSTAT", "")).upper() != "DECLINED"


def _named(text: str, aliases: Mapping[str, str]) -> set[str]:
    """The addresses of the names in a text, as whole words; a longer name first, so that "Ann" isn't in "Ann O."."""
    found = set()
    for name in sorted(aliases, key=len, reverse=True):
        text, count = re.subn(rf"(?<!\w){re.escape(name)}(?!\w)", "\0", text, flags=re.IGNORECASE)
        if count:
            found.add(aliases[name])
    return found
