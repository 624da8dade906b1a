"""Whose help an assignee needs, whose own app has no button for what a ticket asks; and in which words they ask.

Pure. Only an admin makes an admin, and a group's creator leaves by themselves alone: where no admin is left who still
works here, the person who left has to be asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from worker.domain.messengers import messenger
from worker.domain.text.tongue import N_, Tongue
from worker.domain.tickets.ticket import Ticket, TicketKind


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


_ASKS_FOR_ADMIN = N_(
    "Hello {person}, you are still an admin of the group {group} in {messenger}. "
    "Please make {candidate} an admin there, and then leave the group. Thank you!"
)
_ASKS_FOR_ANY_ADMIN = N_(
    "Hello {person}, you are still an admin of the group {group} in {messenger}. "
    "Please make somebody who still works with us an admin there, and then leave the group. Thank you!"
)
_ASKS_TO_LEAVE = N_(
    "Hello {person}, you are still in the group {group} in {messenger}. Please leave the group. Thank you!"
)


def plea(ticket: Ticket, candidate: str, tongue: Tongue) -> str:
    """What to send to the person who left, in their language. `candidate` could be the next admin; may be empty."""
    if ticket.kind is TicketKind.CREATOR_MUST_LEAVE:
        text = _ASKS_TO_LEAVE
    else:
        text = _ASKS_FOR_ADMIN if candidate else _ASKS_FOR_ANY_ADMIN
    app = messenger(ticket.messenger).name
    names = {"person": ticket.person_name, "group": ticket.group_name, "candidate": candidate}
    flat = {name: " ".join(value.split()) for name, value in names.items()}
    return tongue.say(text, **flat, messenger=app)


_ONLY_AN_ADMIN = N_("Only an admin of {group} can do this: ask {admins}.")
_ONLY_THE_LEAVER = N_("Only an admin of {group} can make somebody an admin, and {person} is the only one.")
_ASK_THE_LEAVER = N_("Ring {person}, or send them the text that is given here.")
_LOOK_FOR_ONE = N_(
    "Look in the list of members for an admin who still works here, and ask them to make another member an admin."
)


def promote_steps(ticket: Ticket, aid: Help | None) -> tuple[str, ...]:
    """The steps to a new admin; of an assignee who needs no help, in their own app. They may use {admins}, too."""
    app = messenger(ticket.messenger)
    if aid is None:
        return app.promote_steps
    if aid.admins:
        return (_ONLY_AN_ADMIN, *app.promote_steps)
    if aid.text:
        return (_ONLY_THE_LEAVER, _ASK_THE_LEAVER, *app.orphan_steps)
    return (_LOOK_FOR_ONE, *app.orphan_steps)


def leave_steps(aid: Help | None) -> tuple[str, ...]:
    """The steps to a creator's leaving, which nobody can do for them."""
    return (
        N_("Nobody can remove the creator of this group: ask {person} to leave {group}."),
        *((_ASK_THE_LEAVER,) if aid else ()),
        N_("If {person} can't be reached, make a new group, invite everybody else, and close {group}."),
    )
