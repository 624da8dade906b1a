"""Mend a group's profile: one ticket that lists all of its faults."""

from __future__ import annotations

from worker.domain.kinds import controlled, phrases
from worker.domain.kinds.kind import InControls, Mark
from worker.domain.text.tongue import N_
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import Ticket, TicketKind

# Buttons as WhatsApp's help names them: faq.whatsapp.com/526742385997912, read 2026-11
_ON_PHONES = frozenset({"whatsapp", "signal", "telegram"})
_SETTINGS = N_("Open its settings.")
_PERMISSIONS = N_("Open Group permissions.")
_BY_PERMISSIONS = frozenset({"profile.join", "profile.rights"})


def _steps(ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    """To the group's profile, and then what to do about each fault."""
    app = ticket.messenger.casefold()
    settings = (phrases.OPEN, phrases.ITS_NAME) if app in _ON_PHONES else (phrases.OPEN_ANY, _SETTINGS)
    faults = controlled.faults_of(ticket)
    by_permissions = [fault for fault in faults if fault["control"] in _BY_PERMISSIONS]
    others = [fault for fault in faults if fault not in by_permissions]
    way = (_PERMISSIONS,) if app == "whatsapp" and by_permissions else ()
    return (
        *settings,
        *map(controlled.asks, others),
        *way,
        *map(controlled.asks, by_permissions),
    )


KIND = controlled.kind(
    code=TicketKind.FIX_PROFILE,
    word=N_("mend the profile"),
    title=N_("Mend the profile of {group}"),
    steps=_steps,
    found=InControls(controlled.ADMIN_FIRST),
    mark=Mark.PENCIL,
)
