"""Make copies, each once: it is written down before it is sent, and looked for before it is sent again.

wanted -> sending (committed) -> created -> linked
                 no clear answer -> unclear -> looked for: found -> linked;  never found -> wanted again, three times

What was made again, and what is gone, is looked for each day of the next week, since the first may still appear.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from worker.app.jobs.mirror_run import ATTEMPTS_MAX, LATE_EVERY, UNCLEAR_MAX, MirrorRun
from worker.domain.messages.copies import copy_draft
from worker.domain.mirror.copy import Copy, CopyState, mark_of
from worker.domain.mirror.outside import CLOSED, CopyStanding, Draft, Goal, Seen
from worker.domain.tickets.ticket import Ticket, ticket_label
from worker.ports import (
    Changed,
    ConnectorError,
    NotDone,
    Permanent,
    PermissionDenied,
    Rejected,
    Transient,
)
from worker.ports.state.mirrors import Mirrored

PER_RUN = 50
LOOK_AGAIN = timedelta(minutes=3)  # a request that we gave up on may still run there
LATE_FOR = timedelta(days=7)  # and may wait in a queue before it
TRY_AGAIN = timedelta(hours=1)  # what was refused


class MakeCopies:
    """Makes the copies that are wanted, in one run; the longest due come first."""

    def __init__(self, run: MirrorRun) -> None:
        self._run = run
        self._tracker = run.one.tracker
        self._is_limited = False  # it makes nothing new for now, and may show those that are there

    def make(self) -> None:
        """Make the copies whose time has come.

        Raises ConnectorError for what is wrong with the tracker as a whole, and BadConfig if names would be public.
        That it makes nothing new for now is told, and no more are asked for.
        """
        with self._run.store.reading() as uow:
            page = uow.mirrors.unmade(self._run.name, self._run.now, PER_RUN)
            known = uow.mirrors.of([each.ticket.id for each in page])
        if page:
            self._run.require_privacy()
        for each in page:
            others = self._left(known[each.ticket.id])
            try:
                if not self._guarded(each, partial(self._make, others)):
                    return
            except Rejected as error:
                self._put(replace(each.copy, problem=str(error), next_at=self._run.now + TRY_AGAIN))
                self._run.trouble(error, each.ticket.id)

    def _left(self, copies: Sequence[Copy]) -> list[Copy]:
        """Those under names that no tracker has any more, but what another tracker has taken up."""
        names = self._run.names
        taken = {one.identity for one in copies if one.tracker in names}
        return [one for one in copies if one.tracker not in names and one.identity not in taken]

    def _guarded(self, each: Mirrored, do: Callable[[Mirrored], None]) -> bool:
        """Return False if the tracker has to have a rest."""
        try:
            do(each)
        except NotDone:
            raise
        except Transient as error:
            self._run.unclear += 1
            self._run.trouble(error)
        except Changed:
            self._run.count("changed")  # tried again by the next run
        return self._run.unclear < UNCLEAR_MAX and not self._is_limited

    def _make(self, others: Sequence[Copy], each: Mirrored) -> None:
        """Make a copy, or find it. `others` are what `_left` returns of its ticket."""
        copy, ticket = each
        if copy.state is not CopyState.WANTED:
            copy = self._looked_for(copy)
            if copy.state is not CopyState.WANTED or copy.next_at is not None:
                return
        if not ticket.is_live or (not copy.attempts and self._was_here(copy, others)):
            return
        self._create(copy, ticket)

    def _was_here(self, copy: Copy, others: Sequence[Copy]) -> bool:
        """Look for what no tracker has any more: it may be here, if the address or the project is called otherwise now.

        What is in another project than ours stays there.
        """
        for other in (one for one in others if one.attempts):
            found = self._run.find(other)
            if here := [one for one in found if not one.is_elsewhere]:
                same = replace(copy, identity=other.identity, mark=other.mark, attempts=other.attempts)
                self._adopt(replace(same, attempted_at=other.attempted_at), here)
                return True
        return False

    def _create(self, copy: Copy, ticket: Ticket) -> None:
        now = self._run.now
        mark = copy.mark or self._tracker.mark()
        is_again = copy.attempts > 0 and not self._tracker.can.creates_once
        sending = replace(
            copy,
            state=CopyState.SENDING,
            mark=mark,
            attempts=copy.attempts + 1,
            attempted_at=now,
            next_at=None,
            look_again_at=now + LATE_EVERY if is_again else copy.look_again_at,
        )
        self._put(sending)
        try:
            seen = self._tracker.create(self._draft(copy, ticket), mark)
        except (NotDone, Permanent, Changed) as error:  # nothing was made
            next_at = now + TRY_AGAIN if isinstance(error, Rejected) else None
            self._put(replace(copy, problem=str(error), next_at=next_at))
            if not isinstance(error, NotDone):
                raise
            self._run.trouble(error)
            self._is_limited = True
            return
        except ConnectorError as error:
            self._looked_for(self._put(replace(sending, state=CopyState.UNCLEAR, problem=error.message)))
            raise
        self._link(sending, seen, ticket.version)

    def _draft(self, copy: Copy, ticket: Ticket) -> Draft:
        texts, content = self._run.texts, self._run.one.content
        draft = copy_draft(ticket, copy.identity, content, texts.timezone, texts.tongue, texts.url(ticket))
        if not self._tracker.can.tells:
            return draft
        with self._run.store.reading() as uow:
            return replace(draft, data=texts.data(uow, ticket, content))

    # --- after an unclear answer -----------------------------------------------------------------

    def _looked_for(self, copy: Copy) -> Copy:
        """Look for a copy that may have been made; return it as it is then. "Not found" proves nothing at first."""
        now = self._run.now
        if self._tracker.can.creates_once:  # it is just sent again
            return replace(copy, state=CopyState.WANTED)
        found = self._run.find(copy)
        if found:
            return self._adopt(copy, found)
        begun_at = copy.attempted_at or now
        sure_at = begun_at + LOOK_AGAIN + self._tracker.can.lag
        if now < sure_at:
            return self._put(replace(copy, state=CopyState.UNCLEAR, next_at=_next(begun_at, now, sure_at)))
        if not self._tracker.check().ok:  # whoever sees nothing finds nothing
            return self._put(replace(copy, state=CopyState.UNCLEAR, next_at=None))
        if copy.attempts >= ATTEMPTS_MAX:
            again = f"whosleft trackers again {copy.tracker} {ticket_label(copy.ticket)}"
            problem = (
                f"The copy of {ticket_label(copy.ticket)} could not be made in {ATTEMPTS_MAX} tries, and is not tried "
                f"again by itself: `{again}` makes one. The last answer was: {copy.problem}"
            )
            refused = replace(copy, state=CopyState.REFUSED, problem=problem)
            with self._run.begin() as uow:
                uow.mirrors.put(refused)
                self._run.tell(uow, f"refused:{copy.ticket}", problem, copy.ticket)
            return refused
        late_at = (
            copy.look_again_at or now + LATE_EVERY
        )  # its ticket may be over, so that it is not made again
        # One lost answer is made good soon; more of them are an outage, which all tries must not fall into
        next_at = begun_at + TRY_AGAIN if copy.attempts > 1 and now < begun_at + TRY_AGAIN else None
        return self._put(replace(copy, state=CopyState.WANTED, next_at=next_at, look_again_at=late_at))

    # --- what may still appear -------------------------------------------------------------------

    def look_for_late_ones(self) -> None:
        """Look once more for what was made again, or is gone: of two, the oldest is the copy. Raises as `make`."""
        with self._run.store.reading() as uow:
            page = uow.mirrors.made_again(self._run.name, self._run.now, PER_RUN)
        for each in page:
            try:
                if not self._guarded(each, self._look_once_more):
                    return
            except Rejected as error:
                self._look_tomorrow(each.copy.ticket)
                self._run.trouble(error, each.copy.ticket)

    def _look_once_more(self, each: Mirrored) -> None:
        """Our copy is found, and nothing else, nearly always; what people closed themselves is theirs.

        An older one takes the place of ours as if it were new, since nothing was said on it.
        """
        copy = each.copy
        found = self._run.find(copy)
        if copy.state is CopyState.GONE:
            # Another one may be what it was merged into
            if back := [one for one in found if one.ref == copy.ref]:
                self._adopt(replace(copy, missing_since=None), back)
            self._look_tomorrow(copy.ticket)
            return
        found = [one for one in found if one.ref == copy.ref or one.standing not in CLOSED]
        if found and found[0].ref != copy.ref:
            new = Copy(
                copy.tracker, copy.ticket, copy.identity, copy.place, mark=copy.mark, attempts=copy.attempts,
                attempted_at=copy.attempted_at, look_again_at=copy.look_again_at,
            )  # fmt: skip
            self._link(new, found[0], -1)
        self._close_duplicates(found, copy.ticket)
        self._look_tomorrow(copy.ticket)

    def _look_tomorrow(self, ticket: int) -> None:
        """If it is not over by then; of the copy as it is now, which people may want anew meanwhile."""
        now = self._run.now
        with self._run.begin() as uow:
            copy = uow.mirrors.get(self._run.name, ticket).copy
            is_over = now >= (copy.missing_since or copy.attempted_at or now) + LATE_FOR
            uow.mirrors.put(replace(copy, look_again_at=None if is_over else now + LATE_EVERY))

    def _adopt(self, copy: Copy, found: Sequence[Seen]) -> Copy:
        """The oldest is the copy. What is unclear of another is tried again before it is linked.

        It was made open: whatever else it is by now is news, of which something may follow.
        """
        self._close_duplicates(found, copy.ticket)
        return self._link(copy, replace(found[0], standing=CopyStanding.OPEN), -1)

    def _close_duplicates(self, found: Sequence[Seen], ticket: int) -> None:
        """Close all but the oldest, unless we may not; it is said."""
        can = self._tracker.can
        goal = Goal.CANCELLED if Goal.CANCELLED in can.goals else Goal.DONE
        for other in [one for one in found[1:] if one.standing not in CLOSED]:
            key = found[0].key
            note = f"Duplicate of {key}, which was made twice after an unclear answer."
            try:
                self._tracker.move(other, goal, note)
            except (PermissionDenied, Rejected) as error:
                self._run.trouble(error, ticket)
                continue
            self._run.notice(
                f"duplicate:{other.ref}", f"{other.key} was a duplicate of {key}, and is closed.", ticket
            )

    def _link(self, copy: Copy, seen: Seen, version: int) -> Copy:
        self._run.count("made")
        return self._put(
            replace(
                copy, state=CopyState.LINKED, ref=seen.ref, key=seen.key, url=seen.url, standing=seen.standing,
                status=seen.status, assignee=mark_of(seen.assignee), version=version, problem="", next_at=None,
                synced_at=self._run.now,
            )
        )  # fmt: skip

    def _put(self, copy: Copy) -> Copy:
        with self._run.begin() as uow:
            uow.mirrors.put(copy)
        return copy


def _next(begun_at: datetime, now: datetime, sure_at: datetime) -> datetime:
    """When to look again: a while after it was begun, then when the tracker's lag is over."""
    soon = begun_at + LOOK_AGAIN
    return soon if now < soon else sure_at
