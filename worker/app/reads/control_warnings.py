"""Warnings about rules of controls that can find nothing, for `check` and `config validate`."""

from __future__ import annotations

from datetime import datetime

from worker.app.reads.controls import PAGE, ControlReads
from worker.domain.controls.unused import Unused
from worker.ports.state.store import Store

_NO_LAST_DAY = (
    "controls.leaving: no directory has shown anybody's last day, so nothing is known before people leave; "
    "name where it stands in attributes.leave_date of the directory"
)


def control_warnings(store: Store, reads: ControlReads, now: datetime) -> tuple[str, ...]:
    """What rules can do nothing with the groups and people that are known; none as long as nothing was read.

    Reads all groups if a rule has a pattern, or asks for what few sources show.
    """
    rules = reads.rules
    unused = Unused(rules.policy, {name: can.shows for name, can in rules.inventories.items()})
    with store.reading() as uow:
        after = None
        while unused.has_work and (page := uow.group_states.groups(after, PAGE, rules.lists, frozenset())):
            for group in page:
                unused.look(rules.seen(group, now))
            after = page[-1].key
        is_early = rules.policy.hand_over or rules.policy.conversations
        is_blind = is_early and uow.people.page(None, 1) and not uow.leavings.shows_last_days()
    return (*unused.warnings(), *((_NO_LAST_DAY,) if is_blind else ()))
