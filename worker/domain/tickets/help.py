"""The help that an assignee needs whose own app has no button for what a ticket asks."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Help:
    """Who has the button: the group's `admins` who are still here, by name; else the person who left.

    `number` is the leaver's, to be rung: empty where it isn't known, and for every reader but the assignee.
    `text` asks the leaver in their own language; it is empty where there is nobody to be asked.
    """

    admins: tuple[str, ...] = ()
    number: str = ""
    text: str = ""

    def without_number(self) -> Help:
        """The same for everybody but the assignee."""
        return replace(self, number="")
