"""Held plans: what helps to decide, and the decision; a large plan needs two people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from starlette.responses import Response

from worker.app.reads.release import GROUPS_AT_ONCE, Release, release_of
from worker.app.refused import Refused
from worker.desk.calls import Call, number_in
from worker.desk.console.frame import CONFLICT, OK, back_to, group_path, missing, person_path
from worker.desk.console.histories import names_in
from worker.desk.pages import local_day
from worker.desk.sessions import Guest
from worker.desk.words import WORDS
from worker.domain.controls import GROUP_CONTROLS
from worker.domain.escalation.calendar import left_on
from worker.domain.identity.comparing import columns_of, found_by, spellings_of
from worker.domain.messages.held import found_by_control, found_of
from worker.domain.model import Account, AccountKey, Evidence, GroupKey
from worker.domain.people.units import unit_name
from worker.domain.reconcile.guard import (
    Approval,
    Cohort,
    Departure,
    HeldPlan,
    HeldSubject,
    HoldState,
    plan_number,
)
from worker.domain.text.reason import because
from worker.ports.state.overview import NamedGroup
from worker.ports.state.store import UnitOfWork

PEOPLE_SHOWN = 100
LIST_MAX = 100_000  # characters of a list that somebody pastes
TICKED_MAX = 10_000  # parts in a form: more than a plan ever has


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One person of a plan, with what the directory and the groups have of them."""

    one: Departure
    account: Account | None
    manager: Account | None
    groups: Sequence[NamedGroup]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A pasted list beside a plan. `only_listed` and `unclear`: a line, and the people whom it may mean."""

    both: int
    only_held: Sequence[Departure]
    only_listed: Sequence[tuple[str, Sequence[Account]]] = field(default=())
    unclear: Sequence[str] = ()


def plans(call: Call, guest: Guest) -> Response:
    """All plans, newest first."""
    del guest
    with call.services.store.reading() as uow:
        found = uow.episodes.plans()
    sentences = {one.id: [sentence(call, one, cohort) for cohort in one.cohorts] for one in found}
    return call.page("console/plans.html", {"plans": found, "sentences": sentences})


def plan(call: Call, guest: Guest) -> Response:
    """One plan with its cohorts, what a release does, and the decisions so far."""
    del guest
    with call.services.store.reading() as uow:
        one = uow.episodes.plan(_number(call))
        return missing(call) if one is None else _page(call, uow, one)


def compare(call: Call, guest: Guest) -> Response:
    """The plan beside a list that was pasted. Nothing is kept, and no name gets into an address."""
    del guest
    with call.services.store.reading() as uow:
        one = uow.episodes.plan(_number(call))
        if one is None:
            return missing(call)
        pasted = call.text("list", LIST_MAX)
        return _page(call, uow, one, _compared(uow, one, pasted.splitlines()), pasted)


def release(call: Call, guest: Guest) -> Response:
    """What a release of all that a plan still holds does, in all groups. A page of its own, since it reads them all."""
    del guest
    with call.services.store.reading() as uow:
        one = uow.episodes.plan(_number(call))
        if one is None or one.is_of_controls:
            return missing(call)
        found = _release_of(call, uow, one)
    return call.page("console/release.html", {"plan": one, "release": found})


def _page(
    call: Call,
    uow: UnitOfWork,
    one: HeldPlan,
    compared: Comparison | None = None,
    pasted: str = "",
    refused: Refused | None = None,
) -> Response:
    skip = number_in(call.query("skip")) or 0
    everybody = [person for cohort in one.cohorts for person in cohort.people]
    every = [(cohort.id, held) for cohort in one.cohorts for held in cohort.subjects]
    count = max(len(everybody), len(every))
    is_waiting = any(cohort.state is HoldState.HELD for cohort in one.cohorts)
    approvals = uow.episodes.approvals(one.id)
    return call.page(
        "console/plan.html",
        {
            "plan": one,
            "live": f"/plans/{one.label}?skip={skip}",  # also beside a comparison, whose own address is only posted to
            "states": ", ".join(f"#state-{at}" for at, _ in enumerate(one.cohorts, start=1)),
            "sentences": {cohort.id: sentence(call, one, cohort) for cohort in one.cohorts},
            "rows": _rows(uow, list(islice(everybody, skip, skip + PEOPLE_SHOWN))),
            "subjects": _subjects(call, every[skip : skip + PEOPLE_SHOWN]),
            "daily": call.services.controls.rules.policy,
            "next": skip + PEOPLE_SHOWN if count > skip + PEOPLE_SHOWN else None,
            "release": _release_of(call, uow, one, GROUPS_AT_ONCE) if is_waiting and everybody else None,
            "approvals": approvals,
            "names": names_in(uow, (), _deciders(one, approvals)),
            "needs_two": call.services.approvals.needs_two(one),
            "compared": compared,
            "pasted": pasted,
            "refused": refused,
            "typed": {
                "reason": call.text("reason"),
                "which": call.text("which"),
                "cohorts": call.form.getlist("cohort"),
            },
        },
        status=CONFLICT if refused else OK,
    )


def _release_of(call: Call, uow: UnitOfWork, one: HeldPlan, most: int | None = None) -> Release:
    services = call.services
    return release_of(
        uow, one.id, services.rules, services.controls.rules.policy.statements, call.now, most=most
    )


def _deciders(plan: HeldPlan, approvals: Sequence[Approval]) -> set[str]:
    decided = (cohort.decided_by for cohort in plan.cohorts)
    return {by for by in (*decided, *(one.by for one in approvals)) if by}


def _subjects(call: Call, shown: Sequence[tuple[str, HeldSubject]]) -> dict[str, list[dict[str, object]]]:
    """What controls found, in words, by the control."""
    found: dict[str, list[dict[str, object]]] = {}
    for control, held in shown:
        path, said = _path_of(call, control, held), found_of(control, held, call.tongue)
        found.setdefault(control, []).append({"path": path, "name": held.name, "said": said})
    return found


def _path_of(call: Call, control: str, held: HeldSubject) -> str:
    if control in GROUP_CONTROLS:
        return group_path(call, GroupKey(held.source, held.subject))
    return person_path(call, AccountKey(held.source, held.subject))


def _rows(uow: UnitOfWork, people: Sequence[Departure]) -> Mapping[AccountKey, PlanRow]:
    """These people by key, read together."""
    accounts = uow.overview.named([one.person for one in people])
    bosses = {
        key: AccountKey(key.source, account.facts.manager_id)
        for key, account in accounts.items()
        if account.facts.manager_id
    }
    managers = uow.overview.named(set(bosses.values()))
    groups = uow.overview.groups_of([one.person for one in people])
    return {
        key: PlanRow(
            one, accounts.get(key), managers.get(bosses[key]) if key in bosses else None, groups.get(key, ())
        )
        for one in people
        for key in (one.person,)
    }


def sentence(call: Call, plan: HeldPlan, cohort: Cohort) -> str:
    """What a cohort's people have in common: `6 people of Reception: account expired on 28 Nov`."""
    tongue, timezone = call.tongue, call.services.place.timezone
    today = local_day(call.now, timezone)
    if cohort.findings:
        return found_by_control(cohort, tongue)
    people = tongue.count("one person", "{n} people", len(cohort.people))
    if plan.is_shrunken:
        day = tongue.day(local_day(plan.created_at, timezone), today)
        return tongue.say("{people}: not in the read of {day}", people=people, day=day)
    words = WORDS["evidence"]
    instants: dict[Evidence, list[datetime]] = defaultdict(list)
    for one in cohort.people:
        instants[one.evidence].append(one.at)
    evidence = ", ".join(tongue.say(words[code]) for code in sorted(code.value for code in instants))
    days = sorted(left_on(end(ats), code, timezone) for code, ats in instants.items() for end in (min, max))
    known = {
        "people": people, "unit": unit_name(cohort.unit or ""), "evidence": evidence,
        "first": tongue.day(days[0], today) if days else "", "last": tongue.day(days[-1], today) if days else "",
    }  # fmt: skip
    if known["first"] == known["last"]:
        if cohort.unit:
            return tongue.say("{people} of {unit}: {evidence} on {first}", **known)
        return tongue.say("{people}: {evidence} on {first}", **known)
    if cohort.unit:
        return tongue.say("{people} of {unit}: {evidence} between {first} and {last}", **known)
    return tongue.say("{people}: {evidence} between {first} and {last}", **known)


def _compared(uow: UnitOfWork, plan: HeldPlan, lines: Iterable[str]) -> Comparison:
    people = {one.person: one for cohort in plan.cohorts for one in cohort.people}
    found = found_by(lines, uow.overview.named(people).values())
    rest = [line for line, keys in found.items() if not keys]
    texts = [text for line in rest for column in columns_of(line) for text in spellings_of(column)]
    known = uow.overview.known_as(texts)
    by_key = {one.key: one for one in known}
    elsewhere = found_by(rest, known)
    meant = frozenset[AccountKey]().union(*found.values())
    return Comparison(
        both=len([keys for keys in found.values() if len(keys) == 1]),
        only_held=[one for key, one in people.items() if key not in meant],
        only_listed=[(line, [by_key[key] for key in sorted(elsewhere[line])]) for line in rest],
        unclear=[line for line, keys in found.items() if len(keys) > 1],
    )


def decide(call: Call, guest: Guest) -> Response:
    """Release or reject the ticked cohorts, or all that are undecided, as the form says.

    What is refused is said on the plan's page, with what was typed.
    """
    try:
        _decide(call, guest)
    except Refused as refused:
        with call.services.store.reading() as uow:
            one = uow.episodes.plan(_number(call))
            if one is None:
                raise
            return _page(call, uow, one, refused=refused)
    return back_to(f"/plans/{call.path('label')}")


def _decide(call: Call, guest: Guest) -> None:
    verdict, which = call.text("verdict"), call.text("which")
    ticked = [value for value in call.form.getlist("cohort") if isinstance(value, str)]
    if verdict not in {"release", "reject"}:
        raise Refused(because("Choose whether to release or to reject."))
    if which not in {"all", "ticked"}:
        raise Refused(
            because("Choose whether you decide about all that are held, or only about those that you tick.")
        )
    if which == "ticked" and not ticked:
        raise Refused(because("Tick those that you decide about."))
    chosen, reason = ticked if which == "ticked" else [], call.text("reason")
    is_release = verdict == "release"
    call.services.approvals.decide(_number(call), chosen, guest.actor, reason, call.now, release=is_release)


def _number(call: Call) -> int:
    try:
        return plan_number(call.path("label"))
    except ValueError as error:
        raise Refused(str(error)) from None
