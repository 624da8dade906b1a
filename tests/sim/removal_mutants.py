"""Workers that ask the wrong people out, or nobody: broken reading, guarding, matching, and machines that act."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import worker.app.jobs.absence
import worker.app.jobs.directory_pass
import worker.app.jobs.matching
import worker.app.jobs.reconcile
import worker.domain.reconcile.engine
import worker.storage.leavers
from sim.breaking import Mutant, exchanged
from sim.company import LIVE
from worker.app.jobs.matching import Matching
from worker.app.jobs.remediate import Remediate
from worker.domain.identity.matching import IdentityState
from worker.domain.kinds import KINDS, REMOVALS
from worker.domain.model import Evidence, Standing
from worker.domain.people.leaver import Judgement
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.tickets.subject import About
from worker.ports import PermissionDenied
from worker.ports.state.episodes import Gate
from worker.ports.state.people import JudgedFacts
from worker.ports.state.remediations import ActState
from worker.storage.episodes import SqlEpisodes
from worker.storage.groups import SqlRosters

_PASS, _RECONCILE = worker.app.jobs.directory_pass, worker.app.jobs.reconcile
_ABSENCE = worker.app.jobs.absence

GUARD_OFF = {
    "leavers_max": None,
    "leavers_share_max": None,
    "group_share_max": None,
    "shrink_share_max": None,
}
IMPATIENT = {"absent": {"passes": 1, "over": "0s"}}

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


# --- 1: reading ---------------------------------------------------------------------------------------


def _nobody_is_asked(_original: Any) -> Any:
    def confirm(
        store: Any, directory: Any, _judged: Any, _limits: Any, lease: Any, **_more: Any
    ) -> list[PermissionDenied]:
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


# --- 2, 3 ---------------------------------------------------------------------------------------------


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


# --- 5: guarding --------------------------------------------------------------------------------------


def _lets_everybody_through(_original: Any) -> Any:
    return lambda *_args: None


def _rejects_in_vain(original: Any) -> Any:
    def set_gate(self: SqlEpisodes, episodes: Any, gate: Gate, now: Any) -> None:
        original(self, episodes, Gate.PASSED if gate is Gate.REJECTED else gate, now)

    return set_gate


# --- 8: matching --------------------------------------------------------------------------------------


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


# --- 12: machines -------------------------------------------------------------------------------------


def _forgets_what_was_begun(_original: Any) -> Any:
    def settle(_self: Any, run: Any) -> None:
        with run.matching.begin() as uow:
            for act in uow.remediations.unsettled():
                uow.remediations.put(replace(act, state=ActState.OVER))

    return settle


def _holds_nothing(original: Any) -> Any:
    def allowed(self: Any, *given: Any) -> Any:
        with exchanged(SqlEpisodes, "plans", lambda _episodes: []):
            return original(self, *given)

    return allowed


REMOVAL_MUTANTS = (
    Mutant(
        1,
        "absence-is-believed",
        ((_PASS, "confirm_missing", _nobody_is_asked), (_ABSENCE, "is_too_shrunken", _never)),
        {"guard": GUARD_OFF},
    ),
    Mutant(
        1,
        "one-absence-is-enough",
        ((_ABSENCE, "is_too_shrunken", _never),),
        {"guard": GUARD_OFF, "leaver": IMPATIENT},
        first=4,
        days=3,
    ),
    Mutant(2, "a-group-is-forgotten", ((SqlRosters, "take_dirty", _forgets_a_group),), first=8, days=3),
    Mutant(2, "leavers-are-not-marked", ((worker.storage.leavers, "mark", _never),), days=7),
    Mutant(2, "tickets-are-opened-twice", ((_RECONCILE, "reconcile_group", _opens_twice),)),
    Mutant(3, "removals-never-wait", ((worker.domain.reconcile.engine, "findings_of", _never_waits),)),
    Mutant(5, "the-guard-sleeps", ((_RECONCILE, "inspect", _lets_everybody_through),), first=1, days=3),
    Mutant(5, "a-rejection-releases", ((SqlEpisodes, "_set_gate", _rejects_in_vain),), first=4, days=3),
    Mutant(8, "doubtful-members-are-guessed", ((worker.app.jobs.matching, "match", _guesses),), first=5),
    Mutant(8, "identities-are-matched-only-once", ((Matching, "begin", _matches_only_once),), first=5),
    Mutant(8, "each-group-asks", ((worker.domain.reconcile.engine, "findings_of", _asks_in_each_group),)),
    Mutant(
        12, "an-unclear-act-is-repeated", ((Remediate, "_settle", _forgets_what_was_begun),), MACHINES, 17, 3
    ),
    Mutant(12, "a-held-plan-stops-no-machine", ((Remediate, "_allowed", _holds_nothing),), MACHINES),
)
