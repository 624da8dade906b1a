"""Controls of messengers: whether one has an open vulnerability, and what is agreed with its provider. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from worker.domain.controls.control import CheckValue, ControlResult, Unknown, unknown
from worker.domain.controls.policy import AdvisoryRule, ProviderRule
from worker.domain.tickets.ticket import Grade
from worker.domain.watch.advisories import Advisory
from worker.domain.watch.products import is_known

CHECKED_MAX = timedelta(days=365)  # how long somebody's look at a contract counts


def check_advisories(
    messenger: str, advisories: Iterable[Advisory], rule: AdvisoryRule, read_at: datetime | None
) -> ControlResult:
    """Whether a messenger has no open advisory. `read_at`: since when the feeds are known; None: they are not."""
    if not is_known(messenger):
        return unknown(Unknown.NO_PRODUCT)
    wrong = sorted(
        one.key.id for one in advisories if one.key.messenger == messenger and one.is_open(rule.severity_from)
    )
    if wrong:  # what was known once stays true, however old the feeds are
        return ControlResult(CheckValue.FAIL, ", ".join(wrong), at=read_at, grade=Grade.B)
    if read_at is None:
        return unknown(Unknown.NO_FEED)
    return ControlResult(CheckValue.PASS, at=read_at, grade=Grade.B)


def check_provider(rule: ProviderRule | None, today: date) -> ControlResult:
    """Whether contract, data processing agreement, duty to tell of a breach and backup are recorded, and were looked at
    within a year. `today` is a local day.
    """
    missing = [name for name in ("contract", "dpa", "breach_notice", "backup") if not getattr(rule, name, "")]
    checked_on = rule.checked_on if rule else None
    if checked_on is None or not today - CHECKED_MAX <= checked_on <= today:
        missing.append("checked_on")
    if missing:
        return ControlResult(CheckValue.FAIL, ", ".join(missing))
    assert checked_on is not None  # noqa: S101  else it would be missing
    at = datetime(checked_on.year, checked_on.month, checked_on.day, tzinfo=UTC)
    return ControlResult(CheckValue.PASS, at=at, grade=Grade.C)
