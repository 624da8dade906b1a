"""Links by which an admin declares who is in a group: signed, for one group and one person.

A link has the id of a row that says for whom it is, so that it can be revoked. It ends as an assignee's link does: by
its age, with the key, when it is revoked, when the person has left. One that a ticket's link led to is as old as that
link, and ends with it: when the ticket's links are ended, or it goes to somebody else. It has no personal data.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

from worker.app.tell.signed_links import TOKEN_LENGTH_MAX, Dead, LinkDead, Opened, signing_key
from worker.domain.model import AccountKey, GroupKey, Standing
from worker.domain.people.persons import Person
from worker.domain.tickets.ticket import Ticket
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

    def make(
        self, uow: UnitOfWork, group: GroupKey, person: AccountKey, now: datetime, made_by: Iterable[str] = ()
    ) -> GroupLink:
        """Make a link, and keep it. `made_by`: the marks of whoever makes it."""
        id_ = secrets.token_urlsafe(ID_BYTES)
        link = GroupLink(id_, group, person, now, now + self.life, made_by=tuple(made_by))
        uow.access.add_group_link(link)
        return link

    def lead_on(self, uow: UnitOfWork, opened: Opened, person: AccountKey) -> GroupLink:
        """Make a link to the group of a ticket whose link was opened, and keep it; it is as old as that one."""
        ticket, made_at = opened.ticket, _EPOCH + opened.made_ms * _MILLISECOND
        link = GroupLink(
            secrets.token_urlsafe(ID_BYTES), ticket.home, person, made_at, made_at + self.life,
            ticket=ticket.id, handed=ticket.handed,
        )  # fmt: skip
        uow.access.add_group_link(link)
        return link

    def url(self, uow: UnitOfWork, link: GroupLink) -> str:
        """The address of a link's page."""
        made_ms = (link.made_at - _EPOCH) // _MILLISECOND
        return f"{self.base}/g/{_serializer(signing_key(uow)).dumps([link.id, made_ms])}"

    def opened(self, uow: UnitOfWork, token: str, now: datetime) -> OpenedGroup:
        """Open a link. Raises LinkDead if it is forged, expired or revoked, or if the person has left.

        Also if the ticket whose link led to it has another assignee now.
        """
        id_, made_ms = _payload(signing_key(uow), token)
        if now >= _EPOCH + made_ms * _MILLISECOND + self.life:
            raise LinkDead(Dead.EXPIRED)
        link = uow.access.group_link(id_)
        if link is None or link.revoked_at is not None:
            raise LinkDead(Dead.REVOKED)
        human = uow.people.human(link.person)
        if human is None or human.person.standing is Standing.LEFT:
            raise LinkDead(Dead.LEFT, human.person.facts.language if human else None)
        if link.ticket is not None and (why := _ended_with(uow.tickets.get(link.ticket), link)):
            raise LinkDead(why, human.person.facts.language)
        group = uow.rosters.group(link.group)
        if group is None or group.is_gone:
            raise LinkDead(Dead.REVOKED, human.person.facts.language)
        return OpenedGroup(link, group, human)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _ended_with(ticket: Ticket | None, link: GroupLink) -> Dead | None:
    """Why the ticket's link that led to this one opens nothing any more; None if it does, apart from its age."""
    if ticket is None or (ticket.links_from is not None and link.made_at <= ticket.links_from):
        return Dead.REVOKED
    if ticket.handed == link.handed:
        return None
    has_it_again = ticket.assignee is not None and ticket.assignee.person == link.person
    return Dead.REVOKED if has_it_again else Dead.MOVED


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
