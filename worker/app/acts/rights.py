"""Whether somebody may act at all: not once they have left, and never on what is about themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable

from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor, Via, is_signed_in
from worker.domain.model import AccountKey
from worker.domain.text.mail_domains import foldable
from worker.domain.text.reason import because
from worker.ports.state.store import UnitOfWork

_OBJECT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def has_lost_rights(uow: UnitOfWork, by: Actor) -> bool:
    """Whether whoever acts has left: an address of theirs, or their object id, is of nobody who is still here.

    While the guard holds a leaving it ends no rights: a directory that is wrong about everybody would lock everybody
    out of the console. A name that is no address finds nobody.
    """
    if uow.people.who_left(_addresses(by)):
        return True
    humans = uow.people.humans([one.key for text in _object_id(by) for one in uow.people.find(text)])
    return bool(humans) and all(one.leaving is not None for one in humans.values())


def require_another(uow: UnitOfWork, by: Actor, people: Iterable[AccountKey | None], label: str) -> None:
    """Raise Refused if one of `people`, whom `label` (a plan or a ticket) is about, may be whoever decides.

    A command is never refused: whoever has the host may call themselves anything.
    """
    if by.via is Via.COMMAND:
        return
    found = [one.key for text in (*_addresses(by), *_object_id(by)) for one in uow.people.find(text)]
    theirs = frozenset[AccountKey]().union(*uow.people.accounts(found).values())
    if not theirs.isdisjoint(people):
        raise Refused(because("{label} is about you, too. Somebody else has to decide.", label=label))


def _addresses(by: Actor) -> list[str]:
    return sorted(foldable(mark).casefold() for mark in by.marks if "@" in mark)


def _object_id(by: Actor) -> list[str]:
    """The id by which their provider knows them, if a directory may have the same: no other id is as long."""
    subject = by.id.partition(" ")[2] if is_signed_in(by.id) else ""
    return [subject] if _OBJECT_ID.fullmatch(subject) else []
