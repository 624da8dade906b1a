"""What people did on a copy, done to our ticket: claimed, taken back, given to somebody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from worker.app.acts.changes import change_ticket
from worker.app.acts.tickets import TicketActs
from worker.app.jobs.mirror_run import MirrorRun
from worker.app.refused import Refused
from worker.app.tell.addressing import still_here
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, Via, account_of, claimants
from worker.domain.messages.overtaken import said_once
from worker.domain.mirror.copy import Copy
from worker.domain.mirror.outside import CopyStanding, LastMove, Seen
from worker.domain.text.reason import because, in_own_words
from worker.domain.tickets.ticket import Grade, Move, Ticket, next_state
from worker.ports.state.store import UnitOfWork

GIVES_MAX, GIVES_WITHIN = 3, timedelta(days=7)  # to one person, by one tracker


class ActsHere:
    """Acts of one run. `key` is what people there call the copy, `words` are their own."""

    def __init__(self, run: MirrorRun, acts: TicketActs) -> None:
        self._run = run
        self._acts = acts

    def claim(self, uow: UnitOfWork, ticket: Ticket, moved: LastMove, key: str, words: str = "") -> None:
        """Claim the ticket for the person who closed the copy, at the tracker's instant, but never later than now.

        A list that was read after that instant, and was weighed before we heard of the claim, is weighed again.
        """
        run, by, now = self._run, _actor(self._run, moved), self._run.at()
        at = max(ticket.clock_from, min(moved.at or now, now))

        def claimed(one: Ticket) -> Ticket:
            return replace(
                one, state=next_state(one.state, Move.CLAIM), done_at=at, done_by=by.name, grade=Grade.C,
                claimed_by=claimants([by], is_known=_is_here(uow, moved.email)), weighed_at=None,
                reason=in_own_words(words) or because("closed in {tracker} as {key}", tracker=run.name, key=key),
            )  # fmt: skip

        change_ticket(uow, ticket.id, claimed, events.TICKET_DONE, by, now)
        uow.outbox.withdraw_about([ticket.id], but=said_once(ticket))
        run.count("claimed")

    def reopen(self, uow: UnitOfWork, ticket: Ticket, moved: LastMove, key: str, words: str = "") -> None:
        """Take a claim back."""
        by = _actor(self._run, moved)
        self._acts.reopen_in(uow, ticket.id, by, words or f"reopened as {key}", self._run.at())
        self._run.count("reopened")

    def give(self, ticket: Ticket, email: str, key: str) -> bool:
        """Give it to a person who is known and here; return False if it stays. Trackers don't tell who gave it."""
        run = self._run
        with run.store.reading() as uow:
            is_here = _is_here(uow, email)
        if not is_here or not ticket.is_live:
            return False
        try:
            self._acts.assign(ticket.id, email, _actor(run, LastMove()), run.now, f"in {run.name} as {key}")
        except Refused:  # nobody answers for themselves; or it is over since
            return False
        run.count("assigned")
        return True

    def is_passed_on(self, ticket: Ticket, email: str, key: str) -> bool:
        """Whether they were given it there too often, and somebody else got it each time; that is told."""
        run, about = self._run, f"ticket:{ticket.label}"
        with run.begin() as uow:
            them = {"/".join(one.key) for one in uow.people.find(email)}
            gives = [
                entry
                for entry in (one.entry for one in uow.journal.of(about))
                if events.is_kind(entry.kind, events.TICKET_ASSIGNED)
                and account_of(entry).startswith(_accounts(run))
                and entry.data.get("assignee") in them
                and run.now - entry.at <= GIVES_WITHIN
            ]
            if len(gives) < GIVES_MAX:
                return False
            run.tell(uow, f"passed:{ticket.id}", _passed_on(ticket, key), ticket.id)
        return True


def no_earlier(run: MirrorRun, moved: LastMove, copy: Copy, seen: Seen) -> LastMove:
    """The move by which a copy was closed, at the earliest when we last read it as not done.

    A tracker's clock may be behind ours. What it says stands where we don't know that: if the copy was missing, or had
    its present status before.
    """
    was_read = copy.standing is not CopyStanding.DONE and copy.status != seen.status
    if moved.at is None or copy.synced_at is None or copy.missing_since is not None or not was_read:
        return moved
    return replace(moved, at=max(moved.at, min(copy.synced_at, run.now)))


def is_answered(run: MirrorRun, uow: UnitOfWork, label: str, closed_at: datetime | None) -> bool:
    """True if a ticket was reopened here after it was closed there: that answers the close, which is no new claim.

    What people there took back themselves answers nothing: it was heard later than it was done.
    """
    about = f"ticket:{label}"
    reopened_at = uow.journal.last([about], [events.TICKET_REOPENED]).get(about)
    if closed_at is None or reopened_at is None or reopened_at <= closed_at:
        return False
    return any(
        closed_at < entry.at and not account_of(entry).startswith(_accounts(run))
        for entry in (one.entry for one in uow.journal.of(about))
        if events.is_kind(entry.kind, events.TICKET_REOPENED)
    )


def is_old(
    run: MirrorRun, uow: UnitOfWork, copy: Copy, label: str, moved: LastMove, closed_at: datetime | None
) -> bool:
    """Whether the close that a copy shows is no new claim: it was answered, or heard before.

    `closed_at` is when it was closed by the tracker's own clock. If that is not after the claim that was heard last,
    the tracker was put back from a backup.
    """
    is_heard = closed_at is not None and copy.told_at is not None and closed_at <= copy.told_at
    return is_heard or is_answered(run, uow, label, moved.at)


def _is_here(uow: UnitOfWork, email: str) -> bool:
    """Whether an address is that of a person who is known and has not left."""
    return "@" in email and bool(still_here(uow, uow.people.find(email)))


def _actor(run: MirrorRun, moved: LastMove) -> Actor:
    """Whoever did it there: by their address where it is shown, else by their account's name."""
    account = moved.account or moved.email
    name = moved.email or (f"{run.name}:{account}" if account else run.name)
    return Actor(name, f"{_accounts(run)}{account.casefold()}", Via.TRACKER)


def fight_text(ticket: Ticket, key: str) -> str:
    """What is told when a copy was closed and reopened too often."""
    return (
        f"{ticket.label} was closed as {key} again and again, and is still to be done. "
        "It is not reopened there any more."
    )


def _passed_on(ticket: Ticket, key: str) -> str:
    return (
        f"{ticket.label} was given to one person as {key} again and again, and to somebody else in between. "
        "It stays with whoever has it. If a rule gives it away there, set assign: false."
    )


def _accounts(run: MirrorRun) -> str:
    """What the ids of a tracker's accounts begin with."""
    return f"tracker:{run.name}/"
