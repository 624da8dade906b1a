"""Mirror: tickets have copies in other people's trackers; what people do there is heard here.

wanted -> made once -> read in bulk -> compared with what was seen last -> claim, reopen, assign here
                                                                       -> move, note, give there

Our ticket is the truth about proof: closing a copy is a claim like any other. Nothing here is a queue of messages: each
run makes both sides agree with what they are now, so a run in which nothing changed writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from worker.app.acts.tickets import TicketActs
from worker.app.jobs.mirror_gone import Missing, give_up
from worker.app.jobs.mirror_here import ActsHere, fight_text, is_answered, is_old, no_earlier
from worker.app.jobs.mirror_making import TRY_AGAIN, MakeCopies
from worker.app.jobs.mirror_places import settle
from worker.app.jobs.mirror_run import LATE_EVERY, UNCLEAR_MAX, MirroredTracker, MirrorRules, MirrorRun, Texts
from worker.app.jobs.mirror_seen import (
    ability_of,
    is_doubtful,
    is_quiet,
    looked_for,
    problem_of,
    read_each,
    tell_unnamed,
)
from worker.app.jobs.report import Report
from worker.domain.instants import has_come
from worker.domain.kinds import kind_of
from worker.domain.kinds.kind import Choice
from worker.domain.messages.copies import copy_draft, copy_note
from worker.domain.mirror.copy import Content, Copy, mark_of
from worker.domain.mirror.decide import KEPT_FOR, Consequence, Say, decide, not_taken, stays_closed
from worker.domain.mirror.outside import CopyGone, CopyStanding, CopyUnread, LastMove, Seen, TrackerSaid
from worker.domain.tickets.ticket import Ticket, TicketState, ticket_number
from worker.ports import (
    BadConfig,
    Changed,
    ConnectorError,
    NotDone,
    Permanent,
    PermissionDenied,
    Rejected,
    Transient,
)
from worker.ports.connectors.tracker import is_public
from worker.ports.state.leases import Lease
from worker.ports.state.mirrors import Mirrored
from worker.ports.state.store import Store, UnitOfWork

PAGE = 500
ROUNDS_MAX = 4  # of one copy in one run: each has at most one write


class Mirror:
    """Keeps the copies of all trackers."""

    def __init__(
        self,
        store: Store,
        trackers: Sequence[MirroredTracker],
        rules: MirrorRules,
        acts: TicketActs,
        texts: Texts,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._trackers = trackers
        self._rules = rules
        self._acts = acts
        self._texts = texts
        self._clock = clock

    def is_due(self, _now: datetime) -> bool:
        """Whether a tracker called us since the last time."""
        return any([bool(one.tracker.news()) for one in self._trackers])  # noqa: C419  each is asked

    def run_once(self, now: datetime, lease: Lease | None = None) -> Report:
        """Make both sides agree, as far as each tracker lets us. Trouble with one stays its own. `now` is aware UTC."""
        if not self._trackers:
            return Report("mirror", {}, ())
        counts = dict.fromkeys(("made", "claimed", "reopened", "assigned", "moved", "noted"), 0)
        troubles: list[str] = []
        names = [one.tracker.name for one in self._trackers]
        runs = [
            MirrorRun(
                one, self._store, self._rules, self._texts, now, lease, counts, troubles, names, self._clock
            )
            for one in self._trackers
        ]
        settle(runs)
        for run in runs:
            try:
                self._want(run)
                self._hear(run)
                making = MakeCopies(run)
                for step in (making.make, partial(self._compare, run), making.look_for_late_ones):
                    self._done_or_told(run, step)
            except ConnectorError as error:
                run.trouble(error)
        return Report("mirror", counts, tuple(troubles))

    def _done_or_told(self, run: MirrorRun, step: Callable[[], None]) -> None:
        """Whoever may not make copies, or not where it is configured, may still hear what people do on the others."""
        try:
            step()
        except (PermissionDenied, BadConfig) as error:
            run.trouble(error)

    def _want(self, run: MirrorRun) -> None:
        with run.begin() as uow:
            uow.mirrors.set_right(run.name, run.now, LATE_EVERY)
            uow.mirrors.want(run.name, run.place, run.one.kinds, sensitive=run.one.sensitive)

    # --- what is there now -----------------------------------------------------------------------

    def _compare(self, run: MirrorRun) -> None:
        missing: list[Missing] = []
        self._compare_all(run, missing)
        give_up(run, missing)

    def _compare_all(self, run: MirrorRun, missing: list[Missing]) -> None:
        """Look at all copies, page by page; those that can't be read become `missing`."""
        after = 0
        while True:
            with self._store.reading() as uow:
                page = uow.mirrors.linked(run.name, run.now - KEPT_FOR, after, PAGE)
            if not page:
                return
            after = page[-1].copy.ticket
            if run.one.tracker.can.tells:
                for each in page:
                    self._guarded(run, each.copy.ticket, partial(self._update, run, each))
                continue
            missing += self._compare_page(run, page)

    def _compare_page(self, run: MirrorRun, page: Sequence[Mirrored]) -> list[Missing]:
        """Look at a page of copies; return those that can't be read.

        Those of which nothing follows, nearly all, are noted together.
        """
        missing: list[Missing] = []
        quiet = []
        for each, seen in read_each(run, page):
            if isinstance(seen, CopyGone):
                missing.append((each, seen))
                continue
            if isinstance(seen, CopyUnread):
                run.unread(each.copy.ticket, seen)
                continue
            number, is_still = each.copy.ticket, is_quiet(run, each, seen)
            if is_doubtful(run, each.copy, seen, is_still=is_still):
                self._guarded(run, number, partial(self._look, run, each, missing))
                continue
            run.has_seen = True
            if is_still:
                quiet.append(number)
            else:
                self._guarded(run, number, partial(self._agree, run, number, seen))
        with run.begin() as uow:
            uow.mirrors.looked_at(run.name, quiet, run.now)
        return missing

    def _guarded(self, run: MirrorRun, number: int, act: Callable[[], None]) -> None:
        """Do what is to be done of one copy; what is wrong with it alone is its problem, and the others go on."""
        try:
            act()
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

    def _look(self, run: MirrorRun, each: Mirrored, missing: list[Missing]) -> None:
        """Act on what has a copy's number only if it is found to be the copy; else on the copy, wherever it is now."""
        found = looked_for(run, each)
        if isinstance(found, Seen):
            run.has_seen = True
            self._agree(run, each.copy.ticket, found)
        elif found is not None:
            missing.append((each, found))

    def _agree(self, run: MirrorRun, number: int, seen: Seen) -> None:
        for _ in range(ROUNDS_MAX):
            before, follows = self._decided(run, number, seen)
            if follows is None or not follows.writes:
                return
            seen = self._write(run, before, seen, follows)

    def _decided(self, run: MirrorRun, number: int, seen: Seen) -> tuple[Copy, Consequence | None]:
        """Decide, and store what follows here together with what was seen; None if nothing is to be done now.

        The copy is what it was before.
        """
        with self._store.reading() as uow:
            copy, ticket = uow.mirrors.get(run.name, number)
        follows = decide(ticket, copy, seen, ability_of(run), run.now)
        asks_who = follows.claim or follows.reopen
        moved = run.one.tracker.last_move(seen) if asks_who else LastMove()  # outside any transaction
        here = ActsHere(run, self._acts)
        with run.begin() as uow:
            copy, ticket = uow.mirrors.get(run.name, number)
            closed_at, known, moved = moved.at, copy, no_earlier(run, moved, copy, seen)
            is_done = seen.standing is CopyStanding.DONE
            if is_done and is_old(run, uow, copy, ticket.label, moved, closed_at):
                known = replace(copy, standing=seen.standing)
            follows = decide(ticket, known, seen, ability_of(run), run.now)
            is_early = copy.next_at is not None and not has_come(copy.next_at, run.now, TRY_AGAIN)
            if follows.writes and is_early and seen.status == copy.status:
                uow.mirrors.put(replace(copy, key=seen.key, url=seen.url, synced_at=run.now))
                return copy, None
            if follows.claim:
                here.claim(uow, ticket, moved, seen.key)
            elif follows.reopen:
                here.reopen(uow, ticket, moved, seen.key)
            heard_at = closed_at if follows.claim else copy.told_at
            now = replace(follows.copy, told_at=heard_at, problem="" if asks_who else problem_of(copy, seen))
            if follows.take:  # until they have it here
                now = replace(now, assignee=copy.assignee)
            uow.mirrors.put(now)
            if seen.standing is CopyStanding.UNKNOWN and now.problem != copy.problem:
                tell_unnamed(run, uow, seen)
            if follows.is_fight:
                run.tell(uow, f"fight:{number}", fight_text(ticket, seen.key), number)
        if follows.take:
            return copy, self._take(run, ticket, follows, seen.key)
        return copy, follows

    # --- here ------------------------------------------------------------------------------------

    def _take(self, run: MirrorRun, ticket: Ticket, follows: Consequence, key: str) -> Consequence:
        """Give our ticket to whoever got it there, if they are known and here; else it stays, which is said there."""
        email, here = follows.take, ActsHere(run, self._acts)
        if not here.is_passed_on(ticket, email, key):
            if here.give(ticket, email, key):
                follows = replace(follows, copy=replace(follows.copy, given=email))
            else:
                follows = not_taken(follows.copy, ability_of(run))
        with run.begin() as uow:
            uow.mirrors.put(follows.copy)
        return follows

    # --- there -----------------------------------------------------------------------------------

    def _write(self, run: MirrorRun, before: Copy, seen: Seen, follows: Consequence) -> Seen:
        """Do the one thing that follows there; what was refused is tried again later."""
        tracker, copy = run.one.tracker, follows.copy
        with self._store.reading() as uow:
            ticket = uow.mirrors.get(run.name, copy.ticket).ticket
        text = self._text(run, ticket, seen, follows.say) if follows.say else ""
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
                copy = replace(copy, noted=follows.noted or copy.noted)
            elif follows.attaches:
                is_over = self._attach(run, ticket, seen)
                after, copy = seen, replace(copy, noted=follows.noted if is_over else copy.noted)
            else:
                after = tracker.assign(seen, follows.give)
                copy = replace(copy, given=follows.give, assignee=mark_of(after.assignee))
        except Rejected as error:
            refused = self._refused(run, follows.refused(before), follows.give, error)
            if follows.owes_note:
                self._note_instead(run, seen, text, refused, before)
            return replace(seen, standing=copy.standing)
        except (NotDone, Permanent, Changed):  # surely not done
            with run.begin() as uow:
                uow.mirrors.put(follows.undone(before))
            raise
        with run.begin() as uow:
            problem = copy.problem if stays_closed(copy) else ""
            uow.mirrors.put(replace(copy, problem=problem, next_at=None, synced_at=run.now))
        return after

    def _text(self, run: MirrorRun, ticket: Ticket, seen: Seen, say: Say) -> str:
        """What a note says: no names where nobody looked who may read them."""
        content = Content.MINIMAL if seen.is_elsewhere else run.content()
        texts = self._texts
        return copy_note(say, ticket, content, texts.timezone, texts.tongue, texts.url(ticket))

    def _attach(self, run: MirrorRun, ticket: Ticket, seen: Seen) -> bool:
        """Add the ticket's JSON as evidence, where names may be shown; of numbers it has the last digits.

        Return False if nobody knows now whether they may.
        """
        if run.content() is not Content.FULL:
            return run.checked is not None and is_public(run.checked)
        with self._store.reading() as uow:
            data = self._texts.data(uow, ticket, Content.FULL)
        run.one.tracker.attach(seen, f"{ticket.label}.json", json.dumps(data, indent=1).encode())
        return True

    def _refused(self, run: MirrorRun, copy: Copy, give: str, error: Rejected) -> Copy:
        """Nothing was written. Whom it can't be given to is not tried again. Returns the copy as it is stored."""
        next_at = None if give else run.now + TRY_AGAIN
        refused = replace(
            copy, given=give or copy.given, next_at=next_at, problem=str(error), synced_at=run.now
        )
        with run.begin() as uow:
            uow.mirrors.put(refused)
        if not give:  # many people have no account there, which is no trouble
            run.trouble(error, copy.ticket)
        return refused

    def _note_instead(self, run: MirrorRun, seen: Seen, text: str, refused: Copy, before: Copy) -> None:
        """Say on a copy that it goes on, where reopening it was refused. If that is refused, too, it is not said."""
        try:
            run.one.tracker.note(seen, text)
        except Rejected:
            return
        except (NotDone, Permanent, Changed):  # surely not done
            with run.begin() as uow:
                uow.mirrors.put(replace(refused, noted=before.noted))
            raise
        run.count("noted")

    # --- trackers that tell ----------------------------------------------------------------------

    def _hear(self, run: MirrorRun) -> None:
        """Use what a tracker that calls us has told, in its order."""
        while self._hear_next(run):
            pass

    def _hear_next(self, run: MirrorRun) -> bool:
        """Use what comes next; it is read where it is used, as its person may just have been erased from it."""
        with run.begin() as uow:
            news = uow.mirrors.told(run.name, 1)
            for told in news:
                if not (told.is_done and is_answered(run, uow, told.label, told.at)):
                    self._heard(uow, run, told)
                uow.mirrors.used(run.name, told.call_id)
        return bool(news)

    def _heard(self, uow: UnitOfWork, run: MirrorRun, told: TrackerSaid) -> None:
        number = ticket_number(told.label)
        if uow.mirrors.find(run.name, number) is None:
            return
        copy, ticket = uow.mirrors.get(run.name, number)
        now = run.at()
        said_at = min(told.at or now, now)
        if copy.told_at is not None and said_at < copy.told_at <= now:
            return  # what came before says what was so after it
        moved = LastMove(told.by, told.by if "@" in told.by else "", told.at)
        standing = CopyStanding.DONE if told.is_done else CopyStanding.OPEN
        problem, here = "", ActsHere(run, self._acts)
        if told.is_done and ticket.state is TicketState.OPEN:
            if kind_of(ticket).choice is Choice.NOTHING:
                here.claim(uow, ticket, moved, copy.key, told.note)
            else:
                standing, problem = (
                    CopyStanding.OPEN,
                    "Closing it there answers nothing: its page in Whosleft asks for more than that.",
                )
        elif not told.is_done and ticket.state is TicketState.DONE:
            here.reopen(uow, ticket, moved, copy.key, told.note)
        heard = replace(copy, standing=standing, status=standing.value, told_at=said_at)
        uow.mirrors.put(replace(heard, problem=problem, synced_at=run.now))

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
        seen = run.one.tracker.update(seen, replace(draft, data=data))
        told = replace(copy, version=ticket.version, standing=seen.standing, status=seen.status, problem="")
        settled = None if ticket.is_live else copy.settled_at or run.now
        with run.begin() as uow:
            uow.mirrors.put(replace(told, settled_at=settled, synced_at=run.now))
        run.count("moved")
