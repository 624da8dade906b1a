"""People whom a full pass no longer lists: each is looked up, or, if they are too many, a plan is held.

missing -> a few: look_up -> facts | gone | not to be seen        too many: a held plan, and nothing changes
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from worker.app.jobs.holding import hold
from worker.app.tell.teller import Teller
from worker.domain.evidence.actor import SYSTEM
from worker.domain.model import AccountFacts, AccountKey, Evidence, Standing
from worker.domain.people.leaver import Judgement
from worker.domain.people.lifecycle import DECISION_LASTS, is_too_shrunken
from worker.domain.reconcile.guard import Cohort, Departure, GuardLimits, HeldPlan, HoldState, people_count
from worker.domain.text.reason import because
from worker.ports import Directory, Incomplete, Malformed, PermissionDenied, Port
from worker.ports.state.episodes import PlanKind
from worker.ports.state.leases import Lease
from worker.ports.state.people import JudgedFacts, Staged
from worker.ports.state.sources import SourceState
from worker.ports.state.store import Store, UnitOfWork

MISSING_NAMED_MAX = 1000  # people with a name in a plan about a shrunken read; more names would help nobody
UNSEEN_NAMED_MAX = 5  # people who can't be found, in the text about them
ANSWERS_AT_ONCE = 200  # look-ups whose answers are kept in one transaction; none is open during the look-ups
MISSING = because("missing from the latest read")
IF_HELD = "If that is true, release the held plan (whosleft plans list); else mend the source."
IF_REJECTED = (
    "The plan about them was rejected: mend the source. If they are gone after all, raise guard.shrink_share_max "
    "until it was read."
)


def confirm_missing(
    store: Store,
    directory: Directory,
    judged: Callable[[UnitOfWork, AccountFacts], list[JudgedFacts]],
    limits: GuardLimits,
    lease: Lease | None,
    *,
    also_out_of_scope: bool,
    came_by: datetime | None = None,
) -> list[PermissionDenied]:
    """Look up each person whom the staged full pass lacks, and stage the answers.

    Absence only makes a candidate; the look-up decides. Nothing is asked if so many are missing that the pass
    cannot be believed. `also_out_of_scope`, `came_by`: as in `People.missing`. Returns the errors for people
    whose absence could not be confirmed; their status is unchanged. The status of people with an unreadable record is
    unchanged, too.
    """
    with store.begin(lease) as uow:
        staged = staged_of(uow, directory)
        missing = uow.people.missing(directory.name, also_out_of_scope=also_out_of_scope, came_by=came_by)
    if is_too_shrunken(staged.missing, staged.known, limits.shrink_share_max, limits.share_from):
        return []
    unseen: list[PermissionDenied] = []
    for start in range(0, len(missing), ANSWERS_AT_ONCE):
        answers: list[tuple[AccountKey, AccountFacts | None]] = []
        for key in missing[start : start + ANSWERS_AT_ONCE]:
            try:
                answers.append((key, directory.look_up(key.person_id)))
            except PermissionDenied as error:
                unseen.append(error)
            except Malformed:
                continue  # it exists, but can't be understood: the pass has counted the record
        with store.begin(lease) as uow:
            for key, facts in answers:
                if facts is not None:
                    uow.people.stage(directory.name, judged(uow, facts))
                elif (known := uow.people.get(key)) is not None:
                    gone = Judgement(Standing.LEFT, Evidence.ABSENT_CONFIRMED)
                    uow.people.stage(
                        directory.name, [JudgedFacts(replace(known.facts, is_deleted=True), gone)]
                    )
    return unseen


def unseen_error(
    uow: UnitOfWork, state: SourceState, unseen: Sequence[PermissionDenied] = ()
) -> PermissionDenied | None:
    """Return the error for people whom no list has and who can't be found; None if there are none.

    `unseen`: those of this full pass; without them, those of the last one count. It names who was missed last, so that
    it is another error when others are.
    """
    count = len(unseen) or state.counts.get("unseen", 0)
    if not count:
        return None
    absent = sorted(uow.people.absent(state.name), key=lambda one: one.since, reverse=True)
    ids = ", ".join("/".join(one.person.key) for one in absent[:UNSEEN_NAMED_MAX])
    missed = f" Missed last: {ids} (whosleft people show ID)." if ids else ""
    remedy = unseen[0].remedy if unseen else "whosleft check says which right is missing."
    return PermissionDenied(
        f"{people_count(count)} whom {state.name} listed before can't be found: "
        f"hidden from our account, or deleted without a trace.{missed}",
        missing="the right to see them",
        remedy=f"Nobody's status is changed. {remedy}".strip(),
    )


def staged_of(uow: UnitOfWork, directory: Directory) -> Staged:
    """Return the counts of a directory's staged pass: those whose absence was released are not missing."""
    return uow.people.staged(directory.name, _believed_at(uow, directory))


def _believed_at(uow: UnitOfWork, directory: Directory) -> datetime | None:
    """When a read of everybody was believed last: where there are no changes to read, any good read is one."""
    state = uow.sources.get(directory.name, Port.DIRECTORY)
    return state.last_full_at if directory.has_delta else state.last_success_at


def require_enough(
    store: Store,
    directory: Directory,
    staged: Staged,
    limits: GuardLimits,
    now: datetime,
    lease: Lease | None,
    teller: Teller,
) -> None:
    """Raise Incomplete for a staged full pass that lacks too many to be believed; a held plan asks about them."""
    if not is_too_shrunken(staged.missing, staged.known, limits.shrink_share_max, limits.share_from):
        return
    waits = _hold_shrunken(store, directory, limits, now, lease, teller)
    raise Incomplete(
        f"{directory.name} lists {staged.known - staged.missing} of the {staged.known} people known before: "
        f"{staged.missing} are missing at once.",
        remedy=IF_HELD if waits else IF_REJECTED,
        expected=staged.known,
        got=staged.known - staged.missing,
    )


def _hold_shrunken(
    store: Store,
    directory: Directory,
    limits: GuardLimits,
    now: datetime,
    lease: Lease | None,
    teller: Teller,
) -> bool:
    """Hold a plan that asks, once, whether so many are really missing; its release lets the next such pass through.

    A plan that waits asks for the people in it alone: if others are missing, and too many, they are a plan as well. A
    decision stands while its people are missing: who was listed again since, in a read that was believed, is asked
    about anew. Returns False if all of them were rejected, so that no plan waits.
    """
    name = directory.name
    with store.begin(lease) as uow:
        asked = _asked(uow, directory)
        everybody = uow.people.missing(name)
        waits = any(HoldState.HELD in asked[key] for key in everybody)
        missing = [key for key in everybody if not asked[key] & {HoldState.HELD, HoldState.RELEASED}]
        known = uow.people.staged(name).known
        if not is_too_shrunken(len(missing), known, limits.shrink_share_max, limits.share_from):
            return waits
        if all(HoldState.REJECTED in asked[key] for key in missing):
            return waits  # asking again would be noise
        people = tuple(_as_missing(uow, key, now) for key in missing[:MISSING_NAMED_MAX])
        people += tuple(Departure(key, now, Evidence.ABSENT_CONFIRMED) for key in missing[MISSING_NAMED_MAX:])
        why = because("{source} lists so few people that it can't be believed", source=name)
        cohort = Cohort("c1", MISSING, people)
        hold(uow, HeldPlan(name, why, now, (cohort,)), now, teller, PlanKind.SHRUNKEN)
        return True


def _asked(uow: UnitOfWork, directory: Directory) -> Mapping[AccountKey, set[HoldState]]:
    """What became of the plans about shrunken reads of a source, by the people in them.

    Decisions about people whom a believed read has listed since are left out, and so is what ended by itself.
    """
    name, believed_at = directory.name, _believed_at(uow, directory)
    missed_since = {one.person.key: one.since for one in uow.people.absent(name)}
    plans = [plan for plan in uow.episodes.plans() if plan.source == name and plan.is_shrunken]
    found: dict[AccountKey, set[HoldState]] = defaultdict(set)
    for cohort in (cohort for plan in plans for cohort in plan.cohorts):
        for one in cohort.people:
            if cohort.decided_by != SYSTEM.name and _stands(
                cohort.decided_at, missed_since.get(one.person), believed_at
            ):
                found[one.person].add(cohort.state)
    return found


def _stands(decided_at: datetime | None, missed_since: datetime | None, believed_at: datetime | None) -> bool:
    """Whether a decision about somebody is still to be made, or about the absence that there is."""
    if decided_at is None:
        return True
    if missed_since is not None:
        return missed_since <= decided_at + DECISION_LASTS
    return believed_at is None or decided_at >= believed_at


def _as_missing(uow: UnitOfWork, key: AccountKey, now: datetime) -> Departure:
    person = uow.people.get(key)
    name = person.facts.display_name if person else key.person_id
    return Departure(key, now, Evidence.ABSENT_CONFIRMED, name)
