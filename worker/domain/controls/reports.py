"""Reports of bad messages: what people say by a form without an account, how long each may wait, and what came of it.

Nothing here acts on a report: a person handles it. Who wrote the message is never asked, and nobody is ranked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from worker.domain.model import GroupKey
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import Grade

WORDS_MAX = 500  # characters of a report
DAILY_MAX = 5  # tickets of one group in a day; later reports of that day share one
SAME_WITHIN = timedelta(minutes=10)  # a form that is sent again is the same report
TEXTS_KEPT = timedelta(days=30)  # after the outcome


class Tier(StrEnum):
    """What kind of message it is, the most urgent first."""

    HARM = "harm"
    PERSONAL_DATA = "personal_data"
    HARASSMENT = "harassment"
    OTHER = "other"


TIER_WORDS = {
    Tier.HARM: N_("a threat, or somebody may come to harm"),
    Tier.PERSONAL_DATA: N_("details of a patient or of another person"),
    Tier.HARASSMENT: N_("harassment or discrimination"),
    Tier.OTHER: N_("something else that isn't allowed"),
}


class SeenWhen(StrEnum):
    """When the message was seen, as far as the reporter says so."""

    HOUR = "hour"
    TODAY = "today"
    YESTERDAY = "yesterday"
    EARLIER = "earlier"


SEEN_WORDS = {
    SeenWhen.HOUR: N_("in the last hour"),
    SeenWhen.TODAY: N_("earlier today"),
    SeenWhen.YESTERDAY: N_("yesterday"),
    SeenWhen.EARLIER: N_("before that"),
}


class ReportOutcome(StrEnum):
    """What came of a report, as whoever handled it says."""

    NOT_A_BREACH = "not_a_breach"
    DELETED_BY_AUTHOR = "deleted_by_author"
    DELETED_BY_ADMIN = "deleted_by_admin"
    TOO_LATE = "too_late"
    PASSED_TO_HR = "passed_to_hr"
    SAFEGUARDING = "safeguarding"
    DATA_PROTECTION = "data_protection"


OUTCOME_WORDS = {
    ReportOutcome.NOT_A_BREACH: N_("It breaks no rule."),
    ReportOutcome.DELETED_BY_AUTHOR: N_("Whoever wrote it deleted it."),
    ReportOutcome.DELETED_BY_ADMIN: N_("An admin deleted it."),
    ReportOutcome.TOO_LATE: N_("It was too late to delete it."),
    ReportOutcome.PASSED_TO_HR: N_("It was passed on to human resources."),
    ReportOutcome.SAFEGUARDING: N_("It was passed on to safeguarding."),
    ReportOutcome.DATA_PROTECTION: N_("It was passed on to data protection."),
}

DUE: Mapping[Tier, timedelta] = {
    Tier.HARM: timedelta(0),
    Tier.PERSONAL_DATA: timedelta(hours=1),
    Tier.HARASSMENT: timedelta(hours=4),
    Tier.OTHER: timedelta(hours=24),
}


@dataclass(frozen=True, slots=True)
class BadMessage:
    """One report. `words`: None once they are deleted. `receipt`: the code by which the reporter asks for the outcome.

    `once` tells apart forms that were opened: a form that is sent twice is one report. `grade`: that of its outcome.
    `is_among_others`: its ticket has further reports, as in a flood.
    """

    group: GroupKey
    group_name: str
    tier: Tier
    about_admin: bool
    at: datetime
    receipt: str
    words: str | None = ""
    seen: SeenWhen | None = None
    department: str = ""
    once: str = ""
    id: int = 0
    ticket: int = 0
    outcome: ReportOutcome | None = None
    outcome_at: datetime | None = None
    outcome_words: str = ""
    grade: Grade | None = None
    is_among_others: bool = False

    @property
    def label(self) -> str:
        """The id that people see."""
        return f"R-{self.id:06d}"

    @property
    def is_confidential(self) -> bool:
        """Whether no admin of the group may handle it or hear of it."""
        return self.tier is Tier.HARM or self.about_admin
