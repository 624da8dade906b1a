"""Controls of messengers: whether one has an open vulnerability, and what is agreed with its provider. Pure.

Both ask people: to update their app, and to look at what is agreed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from worker.domain.controls.control import CheckValue, ControlResult, Unknown, unknown
from worker.domain.controls.others import ADVISORIES, PROVIDER
from worker.domain.controls.policy import AdvisoryRule, ProviderRule
from worker.domain.controls.statements import COMPLETE, Attestation, Statement, StatementRule, text_hash
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.tickets.ticket import Grade
from worker.domain.watch.advisories import Advisory
from worker.domain.watch.products import is_known
from worker.domain.watch.updating import UpdateFinding, updates_wanted

CHECKED_MAX = timedelta(days=365)  # how long somebody's look at a contract counts
_SENSITIVE_DUE = timedelta(days=7)
_PROVIDER_DUE = timedelta(days=30)
RECORDS = ("contract", "dpa", "breach_notice", "backup")
_VERSION_LENGTH = 8  # digits of a hash


@dataclass(frozen=True, slots=True)
class Updated:
    """How far people are with all the updates of one messenger. `unknown`: members whom nobody has identified."""

    asked: int = 0
    done: int = 0
    unknown: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether everybody who can be asked has the versions, or need not have them."""
        return 0 < self.asked == self.done


def check_advisories(
    messenger: str,
    advisories: Iterable[Advisory],
    rule: AdvisoryRule,
    read_at: datetime | None,
    updated: Updated = Updated(),
) -> ControlResult:
    """Whether a messenger has no open advisory, or everybody says that they have the version that repairs it.

    `read_at`: since when the feeds are known; None: they are not.
    """
    if not is_known(messenger):
        return unknown(Unknown.NO_PRODUCT)
    wrong = [one for one in advisories if one.key.messenger == messenger and one.is_open(rule.severity_from)]
    if wrong and not (updated.is_complete and all(one.platforms for one in wrong)):
        ids = ", ".join(sorted(one.key.id for one in wrong))
        # What was known once stays true, however old the feeds are
        return ControlResult(CheckValue.FAIL, ids, at=read_at, grade=Grade.B)
    if wrong and updated.unknown:
        return unknown(Unknown.NOT_ALL_KNOWN)
    if read_at is None:
        return unknown(Unknown.NO_FEED)
    return ControlResult(CheckValue.PASS, at=read_at, grade=Grade.C if wrong else Grade.B)


def check_provider(rule: ProviderRule | None, today: date, said: Attestation | None = None) -> ControlResult:
    """Whether contract, data processing agreement, duty to tell of a breach and backup are recorded, and were looked at
    within a year. `today` is a local day. `said`: the statement of somebody who looked at all that, and still counts.
    """
    if said is not None and said.is_pass:
        return ControlResult(CheckValue.PASS, at=said.at, grade=said.grade)
    missing = [name for name in RECORDS if not getattr(rule, name, "")]
    checked_on = rule.checked_on if rule else None
    if checked_on is None or not today - CHECKED_MAX <= checked_on <= today:
        missing.append("checked_on")
    if missing:
        return ControlResult(CheckValue.FAIL, ", ".join(missing))
    assert checked_on is not None  # noqa: S101  else it would be missing
    at = datetime(checked_on.year, checked_on.month, checked_on.day, tzinfo=UTC)
    return ControlResult(CheckValue.PASS, at=at, grade=Grade.C)


# --- what people are asked ------------------------------------------------------------------------------------


def update_statements(
    advisories: Iterable[Advisory], rule: AdvisoryRule, watched: Collection[str]
) -> list[StatementRule]:
    """What the members of groups in the watched messengers are asked to install, the most urgent first."""
    return [_update(one, rule) for one in updates_wanted(advisories, watched, rule.severity_from)]


def _update(one: UpdateFinding, rule: AdvisoryRule) -> StatementRule:
    due = rule.switch.due or rule.update_due
    found = StatementRule(
        Statement.UPDATE,
        ADVISORIES.id,
        # Which messengers are watched is decided already
        replace(rule.switch, where=replace(rule.switch.where, messengers=())),
        one.id,
        "",
        due=due,
        items=tuple(one.fixes),
        sensitive_due=rule.switch.sensitive_due or min(due, _SENSITIVE_DUE),
        messengers=one.messengers,
        fixes=one.fixes,
        is_exploited=one.is_exploited,
    )
    return replace(found, version=", ".join(found.facts.splitlines()))


def provider_statement(messenger: str, rule: ProviderRule | None, mode: Mode, to: str) -> StatementRule:
    """What the accountable person, whose address is `to`, is asked of a messenger's provider.

    `mode` is for a messenger about which nothing is configured. What is configured gives the version: once it changes,
    what was said of it before counts no more.
    """
    switch = rule.switch if rule is not None else ControlSwitch(mode)
    found = StatementRule(
        Statement.PROVIDER,
        PROVIDER.id,
        ControlSwitch(switch.mode),
        messenger,
        "",
        every=CHECKED_MAX,
        due=switch.due or _PROVIDER_DUE,
        items=(COMPLETE,),
        messengers=(messenger,),
        to=to.casefold(),
        records={name: getattr(rule, name, "") for name in RECORDS},
    )
    return replace(found, version=text_hash(found.facts)[:_VERSION_LENGTH])
