"""Rules of the configuration that can do nothing with the groups that there are. Pure; in English, as `check` is.

policy + what each source can show -> look(group) for each group -> warnings
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from worker.domain.controls.policy import ControlPolicy, ProfileRule
from worker.domain.controls.profile.name import follows
from worker.domain.controls.state import GroupState
from worker.domain.controls.statements import Statement
from worker.domain.controls.switch import Where
from worker.domain.model import Fact


class Unused:
    """Looks at all groups, and says which patterns fit none, and which rules nothing could ever tell of.

    `shows`: by source, the facts that it may show.
    """

    def __init__(self, policy: ControlPolicy, shows: Mapping[str, frozenset[Fact]]) -> None:
        self._profile = policy.profile
        self._shows = shows
        self._patterns = dict(_patterns(policy))
        self._names = {
            f"controls.profile[{at}].name.pattern: '{rule.name.pattern}'": rule
            for at, rule in enumerate(policy.profile)
            if rule.name
        }
        self._fitting: set[str] = set()
        self._governed: set[str] = set()
        self._told: set[str] = set()
        self._asks_to_close = not policy.register or bool(policy.dormant)
        self._open: list[str] = []
        self._count = 0

    @property
    def has_work(self) -> bool:
        """Return True if a rule has something that groups can be compared with."""
        return (
            bool(self._patterns)
            or not self._asks_to_close
            or any(one.name or one.picture or one.join for one in self._profile)
        )

    def look(self, group: GroupState) -> None:
        self._count += 1
        if group.is_called_closed and not group.is_closed:
            self._open.append(group.name)
        self._fitting |= {place for place, where in self._patterns.items() if _fits(where, group)}
        at = next((at for at, rule in enumerate(self._profile) if rule.governs(group)), None)
        if at is not None:
            self._look_at_profile(at, self._profile[at], group)

    def _look_at_profile(self, at: int, rule: ProfileRule, group: GroupState) -> None:
        """Look at a group with the rule that counts: the first that governs it."""
        self._fitting |= {
            place
            for place, one in self._names.items()
            if one is rule and one.name and follows(group.name, one.name.pattern)
        }
        for place, fact, said in _facts(at, rule, group):
            self._governed.add(place)
            if said is not None or fact in self._shows.get(group.key.source, ()):
                self._told.add(place)

    def warnings(self) -> tuple[str, ...]:
        """What can do nothing, by its place; none as long as no group is known."""
        if not self._count:
            return ()
        places = (*self._patterns, *self._names)
        idle = (f"{place} fits no group that is known" for place in places if place not in self._fitting)
        blind = (
            f"{place}: nothing shows it of any of its groups, and no register has a column for it, so it stays unknown"
            for place in sorted(self._governed - self._told)
        )
        return (*idle, *blind, *self._not_closed())

    def _not_closed(self) -> Iterator[str]:
        """Groups that are to be closed, where no control asks for it."""
        if self._open and not self._asks_to_close:
            yield (
                f"controls.dormant is off, so nobody closes {len(self._open)} that the register calls closed "
                f"and a messenger still lists with members, such as '{min(self._open)}'"
            )


def _facts(at: int, rule: ProfileRule, group: GroupState) -> Iterator[tuple[str, Fact, bool | None]]:
    """The facts that a rule asks for and that few sources show, with what a register says of them."""
    row = group.row.facts if group.row else None
    if rule.picture:
        yield f"controls.profile[{at}].picture", Fact.PICTURE, row.picture_ok if row else None
    if rule.join and rule.join.has_approval:
        yield f"controls.profile[{at}].join.approval", Fact.APPROVAL, row.approval if row else None


def _patterns(policy: ControlPolicy) -> Iterator[tuple[str, Where]]:
    """Each pattern by its place, as the place of a rule that has no other."""
    for place, where in _wheres(policy):
        for name in where.groups:
            yield f"{place}.when.groups: '{name}'", Where(groups=(name,))
        for name in where.departments:
            yield f"{place}.when.departments: '{name}'", Where(departments=(name,))
        for name in where.messengers:
            yield f"{place}.when.messenger: '{name}'", Where(messengers=(name,))
    for at, of_class in enumerate(policy.classes):
        for name in of_class.groups:
            yield f"controls.classes[{at}].groups: '{name}'", Where(groups=(name,))


def _wheres(policy: ControlPolicy) -> Iterator[tuple[str, Where]]:
    alone: dict[str, Sequence[Any]] = {
        "register": policy.register,
        "dormant": policy.dormant,
        "review": policy.review,
        "admins": policy.admins,
        "reports": policy.reports,
        "leaving": (*policy.hand_over, *policy.conversations),
        "advisories": policy.advisories,
    }
    for name, rules in alone.items():
        yield from ((f"controls.{name}", rule.switch.where) for rule in rules)
    for name, rules in (("classes", policy.classes), ("profile", policy.profile)):
        yield from ((f"controls.{name}[{at}]", rule.switch.where) for at, rule in enumerate(rules))
    for one in policy.statements:
        is_policy = one.statement is Statement.POLICY
        yield (
            f"controls.policies ({one.subject})" if is_policy else f"controls.{one.statement.value}",
            one.switch.where,
        )


def _fits(where: Where, group: GroupState) -> bool:
    return where.fits(
        group.key, group.name, group.department, group.messenger, is_sensitive=group.is_sensitive
    )
