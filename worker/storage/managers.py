"""Who has people under them, and who has an address, by the directories."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.domain.model import AccountKey, Standing
from worker.storage.persons import is_joining
from worker.storage.sql.tables import person, person_key

_MANAGER = person.alias("manager")
MANAGER = _MANAGER.c
_ADDRESSED = person.alias("addressed")
ADDRESSED = _ADDRESSED.c
_MANAGES_MAX = 500  # people under one manager whose groups are looked for


def managers() -> sa.Select[Any]:
    """Accounts that are here and have somebody under them who is here; of one person with several, the first."""
    first = person.alias("first")
    return (
        sa.select(MANAGER.source.label("person_source"), MANAGER.person_id.label("person_id"))
        .select_from(_MANAGER)
        .where(*_is_manager(_MANAGER), ~sa.exists().where(*_is_manager(first), *_are_one(first, _MANAGER)))
    )


def with_address(address: str) -> sa.Select[Any]:
    """The account that is here and has this e-mail address; of several, the first."""
    first = person.alias("first_addressed")
    is_first = ~sa.exists().where(first.c.email == address, _is_here(first), _comes_first(first, _ADDRESSED))
    return (
        sa.select(ADDRESSED.source.label("person_source"), ADDRESSED.person_id.label("person_id"))
        .select_from(_ADDRESSED)
        .where(ADDRESSED.email == address, _is_here(_ADDRESSED), is_first)
    )


def under(key: AccountKey) -> sa.Select[Any]:
    """The accounts that are here and are under this one."""
    p = person.c
    here = (p.standing != Standing.LEFT.value) & (p.is_out_of_scope == 0)
    mine = (p.source == key.source) & (p.manager_id == key.person_id)
    return sa.select(p.source, p.person_id).where(mine, here).limit(_MANAGES_MAX)


def _is_here(one: Any) -> sa.ColumnElement[bool]:
    return sa.and_(one.c.standing != Standing.LEFT.value, one.c.is_out_of_scope == 0)


def _is_manager(one: Any) -> list[sa.ColumnElement[bool]]:
    below = person.alias(f"below_{one.name}")
    has_people = sa.exists().where(
        below.c.source == one.c.source,
        below.c.manager_id == one.c.person_id,
        below.c.person_id != one.c.person_id,
        _is_here(below),
    )
    return [_is_here(one), has_people]


def _are_one(first: Any, other: Any) -> list[sa.ColumnElement[bool]]:
    """Whether a key that few share joins two accounts, of which `first` comes first.

    The first one's kind is compared with an expression: with a column, SQLite would go through everybody's keys of
    these kinds for each account.
    """
    a, b = person_key.alias("key_first"), person_key.alias("key_other")
    return [
        _comes_first(first, other),
        (a.c.source == first.c.source) & (a.c.person_id == first.c.person_id),
        (b.c.source == other.c.source) & (b.c.person_id == other.c.person_id),
        (a.c.kind == b.c.kind.concat("")) & (a.c.value == b.c.value),
        is_joining(b.c),
    ]


def _comes_first(first: Any, other: Any) -> sa.ColumnElement[bool]:
    return sa.or_(
        first.c.source < other.c.source,
        (first.c.source == other.c.source) & (first.c.person_id < other.c.person_id),
    )
