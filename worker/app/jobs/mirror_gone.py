"""Copies that can't be read: deleted, or hidden from us, or we lost our sight of them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

from worker.app.jobs.mirror_run import LATE_EVERY, MirrorRun
from worker.domain.mirror.copy import Copy, CopyState
from worker.domain.mirror.outside import CopyGone
from worker.domain.tickets.ticket import Ticket
from worker.ports import Incomplete
from worker.ports.state.mirrors import Mirrored

GONE_AFTER = timedelta(hours=1)  # and one that can't be read is believed to be gone
Missing: TypeAlias = tuple[Mirrored, CopyGone]


def give_up(run: MirrorRun, missing: Sequence[Missing]) -> None:
    """Believe that copies are gone after two reads an hour apart, if they can be."""
    taken = sum(gone.is_taken and each.ticket.is_live for each, gone in missing)
    if taken:
        run.trouble(
            Incomplete(
                f"{taken} of its tickets have the numbers of copies, and are others'. They are left alone.",
                remedy="Was it put back from a backup, or made anew, or was the identity taken out of them?",
            )
        )
    late = [each for each, _gone in missing if each.ticket.is_live and is_late(run, each.copy)]
    can_be = not late or _can_be_gone(run, missing)
    for each, gone in missing:
        _note(run, each, gone, can_be_gone=can_be)


def is_late(run: MirrorRun, copy: Copy) -> bool:
    """Whether a copy is missed for so long that it is given up."""
    return copy.missing_since is not None and run.now - copy.missing_since >= GONE_AFTER


def _can_be_gone(run: MirrorRun, missing: Sequence[Missing]) -> bool:
    """Whether another copy could be read; or nothing else is wrong, and there is no other one or others have them all.

    None of several: rather we lost our sight. What is given up is made again only by hand, and would be there twice.
    """
    if run.has_seen:
        return True
    if len(missing) == 1 or all(gone.is_taken for _each, gone in missing):
        return run.check().ok
    run.trouble(
        Incomplete(
            f"None of its {len(missing)} copies can be read.",
            remedy="Let the account see them. If all of them were deleted, there is nothing to do.",
        )
    )
    return False


def _note(run: MirrorRun, each: Mirrored, gone: CopyGone, *, can_be_gone: bool) -> None:
    """Note that a copy can't be read, or is gone. Of a ticket that is over that is no news, unless it is live again."""
    copy, ticket = each
    if copy.missing_since is not None and copy.settled_at is not None and not ticket.is_live:
        return
    was_live = ticket.is_live
    changed = replace(copy, missing_since=min(copy.missing_since or run.now, run.now), synced_at=run.now)
    with run.begin() as uow:
        ticket = uow.mirrors.get(run.name, copy.ticket).ticket
        is_gone = can_be_gone and is_late(run, copy) and ticket.is_live is was_live
        if is_gone and ticket.is_live:
            problem = f"It is there no longer ({gone.why}). It is not made again by itself."
            changed = replace(
                changed, state=CopyState.GONE, problem=problem, look_again_at=run.now + LATE_EVERY
            )
            run.tell(uow, f"gone:{copy.ticket}", _told(ticket, copy, run.name), copy.ticket)
        elif is_gone:
            changed = replace(changed, settled_at=copy.settled_at or run.now)
        uow.mirrors.put(changed)


def _told(ticket: Ticket, copy: Copy, tracker: str) -> str:
    return (
        f"{copy.key}, the copy of {ticket.label}, is there no longer. "
        f"`whosleft trackers again {tracker} {ticket.label}` makes a new one, if it is not back."
    )
