"""What was verified since a list that people keep was last told."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.tickets.ticket import TicketState
from worker.ports.state.kept_lists import ProvenIn
from worker.storage.sql.tables import chat_group, link, membership, source, ticket


class SqlKeptLists:
    """The port `KeptLists` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def proven(self, source_name: str, now: datetime) -> list[ProvenIn]:
        since = self._c.execute(sa.select(source.c.told_until).where(source.c.name == source_name)).scalar()
        if since is not None and since > now:  # told by a clock that was wrong
            since = None
        handles: dict[tuple[int, str], set[str]] = defaultdict(set)
        verified_at: dict[int, datetime] = {}
        for row in self._c.execute(_proven(source_name, since)):
            handles[row.id, row.listed_in] |= {row.handle, row.listed_as or ""} - {""}
            verified_at[row.id] = row.verified_at
        newest: dict[tuple[str, tuple[str, ...]], datetime] = {}
        for (number, group_id), all_of_one in handles.items():
            key, at = (group_id, tuple(sorted(all_of_one))), verified_at[number]
            newest[key] = max(at, newest.get(key, at))
        return [ProvenIn(*key, at) for key, at in sorted(newest.items())]

    def told(self, source_name: str, until: datetime) -> None:
        self._c.execute(sa.update(source).where(source.c.name == source_name).values(told_until=until))


def _proven(name: str, since: datetime | None) -> sa.Select[Any]:
    t, g, m, of = ticket.c, chat_group.c, membership.c, link.c
    home = sa.func.coalesce(t.group_source, t.source)
    is_it = (g.source == home) & (g.group_id == t.group_id)
    is_led = (g.leader_source == home) & (g.leader_group == t.group_id)
    person = (of.person_source == t.person_source) & (of.person_id == t.person_id) & (of.source == name)
    listed = (m.source == of.source) & (m.group_id == g.group_id) & (m.handle == of.handle)
    is_new = (t.verified_at >= since) if since is not None else t.verified_at.is_not(None)
    return (
        sa.select(t.id, g.group_id.label("listed_in"), t.handle, m.handle.label("listed_as"), t.verified_at)
        .select_from(ticket)
        .join(chat_group, (g.source == name) & (g.is_gone == 0) & sa.or_(is_it, is_led))
        .outerjoin(link, person & (t.handle != ""))
        .outerjoin(membership, listed)
        .where(t.state == TicketState.VERIFIED.value, is_new)
    )
