"""Links by which an admin declares who is in a group: signed, for one group and one person.

A link has the id of a row that says for whom it is, so that it can be revoked. It ends as an assignee's link does: by
its age, with the key, when it is revoked, when the person has left. It has no personal data.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

from worker.app.tell.signed_links import TOKEN_LENGTH_MAX, Dead, LinkDead, signing_key
from worker.domain.model import AccountKey, GroupKey, Standing
from worker.domain.people.persons import Person
from worker.ports.state.access import GroupLink
from worker.ports.state.groups import GroupRow
from worker.ports.state.store import UnitOfWork

GROUPS = "group-link"
ID_BYTES = 12
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class OpenedGroup:
    """The group of a link that works, and the person whose link it is."""

    link: GroupLink
    group: GroupRow
    human: Person


@dataclass(frozen=True, slots=True)
class GroupLinks:
    """Makes and reads links. `base` is their start, without a slash at its end; `life` is how long they work."""

    base: str
    life: timedelta

    def make(self, uow: UnitOfWork, group: GroupKey, person: AccountKey, now: datetime) -> GroupLink:
        """Make a link, and keep it."""
        link = GroupLink(secrets.token_urlsafe(ID_BYTES), group, person, now, now + self.life)
        uow.access.add_group_link(link)
        return link

    def url(self, uow: UnitOfWork, link: GroupLink) -> str:
        """The address of a link's page."""
        made_ms = (link.made_at - _EPOCH) // _MILLISECOND
        return f"{self.base}/g/{_serializer(signing_key(uow)).dumps([link.id, made_ms])}"

    def opened(self, uow: UnitOfWork, token: str, now: datetime) -> OpenedGroup:
        """Open a link. Raises LinkDead if it is forged, expired or revoked, or if the person has left."""
        id_, made_ms = _payload(signing_key(uow), token)
        if now >= _EPOCH + made_ms * _MILLISECOND + self.life:
            raise LinkDead(Dead.EXPIRED)
        link = uow.access.group_link(id_)
        if link is None or link.revoked_at is not None:
            raise LinkDead(Dead.REVOKED)
        human = uow.people.human(link.person)
        if human is None or human.person.standing is Standing.LEFT:
            raise LinkDead(Dead.LEFT, human.person.facts.language if human else None)
        group = uow.rosters.group(link.group)
        if group is None or group.is_gone:
            raise LinkDead(Dead.REVOKED, human.person.facts.language)
        return OpenedGroup(link, group, human)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _serializer(key: str) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=GROUPS)


def _payload(key: str, token: str) -> tuple[str, int]:
    if len(token) > TOKEN_LENGTH_MAX:
        raise LinkDead(Dead.FORGED)
    try:
        id_, made_ms = _serializer(key).loads(token)
    except BadSignature:  # also raised for any other text that is no token
        raise LinkDead(Dead.FORGED) from None
    return id_, made_ms
