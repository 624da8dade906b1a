"""Whom a declared roster is about: who is known behind its members, has left, or is nobody whom a directory knows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from worker.app.acts.identifying import carried
from worker.domain.groups.declaring import Declared
from worker.domain.identity.fingerprints import fingerprint
from worker.domain.identity.matching import QUESTIONS, IdentityState
from worker.domain.identity.phones import canonical
from worker.domain.model import HandleKey, Standing
from worker.ports.state.groups import KnownMember
from worker.ports.state.identities import HandleIdentity
from worker.ports.state.store import UnitOfWork


def judged(
    uow: UnitOfWork, people: Iterable[KnownMember], roster: Declared
) -> tuple[frozenset[str], frozenset[str]]:
    """The handles of members whom no directory knows, and of those who have left."""
    by_handle = {one.member.handle: one for one in people}
    found = uow.identities.people_with([one.phone for one in roster.added if one.phone])
    unknown, left = set[str](), set[str]()
    for member in roster.members:
        if (known := by_handle.get(member.handle)) is not None:
            is_unknown, has_left = _is_unknown(known), _has_left(uow, known)
        else:
            behind = found.get(canonical(member.phone), []) if member.phone else []
            is_unknown = not behind
            has_left = bool(behind) and all(one.standing is Standing.LEFT for one in behind)
        unknown.update([member.handle] * is_unknown)
        left.update([member.handle] * has_left)
    return frozenset(unknown), frozenset(left)


def _is_unknown(known: KnownMember) -> bool:
    is_nobody = known.identity is not None and known.identity.state is IdentityState.NOBODY
    return known.account is None and not is_nobody


def _has_left(uow: UnitOfWork, known: KnownMember) -> bool:
    """Whether the person behind a member has left, by all of their accounts."""
    if known.account is None or known.account.standing is not Standing.LEFT:
        return False
    human = uow.people.human(known.account.key)
    return human is not None and human.person.standing is Standing.LEFT


def carry_answers(
    uow: UnitOfWork, source: str, roster: Declared, people: Iterable[KnownMember], now: datetime
) -> None:
    """Keep who is behind each known member, unless that is known in the declared inventory."""
    members = {one.handle: one for one in roster.members}
    for known in people:
        member, identity = members.get(known.member.handle), known.identity
        if member is None or identity is None or identity.state in QUESTIONS:
            continue
        key = HandleKey(source, member.handle)
        here = uow.identities.get(key)
        if here is None or here.state in QUESTIONS:
            answer = replace(identity, fingerprint=fingerprint(member))
            link = HandleIdentity(key, answer)
            uow.identities.answer([link], now)
            if answer.decided_by:
                uow.journal.append([carried(link, now)])
