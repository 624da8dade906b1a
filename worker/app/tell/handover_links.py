"""The link by which somebody takes over a rota: signed, for one handover and one person.

It has the id of a row that says for whom it is, and the end of their time on call, with which it ends. It has no
personal data.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

from worker.app.tell.addressing import whoever_has
from worker.app.tell.signed_links import TOKEN_LENGTH_MAX, Dead, LinkDead, signing_key
from worker.domain.messages.message import Recipient
from worker.domain.text.tongue import Languages
from worker.ports.state.handovers import HANDOVER, ToldHandover
from worker.ports.state.store import UnitOfWork

HANDOVERS = "handover-link"
MISSED_MAX = 2  # the fallback, and whoever stands in for them
_ID_BYTES = 12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def fresh_link() -> str:
    """Make a random id for a link."""
    return secrets.token_urlsafe(_ID_BYTES)


def handover_url(uow: UnitOfWork, base: str, one: ToldHandover) -> str:
    """The address of a handover's page. `base` is its start, without a slash at its end."""
    until_ms = (one.until_at - _EPOCH) // _MILLISECOND
    return f"{base}/h/{_serializer(signing_key(uow)).dumps([one.link, until_ms])}"


def read_handover(uow: UnitOfWork, token: str, now: datetime) -> ToldHandover:
    """The handover of a link. Raises LinkDead if it is forged or over, or if its row was erased."""
    if len(token) > TOKEN_LENGTH_MAX:
        raise LinkDead(Dead.FORGED)
    try:
        link, until_ms = _serializer(signing_key(uow)).loads(token)
    except BadSignature:  # also raised for any other text that is no token
        raise LinkDead(Dead.FORGED) from None
    if now >= _EPOCH + until_ms * _MILLISECOND:
        raise LinkDead(Dead.EXPIRED)
    found = uow.handovers.by_link(link)
    if found is None:
        raise LinkDead(Dead.REVOKED)
    return found


def handover_key(one: ToldHandover) -> str:
    """The key of the message by which it was told."""
    return _key_of(one) + (f":{one.told}" if one.told != one.person else "")


def missed_key(one: ToldHandover, number: int) -> str:
    """The key of a message that nobody has taken over; `number` counts those who are told, from 0."""
    return f"{_key_of(one)}:missed{number}"


def missed_keys(one: ToldHandover) -> list[str]:
    """The keys of all messages that nobody has taken over."""
    return [missed_key(one, number) for number in range(MISSED_MAX)]


def stands_in_for(uow: UnitOfWork, one: ToldHandover, languages: Languages) -> Recipient | None:
    """The person on call, if it was told somebody else, who is their deputy; else None."""
    person = whoever_has(uow, one.person, languages)
    return None if person.address == one.told else person


def _key_of(one: ToldHandover) -> str:
    return f"{HANDOVER}{one.rota}:{one.from_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}:{one.person}"


def _serializer(key: str) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=HANDOVERS)
