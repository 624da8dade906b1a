"""Which versions of a policy count as the one that is asked for now."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.domain.controls.statements import StatementRule
from worker.storage.sql.tables import policy_text


def is_of_version(rule: StatementRule, version: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """A version is the rule's. If that is not material, those before it count too, back to the last material one.

    Where no version before it is known to be material, all of them count: an import may name one that was never shown.
    """
    is_same = version == rule.version
    if rule.is_material:
        return is_same
    since = _last_material(rule)
    return sa.or_(is_same, since.is_(None), version.in_(_seen(rule, since)))


def is_occasion(rule: StatementRule, occasion: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """An occasion of a ticket is of a version that counts."""
    start = f"{rule.name}@"
    is_ours = sa.func.substr(occasion, 1, len(start)) == start
    return is_ours & is_of_version(rule, sa.func.substr(occasion, len(start) + 1))


def _last_material(rule: StatementRule) -> sa.ScalarSelect[Any]:
    """When the last material version before the rule's was seen first; NULL if none was."""
    before = _before(rule).subquery("before").c
    return sa.select(sa.func.max(before.at)).where(before.asks == 1).scalar_subquery()


def _seen(rule: StatementRule, since: sa.ScalarSelect[Any]) -> sa.Select[Any]:
    """The versions before the rule's that were seen first at an instant, or later."""
    one = _before(rule).subquery("one").c
    return sa.select(one.version).where(one.at >= since)


def _before(rule: StatementRule) -> sa.Select[Any]:
    """The versions that were seen before the rule's, with their first instants, and whether they are material."""
    p, own = policy_text.c, policy_text.alias("own").c
    of_own = sa.select(sa.func.min(own.first_seen_at)).where(
        own.rule == rule.name, own.version == rule.version
    )
    until, at = of_own.scalar_subquery(), sa.func.min(p.first_seen_at)
    return (
        sa.select(p.version, at.label("at"), sa.func.max(p.is_material).label("asks"))
        .where(p.rule == rule.name, p.version != rule.version)
        .group_by(p.version)
        .having(sa.or_(until.is_(None), at < until))
    )
