"""Retention: forget people who left longer ago than `leaver.erase_after`, and what they said longer ago than `keep`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from worker.app.acts.reporting import forget_texts
from worker.app.acts.rights import end_lost_rights
from worker.app.jobs.report import Report
from worker.domain.controls.reports import TEXTS_KEPT
from worker.domain.controls.statements import StatementRule
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry
from worker.domain.model import AccountKey
from worker.domain.people.persons import Person
from worker.domain.people.retention import has_left_before, is_forgettable
from worker.ports import Port
from worker.ports.state.leases import Lease, full_run
from worker.ports.state.store import Store, UnitOfWork

PAGE = 100
NIGHTLY = full_run("reconcile")  # what this runs after
APART_MAX = timedelta(days=31)  # of two nights, or the clock may be wrong
NOTICES_KEPT = timedelta(days=30)  # of trouble with trackers, and what trackers told
ZONE_LIFE = timedelta(days=30)  # of what a channel said of somebody's time zone


class Retention:
    """Erases leavers. `after`: how long ago they must have left; None: nobody is erased automatically.

    `statements`: rules of which some say how long after a leaving what was said is kept.
    """

    def __init__(
        self, store: Store, after: timedelta | None, statements: Sequence[StatementRule] = ()
    ) -> None:
        self._store = store
        self._after = after
        self._keeps = {rule.subject: rule.keep for rule in statements if rule.keep is not None}

    def run_once(self, now: datetime, lease: Lease | None = None) -> Report:
        """Erase each person who left longer ago and is gone from every directory.

        People who are or may be in a group, in a plan that waits, or with a live ticket, about them or to do, stay. One
        transaction for each page of candidates. `now` is aware UTC. A second call finds nobody. Whatever the rule, what
        can't be taken back any more is forgotten, login links and sessions that are over, who went from groups that are
        left out, the time zones that channels said after 30 days without asking, what trackers told more than 30 days
        ago, the texts of reports 30 days after the outcome, and what leavers said of a policy by its own rule.

        In the first night after more than a month, only that goes whose time had come by the night before it: the clock
        may be ahead. The report says so.
        """
        with self._store.begin(lease) as uow:
            last = next((run.run_at for run in uow.jobs.all() if run.name == NIGHTLY), now)
            is_held = now - last > APART_MAX
            by = last if is_held else now
            uow.zones.forget(by - ZONE_LIFE)
            uow.mirrors.forget_notices(by - NOTICES_KEPT)
            uow.access.forget_undos(now)
            uow.access.forget_admissions(by)
            uow.rosters.forget_left_out()
            _clear_stages(uow)
            forget_texts(uow, by - TEXTS_KEPT, now)
        statements = sum(
            self._forget_said(policy, by - keep, now, lease) for policy, keep in self._keeps.items()
        )
        erased = 0
        after: AccountKey | None = None
        while self._after is not None:
            with self._store.begin(lease) as uow:
                page = uow.people.erasable(by - self._after, after, PAGE)
                erased += sum(self._erase(uow, key, by - self._after, now) for key in page)
                end_lost_rights(uow, now)
            if not page:
                break
            after = page[-1]
        counts = {"erased": erased, "statements_deleted": statements, "held_by_the_clock": int(is_held)}
        return Report("retention", counts)

    def _forget_said(self, policy: str, before: datetime, now: datetime, lease: Lease | None) -> int:
        """Delete what people said of a policy who left before then, in all of their accounts."""
        count = 0
        after: AccountKey | None = None
        while True:
            with self._store.begin(lease) as uow:
                page = uow.attestations.leavers(policy, before, after, PAGE)
                humans = uow.people.humans(page)
                gone = [key for key, human in humans.items() if has_left_before(human, before)]
                accounts = {one for those in uow.people.accounts(gone).values() for one in those}
                deleted = uow.attestations.delete(policy, accounts)
                if deleted:
                    data = {"rule": "keep", "statements": deleted}
                    subject = f"policy:{policy}"
                    uow.journal.append(
                        [Entry(now, "whosleft", events.ATTESTATIONS_DELETED, subject, data=data)]
                    )
            count += deleted
            if not page:
                return count
            after = page[-1]

    def _erase(self, uow: UnitOfWork, key: AccountKey, before: datetime, now: datetime) -> int:
        """Erase all accounts of a person, if all of them can be forgotten; return how many were erased."""
        human = uow.people.human(key)
        if human is None:
            return 0
        keys = sorted(uow.people.accounts([key])[key])
        if not _is_due(uow, human, keys, before):
            return 0
        for one in keys:
            uow.people.erase(one)
            subject = f"person:{'/'.join(one)}"
            data = {"rule": "leaver.erase_after"}
            uow.journal.append([Entry(now, "whosleft", events.PERSON_ERASED, subject, data=data)])
        return len(keys)


def _clear_stages(uow: UnitOfWork) -> None:
    """Forget what a worker that died left staged of sources that are not configured any more: no read clears it."""
    for name in uow.sources.removed(Port.DIRECTORY):
        uow.people.clear_stage(name)
    for name in uow.sources.removed(Port.INVENTORY):
        uow.rosters.clear_stage(name)


def _is_due(uow: UnitOfWork, human: Person, keys: Sequence[AccountKey], before: datetime) -> bool:
    return (
        is_forgettable(human, before)
        and not any(uow.rosters.groups_of(key) for key in keys)
        and not any(uow.identities.asked_about(key) for key in keys)
        and not any(uow.episodes.undecided_of(key) for key in keys)
        and not any(ticket.is_live for key in keys for ticket in uow.tickets.of_person(key))
        and not any(uow.people.to_do_of(key) for key in keys)
    )
