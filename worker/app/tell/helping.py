"""Work out whether an assignee can do what a ticket asks, as the group is now, and else whose help they need."""

from __future__ import annotations

from worker.app.tell.choices import candidates_for
from worker.domain.identity.handles import shown_handle
from worker.domain.kinds import kind_of
from worker.domain.kinds.kind import Asks, Choice
from worker.domain.messages.plea import plea
from worker.domain.messengers import messenger
from worker.domain.model import Account, AccountKey, Role
from worker.domain.text.tongue import Languages
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork


def help_for(uow: UnitOfWork, ticket: Ticket, languages: Languages) -> Help | None:
    """The help that the assignee needs; None if their own app has the button, or the kind of ticket needs none."""
    asks = kind_of(ticket).asks
    if asks is Asks.LEAVER:
        return _asking_leaver(uow, ticket, ticket.handle, languages)
    if asks is Asks.NOBODY:
        return None
    accounts = frozenset() if ticket.is_early else _accounts(uow, ticket)
    admins = [one for one in uow.rosters.active_admins(ticket.home) if one.key not in accounts]
    if any(_is_assignee(one, ticket) for one in admins):
        return None
    if admins:
        return Help(admins=tuple(one.facts.display_name for one in admins))
    handle = _admin_handle(uow, ticket, accounts)
    if handle is None or not messenger(ticket.messenger).can_leaver_act:
        return Help()
    return _asking_leaver(uow, ticket, handle, languages)


def _asking_leaver(uow: UnitOfWork, ticket: Ticket, handle: str, languages: Languages) -> Help:
    leaver = uow.people.get(ticket.person) if ticket.person else None
    stated = leaver.facts.language if leaver else None
    candidates = candidates_for(uow, ticket) if kind_of(ticket).choice is Choice.ADMIN else ()
    text = plea(ticket, candidates[0].name if candidates else "", languages.of(stated))
    return Help(number=_number(handle, leaver), text=text)


def _number(handle: str, leaver: Account | None) -> str:
    """The leaver's number in the messenger, which surely reaches them there; else the directory's."""
    shown = shown_handle(handle)
    if shown is not None and shown.is_phone:
        return shown.text
    return next(iter(leaver.facts.phones), "") if leaver else ""


def _accounts(uow: UnitOfWork, ticket: Ticket) -> frozenset[AccountKey]:
    """Every account of the person who left."""
    human = uow.people.human(ticket.person) if ticket.person else None
    return frozenset(one.key for one in human.accounts) if human else frozenset()


def _admin_handle(uow: UnitOfWork, ticket: Ticket, accounts: frozenset[AccountKey]) -> str | None:
    """The leaver's handle in the group if they may be its admin; else None."""
    found = (
        member.handle
        for member, _, person in uow.rosters.members(ticket.home)
        if person and person.key in accounts and (member.role.is_admin or member.role is Role.UNKNOWN)
    )
    return next(found, None)


def _is_assignee(admin: Account, ticket: Ticket) -> bool:
    if ticket.assignee is None:
        return False
    email = (admin.facts.email or "").casefold()
    return admin.key == ticket.assignee.person or email == ticket.assignee.email.casefold()
