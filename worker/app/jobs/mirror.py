"""Mirror: tickets have copies in other people's trackers; what people do there is heard here.

wanted -> made once -> read in bulk -> compared with what was seen last -> claim, reopen, assign here
                                                                       -> move, note, give there

Our ticket is the truth about proof: closing a copy is a claim like any other. Nothing here is a queue of messages: each
run makes both sides agree with what they are now, so a run in which nothing changed writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from worker.app.acts.changes import change_ticket
from worker.app.acts.tickets import TicketActs
from worker.app.jobs.mirror_making import MakeCopies
from worker.app.jobs.mirror_run import UNCLEAR_MAX, MirroredTracker, MirrorRules, MirrorRun, Texts
from worker.app.jobs.report import Report
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, Via, claimants
from worker.domain.kinds import kind_of
from worker.domain.kinds.kind import Choice
from worker.domain.messages.copies import copy_draft, copy_note
from worker.domain.mirror.copy import Content, Copy, CopyState
from worker.domain.mirror.decide import KEPT_FOR, Ability, Consequence, Say, decide, not_taken
from worker.domain.mirror.outside import CopyGone, CopyStanding, LastMove, Seen, TrackerSaid
from worker.domain.model import Standing
from worker.domain.text.reason import because, in_own_words
from worker.domain.tickets.ticket import Grade, Move, Ticket, TicketState, next_state, ticket_number
from worker.ports import Changed, ConnectorError, NotDone, Rejected, Transient
from worker.ports.state.leases import Lease
from worker.ports.state.mirrors import Mirrored
from worker.ports.state.store import Store, UnitOfWork

PAGE = 500
ROUNDS_MAX = 4  # of one copy in one run: each has at most one write
GONE_AFTER = timedelta(hours=1)  # and one that can't be read is believed to be gone
TRY_AGAIN = timedelta(hours=1)  # what was refused
NOTICES_KEPT = timedelta(days=30)
_UNNAMED = "The status"


class Mirror:
    """Keeps the copies of all trackers."""

    def __init__(
        self,
        store: Store,
        trackers: Sequence[MirroredTracker],
        rules: MirrorRules,
        acts: TicketActs,
        texts: Texts,
    ) -> None:
        self._store = store
        self._trackers = trackers
        self._rules = rules
        self._acts = acts
        self._texts = texts

    def is_due(self, _now: datetime) -> bool:
        """Whether a tracker called us since the last time."""
        return any([bool(one.tracker.news()) for one in self._trackers])  # noqa: C419  each is asked

    def run_once(self, now: datetime, lease: Lease | None = None) -> Report:
        """Make both sides agree, as far as each tracker lets us. Trouble with one stays its own. `now` is aware UTC."""
        counts: dict[str, int] = {}
        troubles: list[str] = []
        for one in self._trackers:
            counts = {"made": 0, "claimed": 0, "reopened": 0, "assigned": 0, "moved": 0, "noted": 0, **counts}
            run = MirrorRun(one, self._store, self._rules, self._texts, now, lease, counts, troubles)
            try:
                self._want(run)
                self._hear(run)
                making = MakeCopies(run)
                making.make()
                self._compare(run)
                making.look_for_late_ones()
            except ConnectorError as error:
                run.trouble(error)
        if self._trackers:
            with self._store.begin(lease) as uow:
                uow.mirrors.forget_notices(now - NOTICES_KEPT)
        return Report("mirror", counts, tuple(troubles))

    def _want(self, run: MirrorRun) -> None:
        with run.begin() as uow:
            uow.mirrors.want(run.name, run.one.kinds, sensitive=run.one.sensitive)

    # --- what is there now -----------------------------------------------------------------------

    def _compare(self, run: MirrorRun) -> None:
        after = 0
        while True:
            with self._store.reading() as uow:
                page = uow.mirrors.linked(run.name, run.now - KEPT_FOR, after, PAGE)
            if not page:
                return
            after = page[-1].copy.ticket
            if run.one.tracker.can.tells:
                for each in page:
                    self._update(run, each)
                continue
            self._compare_page(run, {each.copy.ref: each for each in page})

    def _compare_page(self, run: MirrorRun, by_ref: Mapping[str, Mirrored]) -> None:
        """Look at a page of copies. Those of which nothing follows, nearly all, are noted together."""
        missing, quiet = [], []
        for seen in run.one.tracker.read(list(by_ref)):
            each = by_ref[seen.ref]
            if isinstance(seen, CopyGone):
                missing.append((each.copy, seen))
                continue
            run.has_seen = True
            if _is_quiet(run, each, seen):
                quiet.append(each.copy.ticket)
            else:
                self._guarded(run, each.copy.ticket, seen)
        with run.begin() as uow:
            uow.mirrors.looked_at(run.name, quiet, run.now)
        for copy, gone in missing:
            self._missing(run, copy, gone)

    def _guarded(self, run: MirrorRun, number: int, seen: Seen) -> None:
        """Agree on one copy; what is wrong with it alone is its problem, and the others go on."""
        try:
            self._agree(run, number, seen)
        except Rejected as error:
            run.problem(number, error)
        except Changed:
            run.count("changed")  # read anew by the next run
        except NotDone:
            raise
        except Transient as error:
            run.unclear += 1
            run.trouble(error)
            if run.unclear >= UNCLEAR_MAX:
                raise

    def _agree(self, run: MirrorRun, number: int, seen: Seen) -> None:
        for _ in range(ROUNDS_MAX):
            follows = self._decided(run, number, seen)
            if follows is None or not follows.writes:
                return
            seen = self._write(run, number, seen, follows)

    def _decided(self, run: MirrorRun, number: int, seen: Seen) -> Consequence | None:
        """Decide, and store what follows here together with what was seen; None if nothing is to be done now."""
        with self._store.reading() as uow:
            copy, ticket = uow.mirrors.get(run.name, number)
        follows = decide(ticket, copy, seen, _ability(run), run.now)
        asks_who = follows.claim or follows.reopen or bool(follows.take)
        moved = run.one.tracker.last_move(seen) if asks_who else LastMove()  # outside any transaction
        with run.begin() as uow:
            copy, ticket = uow.mirrors.get(run.name, number)
            follows = decide(ticket, copy, seen, _ability(run), run.now)
            is_early = copy.next_at is not None and copy.next_at > run.now
            if follows.writes and is_early and seen.standing is copy.standing:
                uow.mirrors.put(replace(copy, key=seen.key, url=seen.url, synced_at=run.now))
                return None
            if follows.claim:
                self._claim(uow, run, ticket, moved, seen.key, "")
            elif follows.reopen:
                self._reopen(uow, run, ticket, moved, seen.key, "")
            uow.mirrors.put(replace(follows.copy, problem=_problem(copy, seen)))
        if follows.take:
            return self._take(run, ticket, follows, seen.key, moved)
        if follows.is_fight:
            run.notice(f"fight:{number}", _fight(ticket, seen), ticket)
        return follows

    # --- here ------------------------------------------------------------------------------------

    def _claim(
        self, uow: UnitOfWork, run: MirrorRun, ticket: Ticket, moved: LastMove, key: str, words: str
    ) -> None:
        """As a person's claim on the desk; at the tracker's instant, which is never later than ours."""
        by = _actor(run, moved)
        at = max(ticket.clock_from, min(moved.at or run.now, run.now))

        def claimed(one: Ticket) -> Ticket:
            return replace(
                one, state=next_state(one.state, Move.CLAIM), done_at=at, done_by=by.name, grade=Grade.C,
                claimed_by=claimants([by]),
                reason=in_own_words(words) or because("closed in {tracker} as {key}", tracker=run.name, key=key),
            )  # fmt: skip

        change_ticket(uow, ticket.id, claimed, events.TICKET_DONE, by, run.now)
        uow.outbox.withdraw_about([ticket.id])
        run.count("claimed")

    def _reopen(
        self, uow: UnitOfWork, run: MirrorRun, ticket: Ticket, moved: LastMove, key: str, words: str
    ) -> None:
        self._acts.reopen_in(uow, ticket.id, _actor(run, moved), words or f"reopened as {key}", run.now)
        run.count("reopened")

    def _take(
        self, run: MirrorRun, ticket: Ticket, follows: Consequence, key: str, moved: LastMove
    ) -> Consequence:
        """Give our ticket to whoever got it there, if they are known and here; else it stays, which is said there."""
        email = follows.take
        with self._store.reading() as uow:
            known = [one for one in uow.people.find(email) if one.standing is Standing.ACTIVE]
        copy = replace(follows.copy, assignee=email)
        if known and "@" in email and ticket.is_live:
            self._acts.assign(ticket.id, email, _actor(run, moved), run.now, f"in {run.name} as {key}")
            run.count("assigned")
            follows = replace(follows, copy=replace(copy, given=email))
        else:
            follows = not_taken(copy, _ability(run))
        with run.begin() as uow:
            uow.mirrors.put(follows.copy)
        return follows

    # --- there -----------------------------------------------------------------------------------

    def _write(self, run: MirrorRun, number: int, seen: Seen, follows: Consequence) -> Seen:
        """Do the one thing that follows there; what was refused is tried again later."""
        tracker, copy = run.one.tracker, follows.copy
        with self._store.reading() as uow:
            ticket = uow.mirrors.get(run.name, number).ticket
        texts = self._texts
        text = (
            copy_note(follows.say, ticket, run.one.content, texts.timezone, texts.tongue, texts.url(ticket))
            if follows.say
            else ""
        )
        try:
            if follows.move is not None:
                after = tracker.move(seen, follows.move, text)
                run.count("moved")
                copy = replace(
                    copy,
                    intent=None,
                    standing=after.standing,
                    status=after.status,
                    noted=follows.noted or copy.noted,
                )
            elif follows.say is not None:
                tracker.note(seen, text)
                run.count("noted")
                after = seen
            else:
                after = tracker.assign(seen, follows.give)
                copy = replace(copy, given=follows.give, assignee=after.assignee)
        except Rejected as error:
            self._refused(run, follows, error)
            return replace(seen, standing=copy.standing)
        with run.begin() as uow:
            uow.mirrors.put(replace(copy, problem="", next_at=None, synced_at=run.now))
        if follows.say is Say.VERIFIED:
            self._attach(run, ticket, after)
        return after

    def _attach(self, run: MirrorRun, ticket: Ticket, seen: Seen) -> None:
        """Add the ticket's JSON as evidence, where names may be shown. A file that is refused changes nothing else."""
        if run.one.content is not Content.FULL or not run.one.tracker.can.attaches:
            return
        with self._store.reading() as uow:
            data = self._texts.data(uow, ticket, Content.FULL)
        try:
            run.one.tracker.attach(seen, f"{ticket.label}.json", json.dumps(data, indent=1).encode())
        except Rejected as error:
            run.problem(ticket.id, error)

    def _refused(self, run: MirrorRun, follows: Consequence, error: Rejected) -> None:
        """Nothing was written. Whom it can't be given to is not tried again; a move is, later."""
        given = follows.give or follows.copy.given
        next_at = None if follows.give else run.now + TRY_AGAIN
        copy = replace(
            follows.copy, intent=None, given=given, next_at=next_at, problem=str(error), synced_at=run.now
        )
        with run.begin() as uow:
            uow.mirrors.put(copy)
        if not follows.give:  # many people have no account there, which is no trouble
            run.trouble(error)

    # --- copies that can't be read ---------------------------------------------------------------

    def _missing(self, run: MirrorRun, copy: Copy, gone: CopyGone) -> None:
        """Believe that a copy is gone after two reads an hour apart, if another one could be read."""
        since = copy.missing_since or run.now
        changed = replace(copy, missing_since=since, synced_at=run.now)
        is_gone = run.now - since >= GONE_AFTER and (run.has_seen or run.one.tracker.check().ok)
        if is_gone:
            changed = replace(
                changed,
                state=CopyState.GONE,
                problem=f"It is there no longer ({gone.why}). It is not made again by itself.",
            )
        with run.begin() as uow:
            uow.mirrors.put(changed)
            ticket = uow.mirrors.get(run.name, copy.ticket).ticket
        if is_gone and ticket.is_live:
            run.notice(f"gone:{copy.ticket}", _gone(ticket, copy, run.name), ticket)

    # --- trackers that tell ----------------------------------------------------------------------

    def _hear(self, run: MirrorRun) -> None:
        """Use what a tracker that calls us has told, in its order."""
        with self._store.reading() as uow:
            news = uow.mirrors.told(run.name, PAGE)
        for told in news:
            with run.begin() as uow:
                self._heard(uow, run, told)
                uow.mirrors.used(run.name, told.call_id)

    def _heard(self, uow: UnitOfWork, run: MirrorRun, told: TrackerSaid) -> None:
        number = ticket_number(told.label)
        if uow.mirrors.find(run.name, number) is None:
            return
        copy, ticket = uow.mirrors.get(run.name, number)
        moved = LastMove(told.by, told.by if "@" in told.by else "", told.at)
        standing = CopyStanding.DONE if told.is_done else CopyStanding.OPEN
        problem = ""
        if told.is_done and ticket.state is TicketState.OPEN:
            if kind_of(ticket).choice is Choice.NOTHING:
                self._claim(uow, run, ticket, moved, copy.key, told.note)
            else:
                standing, problem = (
                    CopyStanding.OPEN,
                    "Closing it there answers nothing: the desk asks for more.",
                )
        elif not told.is_done and ticket.state is TicketState.DONE:
            self._reopen(uow, run, ticket, moved, copy.key, told.note)
        uow.mirrors.put(
            replace(copy, standing=standing, status=standing.value, problem=problem, synced_at=run.now)
        )

    def _update(self, run: MirrorRun, each: Mirrored) -> None:
        """Tell what the ticket is now, if it changed since it was told last."""
        copy, ticket = each
        if copy.version == ticket.version:
            return
        seen = Seen(copy.ref, copy.key, copy.url, copy.identity, copy.status, copy.standing)
        texts = self._texts
        draft = copy_draft(
            ticket, copy.identity, run.one.content, texts.timezone, texts.tongue, texts.url(ticket)
        )
        with self._store.reading() as uow:
            data = texts.data(uow, ticket, run.one.content)
        try:
            seen = run.one.tracker.update(seen, replace(draft, data=data))
        except Rejected as error:
            run.problem(ticket.id, error)
            return
        told = replace(copy, version=ticket.version, standing=seen.standing, status=seen.status, problem="")
        settled = None if ticket.is_live else copy.settled_at or run.now
        with run.begin() as uow:
            uow.mirrors.put(replace(told, settled_at=settled, synced_at=run.now))
        run.count("moved")


def _is_quiet(run: MirrorRun, each: Mirrored, seen: Seen) -> bool:
    """Whether nothing follows from a copy, here or there, and it is as it was seen last."""
    copy, ticket = each
    follows = decide(ticket, copy, seen, _ability(run), run.now)
    as_before = replace(follows.copy, synced_at=copy.synced_at, problem=_problem(copy, seen))
    return follows == Consequence(follows.copy) and as_before == copy


def _problem(copy: Copy, seen: Seen) -> str:
    """What is wrong with a copy after it was read: its status may not be named; what else was wrong stays."""
    if seen.standing is CopyStanding.UNKNOWN:
        return f"{_UNNAMED} {seen.status} is not named under states."
    return "" if copy.problem.startswith(_UNNAMED) else copy.problem


def _ability(run: MirrorRun) -> Ability:
    can = run.one.tracker.can
    return Ability(can.goals, can.notes, can.assigns and run.one.assigns)


def _actor(run: MirrorRun, moved: LastMove) -> Actor:
    """Whoever did it there: by their address where it is shown, else by their account's name."""
    account = moved.account or moved.email
    name = moved.email or (f"{run.name}:{account}" if account else run.name)
    return Actor(name, f"tracker:{run.name}/{account.casefold()}", Via.TRACKER)


def _fight(ticket: Ticket, seen: Seen) -> str:
    return (
        f"{ticket.label} was closed as {seen.key} again and again, and is still to be done. "
        "It is not reopened there any more."
    )


def _gone(ticket: Ticket, copy: Copy, tracker: str) -> str:
    return (
        f"{copy.key}, the copy of {ticket.label}, is there no longer. "
        f"`whosleft trackers again {tracker} {ticket.label}` makes a new one."
    )
