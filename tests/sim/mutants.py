"""Deliberately broken variants of the worker, at least one for each invariant: each proves that it can fail.

A mutant exchanges named attributes for the time of one world, and puts them back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import worker.app.jobs.directory_pass
import worker.app.jobs.escalate
import worker.app.jobs.matching
import worker.app.jobs.reconcile
import worker.app.jobs.verify
import worker.domain.controls.profile.description
import worker.domain.groups.case
import worker.domain.reconcile.engine
import worker.storage.journal
import worker.storage.leavers
from sim.company import LIVE
from sim.controls import SECTION
from sim.world import DAYS
from worker.app.acts.reviewing import Reviewing
from worker.app.jobs.composing import Composing
from worker.app.jobs.controls import RunControls
from worker.app.jobs.deliver import Deliver
from worker.app.jobs.directory_pass import DirectoryPass
from worker.app.jobs.matching import Matching
from worker.app.jobs.remediate import Remediate
from worker.domain.controls.control import CheckValue, ControlResult
from worker.domain.controls.examining import Examined
from worker.domain.evidence.journal import GENESIS
from worker.domain.identity.matching import IdentityState
from worker.domain.kinds import KINDS, REMOVALS
from worker.domain.model import Evidence, Standing
from worker.domain.people.leaver import Judgement
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.reconcile.verification import Verdict, Verification
from worker.domain.text.reason import Reason
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Grade, TicketState
from worker.ports import PermissionDenied
from worker.ports.state.episodes import Gate
from worker.ports.state.people import JudgedFacts
from worker.ports.state.remediations import ActState
from worker.storage.episodes import SqlEpisodes
from worker.storage.groups import SqlRosters
from worker.storage.outbox import SqlOutbox
from worker.storage.tickets import SqlTickets

Make = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Mutant:
    """What is exchanged: (owner, attribute, from the original to the broken one), and settings besides.

    `first` is the first world that is tried, and `days` how long each lasts: a mutant that is found out early need not
    live through all those in which it is not.
    """

    number: int
    name: str
    changes: tuple[tuple[Any, str, Make], ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    first: int = 0
    days: int = DAYS

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Exchange, and put back whatever happens."""
        with ExitStack() as stack:
            for owner, attribute, make in self.changes:
                stack.enter_context(exchanged(owner, attribute, make(getattr(owner, attribute))))
            yield


@contextmanager
def exchanged(owner: Any, attribute: str, value: Any) -> Iterator[None]:
    """One attribute of a module or class, for a while."""
    original = getattr(owner, attribute)
    setattr(owner, attribute, value)
    try:
        yield
    finally:
        setattr(owner, attribute, original)


# --- 1 ------------------------------------------------------------------------------------------------


def _nobody_is_asked(_original: Any) -> Any:
    def confirm(store: Any, directory: Any, _judged: Any, _limits: Any, lease: Any) -> list[PermissionDenied]:
        with store.begin(lease) as uow:
            for key in uow.people.missing(directory.name):
                known = uow.people.get(key)
                if known is not None:
                    gone = Judgement(Standing.LEFT, Evidence.ABSENT_CONFIRMED)
                    uow.people.stage(
                        directory.name, [JudgedFacts(replace(known.facts, is_deleted=True), gone)]
                    )
        return []

    return confirm


def _never(_original: Any) -> Any:
    return lambda *_args, **_more: False


GUARD_OFF = {
    "leavers_max": None,
    "leavers_share_max": None,
    "group_share_max": None,
    "shrink_share_max": None,
}
IMPATIENT = {"absent": {"passes": 1, "over": "0s"}}

# --- 2, 3, 4 ------------------------------------------------------------------------------------------


def _forgets_a_group(original: Any) -> Any:
    def take(self: SqlRosters, limit: int) -> Any:
        taken, views = original(self, limit)
        return taken, views[1:]

    return take


def _opens_twice(original: Any) -> Any:
    def reconcile(view: Any, rules: Any, now: Any) -> Sequence[Action]:
        actions = original(view, rules, now)
        twins = [
            replace(action, ticket=replace(action.ticket, occasion=f"{action.ticket.occasion} {now}"))
            for action in actions
            if action.kind is ActionKind.OPEN and action.ticket.kind in REMOVALS
        ]
        return (*actions, *twins)

    return reconcile


def _never_waits(original: Any) -> Any:
    return lambda *args: tuple(replace(finding, needs_admin=False) for finding in original(*args))


def _takes_their_word(original: Any) -> Any:
    def weigh(ticket: Any, sight: Any, *rest: Any) -> Verification:
        if ticket.state is TicketState.DONE:
            return Verification(Verdict.VERIFIED, Reason("they say so"))
        opinion: Verification = original(ticket, sight, *rest)
        return opinion

    return weigh


def _believes_old_lists(original: Any) -> Any:
    """As it was: whom a list still has that was read after the claim, whatever its date, is still there."""

    def weigh(ticket: Any, sight: Any, *rest: Any) -> Verification:
        seen = replace(sight, taken_at=sight.read_at) if sight else None
        opinion: Verification = original(ticket, seen, *rest)
        return opinion

    return weigh


def _calls_lists_the_messenger(original: Any) -> Any:
    def weigh(*args: Any) -> Verification:
        opinion: Verification = original(*args)
        return replace(opinion, grade=Grade.A) if opinion.grade is Grade.B else opinion

    return weigh


def _claims_buy_time(_original: Any) -> Any:
    return lambda self, ticket, _claimed_at, at: self.started(ticket, at)


def _never_objects(original: Any) -> Any:
    def weigh(*args: Any) -> Verification:
        opinion: Verification = original(*args)
        is_objection = opinion.verdict is Verdict.REOPENED
        return replace(opinion, verdict=Verdict.INCONCLUSIVE) if is_objection else opinion

    return weigh


# --- 5, 6 ---------------------------------------------------------------------------------------------


def _lets_everybody_through(_original: Any) -> Any:
    return lambda *_args: None


def _rejects_in_vain(original: Any) -> Any:
    def set_gate(self: SqlEpisodes, episodes: Any, gate: Gate, now: Any) -> None:
        original(self, episodes, Gate.PASSED if gate is Gate.REJECTED else gate, now)

    return set_gate


def _never_looks(_original: Any) -> Any:
    return lambda _self, notifier, message: notifier.send(message).reference


def _hides_repeats(original: Any) -> Any:
    return lambda *args, **more: replace(original(*args, **more), may_be_repeat=False)


def _shows_everything(_original: Any) -> Any:
    return lambda _self, _channel, _to, items, _paragraphs: len(items)


def _gives_up(_original: Any) -> Any:
    def later(self: Deliver, delivery: Any, _error: Any, now: Any, run: Any) -> None:
        with self._store.begin(run.lease) as uow:
            uow.outbox.sent(delivery, "never", now)

    return later


# --- 7 ------------------------------------------------------------------------------------------------


def _hurries(original: Any) -> Any:
    return lambda ticket, policy, taken, allowed, now: original(
        ticket, policy, taken, allowed, now + timedelta(hours=5)
    )


def _skips_the_second(original: Any) -> Any:
    return lambda *args: tuple(due for due in original(*args) if due.step != 2)


def _keeps_no_record(_original: Any) -> Any:
    return lambda *_args: True


# --- 8, 9 ---------------------------------------------------------------------------------------------


def _guesses(original: Any) -> Any:
    def match(mark: str, previous: Any, candidates: Any, *more: Any) -> Any:
        link = original(mark, previous, candidates, *more)
        if link.state is IdentityState.AMBIGUOUS:
            best = max(candidates, key=lambda c: (c.standing is Standing.LEFT, c.person))
            return replace(link, state=IdentityState.LINKED, person=best.person, how=best.how)
        return link

    return match


def _matches_only_once(_original: Any) -> Any:
    """As it was: identities are matched when a pass begins, and decided on in later transactions."""

    @contextmanager
    def begin(self: Any) -> Iterator[Any]:
        if not hasattr(self._store, "matched_for") or self._store.matched_for is not self:
            self._store.matched_for = self
            self._match()
        with self._store.begin(self._lease) as uow:
            yield uow

    return begin


def _asks_in_each_group(original: Any) -> Any:
    def findings(case: Any, *rest: Any) -> Any:
        return tuple(
            replace(finding, key=replace(finding.key, occasion=case.key.group_id))
            if KINDS[finding.key.kind].about is About.HANDLE
            else finding
            for finding in original(case, *rest)
        )

    return findings


def _nobody_did_it(original: Any) -> Any:
    return lambda action, now: replace(original(action, now), actor="")


def _seals_loosely(original: Any) -> Any:
    return lambda entry, seq, _previous: original(entry, seq, GENESIS)


def _has_no_age(original: Any) -> Any:
    return lambda *args: replace(original(*args), taken_at=None)


def _forgets_what_was_begun(_original: Any) -> Any:
    def settle(_self: Any, run: Any) -> None:
        with run.matching.begin() as uow:
            for act in uow.remediations.unsettled():
                uow.remediations.put(replace(act, state=ActState.OVER))

    return settle


def _holds_nothing(original: Any) -> Any:
    def allowed(self: Any, uow: Any, ticket: Any, now: Any) -> Any:
        with exchanged(SqlEpisodes, "plans", lambda _episodes: []):
            return original(self, uow, ticket, now)

    return allowed


# --- controls -----------------------------------------------------------------------------------------


def _what_is_not_shown(value: CheckValue) -> Make:
    return lambda _original: lambda _why: ControlResult(value)


def _asks_of_what_is_not_shown(original: Any) -> Any:
    def asks(self: Examined) -> bool:
        return original.fget(self) or self.result.value is CheckValue.UNKNOWN

    return property(asks)


def _silence_removes(_original: Any) -> Any:
    """Whom no reviewer answered for by the first reminder is asked out."""

    def remind(self: Reviewing, uow: Any, now: Any) -> int:
        for ticket in uow.tickets.many(uow.reviews.open_tickets()).values():
            if ticket.due_at - now < timedelta(days=3):
                self._remove(uow, ticket, self.shown(uow, ticket).left, now)
        return 0

    return remind


def _asks_all_at_once(original: Any) -> Any:
    """Whatever a person was asked today already, they are asked more."""

    def new(self: Any, page: Any, said_no: Any, allowed: Any, _opened_today: Any, left: int, now: Any) -> Any:
        return original(self, page, said_no, allowed, Unlimited(), left, now)

    return new


class Unlimited(Counter[str]):
    """Counts nothing."""

    def __getitem__(self, _key: str) -> int:
        return 0


def _newest_first(original: Any) -> Any:
    """What waits longest goes out last, with whatever comes of controls before it."""

    def pending(self: SqlOutbox, to: Any, now: Any, limit: int, *, is_alarm: bool) -> Any:
        rows = sorted(original(self, to, now, 1000, is_alarm=is_alarm), key=lambda row: row.id, reverse=True)
        of = {(row.recipient_kind, row.address, row.via): list[Any]() for row in rows}
        for row in rows:
            of[row.recipient_kind, row.address, row.via].append(row)
        return [row for those in of.values() for row in those[:limit]]

    return pending


_DESCRIPTION = worker.domain.controls.profile.description
_PASS, _RECONCILE, _VERIFY = worker.app.jobs.directory_pass, worker.app.jobs.reconcile, worker.app.jobs.verify

# In every world
MACHINES: Mapping[str, Any] = {
    "remediate": [
        {
            "name": "live",
            "when": {"inventories": [LIVE], "kinds": ["remove_member", "reassign_admin"]},
            "per_hour": 20,
        }
    ]
}

NEITHER: Mapping[str, Any] = {"controls": {}, "trackers": []}
CONTROLS: Mapping[str, Any] = {"controls": SECTION}

MUTANTS = (
    Mutant(
        1,
        "absence-is-believed",
        ((_PASS, "confirm_missing", _nobody_is_asked), (_PASS, "is_too_shrunken", _never)),
        {"guard": GUARD_OFF},
    ),
    Mutant(
        1,
        "one-absence-is-enough",
        ((_PASS, "is_too_shrunken", _never),),
        {"guard": GUARD_OFF, "leaver": IMPATIENT},
        first=4,
        days=3,
    ),
    Mutant(2, "a-group-is-forgotten", ((SqlRosters, "take_dirty", _forgets_a_group),), first=12, days=3),
    Mutant(2, "leavers-are-not-marked", ((worker.storage.leavers, "mark", _never),), days=7),
    Mutant(2, "tickets-are-opened-twice", ((_RECONCILE, "reconcile_group", _opens_twice),)),
    Mutant(3, "removals-never-wait", ((worker.domain.reconcile.engine, "findings_of", _never_waits),)),
    Mutant(4, "a-claim-is-proof", ((_VERIFY, "weigh", _takes_their_word),)),
    Mutant(4, "a-false-claim-stands", ((_VERIFY, "weigh", _never_objects),)),
    Mutant(4, "an-old-list-contradicts", ((_VERIFY, "weigh", _believes_old_lists),)),
    Mutant(4, "a-list-is-called-the-messenger", ((_VERIFY, "weigh", _calls_lists_the_messenger),)),
    Mutant(5, "the-guard-sleeps", ((_RECONCILE, "inspect", _lets_everybody_through),), first=1, days=3),
    Mutant(5, "a-rejection-releases", ((SqlEpisodes, "_set_gate", _rejects_in_vain),), first=4, days=3),
    Mutant(6, "nobody-looks-before-sending-again", ((Deliver, "_send_once", _never_looks),), first=3, days=6),
    Mutant(6, "a-repeat-does-not-say-so", ((Composing, "message_of", _hides_repeats),), first=2, days=6),
    Mutant(6, "what-was-not-shown-counts-as-sent", ((Composing, "shown", _shows_everything),), days=5),
    Mutant(6, "a-failed-send-is-forgotten", ((Deliver, "_later", _gives_up),), first=2, days=5),
    Mutant(7, "a-false-claim-buys-time", ((TicketRules, "resumed", _claims_buy_time),)),
    Mutant(7, "steps-come-early", ((worker.app.jobs.escalate, "due_steps", _hurries),)),
    Mutant(7, "the-second-step-is-left-out", ((worker.app.jobs.escalate, "due_steps", _skips_the_second),)),
    Mutant(7, "steps-are-taken-again", ((SqlTickets, "take_step", _keeps_no_record),)),
    Mutant(8, "doubtful-members-are-guessed", ((worker.app.jobs.matching, "match", _guesses),), first=5),
    Mutant(8, "identities-are-matched-only-once", ((Matching, "begin", _matches_only_once),), first=5),
    Mutant(8, "each-group-asks", ((worker.domain.reconcile.engine, "findings_of", _asks_in_each_group),)),
    Mutant(9, "acts-have-no-actor", ((_VERIFY, "journal_entry", _nobody_did_it),)),
    Mutant(9, "the-chain-is-loose", ((worker.storage.journal, "write", _seals_loosely),), days=3),
    Mutant(
        12, "an-unclear-act-is-repeated", ((Remediate, "_settle", _forgets_what_was_begun),), MACHINES, 1, 3
    ),
    Mutant(12, "a-held-plan-stops-no-machine", ((Remediate, "_allowed", _holds_nothing),), MACHINES),
    Mutant(9, "what-a-source-says-has-no-age", ((DirectoryPass, "_state_after", _has_no_age),)),
    Mutant(
        10,
        "what-is-not-shown-fails",
        ((_DESCRIPTION, "unknown", _what_is_not_shown(CheckValue.FAIL)),),
        CONTROLS,
        days=5,
    ),
    Mutant(
        10,
        "what-is-not-shown-passes",
        ((_DESCRIPTION, "unknown", _what_is_not_shown(CheckValue.PASS)),),
        CONTROLS,
        days=3,
    ),
    Mutant(10, "what-is-not-shown-is-asked-for", ((Examined, "asks", _asks_of_what_is_not_shown),), CONTROLS),
    Mutant(11, "silence-removes", ((Reviewing, "remind", _silence_removes),), CONTROLS, 2, 5),
    Mutant(2, "controls-ask-without-end", ((RunControls, "_new", _asks_all_at_once),), CONTROLS, 2, 3),
    Mutant(2, "controls-overtake-leavers", ((SqlOutbox, "_pending", _newest_first),), CONTROLS, days=7),
)
