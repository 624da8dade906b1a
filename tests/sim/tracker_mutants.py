"""Deliberately broken mirrors, at least one for each invariant of copies. Each lives in small worlds with a tracker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import worker.app.jobs.mirror_gone
import worker.app.jobs.mirror_making
import worker.app.jobs.verify
import worker.domain.messages.copies
import worker.domain.mirror.decide
from sim.breaking import Make, Mutant
from sim.tracker import CLOSED, DESK, SERVICE
from worker.app.jobs.mirror_here import ActsHere
from worker.app.jobs.mirror_making import MakeCopies
from worker.app.jobs.mirror_run import MirrorRun
from worker.domain.mirror.copy import Content, Copy, CopyState
from worker.domain.mirror.decide import Consequence
from worker.domain.reconcile.verification import Verdict, Verification
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import Grade, TicketState

DAYS = 6


def _makes_another(_original: Any) -> Any:
    """After an answer that was lost it is made again at once."""
    return lambda _self, copy: replace(copy, state=CopyState.WANTED)


def _hurries(original: Any) -> Any:
    """Not found is not there, whatever the tracker's lag."""

    def looked_for(self: MakeCopies, copy: Copy) -> Any:
        begun_at = copy.attempted_at
        return original(self, replace(copy, attempted_at=begun_at - timedelta(days=1) if begun_at else None))

    return looked_for


def _never(_original: Any) -> Any:
    return lambda *_args: None


def _compares_authors(original: Any) -> Any:
    """What our account did is our own doing, whoever else uses it."""

    def claim(self: ActsHere, uow: Any, ticket: Any, moved: Any, *rest: Any) -> None:
        if moved.account != SERVICE:
            original(self, uow, ticket, moved, *rest)

    return claim


def _adopts_as_it_is(original: Any) -> Any:
    """As it was: what people did before a copy was found is no news."""

    def link(self: MakeCopies, copy: Copy, seen: Any, version: int) -> Any:
        tracker: Any = self._tracker
        return original(self, copy, tracker.sim(seen.ref).seen, version)

    return link


def _gives_each_time(original: Any) -> Any:
    def assigned(ticket: Any, base: Copy, seen: Any, can: Any) -> Consequence:
        follows: Consequence = original(ticket, base, seen, can)
        ours = ticket.assignee.email if ticket.assignee else ""
        is_idle = follows == Consequence(follows.copy) and can.assigns and "@" in ours
        return replace(follows, give=ours) if is_idle else follows

    return assigned


def _number(value: int) -> Make:
    return lambda _original: value


def _leaves_it_open(_original: Any) -> Any:
    return lambda _ticket, base, *_args, **_more: Consequence(base)


def _leaves_it_unsaid(original: Any) -> Any:
    def settled(ticket: Any, base: Copy, can: Any, *rest: Any, begun: Any, **more: Any) -> Consequence:
        can = replace(can, goals=frozenset()) if begun and base.standing in CLOSED else can
        return original(ticket, base, can, *rest, begun=begun, **more)  # type: ignore[no-any-return]

    return settled


def _forgets_the_file(original: Any) -> Any:
    def settled(*rest: Any, **more: Any) -> Consequence:
        follows: Consequence = original(*rest, **more)
        return Consequence(replace(follows.copy, noted=follows.noted)) if follows.attaches else follows

    return settled


def _believes_the_close(original: Any) -> Any:
    def claim(self: ActsHere, uow: Any, ticket: Any, *rest: Any) -> None:
        original(self, uow, ticket, *rest)
        done = uow.tickets.get(ticket.id)
        uow.tickets.update([replace(done, state=TicketState.VERIFIED, verified_at=done.done_at)])

    return claim


def _takes_a_close_for_evidence(original: Any) -> Any:
    def weigh(ticket: Any, *rest: Any) -> Verification:
        if any(mark.startswith("tracker:") for mark in ticket.claimed_by):
            return Verification(Verdict.VERIFIED, Reason("it is closed there"), Grade.B)
        opinion: Verification = original(ticket, *rest)
        return opinion

    return weigh


def _makes_it_anew(original: Any) -> Any:
    def noted(run: MirrorRun, each: Any, gone: Any, *, can_be_gone: bool) -> None:
        original(run, each, gone, can_be_gone=can_be_gone)
        with run.begin() as uow:
            copy = uow.mirrors.get(run.name, each.copy.ticket).copy
            if copy.state is CopyState.GONE:
                uow.mirrors.put(Copy(DESK, copy.ticket, copy.identity, copy.place))

    return noted


def _keeps_quiet(original: Any) -> Any:
    def tell(self: MirrorRun, uow: Any, cause: str, *rest: Any, lasts: bool = False) -> None:
        if not cause.startswith("gone:"):
            original(self, uow, cause, *rest, lasts=lasts)

    return tell


def _signs(original: Any) -> Any:
    return lambda *args: replace(original(*args), url="https://whosleft.example.org/t/a-token")


def _says_all(original: Any) -> Any:
    return lambda ticket, identity, _content, *rest: original(ticket, identity, Content.FULL, *rest)


def _as_it_is(_original: Any) -> Any:
    return lambda text: text


_MAKING, _VERIFY = worker.app.jobs.mirror_making, worker.app.jobs.verify
_DECIDE, _COPIES = worker.domain.mirror.decide, worker.domain.messages.copies
_GONE = worker.app.jobs.mirror_gone


def _saying(content: Content) -> Mapping[str, Any]:
    return {"trackers": [{"name": DESK, "kind": "redmine", "content": content}]}


TRACKER_MUTANTS = (
    Mutant(13, "what-is-unclear-is-made-again", ((MakeCopies, "_looked_for", _makes_another),), days=DAYS),
    Mutant(13, "the-lag-is-not-waited-for", ((MakeCopies, "_looked_for", _hurries),), days=DAYS),
    Mutant(13, "duplicates-stay", ((MakeCopies, "_close_duplicates", _never),), days=DAYS, first=1),
    Mutant(14, "authors-are-compared", ((ActsHere, "claim", _compares_authors),), days=DAYS + 2, first=16),
    Mutant(
        14, "what-is-found-late-is-no-news", ((MakeCopies, "_link", _adopts_as_it_is),), days=DAYS, first=5
    ),
    Mutant(15, "it-is-given-in-each-run", ((_DECIDE, "_assigned", _gives_each_time),), days=DAYS),
    Mutant(16, "a-fight-goes-on", ((_DECIDE, "REOPENS_MAX", _number(1000)),), days=DAYS + 1, first=2),
    Mutant(16, "a-move-without-an-answer-is-over", ((_DECIDE, "_settled", _leaves_it_unsaid),), days=DAYS),
    Mutant(16, "what-is-over-stays-open-there", ((_DECIDE, "_settled", _leaves_it_open),), days=DAYS),
    Mutant(
        16,
        "the-file-is-forgotten",
        ((_DECIDE, "_settled", _forgets_the_file),),
        _saying(Content.FULL),
        days=DAYS,
    ),
    Mutant(17, "a-close-is-proof", ((ActsHere, "claim", _believes_the_close),), days=DAYS),
    Mutant(17, "a-close-is-evidence", ((_VERIFY, "weigh", _takes_a_close_for_evidence),), days=DAYS),
    Mutant(18, "what-is-gone-is-made-again", ((_GONE, "_note", _makes_it_anew),), days=DAYS),
    Mutant(18, "nobody-is-told-what-is-gone", ((MirrorRun, "tell", _keeps_quiet),), days=DAYS),
    Mutant(19, "copies-have-signed-links", ((_MAKING, "copy_draft", _signs),), days=DAYS),
    Mutant(
        19, "minimal-says-all", ((_MAKING, "copy_draft", _says_all),), _saying(Content.MINIMAL), days=DAYS
    ),
    Mutant(19, "numbers-are-whole", ((_COPIES, "masked_text", _as_it_is),), _saying(Content.FULL), days=DAYS),
)
