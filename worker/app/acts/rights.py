"""Whether somebody may act at all: not once they have left, and never on what is about themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from worker.app.refused import Refused
from worker.domain.evidence import events
from worker.domain.evidence.actor import SYSTEM, Actor, Via, acted, is_signed_in
from worker.domain.evidence.explained import ERASED
from worker.domain.model import AccountKey
from worker.domain.text.mail_domains import foldable
from worker.domain.text.reason import because
from worker.ports import Port
from worker.ports.state.store import UnitOfWork

_OBJECT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def has_lost_rights(uow: UnitOfWork, by: Actor) -> bool:
    """Whether whoever acts has left: an address of theirs, or their object id, and none is of somebody who is here.

    While the guard holds a leaving it ends no rights: a directory that is wrong about everybody would lock everybody
    out of the console. A name that is no address finds nobody.
    """
    addresses = _addresses(by)
    left = uow.people.who_left(addresses)
    humans = uow.people.humans(_by_object_id(uow, by))
    if not left and all(one.leaving is None for one in humans.values()):
        return False
    others = [one.key for address in addresses if address not in left for one in uow.people.find(address)]
    humans |= uow.people.humans(others)
    return all(one.leaving is not None for one in humans.values())


def end_lost_rights(uow: UnitOfWork, now: datetime) -> None:
    """End for good each token whose maker was erased. `now` is aware UTC.

    A token that is nobody's would be good again, since nobody can say any more that whoever made it has left.
    """
    for token in uow.access.tokens():
        if token.is_good(now) and ERASED in {token.created_by, token.created_by_id}:
            uow.access.revoke_token(token.id, now)
            data = {"token": token.id, "rule": "leaver"}
            uow.journal.append([acted(SYSTEM, now, events.DESK_TOKEN_REVOKED, "desk:api", data=data)])


def require_another(uow: UnitOfWork, by: Actor, people: Iterable[AccountKey | None], label: str) -> None:
    """Raise Refused if one of `people`, whom `label` (a plan or a ticket) is about, may be whoever decides.

    A command is never refused: whoever has the host may call themselves anything.
    """
    if by.via is Via.COMMAND:
        return
    found = [one.key for address in _addresses(by) for one in uow.people.find(address)]
    theirs = frozenset[AccountKey]().union(*uow.people.accounts([*found, *_by_object_id(uow, by)]).values())
    if not theirs.isdisjoint(people):
        raise Refused(because("{label} is about you, too. Somebody else has to decide.", label=label))


def _addresses(by: Actor) -> list[str]:
    return sorted(foldable(mark).casefold() for mark in by.marks if "@" in mark)


def _by_object_id(uow: UnitOfWork, by: Actor) -> list[AccountKey]:
    """The accounts that there would be by the id by which their provider knows them: no other id is as long.

    Made by hand, since looking for an id that no directory has reads everybody.
    """
    subject = by.id.partition(" ")[2] if is_signed_in(by.id) else ""
    if not _OBJECT_ID.fullmatch(subject):
        return []
    directories = [one.name for one in uow.sources.all() if one.port is Port.DIRECTORY]
    return [AccountKey(name, subject.lower()) for name in directories]
