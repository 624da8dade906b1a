"""What differs between messengers: who can be removed by whom, and the steps that a person takes.

WhatsApp: a group's creator cannot be removed by anybody and only leaves by themselves (WhatsApp help,
"How to manage group admins", read 2026-11); when the only admin leaves, another member is picked at random.
Telegram's owner and a Matrix room's creator can't be removed by others either. Only an admin can make an admin; where
a company runs the messenger itself (Teams, Slack, Matrix, XMPP), whoever does that can make one, too, and who left the
company has no account there any more. Steps name the buttons as the apps of 2026 do; a translation names them as the
app does in that language.
"""

from __future__ import annotations

from dataclasses import dataclass

from worker.domain.text.tongue import N_


@dataclass(frozen=True, slots=True)
class Messenger:
    """One messenger's rules. Steps are English and are translated when they are said; they may use {member},
    {group} and {messenger}.
    """

    name: str
    can_remove_creator: bool
    remove_steps: tuple[str, ...]
    promote_steps: tuple[str, ...]
    add_steps: tuple[str, ...]
    orphan_steps: tuple[str, ...]  # what is left where nobody who could make an admin is there, or does it
    can_leaver_act: bool = True  # whether somebody who left the company can still use it


_OPEN = N_("Open the group {group} in {messenger}.")
_ITS_NAME = N_("Tap the group's name at the top.")
_ITS_LIST = N_("Open the list of members.")
_THE_MEMBER = N_("In the list of members, tap {member}.")
_THE_NEW_ADMIN = N_("In the list of members, tap whoever will be the new admin.")
_ADD_MEMBERS = N_("Tap Add members (or Add).")
_ENTER = N_("Choose Add people, and enter {member}.")
_CHOOSE = N_("Choose {member}, and confirm.")

_PICKED = N_(
    "If the last admin just leaves the group, {messenger} makes a member an admin at random: "
    "look in the list of members who it is, and ask them."
)
_NEW_GROUP = N_("If that doesn't work, make a new group, add everybody who belongs in it, and close {group}.")
_ASK_OPERATORS = N_(
    "If that doesn't work, ask the people who run {messenger} for you: they can make anybody an admin of {group}."
)

_GENERIC = Messenger(
    "the messenger",
    can_remove_creator=True,
    remove_steps=(N_("Open the group {group}."), _ITS_LIST, N_("Remove {member}.")),
    promote_steps=(N_("Open the group {group}."), _ITS_LIST, N_("Make the new admin an admin.")),
    add_steps=(N_("Open the group {group}."), N_("Add {member} as a member.")),
    orphan_steps=(_NEW_GROUP,),
)

MESSENGERS = {
    "whatsapp": Messenger(
        "WhatsApp",
        can_remove_creator=False,
        # Android says "Remove Ann", the iPhone "Remove from group"
        remove_steps=(_OPEN, _ITS_NAME, _THE_MEMBER, N_("Tap Remove, and confirm.")),
        promote_steps=(_OPEN, _ITS_NAME, _THE_NEW_ADMIN, N_("Tap Make group admin.")),
        add_steps=(_OPEN, _ITS_NAME, _ADD_MEMBERS, _CHOOSE),
        orphan_steps=(_PICKED, _NEW_GROUP),
    ),
    "signal": Messenger(
        "Signal",
        can_remove_creator=True,
        remove_steps=(_OPEN, _ITS_NAME, _THE_MEMBER, N_("Tap Remove from group, and confirm.")),
        promote_steps=(_OPEN, _ITS_NAME, _THE_NEW_ADMIN, N_("Tap Make admin, and confirm.")),
        add_steps=(_OPEN, _ITS_NAME, _ADD_MEMBERS, _CHOOSE),
        orphan_steps=(_NEW_GROUP,),
    ),
    "telegram": Messenger(
        "Telegram",
        can_remove_creator=False,
        remove_steps=(
            _OPEN,
            _ITS_NAME,
            N_("In the list of members, touch and hold {member}."),
            N_("Tap Remove from group, and confirm."),
        ),
        promote_steps=(
            _OPEN,
            _ITS_NAME,
            N_("In the list of members, touch and hold whoever will be the new admin."),
            N_("Tap Promote to admin, and confirm."),
        ),
        add_steps=(_OPEN, _ITS_NAME, _ADD_MEMBERS, _CHOOSE),
        orphan_steps=(_NEW_GROUP,),
    ),
    "teams": Messenger(
        "Microsoft Teams",
        can_remove_creator=True,
        remove_steps=(_OPEN, _ITS_LIST, N_("Next to {member}, choose Remove.")),
        promote_steps=(_OPEN, _ITS_LIST, N_("Change the role of the new admin to Owner.")),
        add_steps=(_OPEN, _ENTER),
        orphan_steps=(_ASK_OPERATORS,),
        can_leaver_act=False,
    ),
    "slack": Messenger(
        "Slack",
        can_remove_creator=True,
        remove_steps=(
            _OPEN,
            N_("Tap the group's name at the top, then Members."),
            N_("Choose {member}, then Remove from channel."),
        ),
        promote_steps=(
            _OPEN,
            N_("Tap the group's name at the top, then About."),
            N_("Under Managed by, add the new admin."),
        ),
        add_steps=(_OPEN, N_("Tap the group's name at the top, then Members."), _ENTER),
        orphan_steps=(_ASK_OPERATORS,),
        can_leaver_act=False,
    ),
    "matrix": Messenger(
        "Element",
        can_remove_creator=False,
        remove_steps=(_OPEN, _ITS_LIST, N_("Choose {member}, then Remove from room.")),
        promote_steps=(
            _OPEN,
            _ITS_LIST,
            N_("Choose whoever will be the new admin, and change the role to Admin."),
        ),
        add_steps=(_OPEN, N_("Choose Invite, and enter {member}.")),
        orphan_steps=(_ASK_OPERATORS,),
        can_leaver_act=False,
    ),
    "xmpp": Messenger(
        "XMPP",
        can_remove_creator=True,
        remove_steps=(_OPEN, _ITS_LIST, N_("Remove {member}.")),
        promote_steps=(_OPEN, _ITS_LIST, N_("Make the new admin an admin.")),
        add_steps=(_OPEN, N_("Add {member} as a member.")),
        orphan_steps=(_ASK_OPERATORS,),
        can_leaver_act=False,
    ),
}


def messenger(key: str) -> Messenger:
    """The rules of one messenger; generic ones for a messenger that has no entry."""
    return MESSENGERS.get(key.casefold(), _GENERIC)
