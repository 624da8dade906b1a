"""The help for an assignee whose own app has no button for what a ticket asks."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Help:
    """The people who have the button: the group's `admins` who are still here, by name; else the person who left.

    `number` is the leaver's phone number: empty if unknown, and for every reader but the assignee. `text` asks the
    leaver in their own language; it is empty if nobody is to be asked.
    """

    admins: tuple[str, ...] = ()
    number: str = ""
    text: str = ""

    def without_number(self) -> Help:
        """The same for readers other than the assignee."""
        return replace(self, number="")
