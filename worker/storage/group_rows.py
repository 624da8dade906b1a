"""Groups and their members as rows of the tables, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.domain.identity.fingerprints import fingerprint
from worker.domain.identity.phones import canonical
from worker.domain.model import (
    Coverage,
    GroupFacts,
    GroupKey,
    Member,
    Role,
    Roster,
)
from worker.ports.state.groups import (
    GroupRow,
)
from worker.storage import staging
from worker.storage.deciding import is_admin
from worker.storage.group_facts import fact_values, facts_of, registered_facts
from worker.storage.leading import owner_of, registered_of
from worker.storage.sql.chunks import chunked
from worker.storage.sql.tables import (
    chat_group,
    membership,
    to_micros,
)


def as_proof(connection: sa.Connection, source: str, rosters: Iterable[Roster]) -> list[Roster]:
    """Return these rosters; one of a group that its register only names, now as before, is partial: it proves nothing.

    A group of which the register listed members, and lists none now, was emptied.
    """
    page = list(rosters)
    g, full = chat_group.c, (one for one in page if one.coverage is Coverage.FULL)
    named = {one.group.group_id for one in full if one.is_only_named}
    has_listed = sa.or_(g.has_had_admin == 1, sa.exists().where(staging.same_group(membership.c, g)))
    for chunk in chunked(sorted(named)):
        emptied = sa.select(g.group_id).where(g.source == source, g.group_id.in_(chunk), has_listed)
        named -= set(connection.execute(emptied).scalars())
    return [replace(one, coverage=Coverage.PARTIAL) if one.group.group_id in named else one for one in page]


def group_row(source: str, roster: Roster, known: GroupFacts | None) -> tuple[Any, ...]:
    group, roles = roster.group, {member.role for member in roster.members}
    return (
        source, group.group_id, group.name, group.messenger, group.owner_email, roster.coverage.value,
        to_micros(roster.taken_at), int(bool(roles - {Role.UNKNOWN})), int(any(r.is_admin for r in roles)),
        len(roster.members), "; ".join(roster.warnings), *fact_values(roster, known),
    )  # fmt: skip


def member_row(source: str, roster: Roster, member: Member) -> tuple[Any, ...]:
    return (
        source, roster.group.group_id, member.handle, member.display_name, member.role.value, member.phone,
        member.username, member.lid, member.business_id, member.native_id, to_micros(member.joined_at),
        fingerprint(member),
        canonical(member.phone) if member.phone else None,
        member.email.casefold() if member.email else None,
        member.employee_id.casefold() if member.employee_id else None,
    )  # fmt: skip


@cache
def _group_query() -> sa.Select[Any]:
    m = membership.c
    admins = (
        sa.select(sa.func.count()).where(staging.same_group(m, chat_group.c), is_admin()).scalar_subquery()
    )
    return sa.select(chat_group, admins.label("admins"), owner_of(chat_group.c), registered_of(chat_group.c))


def _group(row: Any) -> GroupRow:
    return GroupRow(
        GroupKey(row.source, row.group_id), row.name, row.messenger, row.owner, Coverage(row.coverage),
        row.taken_at, row.read_at, row.size, row.admins, bool(row.is_gone), row.warning,
        facts_of(row), bool(row.is_unseen), registered_facts(row.said_of_it),
        GroupKey(row.leader_source, row.leader_group) if row.leader_source else None,
    )  # fmt: skip


def group_rows(
    connection: sa.Connection, *which: sa.ColumnElement[bool], order: Sequence[Any], limit: int
) -> list[GroupRow]:
    """Groups as lists show them."""
    query = _group_query().where(*which).order_by(*order).limit(limit)
    return [_group(row) for row in connection.execute(query)]
