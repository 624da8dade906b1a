"""Which versions of a policy count as the one that is asked for now."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.domain.controls.statements import StatementRule
from worker.storage.sql.tables import policy_text


def is_of_version(rule: StatementRule, version: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """A version is the rule's. If that is not material, those before it count too, back to the last material one."""
    is_same = version == rule.version
    return is_same if rule.is_material else sa.or_(is_same, version.in_(_of_same_meaning(rule)))


def is_occasion(rule: StatementRule, occasion: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """An occasion of a ticket is of a version that counts."""
    start = f"{rule.name}@"
    is_ours = sa.func.substr(occasion, 1, len(start)) == start
    return is_ours & is_of_version(rule, sa.func.substr(occasion, len(start) + 1))


def _of_same_meaning(rule: StatementRule) -> sa.Select[Any]:
    """The versions seen since the last material one, that one among them, up to the rule's own."""
    p, own = policy_text.c, policy_text.alias("own").c
    seen = (
        sa.select(
            p.version, sa.func.min(p.first_seen_at).label("at"), sa.func.max(p.is_material).label("asks")
        )
        .where(p.rule == rule.name, p.version != rule.version)
        .group_by(p.version)
    )
    of_own = sa.select(sa.func.min(own.first_seen_at)).where(
        own.rule == rule.name, own.version == rule.version
    )
    until = of_own.scalar_subquery()
    before, one = seen.subquery("before").c, seen.subquery("one").c
    is_before = (sa.or_(until.is_(None), column.at < until) for column in (before, one))
    last = sa.select(sa.func.max(before.at)).where(before.asks == 1, next(is_before)).scalar_subquery()
    return sa.select(one.version).where(sa.or_(last.is_(None), one.at >= last), next(is_before))
