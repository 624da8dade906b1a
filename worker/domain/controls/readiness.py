"""Whether a group can move to another messenger now, and what is in the way. Pure, and in English, as reports are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from worker.domain.controls.policy import ClassRule, ControlPolicy
from worker.domain.controls.state import GroupState
from worker.domain.messengers import messenger
from worker.domain.model import RegisterStatus
from worker.domain.text.globs import fits


@dataclass(frozen=True, slots=True)
class MemberCounts:
    """A group's members, by the people behind them.

    `people` are here, and `with_account` of them have an account on the target. `externals` are not in the directory,
    `unidentified` are members whom nobody has identified yet, `leavers` have left. `open_tickets` are the group's.
    `without_channel` of `people` have no address in any directory. `bots` are members who look like bots or bridges.
    `has_creator_left`: None if the list names no creator, or nobody knows who that is.
    """

    people: int = 0
    with_account: int = 0
    externals: int = 0
    unidentified: int = 0
    leavers: int = 0
    open_tickets: int = 0
    without_channel: int = 0
    bots: int = 0
    has_creator_left: bool | None = None

    @property
    def without(self) -> int:
        """Members of whom no account on the target is known, without externals and leavers."""
        return self.people + self.unidentified - self.with_account


class ReadinessVerdict(StrEnum):
    """Whether a group can move."""

    READY = "ready"
    NEEDS_ACCOUNTS = "needs accounts"
    HAS_EXTERNALS = "has externals"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Readiness:
    """One group's verdict. `about` is what stands in brackets behind it: a number, or why it is kept.

    `goal` is the messenger that the register, else its class, sends it to; empty: none. `reasons` are all that speaks
    against moving it now, and what to see to.
    """

    group: GroupState
    counts: MemberCounts
    verdict: ReadinessVerdict
    about: str = ""
    data_class: str = ""
    goal: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The verdict as reports say it: `needs accounts (3)`."""
        return f"{self.verdict.value} ({self.about})" if self.about else self.verdict.value

    @property
    def share(self) -> float | None:
        """The share of members with an account on the target, to a hundredth; None if the members are not known."""
        expected = self.counts.with_account + self.counts.without
        return round(self.counts.with_account / expected, 2) if expected and self.group.is_listed else None


def goals(policy: ControlPolicy) -> list[str]:
    """The messengers that classes send their groups to."""
    return sorted({rule.move_to for rule in policy.classes if rule.move_to})


def readiness_of(group: GroupState, counts: MemberCounts, target: str, policy: ControlPolicy) -> Readiness:
    """The verdict for moving a group to `target`, a messenger's key.

    The first row that fits wins:

    | its class may not be there, it is to go elsewhere, it is closed or not well known | keep           |
    | somebody who is not in the directory is a member                                  | has externals  |
    | of a member, no account there is known                                            | needs accounts |
    | else                                                                              | ready          |
    """
    rule = next((one for one in policy.classes if one.has(group)), None)
    goal = (group.row.facts.move_to if group.row else None) or (rule.move_to if rule else "")
    against = _against(group, target, goal, rule)
    hints = _hints(counts)
    known = (policy.class_of(group), goal)
    if against:
        return Readiness(group, counts, ReadinessVerdict.KEEP, against[0], *known, (*against, *hints))
    if counts.externals:
        return Readiness(group, counts, ReadinessVerdict.HAS_EXTERNALS, str(counts.externals), *known, hints)
    if counts.without:
        return Readiness(group, counts, ReadinessVerdict.NEEDS_ACCOUNTS, str(counts.without), *known, hints)
    return Readiness(group, counts, ReadinessVerdict.READY, "", *known, hints)


def _against(group: GroupState, target: str, goal: str, rule: ClassRule | None) -> tuple[str, ...]:
    """Why a group stays where it is for now."""
    there = messenger(target).name
    facts = group.row.facts if group.row else None
    found = {
        f"{rule.name if rule else ''} may not be in {there}": rule is not None
        and not fits(target, rule.messengers),
        f"it is to move to {messenger(goal).name}": bool(goal) and goal.casefold() != target.casefold(),
        "the register says that it is closed": facts is not None and facts.status is RegisterStatus.CLOSED,
        "it is archived": bool(group.facts.is_archived),
        "its list of members is not complete and fresh": not group.is_listed,
        "nobody is in it": group.is_listed and group.size == 0,
    }
    return tuple(why for why, is_so in found.items() if is_so)


def _hints(counts: MemberCounts) -> tuple[str, ...]:
    """What to see to before a group moves."""
    without = counts.people - counts.with_account
    found = {
        f"not in the directory: {counts.externals}": counts.externals,
        f"without a known account there: {without}": without,
        f"not identified yet: {counts.unidentified}": counts.unidentified,
        f"left, and still in it: {counts.leavers}": counts.leavers,
        f"open tickets: {counts.open_tickets}": counts.open_tickets,
        "its creator has left": counts.has_creator_left,
        f"bots and bridges: {counts.bots}": counts.bots,
        f"without an address to write to: {counts.without_channel}": counts.without_channel,
    }
    return tuple(hint for hint, is_so in found.items() if is_so)
