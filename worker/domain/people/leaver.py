"""Decide who counts as a leaver: facts in, judgement out.

Connectors report facts; only this module says what they mean, by the `leaver:` section of the
configuration. An unknown fact never makes a leaver, and never makes a return.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from worker.domain.model import Account, AccountFacts, AccountKey, Evidence, Standing


@dataclass(frozen=True, slots=True)
class AbsentPolicy:
    """When absence from complete passes counts, for a source that has no look-up of one person."""

    passes: int = 3
    over: timedelta = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class LeaverPolicy:
    """Which evidence counts; by default every kind does."""

    disabled: bool = True
    deleted: bool = True
    expired: bool = True
    leave_date: bool = True
    moved_to_leavers_ou: bool = True
    absent: AbsentPolicy = AbsentPolicy()

    def counts(self, evidence: Evidence) -> bool:
        """Whether this can make somebody a leaver; absence and moves always can."""
        switches = {
            Evidence.DISABLED: self.disabled,
            Evidence.DELETED: self.deleted,
            Evidence.EXPIRED: self.expired,
            Evidence.LEAVE_DATE: self.leave_date,
            Evidence.MOVED_OUT: self.moved_to_leavers_ou,
        }
        return switches.get(evidence, True)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A standing with its evidence; `at` is when it takes effect, None if the facts have no date."""

    standing: Standing
    evidence: Evidence | None = None
    at: datetime | None = None


def judge(facts: AccountFacts, policy: LeaverPolicy, now: datetime) -> Judgement | None:
    """Say what one person's facts mean at `now` (aware UTC), or None when they decide nothing.

    The first matching row wins. Out of scope, only the LEFT rows apply, and `settle` accepts them only if
    the account was in scope once:

    | deleted                              | LEFT deleted                     |
    | enabled is False, not on long leave  | LEFT disabled                    |
    | in the leavers' OU                   | LEFT moved_out                   |
    | leave date has come                  | LEFT leave_date, at that instant |
    | account has expired                  | LEFT expired, at that instant    |
    | leave date or expiry in the future   | LEAVING, at the earlier          |
    | enabled is None, or a date is unread | None (no proof of a return)      |
    | else                                 | ACTIVE                           |

    A lock-out, an expired password and a missing attribute mean nothing, so the table has no rows for them.
    """
    judgement = _judged(facts, policy, now)
    if not facts.is_in_scope and judgement is not None and judgement.standing is not Standing.LEFT:
        return None
    return judgement


def counted(facts: AccountFacts, policy: LeaverPolicy) -> AccountFacts:
    """Return facts of which no date is unread that does not count by the policy: it keeps nobody from returning."""
    if not facts.unread:
        return facts
    counts = {"leave_at": policy.leave_date, "expires_at": policy.expired}
    return replace(facts, unread=tuple(name for name in facts.unread if counts[name]))


def _judged(facts: AccountFacts, policy: LeaverPolicy, now: datetime) -> Judgement | None:
    if facts.is_deleted and policy.deleted:
        return Judgement(Standing.LEFT, Evidence.DELETED)
    if facts.enabled is False and policy.disabled and not facts.is_on_long_leave:
        return Judgement(Standing.LEFT, Evidence.DISABLED)
    if facts.is_moved_out and policy.moved_to_leavers_ou:
        return Judgement(Standing.LEFT, Evidence.MOVED_OUT)
    dated = _dated(facts, policy)
    past = [(at, evidence) for at, evidence in dated if at <= now]
    if past:
        at, evidence = past[0]
        return Judgement(Standing.LEFT, evidence, at)
    if dated:
        at, evidence = min(dated)
        return Judgement(Standing.LEAVING, evidence, at)
    return None if facts.enabled is None or facts.unread else Judgement(Standing.ACTIVE)


def _dated(facts: AccountFacts, policy: LeaverPolicy) -> list[tuple[datetime, Evidence]]:
    dates = []
    if facts.leave_at is not None and policy.leave_date:
        dates.append((facts.leave_at, Evidence.LEAVE_DATE))
    if facts.expires_at is not None and policy.expired:
        dates.append((facts.expires_at, Evidence.EXPIRED))
    return dates


# Only an account that is stated to be enabled undoes these; a date in the future does not.
_OF_THE_ACCOUNT = frozenset({Evidence.DISABLED, Evidence.DELETED, Evidence.MOVED_OUT})


def settle(
    key: AccountKey,
    before: Account | None,
    facts: AccountFacts,
    judgement: Judgement | None,
    taken_at: datetime,
    *,
    was_in_scope: bool,
) -> Account:
    """Return the account as known after a pass that is true for `taken_at`.

    Without a judgement the standing stays (ACTIVE for a new account). An account that had left keeps its first
    evidence and date: a second proof is not a second leaving. If the facts have no date, it left at `taken_at`.
    A return has to be stated: by an enabled account; by a new date, if it left by a date; by being listed
    again, if it was absent. A date that nobody can read may be past: it brings nobody back, and an earlier one that it
    took the place of does not come. A deleted account keeps the earlier facts that deletion took away or changed, and
    whoever has left keeps the e-mail address that is taken from the account: their rights end by it.

    An account that goes out of scope disabled or deleted has left: that is how accounts are put away, in one step
    or in several. So it has if it is disabled or deleted later; `was_in_scope` says that it was in scope at any time
    before. An account that never was is no leaver, and a tombstone does not bring it into scope.
    """
    if before is not None and facts.is_deleted:
        facts = replace(_of_deleted(before.facts, facts), is_in_scope=facts.is_in_scope and was_in_scope)
    if not (facts.is_in_scope or was_in_scope):
        judgement = None
    if (
        before is not None
        and before.standing is Standing.LEFT
        and (facts.enabled is None or facts.unread)
        and facts.is_in_scope
    ):
        judgement = _of_unknown_account(before.evidence, facts, judgement)
    if judgement is not None and judgement.standing is not Standing.LEFT:
        return Account(key, facts, judgement.standing, judgement.evidence)
    if judgement is not None and (before is None or before.standing is not Standing.LEFT):
        account = Account(key, facts, Standing.LEFT, judgement.evidence, judgement.at or taken_at)
    else:
        account = replace(before or Account(key, facts), facts=facts)
    if before is not None and account.standing is Standing.LEFT and not facts.email:
        return replace(account, facts=replace(facts, email=before.facts.email))
    return account


# What deletion gives another value: the user name, the name and unit of a record without facts, an id in its place
_MANGLED = ("display_name", "username", "immutable_id", "org_unit", "is_moved_out", "is_on_long_leave")


def _of_deleted(known: AccountFacts, facts: AccountFacts) -> AccountFacts:
    """Return a deleted record with what was known of the account, wherever it has nothing, or something mangled."""
    before = {field.name: getattr(known, field.name) for field in fields(AccountFacts)}
    stays: dict[str, Any] = {
        name: value
        for name, value in before.items()
        if name not in facts.unread
        and (value if name in _MANGLED else getattr(facts, name) in {None, (), ""})
    }
    return replace(facts, **stays)


def judge_again(before: Account, policy: LeaverPolicy, now: datetime) -> Account:
    """Return an account that is in scope, or was, as what is known of it says at `now`: no pass has read it anew."""
    facts = counted(before.facts, policy)
    return settle(before.key, before, facts, judge(facts, policy, now), now, was_in_scope=True)


def is_stripped(facts: AccountFacts) -> bool:
    """True if nothing is left that could match a group's member, as in a tombstone."""
    return not (facts.phones or facts.email or facts.employee_id)


def _of_unknown_account(
    left_by: Evidence | None, facts: AccountFacts, judgement: Judgement | None
) -> Judgement | None:
    if left_by is Evidence.ABSENT_CONFIRMED:
        return judgement or Judgement(Standing.ACTIVE)
    return None if facts.unread or left_by in _OF_THE_ACCOUNT else judgement


def is_absence_proof(
    passes_missed: int, missing_since: datetime, taken_at: datetime, policy: AbsentPolicy
) -> bool:
    """True if absence has lasted long enough to count: enough complete passes *and* enough time.

    `missing_since` is the `taken_at` of the first pass without the person, or of the one before if that is later;
    `taken_at` is that of the latest.
    """
    return passes_missed >= policy.passes and taken_at - missing_since >= policy.over
