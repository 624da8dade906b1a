"""Turn what controls find in a group into tickets, and end those whose reason is gone. Pure, level-triggered.

| a control of it | ticket     | action                                                              |
| asks            | none       | open, in its turn (`Wanted`)                                        |
| asks            | open       | say what is wrong now; assign anew if its assignee left             |
| asks            | done       | - (verification weighs it)                                          |
| asks            | verified   | reopen when the evidence is newer than the proof                    |
| asks            | cancelled  | reopen: needed after all                                            |
| asks            | waived     | - (until the waiver is over)                                        |
| passes          | live       | - (verification proves it)                                          |
| passes          | a review   | verify, if the roster itself is what passes and is newer            |
| can't tell      | live       | -                                                                   |
| asks nothing    | live       | cancel: switched off, out of its reach, or the group is gone        |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, count
from typing import Any

from worker.domain.controls.control import CheckValue, ControlResult
from worker.domain.controls.examining import Examined, is_part_of
from worker.domain.controls.reviewing import REVIEW
from worker.domain.controls.state import GroupState
from worker.domain.kinds import KINDS, REVIEWS, kind_of
from worker.domain.kinds.controlled import FAULTS, ONLY, TIME_S, fails, faults_of
from worker.domain.kinds.kind import InControls
from worker.domain.reconcile.assigning import MOVED, next_in_place, readdressed, why_another
from worker.domain.reconcile.engine import cancelled, reopen
from worker.domain.reconcile.own_rows import kept_apart
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.reconcile.verification import Verdict as Proof
from worker.domain.reconcile.verification import Verification, unproven, unproven_since
from worker.domain.reconcile.whom import assignee_for
from worker.domain.text.language_codes import accepted, fitting
from worker.domain.text.reason import Reason, because, together
from worker.domain.tickets.proof import is_later, with_evidence
from worker.domain.tickets.subject import whole_group
from worker.domain.tickets.ticket import (
    Assignee,
    Grade,
    Move,
    Reopened,
    Ticket,
    TicketKey,
    TicketKind,
    TicketState,
    handed_to,
    next_state,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A ticket that controls ask for: its key, the faults that it lists, and how long it may take."""

    key: TicketKey
    asked: tuple[Examined, ...]
    time: timedelta

    @property
    def faults(self) -> list[dict[str, Any]]:
        return [_fault(one.control.id, one.result) for one in self.asked]

    @property
    def why(self) -> Reason:
        return together((fails(fault) for fault in self.faults), " ")

    @property
    def at(self) -> datetime | None:
        """The newest evidence that something is wrong."""
        return max((one.result.at for one in self.asked if one.result.at is not None), default=None)


def _fault(control: str, result: ControlResult) -> dict[str, Any]:
    parts = {"parts": [part.id for part in result.parts]} if result.parts else {}
    return {"control": control, "found": result.found, "wanted": result.wanted, "text": "", **parts}


def wanted_in(group: GroupState, examined: Iterable[Examined]) -> tuple[Wanted, ...]:
    """The tickets that the controls of a group ask for. Those of one kind and family of occasions are one ticket."""
    together_: dict[TicketKey, list[Examined]] = {}
    keys: dict[tuple[TicketKind, str], TicketKey] = {}
    for one in examined:
        kind = one.control.kind
        if one.asks and kind is not None and is_found_by_controls(kind):
            key = keys.setdefault((kind, one.control.occasion), _key_of(group, one, kind))
            together_.setdefault(key, []).append(one)
    return tuple(
        Wanted(key, tuple(asked), min(time_for(group, one) for one in asked))
        for key, asked in together_.items()
    )


def is_found_by_controls(kind: TicketKind) -> bool:
    """Whether controls open tickets of this kind: of the others, they only report what reconciling asks for."""
    return isinstance(KINDS[kind].found, InControls)


def _key_of(group: GroupState, one: Examined, kind: TicketKind) -> TicketKey:
    """The key of a live ticket that asks for the same already, whatever day its occasion names.

    What comes beside faults that are waived has a ticket of its own, and leaves the waiver alone.
    """
    occasion = one.result.occasion or one.control.occasion
    for ticket in group.tickets:
        is_whole = ONLY not in ticket.details
        of_family = ticket.kind is kind and ticket.occasion.startswith(one.control.occasion)
        if ticket.is_live and is_whole and of_family:
            return ticket.key
    apart = {
        ticket.occasion for ticket in group.tickets if ticket.kind is kind and _is_of_others(ticket, one)
    }
    beside = f"{occasion}/{one.control.id}"
    names = chain((occasion, beside), (f"{beside}/{number}" for number in count(2)))
    return TicketKey(kind, whole_group(group.key), next(name for name in names if name not in apart))


def _is_of_others(ticket: Ticket, one: Examined) -> bool:
    """Whether a ticket is waived, and for nothing of what this finds."""
    fault = next((fault for fault in faults_of(ticket) if fault["control"] == one.control.id), None)
    parts = one.result.parts
    is_of_it = fault is not None and (not parts or any(is_part_of(part, fault) for part in parts))
    return ticket.state is TicketState.WAIVED and not is_of_it


def time_for(group: GroupState, one: Examined) -> timedelta:
    """How long a ticket of this control may take, in its policy's time."""
    own, due = one.switch, one.control.due
    if group.is_sensitive:
        return own.sensitive_due or due.sensitive
    return one.result.due or own.due or due.default


# --- tickets that there are -----------------------------------------------------------------------------------


def keep(
    group: GroupState,
    examined: Sequence[Examined],
    wanted: Sequence[Wanted],
    rules: TicketRules,
    now: datetime,
    languages: Sequence[str] = (),
) -> tuple[Action, ...]:
    """What happens to the live tickets of controls: they say what is wrong now, change hands, or end.

    `languages` are as in `opened`.
    """
    asked = {one.key: one for one in wanted}
    actions = (
        _updated(ticket, group, asked[ticket.key], rules, languages)
        if ticket.key in asked
        else _not_asked(ticket, group, examined, rules, now)
        for ticket in group.tickets
        if ticket.is_live
    )
    return tuple(action for action in actions if action is not None)


def _not_asked(
    ticket: Ticket, group: GroupState, examined: Sequence[Examined], rules: TicketRules, now: datetime
) -> Action | None:
    """What happens to a live ticket that no control asks for now."""
    changed = _read_anew(ticket, group, examined, now) or _over(ticket, group, examined, now)
    if changed is None and ONLY in ticket.details:
        return kept_apart(ticket, group, rules, now)
    return changed


def _read_anew(
    ticket: Ticket, group: GroupState, examined: Sequence[Examined], now: datetime
) -> Action | None:
    """Verify a review that nothing but an unsure list asked for, once a better list is read."""
    controls = {fault["control"] for fault in faults_of(ticket)}
    about = [one.result for one in examined if one.control.id in controls]
    is_by_list = all(one.value is CheckValue.PASS and one.source != REVIEW for one in about)
    is_newer = group.taken_at > ticket.clock_from
    if ticket.kind is not REVIEWS or not about or not is_by_list or not is_newer:
        return None
    why = because("a newer list of members was read")
    over = replace(
        ticket,
        state=next_state(ticket.state, Move.VERIFY),
        verified_at=now,
        verified_by=group.key.source,
        details=with_evidence(ticket, group.taken_at, now),
        grade=max((one.grade or Grade.C for one in about), key=lambda one: one.value),
        weighed_at=now,
        reason=why,
    )
    return Action(ActionKind.VERIFY, over, why)


def _over(ticket: Ticket, group: GroupState, examined: Sequence[Examined], now: datetime) -> Action | None:
    why = _why_over(ticket, group, examined)
    return None if why is None else cancelled(ticket, why, now)


def _updated(
    ticket: Ticket, group: GroupState, wanted: Wanted, rules: TicketRules, languages: Sequence[str]
) -> Action | None:
    if ticket.state is not TicketState.OPEN:
        return None
    why = _why_another(ticket, group)
    if why is not None:
        named = next_in_place(ticket) or assignee_for(ticket.kind, wanted.asked, group, rules)
        if named != ticket.assignee:
            return Action(ActionKind.ASSIGN, handed_to(ticket, named), why)
    elif moved := readdressed(ticket, group.assignees):
        return Action(ActionKind.ASSIGN, moved, MOVED)
    language = _language_of(ticket.assignee, group)
    details = {**ticket.details, FAULTS: _texts(wanted, ticket, language, languages)}
    if details == ticket.details:
        return None
    return Action(ActionKind.WEIGH, replace(ticket, details=details, reason=wanted.why), wanted.why)


def _why_another(ticket: Ticket, group: GroupState) -> Reason | None:
    """Why an open ticket can't stay with its assignee; None if it can."""
    why = why_another(ticket, group.departed)
    if why is not None or ticket.assignee is None:
        return why
    admins = {one.person.key for one in group.admins if one.person}
    if ticket.kind is REVIEWS and group.size <= 1 and ticket.assignee.person in admins:
        return because("these rows are the reviewer's own")
    return None


def _texts(wanted: Wanted, known: Ticket, language: str, languages: Sequence[str]) -> list[dict[str, Any]]:
    """The faults with the texts to paste that the ticket has; those of new faults are in this language."""
    texts = {fault["control"]: fault["text"] for fault in faults_of(known)}
    return [
        fault | {"text": texts.get(fault["control"]) or text_for(one, language, languages)}
        for fault, one in zip(wanted.faults, wanted.asked, strict=True)
    ]


def _why_over(ticket: Ticket, group: GroupState, examined: Sequence[Examined]) -> Reason | None:
    """Why nothing asks for a live ticket any more; None if verification decides, or if a check can't tell."""
    if group.is_followed:
        return because("another source shows the group now")
    if group.is_gone:
        return None if _is_proven_gone(ticket, group) else because("the group is no longer in the inventory")
    controls = {fault["control"] for fault in faults_of(ticket)}
    about = [one for one in examined if one.control.id in controls]
    if not about:
        return because("no control asks for it any more")
    if ONLY in ticket.details or any(one.result.value is not CheckValue.FAIL for one in about):
        return None
    return because("the control only reports now, or another ticket asks for it")


def _is_proven_gone(ticket: Ticket, group: GroupState) -> bool:
    """Whether a complete list without the group proves the ticket. A group that is left out may well be there."""
    found = kind_of(ticket).found
    is_gone = group.is_gone and not group.is_unseen
    return is_gone and isinstance(found, InControls) and found.is_done_when_gone


# --- new tickets ----------------------------------------------------------------------------------------------


def opened(
    wanted: Wanted, group: GroupState, rules: TicketRules, languages: Sequence[str], now: datetime
) -> Action | None:
    """Open a ticket that is wanted, or reopen the one that was over; None if nothing is new.

    `languages`: those of texts to paste, the first choice first, where the assignee's own has none.
    """
    if not is_new(wanted, group, now):
        return None
    ticket = _known(wanted, group)
    assignee = assignee_for(wanted.key.kind, wanted.asked, group, rules)
    language = _language_of(assignee, group)
    faults = [
        fault | {"text": text_for(one, language, languages)}
        for fault, one in zip(wanted.faults, wanted.asked, strict=True)
    ]
    more = {
        name: value for one in wanted.asked for name, value in one.result.details.items() if name != "texts"
    }
    details = {**more, FAULTS: faults, TIME_S: wanted.time.total_seconds()}
    if ticket is None:
        draft = _draft(wanted, group, assignee, details, rules, now)
        return Action(ActionKind.OPEN, rules.started(draft, now), wanted.why)
    why, again = _again(ticket, wanted)
    known = replace(ticket, details=details)
    return Action(ActionKind.REOPEN, handed_to(reopen(known, rules, now, why), assignee), why, reopened=again)


def is_new(wanted: Wanted, group: GroupState, now: datetime) -> bool:
    """Whether a ticket that is wanted would be opened, or reopened."""
    ticket = _known(wanted, group)
    return ticket is None or (not ticket.is_live and _is_news(ticket, wanted, now))


def _known(wanted: Wanted, group: GroupState) -> Ticket | None:
    return next((one for one in group.tickets if one.key == wanted.key), None)


def _draft(
    wanted: Wanted,
    group: GroupState,
    assignee: Assignee | None,
    details: Mapping[str, Any],
    rules: TicketRules,
    now: datetime,
) -> Ticket:
    return Ticket(
        kind=wanted.key.kind,
        about=wanted.key.subject.about,
        group=group.key,
        group_name=group.name,
        messenger=group.messenger,
        opened_at=now,
        clock_from=now,
        due_at=now,
        occasion=wanted.key.occasion,
        assignee=assignee,
        accountable=rules.accountable,
        is_sensitive=group.is_sensitive,
        reason=wanted.why,
        details=details,
    )


def _is_news(ticket: Ticket, wanted: Wanted, now: datetime) -> bool:
    """Whether a ticket that is over is needed again. What proved it, or is older, is not news."""
    if ticket.state is TicketState.WAIVED:
        return not ticket.is_waived(now)
    if ticket.state is TicketState.VERIFIED:
        return is_later(ticket, wanted.at)
    return True


def _again(ticket: Ticket, wanted: Wanted) -> tuple[Reason, Reopened]:
    if ticket.state is TicketState.WAIVED:
        return because("the waiver is over"), Reopened.WAIVER_OVER
    if ticket.state is TicketState.VERIFIED:
        return because("needed again: {why}", why=wanted.why), Reopened.NEEDED_AGAIN
    return because("needed after all: {why}", why=wanted.why), Reopened.NEEDED_AFTER_ALL


def text_for(one: Examined, language: str, languages: Sequence[str] = ()) -> str:
    """The text to paste, in a language of the reader's, else in the first of `languages` that there is, else in any.

    `language` is as the directory has it: a code or a list. The text is empty if there is none.
    """
    texts: Mapping[str, str] = one.result.details.get("texts", {})
    code = fitting(texts, (*accepted(language), *languages)) or next(iter(texts), "")
    return texts.get(code, "")


def _language_of(assignee: Assignee | None, group: GroupState) -> str:
    people = [*(one.person for one in group.admins if one.person), *((group.owner,) if group.owner else ())]
    key = assignee.person if assignee else None
    return next((one.facts.language or "" for one in people if key is not None and one.key == key), "")


# --- proof ----------------------------------------------------------------------------------------------------


def weigh_control(
    ticket: Ticket, group: GroupState, examined: Sequence[Examined], now: datetime, claim_life: timedelta
) -> Verification:
    """What newer evidence says of a live ticket of controls.

    It is verified when each of its controls passes, or would but for what is waived, by evidence that is newer than the
    claim, or than its opening or reopening if there was none; the weakest evidence gives the grade and is named. A
    claim is contradicted when one of them fails by newer evidence. What a check can't tell proves nothing.
    """
    since = unproven_since(ticket, now)
    if _is_proven_gone(ticket, group):
        return Verification(Proof.VERIFIED, because("a complete list of groups has it no more"), group.grade)
    asked = {fault["control"]: fault for fault in faults_of(ticket)}
    about = [one.result for one in examined if one.control.id in asked]
    are_well = all(_is_well(one.result, asked[one.control.id]) for one in examined if one.control.id in asked)
    newer = [one for one in about if one.at is not None and one.at > since]
    if about and len(newer) == len(about) and are_well:
        weakest = max(newer, key=lambda one: (one.grade or Grade.C).value)
        why = because("it was read after the ticket was opened, and is as it should be")
        if ticket.done_at is not None:
            why = because("it was read after the claim, and is as it should be")
        oldest = min(one.at for one in newer if one.at is not None)
        return Verification(Proof.VERIFIED, why, weakest.grade or Grade.C, source=weakest.source, at=oldest)
    if ticket.state is TicketState.DONE and any(one.value is CheckValue.FAIL for one in newer):
        why = because("marked done, but still so when it was read again")
        return Verification(Proof.REOPENED, why, reopened=Reopened.NOT_DONE)
    return unproven(ticket, now, claim_life, because("nothing newer shows it"))


def _is_well(result: ControlResult, fault: Mapping[str, Any]) -> bool:
    """Whether a control passes, or nothing is left of a fault but parts that another ticket waives."""
    is_allowed = result.value is CheckValue.WAIVED and bool(result.parts) and "parts" in fault
    return is_allowed or result.value is CheckValue.PASS
