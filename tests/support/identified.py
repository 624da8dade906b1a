"""Ann, who is in a group, and what `domain.identity.matching` may know of her and of others."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from builders import LEFT_AT, member
from worker.domain.identity.fingerprints import fingerprint
from worker.domain.identity.matching import Candidate, How, Identity, IdentityState, KnownHandle
from worker.domain.model import AccountKey, Standing

ANN = AccountKey("corp", "ann")
MEMBER = member()
MARK = fingerprint(MEMBER)


def candidate(person_id: str = "ann", how: How = How.PHONE, source: str = "corp", *keys: str) -> Candidate:
    return Candidate(AccountKey(source, person_id), how, frozenset(keys), person_id.capitalize())


def has_left(who: Candidate, at: datetime = LEFT_AT) -> Candidate:
    return replace(who, standing=Standing.LEFT, left_at=at)


def link(
    state: IdentityState = IdentityState.LINKED, how: How | None = How.PHONE, mark: str = MARK
) -> Identity:
    return Identity(state, mark, ANN if state is IdentityState.LINKED else None, how)


def other(
    person_id: str | None = "ann", how: How | None = How.PHONE, *keys: str, gave_up: bool = False
) -> KnownHandle:
    person = AccountKey("corp", person_id) if person_id else None
    state = IdentityState.LINKED if person else IdentityState.NOBODY
    name = person_id.capitalize() if person_id else ""
    return KnownHandle(Identity(state, "x", person, how), name, frozenset(keys), gave_up)
