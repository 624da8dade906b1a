"""Each messenger's rules: who can remove members, and whether a person who left the company can still use it.

WhatsApp: nobody can remove a group's creator, who can only leave by themselves (WhatsApp help,
"How to manage group admins", read 2026-11). If its last admin leaves, WhatsApp makes a member an admin, so that every
group has one. Telegram's owner and a Matrix room's creator can't be removed by others
either. If a company runs the messenger itself (Teams, Slack, Matrix, XMPP), a person who left no longer has an account
there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Messenger:
    """One messenger's rules."""

    name: str
    can_remove_creator: bool
    can_leaver_act: bool
    has_always_admin: bool = False  # of every group that has members, somebody is an admin
    is_by_number: bool = False  # people are added by their phone number, which the group may then see


_GENERIC = Messenger("the messenger", can_remove_creator=True, can_leaver_act=True)

MESSENGERS = {
    "whatsapp": Messenger(
        "WhatsApp", can_remove_creator=False, can_leaver_act=True, has_always_admin=True, is_by_number=True
    ),
    "signal": Messenger("Signal", can_remove_creator=True, can_leaver_act=True, is_by_number=True),
    "telegram": Messenger("Telegram", can_remove_creator=False, can_leaver_act=True, is_by_number=True),
    "teams": Messenger("Microsoft Teams", can_remove_creator=True, can_leaver_act=False),
    "slack": Messenger("Slack", can_remove_creator=True, can_leaver_act=False),
    "matrix": Messenger("Element", can_remove_creator=False, can_leaver_act=False),
    "xmpp": Messenger("XMPP", can_remove_creator=True, can_leaver_act=False),
}


# Bridges of Matrix name their accounts so: @whatsapp_447700900101:server is somebody elsewhere, @whatsappbot:server
# the bridge. People may be called Talbot.
_BRIDGED = "whatsapp|signal|telegram|slack|discord|teams|xmpp|irc|messenger|facebook|instagram|meta|gmessages|imessage"
_ON_MATRIX = re.compile(rf"@_?(?:(?:{_BRIDGED})(?:_[^:]+|bot)|[^:]+[-_.]bot):.+", re.IGNORECASE)


def is_bot(key: str, handle: str, username: str | None) -> bool:
    """Whether a member of a group in this messenger looks like a bot or a bridge, by what they are called there.

    Known of Matrix, where bridges name their accounts so, and of Telegram, where a bot's name has to end in "bot".
    """
    if key.casefold() == "matrix":
        return _ON_MATRIX.fullmatch(handle) is not None
    return key.casefold() == "telegram" and (username or "").casefold().endswith("bot")


def messenger_name(key: str) -> str:
    """What people call a messenger; of one that has no entry, its key."""
    known = MESSENGERS.get(key.casefold())
    return known.name if known else key


def messenger(key: str) -> Messenger:
    """The rules of one messenger; generic ones for a messenger that has no entry."""
    return MESSENGERS.get(key.casefold(), _GENERIC)
