"""Joiner rules: attributes of a person -> the groups that they belong in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from worker.domain.model import COUNTRY, TIMEZONE, AccountFacts, GroupKey
from worker.domain.text.globs import fits

# What every directory may say; a connector of somebody else's may add attributes of its own
PLACED_BY = ("department", "title", "office", "company", "org_unit", COUNTRY, TIMEZONE)


@dataclass(frozen=True, slots=True)
class Placement:
    """A rule. `when`: globs by attribute; in each attribute one must fit. `groups`: ids, names or globs."""

    when: tuple[tuple[str, tuple[str, ...]], ...]
    groups: tuple[str, ...]


def applying(facts: AccountFacts, rules: Iterable[Placement]) -> frozenset[Placement]:
    """The rules that say something about a person."""
    return frozenset(rule for rule in rules if _applies(rule, facts))


def places(
    facts: AccountFacts, rules: tuple[Placement, ...], groups: Iterable[tuple[GroupKey, str]]
) -> frozenset[GroupKey]:
    """The groups (of key and name) in which the rules place a person."""
    named = tuple(glob for rule in applying(facts, rules) for glob in rule.groups)
    if not named:
        return frozenset()
    return frozenset(key for key, name in groups if fits(key.group_id, named) or fits(name, named))


def _applies(rule: Placement, facts: AccountFacts) -> bool:
    further = dict(facts.attributes)
    return all(fits(getattr(facts, name, None) or further.get(name), globs) for name, globs in rule.when)
