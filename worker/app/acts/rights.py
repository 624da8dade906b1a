"""Whether somebody may act at all: not once they have left, and never on what is about themselves."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from worker.app.refused import Refused
from worker.app.tell.withholding import withheld_from
from worker.domain.evidence import events
from worker.domain.evidence.actor import SYSTEM, Actor, Via, acted, is_signed_in
from worker.domain.evidence.explained import ERASED
from worker.domain.kinds import CONVERSATIONS
from worker.domain.model import Account, AccountKey
from worker.domain.people.persons import addresses_of
from worker.domain.text.mail_domains import foldable
from worker.domain.text.reason import Reason, because
from worker.domain.tickets.ticket import Ticket
from worker.ports import Port
from worker.ports.state.store import UnitOfWork

_OBJECT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def has_lost_rights(uow: UnitOfWork, by: Actor) -> bool:
    """Whether whoever acts has left: their object id or an address, if no account of theirs is here.

    What nobody vouches for ends rights, but shows no account that is here, since people may choose it. While the guard
    holds a leaving it ends no rights: a directory that is wrong about everybody would lock everybody out of the
    console. A name that is no address finds nobody.
    """
    return by in _who_lost_rights(uow, [by])


def end_lost_rights(uow: UnitOfWork, now: datetime) -> None:
    """End for good each token and session of somebody who has left, or was erased. `now` is aware UTC.

    Otherwise they would be good again once the address is somebody else's, or nobody can say any more whose they are.
    A session is known here by its name and id: what else its ID token says is in the cookie alone. The work grows with
    the tokens and sessions that are good, not with the leavers.
    """
    tokens = {one: Actor(one.created_by, one.maker) for one in uow.access.tokens() if one.is_good(now)}
    sessions = {id_: Actor(one.name, one.id) for id_, one in uow.access.sessions(now).items()}
    gone = _who_lost_rights(uow, [*tokens.values(), *sessions.values()])
    lost = [
        token
        for token, maker in tokens.items()
        if maker in gone or ERASED in {token.created_by, token.created_by_id}
    ]
    for token in lost:
        uow.access.revoke_token(token.id, now)
    uow.journal.append(
        [
            acted(
                SYSTEM, now, events.DESK_TOKEN_REVOKED, "desk:api", data={"token": one.id, "rule": "leaver"}
            )
            for one in lost
        ]
    )
    for id_, visitor in sessions.items():
        if visitor in gone:
            uow.access.end_session(id_)


def _who_lost_rights(uow: UnitOfWork, actors: Collection[Actor]) -> set[Actor]:
    """Those of them who have left. Only about those whom something says to have left more is asked one by one."""
    addresses = {by: _addresses(by) for by in actors}
    left = uow.people.who_left({one for known in addresses.values() for one in known})
    accounts = _by_object_id(uow, actors)
    humans = uow.people.humans({one for known in accounts.values() for one in known})
    gone = set()
    for by in actors:
        theirs = [humans[one] for one in accounts[by] if one in humans]
        if left.isdisjoint(addresses[by]) and all(one.leaving is None for one in theirs):
            continue
        vouched = [] if by.lacks_address else _addresses(replace(by, known_as=frozenset()))
        others = [one.key for each in vouched if each not in left for one in _known_as(uow, each)]
        theirs += uow.people.humans(others).values()
        if all(one.leaving is not None for one in theirs):
            gone.add(by)
    return gone


def require_another(uow: UnitOfWork, by: Actor, people: Iterable[AccountKey | None], label: str) -> None:
    """Raise Refused if one of `people`, whom `label` (a plan or a ticket) is about, may be whoever decides.

    A command is never refused: whoever has the host may call themselves anything.
    """
    if by.via is Via.COMMAND:
        return
    theirs = frozenset[AccountKey]().union(*uow.people.accounts(_found(uow, by)).values())
    if not theirs.isdisjoint(people):
        raise Refused(because("{label} is about you, too. Somebody else has to decide.", label=label))


def require_not_withheld(uow: UnitOfWork, by: Actor, ticket: Ticket) -> None:
    """Raise Refused if whoever acts may be somebody who may not hear of the ticket. A command is never refused."""
    withheld = frozenset[str]() if by.via is Via.COMMAND else withheld_from(uow, ticket)
    if not withheld:
        return
    humans = uow.people.humans(_found(uow, by)).values()
    if not withheld.isdisjoint({*_addresses(by)}.union(*map(addresses_of, humans))):
        raise Refused(not_for(ticket))


def not_for(ticket: Ticket) -> Reason:
    """Why somebody from whom a ticket is withheld may not have it."""
    if ticket.kind is CONVERSATIONS:
        return because(
            "{ticket} is not for the person who leaves, nor for an admin of their groups: assign it to somebody else.",
            ticket=ticket.label,
        )
    return because(
        "{ticket} is a report that no admin of the group may see: assign it to somebody else.",
        ticket=ticket.label,
    )


def _found(uow: UnitOfWork, by: Actor) -> list[AccountKey]:
    found = [one.key for address in _addresses(by) for one in _known_as(uow, address)]
    return [*found, *_by_object_id(uow, [by])[by]]


def _known_as(uow: UnitOfWork, address: str) -> list[Account]:
    """Whose address it is; else who may sign in by it."""
    return uow.people.find(address) or uow.people.with_username(address)


def _addresses(by: Actor) -> list[str]:
    return sorted(foldable(mark).casefold() for mark in by.marks if "@" in mark)


def _by_object_id(uow: UnitOfWork, actors: Collection[Actor]) -> dict[Actor, list[AccountKey]]:
    """The accounts that there would be by the id by which their provider knows them: no other id is as long.

    Made by hand, since looking for an id that no directory has reads everybody.
    """
    ids = {by: _object_id(by) for by in actors}
    is_any = any(ids.values())
    directories = [one.name for one in uow.sources.all() if one.port is Port.DIRECTORY] if is_any else []
    return {by: [AccountKey(name, id_) for name in directories if id_] for by, id_ in ids.items()}


def _object_id(by: Actor) -> str:
    subject = by.id.partition(" ")[2] if is_signed_in(by.id) else ""
    return subject.lower() if _OBJECT_ID.fullmatch(subject) else ""
