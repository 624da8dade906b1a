"""Forget what was seen in groups that the configuration leaves out: who went, and numbers and accounts of nobody."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.ports import Port
from worker.storage.erased_links import GONE_AND_NOBODYS
from worker.storage.sql.tables import chat_group, departed, handle_tie, link, person_key, source

_G = chat_group.c
_GROUPS = sa.select(_G.source, _G.group_id).where(_G.is_gone == 1, _G.is_unseen == 1)
SOURCES_TAKEN_OUT = sa.select(source.c.name).where(
    source.c.port == Port.INVENTORY.value, source.c.is_removed == 1
)


def forget_left_out(connection: sa.Connection) -> None:
    """Forget this of the groups that are left out, and of inventories that are taken out of the configuration.

    A tie goes if one of its ends is nobody's: no member's, no account's, and tied to nothing else. It can't say who
    anybody is. A chain of such ties goes from its ends, so it may take some nights.
    """
    d, t = departed.c, handle_tie.c
    is_nobodys = sa.or_(_is_an_end(t.handle, t.other), _is_an_end(t.other, t.handle))
    connection.execute(sa.delete(link).where(link.c.source.in_(SOURCES_TAKEN_OUT), *GONE_AND_NOBODYS))
    for groups in (_in_groups_left_out, _in_sources_taken_out):
        connection.execute(sa.delete(departed).where(groups(d)))
        connection.execute(sa.delete(handle_tie).where(groups(t), is_nobodys))


def _in_groups_left_out(columns: Any) -> sa.ColumnElement[bool]:
    return sa.tuple_(columns.source, columns.group_id).in_(_GROUPS)


def _in_sources_taken_out(columns: Any) -> sa.ColumnElement[bool]:
    is_one: sa.ColumnElement[bool] = columns.source.in_(SOURCES_TAKEN_OUT)
    return is_one


def _is_an_end(one: sa.Column[str], other: sa.Column[str]) -> sa.ColumnElement[bool]:
    """True if nobody has one side of a tie, and nothing but the other side is tied to it."""
    k, t = person_key.c, handle_tie.alias("further").c
    leads = (
        (link.c.handle == one,),
        (link.c.phone_key == one,),
        (k.kind == "phone", k.value == one),
        (t.handle == one, t.other != other),
        (t.other == one, t.handle != other),
    )
    return sa.and_(*(~sa.exists(sa.literal_column("1")).where(*each) for each in leads))
