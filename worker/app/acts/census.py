"""What people do with the groups that a census names: decide what each is, and name some by a public form.

Nothing is kept of whoever fills in the public form: no name, no address, no browser. No name acts by itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from worker.app.acts.looking_up import one_group
from worker.app.refused import Refused
from worker.app.tell.addressing import rules_now
from worker.app.tell.signed_links import Dead, LinkDead, SignedLinks
from worker.app.tell.teller import Teller, journal_entry, withdraw_unsent
from worker.domain.controls.census import (
    NEW_A_DAY,
    CandidateDecision,
    CensusCandidate,
    CensusRow,
    candidate_number,
)
from worker.domain.controls.examining import Examined
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.state import GroupState
from worker.domain.escalation.wall_clock import start_of_day
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, acted
from worker.domain.model import GroupKey
from worker.domain.reconcile.controlling import opened, wanted_in
from worker.domain.reconcile.engine import cancelled
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.reason import because
from worker.ports.state.store import Store, UnitOfWork

TOKEN_BYTES = 16  # 22 characters
NOT_ASKED_FOR = because("somebody decided that it is not asked for")

ExamineGroup: TypeAlias = Callable[
    [UnitOfWork, GroupKey, datetime], tuple[GroupState, tuple[Examined, ...]] | None
]


class TooManyNames(Refused):
    """The public form had as many new names today as are kept in a day; nothing was kept of this one."""


class CensusActs:
    """Decisions, and the public form. `examine`: a group with what controls say of it. Raises Refused."""

    def __init__(
        self,
        store: Store,
        links: SignedLinks,
        teller: Teller,
        tickets: TicketRules,
        policy: ControlPolicy,
        examine: ExamineGroup,
    ) -> None:
        self._store = store
        self._links = links
        self._teller = teller
        self._tickets = tickets
        self._policy = policy
        self._examine = examine

    def at(self, links: SignedLinks) -> CensusActs:
        """The same with links to another address."""
        return CensusActs(self._store, links, self._teller, self._tickets, self._policy, self._examine)

    # --- decisions -------------------------------------------------------------------------------

    def decide(
        self,
        label: str,
        decision: CandidateDecision,
        by: Actor,
        now: datetime,
        group: str = "",
        reason: str = "",
    ) -> CensusCandidate:
        """Say what a candidate is, or have somebody put it into the register; return it as it is now.

        `group` names the group that it is. An earlier decision is replaced, and its ticket ends.
        """
        with self._store.begin() as uow:
            known = _candidate(uow, label)
            is_group = decision is CandidateDecision.GROUP
            which = one_group(uow, group).key if is_group else None
            uow.census.decide(known.id, decision, which, by.name, now)
            data = {"decision": decision.value, "group": "/".join(which) if which else None}
            subject = f"census:{known.label}"
            uow.journal.append([acted(by, now, events.CENSUS_DECIDED, subject, reason, data)])
            if decision is CandidateDecision.ASKED:
                self._ask(uow, known, now)
            else:
                self._end(uow, known, now)
            return _candidate(uow, known.label)

    def _ask(self, uow: UnitOfWork, candidate: CensusCandidate, now: datetime) -> None:
        found = self._examine(uow, candidate.key, now)
        if found is None or found[0].is_followed:
            raise Refused("An inventory shows this group now; say which one it is.")
        group, examined = found
        wanted = wanted_in(group, examined)
        if not wanted:
            raise Refused(
                "Nothing asks for it: the register has it, was not read completely yet, or "
                "`controls.register` is not for such a group."
            )
        tickets = rules_now(uow, self._tickets)
        found_actions = (opened(one, group, tickets, self._policy.languages, now) for one in wanted)
        self._carry_out(uow, [one for one in found_actions if one is not None], now)

    def _end(self, uow: UnitOfWork, candidate: CensusCandidate, now: datetime) -> None:
        tickets = uow.group_states.tickets_of([candidate.key]).get(candidate.key, ())
        self._carry_out(uow, [cancelled(one, NOT_ASKED_FOR, now) for one in tickets if one.is_live], now)

    def _carry_out(self, uow: UnitOfWork, planned: Sequence[Action], now: datetime) -> None:
        new = iter(uow.tickets.insert([one.ticket for one in planned if one.kind is ActionKind.OPEN]))
        done = [replace(one, ticket=next(new)) if one.kind is ActionKind.OPEN else one for one in planned]
        uow.tickets.update([one.ticket for one in done if one.kind is not ActionKind.OPEN])
        uow.journal.append([journal_entry(one, now) for one in done])
        withdraw_unsent(uow, done)
        told = [one for one in done if one.kind is not ActionKind.CANCEL]
        uow.outbox.add([*self._teller.cancelled(uow, done, now), *self._teller.acted(uow, told, now)], now)

    # --- the public form -------------------------------------------------------------------------

    def url(self, by: Actor, now: datetime, reason: str = "", *, is_new: bool = False) -> str:
        """The address of the public form, made when it is first asked for. With a new one, earlier ones are over.

        Raises Refused while `controls.register` is off.
        """
        if not self._policy.register:
            raise Refused("The census belongs to `controls.register`, which is off.")
        with self._store.begin() as uow:
            known = uow.census.links()
            if known and not is_new:
                return f"{self._links.base}/c/{known[0]}"
            token = secrets.token_urlsafe(TOKEN_BYTES)
            uow.census.add_link(token, now)
            uow.journal.append([acted(by, now, events.CENSUS_LINK_MADE, "census:link", reason)])
            return f"{self._links.base}/c/{token}"

    def check_link(self, token: str) -> None:
        """Raise LinkDead unless this is the public form's newest link, and the census is on."""
        with self._store.reading() as uow:
            self._check(uow, token)

    def _check(self, uow: UnitOfWork, token: str) -> None:
        known = uow.census.links()
        if token not in known:
            raise LinkDead(Dead.FORGED)
        if token != known[0] or not self._policy.register:
            raise LinkDead(Dead.REVOKED)

    def name(self, token: str, rows: Sequence[CensusRow], now: datetime) -> None:
        """Keep what the public form names. Raises LinkDead, Refused if a row has no name, and TooManyNames."""
        if not rows or not all(one.is_named for one in rows):
            raise Refused("Write the name of each group.")
        with self._store.begin() as uow:
            self._check(uow, token)
            if uow.census.note_anonymous(rows, start_of_day(self._teller.timezone, now), now, NEW_A_DAY):
                raise TooManyNames("Too many new names came today.")


def _candidate(uow: UnitOfWork, label: str) -> CensusCandidate:
    number = candidate_number(label)
    found = uow.census.get(number) if number is not None else None
    if found is None:
        raise Refused(f"Nobody named a group '{label}'; `whosleft census list` shows those that were named.")
    return found
