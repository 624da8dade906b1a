"""Steps that several kinds of tickets share. Buttons are named as the apps of 2026 name them."""

from __future__ import annotations

from worker.domain.text.tongue import N_

OPEN = N_("Open the group {group} in {messenger}.")
OPEN_ANY = N_("Open the group {group}.")
ITS_NAME = N_("Tap the group's name at the top.")
ITS_LIST = N_("Open the list of members.")
ITS_MEMBERS = N_("Tap the group's name at the top, then Members.")
ADD_MEMBERS = N_("Tap Add members (or Add).")
ENTER = N_("Choose Add people, and enter {member}.")
CHOOSE = N_("Choose {member}, and confirm.")
ADD_AS_MEMBER = N_("Add {member} as a member.")
REMOVE = N_("Remove {member}.")
MAKE_ADMIN = N_("Make the new admin an admin.")
THE_MEMBER = N_("In the list of members, tap {member}.")
THE_NEW_ADMIN = N_("In the list of members, tap whoever will be the new admin.")
ASK_THE_LEAVER = N_("Ring {person}, or send them the text that is given here.")

_MAKING_ADMIN = {
    "whatsapp": (OPEN, ITS_NAME, THE_NEW_ADMIN, N_("Tap Make group admin.")),
    "signal": (OPEN, ITS_NAME, THE_NEW_ADMIN, N_("Tap Make admin, and confirm.")),
    "telegram": (
        OPEN,
        ITS_NAME,
        N_("In the list of members, touch and hold whoever will be the new admin."),
        N_("Tap Promote to admin, and confirm."),
    ),
    "teams": (OPEN, ITS_LIST, N_("Change the role of the new admin to Owner.")),
    "slack": (
        OPEN,
        N_("Tap the group's name at the top, then About."),
        N_("Under Managed by, add the new admin."),
    ),
    "matrix": (
        OPEN,
        ITS_LIST,
        N_("Choose whoever will be the new admin, and change the role to Admin."),
    ),
    "xmpp": (OPEN, ITS_LIST, MAKE_ADMIN),
}
_MAKING_ADMIN_ELSEWHERE = (OPEN_ANY, ITS_LIST, MAKE_ADMIN)


def making_admin(app: str) -> tuple[str, ...]:
    """The steps that make a member an admin in a messenger, by its key."""
    return _MAKING_ADMIN.get(app.casefold(), _MAKING_ADMIN_ELSEWHERE)
