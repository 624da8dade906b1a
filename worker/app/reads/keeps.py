"""What somebody who left keeps: the groups that they could read, with what each is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from worker.app.reads.controls import ControlReads, ControlRules
from worker.domain.controls.state import GroupState
from worker.domain.kinds.keeps import KeptGroup, kept_by
from worker.domain.model import AccountKey, Standing
from worker.domain.reconcile.whom import owner_of
from worker.ports.state.store import UnitOfWork


class KeepsReads:
    """Says what people keep. Writes nothing."""

    def __init__(self, controls: ControlReads) -> None:
        self._controls = controls

    def of(self, uow: UnitOfWork, accounts: Sequence[AccountKey]) -> list[KeptGroup]:
        """What the person with these accounts keeps, groups that still list them first; nothing if they are here."""
        human = uow.people.human(accounts[0]) if accounts else None
        if human is not None and human.person.standing is not Standing.LEFT:
            return []
        present = [
            KeptGroup(group.key, group.name, group.messenger, member.joined_at)
            for key in accounts
            for group, member in uow.rosters.groups_of(key)
            if not group.is_gone
        ]
        tickets = [ticket for key in accounts for ticket in uow.tickets.of_person(key)]
        found = kept_by(tickets, present)
        rules = self._controls.rules
        groups = uow.group_states.states({one.group for one in found}, rules.lists)  # gone ones stay known
        # A group that another source shows better is that one, unless it has a ticket of its own
        twins = {key for key, group in groups.items() if group.is_followed}
        return [
            _with_group(one, groups[one.group], rules)
            for one in found
            if one.ticket or one.group not in twins
        ]


def _with_group(one: KeptGroup, group: GroupState, rules: ControlRules) -> KeptGroup:
    """With what the group is for, and who answers for it."""
    owner = owner_of(group)
    return replace(
        one,
        data_class=rules.policy.class_of(group),
        is_sensitive=rules.is_sensitive(group),
        owner=owner.email if owner else "",
    )
