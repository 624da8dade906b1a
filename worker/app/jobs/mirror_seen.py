"""What a read shows of a copy: whether anything follows from it, and whether it is the copy at all.

A tracker that was put back from its backup, or made anew under its name, gives the numbers of our copies to others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from worker.app.jobs.mirror_gone import is_late
from worker.app.jobs.mirror_run import UNREAD, MirrorRun
from worker.domain.mirror.copy import Content, Copy
from worker.domain.mirror.decide import Ability, Consequence, decide, is_moved_by_people
from worker.domain.mirror.outside import CopyGone, CopyStanding, CopyUnread, Seen
from worker.ports.state.mirrors import Mirrored
from worker.ports.state.store import UnitOfWork

LOOKS_MAX = 50  # in one run, for copies whose numbers others have
_UNNAMED = "The status"


def read_each(
    run: MirrorRun, page: Sequence[Mirrored]
) -> Iterator[tuple[Mirrored, Seen | CopyGone | CopyUnread]]:
    """Read a page of copies; yield each with what has its number now. Two have one if the tracker gave it again.

    Raises ConnectorError.
    """
    by_ref: dict[str, list[Mirrored]] = {}
    for each in page:
        by_ref.setdefault(each.copy.ref, []).append(each)
    for seen in run.one.tracker.read(list(by_ref)):
        for each in by_ref[seen.ref]:
            yield each, seen


def is_doubtful(run: MirrorRun, copy: Copy, seen: Seen, *, is_still: bool) -> bool:
    """Whether what has a copy's number may not be the copy.

    Where a read shows no identity, that is asked only once something would follow.
    """
    can = run.one.tracker.can
    if not can.refs_recur or seen.identity == copy.identity:
        return False
    return bool(seen.identity) or can.shows_identity or not is_still


def looked_for(run: MirrorRun, each: Mirrored) -> Seen | CopyGone | None:
    """Look for a doubtful copy by its identity, and link it where it is found; None: not in this run.

    It is looked for when it is missed, and once more before it is given up. Raises ConnectorError.
    """
    copy, ticket = each
    is_known = copy.missing_since is not None and not (ticket.is_live and is_late(run, copy))
    if not is_known:
        if run.looks >= LOOKS_MAX:
            return None
        run.looks += 1
        found = run.find(copy)
        if own := next((one for one in found if one.ref == copy.ref), found[0] if found else None):
            with run.begin() as uow:
                now = uow.mirrors.get(run.name, copy.ticket).copy
                uow.mirrors.put(replace(now, ref=own.ref, key=own.key, url=own.url))
            return own
    return CopyGone(copy.ref, "its number is another ticket's now", is_taken=True)


def is_quiet(run: MirrorRun, each: Mirrored, seen: Seen) -> bool:
    """Whether nothing follows from a copy, here or there, and it is as it was seen last."""
    copy, ticket = each
    follows = decide(ticket, copy, seen, ability_of(run), run.now)
    as_before = replace(follows.copy, synced_at=copy.synced_at, problem=problem_of(copy, seen))
    return follows == Consequence(follows.copy) and as_before == copy


def problem_of(copy: Copy, seen: Seen) -> str:
    """What is wrong with a copy after it was read: its status may not be named; what else was wrong stays."""
    if seen.standing is CopyStanding.UNKNOWN:
        return f"{_UNNAMED} {seen.status} is not named under states."
    is_mended = is_moved_by_people(copy, seen.standing)
    return "" if is_mended or copy.problem.startswith((_UNNAMED, UNREAD)) else copy.problem


def tell_unnamed(run: MirrorRun, uow: UnitOfWork, seen: Seen) -> None:
    """Tell that a copy has a status that is not named, once a status."""
    what = (
        f"{seen.key} has the status {seen.status}, which is not named under states. Until it is, nobody knows whether "
        "that means done or to be done, so nothing follows from it."
    )
    run.tell(uow, f"unnamed:{seen.status}", what)


def ability_of(run: MirrorRun) -> Ability:
    can, one = run.one.tracker.can, run.one
    attaches = can.attaches and one.content is Content.FULL
    return Ability(can.goals, can.notes, can.assigns and one.assigns, one.assigns, attaches)
