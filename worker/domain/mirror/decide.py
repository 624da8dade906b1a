"""What follows from a copy as it is seen now: for our ticket, and there. Pure.

    ours, and what was seen last (the base), and what is seen now -> what people did there -> what follows

States are compared, never authors: what we did ourselves is what we meant to do, and is no news. A move is over once
its answer came; until then it is asked for again, and the tracker does what is left of it. At most one write follows at
a time; then it is seen anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from worker.domain.kinds import kind_of
from worker.domain.kinds.kind import Choice
from worker.domain.mirror.copy import Copy, mark_of
from worker.domain.mirror.outside import CLOSED, SHOWS, CopyStanding, Goal, Seen
from worker.domain.tickets.ticket import Ticket, TicketState

REOPENS_MAX, REOPENS_WITHIN = 3, timedelta(days=7)
DECLINES_MAX = 2  # from then on it stays closed there
AGAIN = "+"  # behind what was said, when it was closed there a second time
OWED = "&"  # behind that, until the file with the evidence is there
FILE_AGAIN = timedelta(hours=1)  # after no clear answer to it
LEFT, REFUSED = "left:", "!"  # around what was said where the move was refused; behind it: refusals
REFUSALS_MAX = 24  # of one reopening: a day, at one an hour
KEPT_FOR = timedelta(days=7)  # how long a copy that is closed on both sides is still looked at


class Say(StrEnum):
    """What a note there is about."""

    GOES_ON = "goes_on"  # our ticket is open again, with its reason
    WAITS = "waits"  # for another ticket
    READY = "ready"  # it had to wait, and can be done now
    DESK = "desk"  # a status answers nothing: the desk asks for more
    STILL_TRUE = "still_true"  # it was declined, and is still to be done
    VERIFIED = "verified"
    CANCELLED = "cancelled"
    WAIVED = "waived"
    STAYS = "stays"  # it was given to somebody whom we don't know here


_OF_STATE = {
    TicketState.VERIFIED: (Goal.DONE, Say.VERIFIED),
    TicketState.CANCELLED: (Goal.CANCELLED, Say.CANCELLED),
    TicketState.WAIVED: (Goal.CANCELLED, Say.WAIVED),
}
_OVER = tuple(f"{say}:" for _goal, say in _OF_STATE.values())  # what the last word there begins with


@dataclass(frozen=True, slots=True)
class Ability:
    """What may be done there: where a copy can be moved, whether it can be noted on and given to somebody.

    `takes`: whoever gets a copy there may get our ticket, too. `attaches`: what was proven may have its evidence there.
    """

    goals: frozenset[Goal]
    notes: bool
    assigns: bool
    takes: bool
    attaches: bool = False


@dataclass(frozen=True, slots=True)
class Consequence:
    """What follows. `copy` is the copy with the new base, to be stored before anything is written there.

    `noted` is what was said there once the write is done. A note without it counts as written when it is begun, so that
    it never stands there twice, unless it surely was not.

    claim, reopen    the move of our ticket: it was closed there, or reopened after a claim
    take             the address of the person who got it there, and may get it here
    move, say        where to move it there, and with which note; a note alone without `move`. It may be there already
    give             the address to give it to there
    attaches         the file with the evidence goes there. It may be there already
    if_refused       what counts as said there if the write is refused, which is not said again then
    owes_note        a move that is refused is said there all the same, in a note alone
    is_fight         we reopened it too often: only notes from now on, and somebody has to know
    """

    copy: Copy
    claim: bool = False
    reopen: bool = False
    take: str = ""
    move: Goal | None = None
    say: Say | None = None
    noted: str = ""
    give: str = ""
    attaches: bool = False
    if_refused: str = ""
    owes_note: bool = False
    is_fight: bool = False

    @property
    def writes(self) -> bool:
        """True if something is written there."""
        return self.move is not None or self.say is not None or bool(self.give) or self.attaches

    def undone(self, before: Copy) -> Copy:
        """The copy to be stored if surely nothing was written, so that the same follows at the next look.

        `before` is the copy as it was before this was decided.
        """
        now = self.copy
        return replace(
            before, key=now.key, url=now.url, status=now.status, missing_since=None, synced_at=now.synced_at
        )

    def refused(self, before: Copy) -> Copy:
        """The copy to be stored if nothing was written because it was refused; `before` as in `undone`.

        Of a ticket that is over, what is refused for KEPT_FOR is not tried any more.
        """
        undone = self.undone(before)
        settled_at = self.copy.settled_at or undone.settled_at
        return replace(undone, noted=self.if_refused or undone.noted, settled_at=settled_at)


def stays_closed(copy: Copy) -> bool:
    """Whether it was to be reopened there, and that was refused."""
    return copy.noted.startswith(LEFT) and REFUSED in copy.noted


def is_moved_by_people(copy: Copy, standing: CopyStanding) -> bool:
    """Whether what we were refused was done by somebody else."""
    is_meant_open = copy.noted.startswith(LEFT)
    return REFUSED in copy.noted and (standing is CopyStanding.OPEN if is_meant_open else standing in CLOSED)


def decide(ticket: Ticket, copy: Copy, seen: Seen, can: Ability, now: datetime) -> Consequence:
    """Return what follows for a copy that is LINKED; of several things the first. `now` is aware UTC."""
    is_echo = copy.intent is not None and seen.standing in SHOWS[copy.intent]
    is_news = seen.standing is not copy.standing and not is_echo
    base = replace(
        copy,
        key=seen.key,
        url=seen.url,
        status=seen.status,
        standing=seen.standing,
        intent=None,
        missing_since=None,
        synced_at=now,
    )
    if seen.is_elsewhere:
        can = replace(can, goals=frozenset(), assigns=False, attaches=False)
    if ticket.is_live:
        base = replace(base, settled_at=None)
        follows = (
            _reopened_there(ticket, base, was=copy.standing)
            if ticket.state is not TicketState.DONE and is_echo and copy.intent in can.goals & {Goal.OPEN}
            else _live(ticket, base, seen, can, now, is_news=is_news, was=copy.standing)
        )
    else:
        base = replace(base, declines=0)  # if it is needed again, that was not said of it
        follows = _settled(ticket, base, can, now, is_news=is_news, begun=copy.intent)
    if follows != Consequence(follows.copy) or not ticket.is_live:
        return follows
    return _assigned(ticket, follows.copy, seen, can)


def _live(
    ticket: Ticket, base: Copy, seen: Seen, can: Ability, now: datetime, *, is_news: bool, was: CopyStanding
) -> Consequence:
    is_closed = seen.standing in CLOSED
    if ticket.state is TicketState.DONE:
        if seen.standing is CopyStanding.UNKNOWN and was in CLOSED:
            base = replace(base, standing=was)  # on its way: what it leads to is compared with that
        is_reopened = is_news and seen.standing is CopyStanding.OPEN and was in CLOSED
        return Consequence(base, reopen=is_reopened)
    if not is_closed:
        return _waiting(ticket, replace(base, noted="") if stays_closed(base) else base, can)
    if base.noted.startswith(_OVER):  # reopening it there says that it goes on
        base = replace(base, noted="")
    if ticket.state is TicketState.BLOCKED:
        return _brought_back(ticket, base, can, now, Say.WAITS)
    if seen.standing is CopyStanding.DECLINED and (is_news or base.declines):
        declined = replace(base, declines=base.declines + is_news)
        if declined.declines >= DECLINES_MAX:
            return Consequence(declined)
        return _brought_back(ticket, declined, can, now, Say.STILL_TRUE)
    if not is_news:  # ours was reopened after it was closed there
        return _brought_back(ticket, base, can, now, Say.GOES_ON)
    if kind_of(ticket).choice is not Choice.NOTHING:
        return _brought_back(ticket, base, can, now, Say.DESK)
    return Consequence(base, claim=True)


def _reopened_there(ticket: Ticket, base: Copy, was: CopyStanding) -> Consequence:
    """Ask for the reopening again, which is done there: its note may not be."""
    if ticket.state is TicketState.BLOCKED:
        say = Say.WAITS
    elif was is CopyStanding.DECLINED and base.declines:
        say = Say.STILL_TRUE
    else:
        say = Say.GOES_ON if kind_of(ticket).choice is Choice.NOTHING else Say.DESK
    return Consequence(
        replace(base, intent=Goal.OPEN),
        move=Goal.OPEN,
        say=say,
        noted=_noted_when_reopened(ticket, base, say),
    )


def _noted_when_reopened(ticket: Ticket, base: Copy, say: Say) -> str:
    return _mark(say, ticket) if say is Say.WAITS or base.noted.startswith(LEFT) else ""


def _waiting(ticket: Ticket, base: Copy, can: Ability) -> Consequence:
    """Say there that it has to wait, and later that it needn't any more; or that it goes on, if it was said to be over.

    It is said again if it may be lost.
    """
    has_to_wait, is_said = ticket.state is TicketState.BLOCKED, base.noted.startswith(f"{Say.WAITS}:")
    goes_on = not has_to_wait and base.noted.startswith(_OVER)
    if (has_to_wait is is_said and not goes_on) or not can.notes:
        return Consequence(base)
    say = Say.WAITS if has_to_wait else Say.GOES_ON if goes_on else Say.READY
    return Consequence(base, say=say, noted=_mark(say, ticket))


def _mark(say: Say, ticket: Ticket) -> str:
    return f"{say}:{ticket.reopened}"


def _brought_back(ticket: Ticket, base: Copy, can: Ability, now: datetime, say: Say) -> Consequence:
    """Reopen it there with a note. Only note it, once, and leave it, where that can't be done or was done too often.

    What is refused is noted, too, and tried for a day; then not before our ticket is reopened the next time, or needn't
    wait any more.
    """
    left = f"{LEFT}{_mark(Say.WAITS if say is Say.WAITS else Say.GOES_ON, ticket)}"
    noted, _, refusals = base.noted.partition(REFUSED)
    is_left = noted == left
    refused = int(refusals) if is_left and refusals else 0
    is_over = base.reopened_at is None or (now - base.reopened_at > REOPENS_WITHIN and not is_left)
    reopens = 0 if is_over else base.reopens
    if Goal.OPEN in can.goals and reopens < REOPENS_MAX and refused < REFUSALS_MAX:
        counted = replace(base, reopens=reopens + 1, reopened_at=now if is_over else base.reopened_at)
        return Consequence(
            replace(counted, intent=Goal.OPEN), move=Goal.OPEN, say=say,
            noted=_noted_when_reopened(ticket, base, say),
            if_refused=f"{left}{REFUSED}{refused + 1}", owes_note=can.notes and not is_left,
        )  # fmt: skip
    if is_left:
        return Consequence(base)
    said, is_fight = replace(base, noted=left), reopens >= REOPENS_MAX
    return Consequence(said, say=say if can.notes else None, is_fight=is_fight)


def _settled(
    ticket: Ticket, base: Copy, can: Ability, now: datetime, *, is_news: bool, begun: Goal | None
) -> Consequence:
    """Close it there with what was proven or decided, and add the evidence; if people reopen it after that, once more.

    `begun` is what we were about to do: we may have died before it was done, or before that was stored. If it is done
    there, its note may not be, so it is asked for again: as long as the copy is looked at.
    """
    goal, say = _OF_STATE[ticket.state]
    mark = _mark(say, ticket)
    is_begun, is_done = begun is goal, base.standing in SHOWS[goal]
    said = base.noted.removesuffix(OWED)
    is_said, is_noted = said.removesuffix(AGAIN) == mark, said == f"{mark}{REFUSED}"
    owed = OWED if say is Say.VERIFIED and can.attaches else ""
    noted = f"{mark}{AGAIN}{owed}" if is_said else f"{mark}{owed}"
    if is_begun and is_done:
        if goal in can.goals:
            again = replace(base, intent=goal, settled_at=base.settled_at or now)
            return Consequence(again, move=goal, say=say, noted=noted)
        is_said, base = True, replace(base, noted=noted)
    may_move = said != f"{mark}{AGAIN}" and (is_news or is_begun or not is_said)
    if base.standing not in CLOSED and goal in can.goals and may_move:
        return Consequence(
            replace(base, intent=goal, settled_at=None), move=goal, say=say, noted=noted,
            if_refused="" if is_said else f"{mark}{REFUSED}{owed}",
            owes_note=can.notes and not is_said and not is_noted,
        )  # fmt: skip
    if not is_said and not is_noted and can.notes:
        begun_note = replace(base, noted=noted, settled_at=base.settled_at or now)
        return Consequence(begun_note, say=say, if_refused=mark if base.standing in CLOSED else "")
    settled = replace(base, settled_at=base.settled_at or now)
    if said != base.noted and can.attaches:
        later = replace(settled, next_at=now + FILE_AGAIN)
        return Consequence(later, attaches=True, noted=said, if_refused=said)
    return Consequence(settled)


def _assigned(ticket: Ticket, base: Copy, seen: Seen, can: Ability) -> Consequence:
    """Who has it: what people changed there comes first, else ours goes there."""
    theirs, ours = seen.assignee, ticket.assignee.email if ticket.assignee else ""
    same = replace(base, assignee=mark_of(theirs))
    is_written_out = base.assignee == theirs  # by a release that kept no marks
    known = {base.assignee, mark_of(base.given), mark_of(ours)}
    if can.takes and same.assignee not in known and not is_written_out:
        return Consequence(same, take=theirs)
    if can.assigns and "@" in ours and ours.casefold() != base.given.casefold():
        return Consequence(same, give=ours)
    return Consequence(same)


def not_taken(copy: Copy, can: Ability) -> Consequence:
    """Keep our assignee, because nobody may give our ticket to the person who has the copy there.

    Say so there, once.
    """
    mark = f"{Say.STAYS}:{copy.assignee}"
    if not copy.assignee or copy.noted == mark or not can.notes:
        return Consequence(copy)
    return Consequence(replace(copy, noted=mark), say=Say.STAYS)
