"""Set-based queries for the nightly pass: one for each way in which a group and its tickets can disagree."""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.domain.people.persons import AccountsRule
from worker.storage.candidates.add_member import missing_joiners
from worker.storage.candidates.assignees import left_assignees, readdressed_assignees
from worker.storage.candidates.identify_member import unknown_without_question
from worker.storage.candidates.reassign_admin import lost_admins
from worker.storage.candidates.removals import former_members, leavers_without_ticket
from worker.storage.candidates.tickets import blocked, tickets_without_reason, waivers


@cache
def wrong_groups(rule: AccountsRule) -> tuple[sa.Select[Any], ...]:
    """Queries for (source, group_id). Together they cover every finding and every reason to cancel."""
    return (
        leavers_without_ticket(),
        unknown_without_question(),
        tickets_without_reason(rule),
        waivers(),
        blocked(),
        missing_joiners(),
        former_members(),
        lost_admins(),
        left_assignees(),
        readdressed_assignees(),
    )
