"""The desk's own tables: its key, undo data, sessions, login links and API tokens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from worker.domain.instants import APART_MAX
from worker.domain.model import AccountKey, GroupKey
from worker.domain.tickets.ticket import LIVE, Ticket
from worker.ports.state.access import (
    LOGIN_LINK_LIFE,
    VISITS_KEPT,
    ApiToken,
    Ended,
    GroupLink,
    Shown,
    Undo,
    Visit,
    Visitor,
)
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.mapping import ticket_from_row, ticket_values
from worker.storage.sql.tables import (
    Instant,
    api_token,
    desk_key,
    desk_session,
    desk_visit,
    from_micros,
    group_link,
    login_link,
    shown_link,
    ticket,
    to_micros,
    undo,
)

LINKS = "links"
_ADDED = {
    "claimed_by": "[]",
    "handed": 0,
    "contradicted": 0,
    "waited_us": 0,
    "details": "{}",
    "assignee_why": None,
    "assignee_by": "",
    "version": 0,
    "reason_words": None,
}  # columns that the release before does not write
_INSTANTS = tuple(column.name for column in ticket.c if isinstance(column.type, Instant))

_KEY = sa.select(desk_key.c.value).where(desk_key.c.name == LINKS)
_S = shown_link.c
_SHOWN = sa.select(_S.at, _S.until).where(
    _S.email == sa.bindparam("to"),
    _S.ticket_id == sa.bindparam("ticket"),
    _S.name == sa.bindparam("by"),
    _S.actor_id == sa.bindparam("actor"),
)
_SHOWN_TO = (
    sa.select(shown_link)
    .where(_S.email == sa.bindparam("to"), _S.until.is_(None) | (_S.at > sa.bindparam("since")))
    .order_by(_S.at, _S.name)
)
_IS_UNDO = undo.c.ticket_id == sa.bindparam("ticket")
_UNDO, _FORGET_UNDO = sa.select(undo).where(_IS_UNDO), sa.delete(undo).where(_IS_UNDO)
_KEEP_UNDO = sa.insert(undo)


class SqlAccess:
    """The port `AccessState` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection
        self._key: str | None = None

    def key(self, fresh: str) -> str:
        if self._key is None:
            self._key = self._stored_key(fresh)
        return self._key

    def _stored_key(self, fresh: str) -> str:
        known = self._c.execute(_KEY).scalar()
        if known is None:
            bulk_upsert(self._c, desk_key, ("name", "value"), [(LINKS, fresh)], update=False)
            known = self._c.execute(_KEY).scalar_one()
        return str(known)

    def change_key(self, fresh: str, now: datetime, *, with_tokens: bool) -> Ended:
        bulk_upsert(self._c, desk_key, ("name", "value"), [(LINKS, fresh)], update=True)
        self._key = fresh
        is_asked = ticket.c.state.in_([state.value for state in sorted(LIVE)]) & ticket.c.assignee.is_not(
            None
        )
        links = self._c.execute(sa.select(sa.func.count()).select_from(ticket).where(is_asked)).scalar_one()
        groups = self._end_group_links(group_link.c.until > now, now)
        is_good = login_link.c.used_at.is_(None) & (login_link.c.expires_at > now)
        logins = self._c.execute(sa.delete(login_link).where(is_good)).rowcount
        is_on = desk_session.c.expires_at > now
        sessions = self._c.execute(sa.delete(desk_session).where(is_on)).rowcount
        return Ended(links, groups, logins, sessions, self._end_tokens(now) if with_tokens else 0)

    def _end_tokens(self, now: datetime) -> int:
        t = api_token.c
        is_good = t.revoked_at.is_(None) & (t.expires_at.is_(None) | (t.expires_at > now))
        return self._c.execute(sa.update(api_token).where(is_good).values(revoked_at=now)).rowcount

    # --- people with others' links ---------------------------------------------------------------

    def keep_shown(self, one: Shown) -> None:
        email = one.email.casefold()
        this = {"to": email, "ticket": one.ticket, "by": one.name, "actor": one.actor_id}
        known = self._c.execute(_SHOWN, this).first()
        at, until = one.at, one.until
        if known is not None:
            at = max(at, known.at)
            until = max(until, known.until) if until is not None and known.until is not None else None
        columns = ("email", "ticket_id", "name", "actor_id", "at", "until")
        row = (email, one.ticket, one.name, one.actor_id, to_micros(at), to_micros(until))
        bulk_upsert(self._c, shown_link, columns, [row], update=True)

    def shown_links(self, email: str, since: datetime) -> Sequence[Shown]:
        rows = self._c.execute(_SHOWN_TO, {"to": email.casefold(), "since": since})
        return [shown_from_row(row) for row in rows]

    # --- links to groups -------------------------------------------------------------------------

    def add_group_link(self, link: GroupLink) -> None:
        self._c.execute(sa.delete(group_link).where(group_link.c.until <= link.made_at))
        self._c.execute(
            sa.insert(group_link).values(
                id=link.id, source=link.group.source, group_id=link.group.group_id,
                person_source=link.person.source, person_id=link.person.person_id,
                made_at=link.made_at, until=link.until, revoked_at=link.revoked_at,
                made_by=json.dumps(link.made_by, ensure_ascii=False), ticket_id=link.ticket, handed=link.handed,
            )
        )  # fmt: skip

    def group_link(self, id_: str) -> GroupLink | None:
        row = self._c.execute(sa.select(group_link).where(group_link.c.id == id_)).first()
        if row is None:
            return None
        group, person = GroupKey(row.source, row.group_id), AccountKey(row.person_source, row.person_id)
        return GroupLink(
            row.id, group, person, row.made_at, row.until, row.revoked_at,
            tuple(json.loads(row.made_by)), row.ticket_id, row.handed,
        )  # fmt: skip

    def revoke_group_links(self, group: GroupKey, now: datetime) -> int:
        g = group_link.c
        these = (g.source == group.source) & (g.group_id == group.group_id) & (g.until > now)
        return self._end_group_links(these, now)

    def _end_group_links(self, these: sa.ColumnElement[bool], now: datetime) -> int:
        is_good = group_link.c.revoked_at.is_(None)
        return self._c.execute(sa.update(group_link).where(these, is_good).values(revoked_at=now)).rowcount

    # --- undo data -------------------------------------------------------------------------------

    def keep_undo(self, one: Undo) -> None:
        self.forget_undo(one.before.id)
        values = {
            "ticket_id": one.before.id, "by": one.by, "until": one.until, "messages": json.dumps(one.messages),
            "before": _ticket_json(one.before), "after": _ticket_json(one.after),
        }  # fmt: skip
        self._c.execute(_KEEP_UNDO, values)

    def undo_of(self, number: int) -> Undo | None:
        row = self._c.execute(_UNDO, {"ticket": number}).first()
        if row is None:
            return None
        before, after = _ticket(row.before), _ticket(row.after)
        return Undo(before, after, row.by, row.until, tuple(json.loads(row.messages)))

    def forget_undo(self, number: int) -> None:
        self._c.execute(_FORGET_UNDO, {"ticket": number})

    def forget_undos(self, before: datetime) -> None:
        self._c.execute(sa.delete(undo).where(undo.c.until <= before))

    # --- signing in ------------------------------------------------------------------------------

    def forget_admissions(self, before: datetime) -> None:
        for table in (login_link, desk_session):
            self._c.execute(sa.delete(table).where(table.c.expires_at <= before))

    def add_session(self, id_: str, visitor: Visitor, now: datetime, expires_at: datetime) -> None:
        self._c.execute(sa.delete(desk_session).where(desk_session.c.expires_at <= now))
        values = {"id": id_, **_visitor_values(visitor), "created_at": now, "expires_at": expires_at}
        self._c.execute(sa.insert(desk_session).values(values))

    def session(self, id_: str, now: datetime) -> Visitor | None:
        this = sa.select(desk_session).where(desk_session.c.id == id_, _is_on(now))
        row = self._c.execute(this).first()
        return None if row is None else _visitor(row)

    def sessions(self, now: datetime) -> dict[str, Visitor]:
        rows = self._c.execute(sa.select(desk_session).where(_is_on(now)))
        return {row.id: _visitor(row) for row in rows}

    def end_session(self, id_: str) -> None:
        self._c.execute(sa.delete(desk_session).where(desk_session.c.id == id_))

    def visit(self, who: str) -> Visit | None:
        v = desk_visit.c
        row = self._c.execute(sa.select(v.last_at, v.before_at).where(v.who == who)).first()
        return None if row is None else Visit(row.last_at, row.before_at)

    def keep_visit(self, who: str, visit: Visit) -> None:
        self._c.execute(sa.delete(desk_visit).where(desk_visit.c.last_at < visit.last_at - VISITS_KEPT))
        row = (who, to_micros(visit.last_at), to_micros(visit.before_at))
        bulk_upsert(self._c, desk_visit, ("who", "last_at", "before_at"), [row], update=True)

    def add_login_link(self, id_: str, visitor: Visitor, by: str, expires_at: datetime) -> None:
        values = {"id": id_, **_visitor_values(visitor), "created_by": by, "expires_at": expires_at}
        self._c.execute(sa.insert(login_link).values(values))

    def use_login_link(self, id_: str, now: datetime) -> Visitor | None:
        k = login_link.c
        is_on = (k.expires_at > now) & (k.expires_at <= now + LOGIN_LINK_LIFE + APART_MAX)
        good = (k.id == id_) & k.used_at.is_(None) & is_on
        if self._c.execute(sa.update(login_link).where(good).values(used_at=now)).rowcount == 0:
            return None
        return _visitor(self._c.execute(sa.select(login_link).where(login_link.c.id == id_)).one())

    # --- the API ---------------------------------------------------------------------------------

    def add_token(self, token: ApiToken, hash_: str) -> None:
        self._c.execute(
            sa.insert(api_token).values(
                id=token.id, hash=hash_, scopes=json.dumps(token.scopes), created_by=token.created_by,
                created_by_id=token.created_by_id,
                created_at=token.created_at, expires_at=token.expires_at, revoked_at=token.revoked_at,
            )
        )  # fmt: skip

    def token(self, hash_: str) -> ApiToken | None:
        row = self._c.execute(sa.select(api_token).where(api_token.c.hash == hash_)).first()
        return None if row is None else token_from_row(row)

    def tokens(self) -> Sequence[ApiToken]:
        query = sa.select(api_token).order_by(api_token.c.created_at.desc(), api_token.c.id)
        return [token_from_row(row) for row in self._c.execute(query)]

    def revoke_token(self, id_: str, now: datetime) -> bool:
        revoked_at = api_token.c.revoked_at
        first = sa.func.coalesce(revoked_at, sa.literal(now, revoked_at.type))
        this = sa.update(api_token).where(api_token.c.id == id_)
        return self._c.execute(this.values(revoked_at=first)).rowcount > 0


def _ticket_json(one: Ticket) -> str:
    values = {k: to_micros(v) if isinstance(v, datetime) else v for k, v in ticket_values(one).items()}
    return json.dumps(values, ensure_ascii=False)


def _ticket(text: str) -> Ticket:
    values = _ADDED | json.loads(text)
    row: Any = SimpleNamespace(**{k: from_micros(v) if k in _INSTANTS else v for k, v in values.items()})
    return ticket_from_row(row)


def _visitor_values(visitor: Visitor) -> dict[str, str]:
    return {"name": visitor.name, "subject": visitor.id, "roles": json.dumps(visitor.roles)}


def _is_on(now: datetime) -> sa.ColumnElement[bool]:
    s = desk_session.c
    return (s.expires_at > now) & (s.created_at <= now + APART_MAX)


def _visitor(row: Any) -> Visitor:
    return Visitor(row.name, tuple(json.loads(row.roles)), row.subject)


def shown_from_row(row: Any) -> Shown:
    """A row of `shown_link`."""
    return Shown(row.email, row.ticket_id, row.name, row.actor_id, row.at, row.until)


def token_from_row(row: Any) -> ApiToken:
    """A row of `api_token`, without the secret's hash."""
    return ApiToken(
        row.id,
        tuple(json.loads(row.scopes)),
        row.created_by,
        row.created_at,
        row.expires_at,
        row.revoked_at,
        row.created_by_id,
    )
