"""What differs between messengers: who can be removed by whom, and the steps that a person takes.

WhatsApp: a group's creator cannot be removed by anybody and only leaves by themselves (WhatsApp help,
"How to manage group admins", read 2026-11); when the only admin leaves, another member is picked at random.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Messenger:
    """One messenger's rules. Steps may use {member}, {group} and {person}."""

    name: str
    can_remove_creator: bool
    remove_steps: tuple[str, ...]
    promote_steps: tuple[str, ...]
    add_steps: tuple[str, ...]


_GENERIC = Messenger(
    "the messenger",
    can_remove_creator=True,
    remove_steps=("Open the group {group}.", "Open its list of members.", "Remove {member}."),
    promote_steps=("Open the group {group}.", "Open its list of members.", "Make the new admin an admin."),
    add_steps=("Open the group {group}.", "Add {member} as a member."),
)

MESSENGERS = {
    "whatsapp": Messenger(
        "WhatsApp",
        can_remove_creator=False,
        remove_steps=(
            "Open the group {group} in WhatsApp.",
            "Tap the group's name at the top.",
            "In the list of members, tap and hold {member}.",
            "Tap Remove, then OK.",
        ),
        promote_steps=(
            "Open the group {group} in WhatsApp.",
            "Tap the group's name at the top.",
            "In the list of members, tap and hold the person who will be the new admin.",
            "Tap Make group admin.",
        ),
        add_steps=(
            "Open the group {group} in WhatsApp.",
            "Tap the group's name at the top, then Add members.",
            "Choose {member} and tap the tick.",
        ),
    ),
    "signal": Messenger(
        "Signal",
        can_remove_creator=True,
        remove_steps=(
            "Open the group {group} in Signal.",
            "Tap the group's name at the top.",
            "Tap {member}, then Remove from group.",
        ),
        promote_steps=(
            "Open the group {group} in Signal.",
            "Tap the group's name at the top.",
            "Tap the person who will be the new admin, then Make admin.",
        ),
        add_steps=(
            "Open the group {group} in Signal.",
            "Tap the group's name at the top, then Add members.",
            "Choose {member}.",
        ),
    ),
}


def messenger(key: str) -> Messenger:
    """The rules of one messenger; generic ones for a messenger that has no entry."""
    return MESSENGERS.get(key.casefold(), _GENERIC)
