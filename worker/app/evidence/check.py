"""Audit check: compares the database with the journal, and names the rows that no event explains.

It reads page by page. Each page is a transaction, which sees rows and events of one moment. Memory use does not
grow with the number of tickets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from worker.app.evidence.check_access import admissions, shown_links, tokens
from worker.app.evidence.export import check_chain
from worker.app.evidence.unexplained import (
    PAGE,
    TICKET_LABEL,
    Compared,
    Unexplained,
    apart,
    entries_of,
    is_by,
    sealed_of,
    was_erased,
)
from worker.domain.controls.seals import Seal, seal_label, seal_number, unexplained
from worker.domain.evidence import events
from worker.domain.evidence.actor import SYSTEM, Actor, Via, account_of, actor_of
from worker.domain.evidence.explained import (
    CLAIMED_BY,
    confirmations,
    differences,
    erased,
    is_complete,
    person_in,
    state_event,
)
from worker.domain.evidence.journal import Entry, Sealed, stated_at
from worker.domain.reconcile.guard import HoldState, plan_label
from worker.domain.tickets.ticket import Ticket, ticket_label, ticket_number
from worker.ports.state.explained import AnsweredLink, CohortWord, Unreadable
from worker.ports.state.store import Store, UnitOfWork

_ANSWERS = (events.LINK_CONFIRMED, events.LINK_REJECTED, events.LINK_CARRIED, events.TICKET_DONE)


class AuditCheck:
    """Compares tickets, seals, answers, plans, tokens, shown links, login links and sessions with the journal."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self, compared: Compared) -> Iterator[Unexplained]:
        """Yield each row that no event explains; count in `compared`. Raises Refused for a broken journal."""
        check_chain(self._store)
        yield from self._tickets(compared)
        yield from self._lost_tickets()
        yield from self._seals(compared)
        yield from self._lost_seals()
        yield from self._answers(compared)
        with self._store.reading() as uow:
            yield from _plans(uow, compared)
            yield from shown_links(uow, compared)
            yield from tokens(uow, compared)
            yield from admissions(uow, compared)

    # --- tickets ---------------------------------------------------------------------------------

    def _tickets(self, compared: Compared) -> Iterator[Unexplained]:
        after = 0
        while True:
            with self._store.reading() as uow:
                page = uow.explained.tickets(after, PAGE)
                tickets, broken = apart(page)
                yield from broken
                of = uow.explained.events_of([f"{TICKET_LABEL}{one.ticket.label}" for one in tickets])
                for one in tickets:
                    mine = of.get(f"{TICKET_LABEL}{one.ticket.label}", [])
                    found = [*_ticket_problems(uow, one.ticket, state_event(mine), compared)]
                    yield from found
                    if one.odd and not found:  # it follows from the problems that were found
                        yield Unexplained(one.ticket.label, one.odd)
                    yield from _confirmation_problems(uow, one.ticket.label, mine)
            if not page:
                return
            after = page[-1].key if isinstance(page[-1], Unreadable) else page[-1].ticket.id

    def _lost_tickets(self) -> Iterator[Unexplained]:
        after = 0
        while True:
            with self._store.reading() as uow:
                opened = uow.explained.events([events.TICKET_OPENED], after, PAGE)
                labels = {ticket_number(one.entry.subject.removeprefix(TICKET_LABEL)) for one in opened}
                missing = uow.explained.missing_tickets(labels)
            for number in sorted(missing):
                yield Unexplained(ticket_label(number), "it is gone, and by the journal it was opened")
            if not opened:
                return
            after = opened[-1].seq

    # --- seals -----------------------------------------------------------------------------------

    def _seals(self, compared: Compared) -> Iterator[Unexplained]:
        after = 0
        while True:
            with self._store.reading() as uow:
                page = uow.explained.seals(after, PAGE)
                seals, broken = apart(page)
                yield from broken
                of = uow.explained.events_of({_ticket_of(one) for one in seals})
                for one in seals:
                    yield from _seal_problems(uow, one, of.get(_ticket_of(one), []))
            compared.rows["seals"] += len(seals)
            if not page:
                return
            after = page[-1].key if isinstance(page[-1], Unreadable) else page[-1].id

    def _lost_seals(self) -> Iterator[Unexplained]:
        after = 0
        while True:
            with self._store.reading() as uow:
                made = uow.explained.events([events.EVIDENCE_SEALED], after, PAGE)
                missing = uow.explained.missing_seals({seal_number(one.entry.data["seal"]) for one in made})
            for number in sorted(missing):
                yield Unexplained(seal_label(number), "it is gone, and by the journal it was made")
            if not made:
                return
            after = made[-1].seq

    # --- identity --------------------------------------------------------------------------------

    def _answers(self, compared: Compared) -> Iterator[Unexplained]:
        after, used = None, set[int]()
        while True:
            with self._store.reading() as uow:
                page = uow.explained.answers(after, PAGE)
                answers, broken = apart(page)
                yield from broken
                events = uow.explained.events_at(_ANSWERS, [one.at for one in answers if one.at is not None])
                waiting = _not_given(answers, events, used, compared)
                yield from _unanswered(uow, waiting, used, compared)
            compared.rows["answers"] += len(answers)
            if not page:
                return
            after = page[-1].key


def _ticket_problems(
    uow: UnitOfWork, ticket: Ticket, event: Sealed | None, compared: Compared
) -> Iterator[Unexplained]:
    compared.rows["tickets"] += 1
    if event is None:
        yield Unexplained(ticket.label, "no event says that it was opened")
        return
    compared.not_comparable += not is_complete(event.entry)
    for name, (now, said) in differences(ticket, event.entry).items():
        gone = erased(name, now, said)
        if not gone or not all(was_erased(uow, who, event) for who in gone):
            yield Unexplained(
                ticket.label, f"{name} is {_shown(now)}, and by event {event.seq} {_shown(said)}"
            )


def _ticket_of(seal: Seal) -> str:
    return f"{TICKET_LABEL}{ticket_label(seal.ticket)}"


def _seal_problems(uow: UnitOfWork, seal: Seal, of: Sequence[Sealed]) -> Iterator[Unexplained]:
    since = of[0].seq if of else 0
    was_erased = any(True for _ in entries_of(uow, events.PERSON_ERASED, after=since))
    for why in unexplained(seal, [one.entry for one in of], was_erased=was_erased):
        yield Unexplained(seal.label, why)


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value or "empty")


def _confirmation_problems(uow: UnitOfWork, label: str, mine: Sequence[Sealed]) -> Iterator[Unexplained]:
    """Find confirmations without a claim, and confirmations by a person who may have made the claim."""
    for confirmed, claim in confirmations(mine):
        if claim is None:
            yield Unexplained(
                label, f"by event {confirmed.seq} a claim is confirmed, and no event says that it was made"
            )
        elif not actor_of(confirmed.entry).marks.isdisjoint(_claimants(uow, claim)):
            yield Unexplained(
                label, f"by event {confirmed.seq} it was confirmed by whoever claimed it by event {claim.seq}"
            )


def _claimants(uow: UnitOfWork, claim: Sealed) -> frozenset[str]:
    """The marks of everybody who may have made a claim. A person named by id also has the mark of their address."""
    named = {claim.entry.actor, *claim.entry.data.get(CLAIMED_BY, ())}
    people = [uow.people.get(key) for key in map(person_in, sorted(named)) if key]
    addresses = {one.facts.email.casefold() for one in people if one and one.facts.email}
    return actor_of(claim.entry).marks.union(named, addresses, _marks_of_shown(uow, claim))


def _marks_of_shown(uow: UnitOfWork, claim: Sealed) -> Iterator[str]:
    """The marks of the people who were shown a link that could have made this claim."""
    if claim.entry.data.get("via") != Via.LINK.value:
        return
    for one in sealed_of(uow, events.TICKET_LINK_SHOWN):
        to, until = one.entry.data["to"], one.entry.data.get("until")
        is_theirs = to == claim.entry.actor if to else one.entry.subject == claim.entry.subject
        if (
            is_theirs
            and one.seq < claim.seq
            and until
            and datetime.fromisoformat(until) > stated_at(claim.entry)
        ):
            yield from actor_of(one.entry).marks


_Said = tuple[str, str | None]  # of a member of which source, and which person they are


def _not_given(
    answers: Sequence[AnsweredLink], sealed: Sequence[Sealed], used: set[int], compared: Compared
) -> list[AnsweredLink]:
    """The answers that none of these events gave. An event gives one answer; `used` has those that gave one already.

    With `by` None, the answer's instant is unknown and not compared, and any event that says the same gave it.
    """
    unused, all_said = defaultdict[tuple[_Said, datetime | None], list[int]](list), set[_Said]()
    for one in sealed:
        if said := _said(one.entry):
            all_said.add(said)
            if one.seq not in used:
                unused[said, stated_at(one.entry)].append(one.seq)
    waiting = []
    for answer in answers:
        said = (answer.key.source, "/".join(answer.person) if answer.person else None)
        if answer.by is None and said in all_said:
            compared.not_comparable += 1
        elif answer.by is not None and (gave := unused[said, answer.at]):
            used.add(gave.pop())
        else:
            waiting.append(answer)
    return waiting


def _said(entry: Entry) -> _Said | None:
    """The answer of an event; None if it has none."""
    if entry.event == events.TICKET_DONE:
        answer = entry.data.get("answer")
        source = str(entry.data.get("group", "")).partition("/")[0]
        return (source, None if answer == "nobody" else answer) if answer else None
    person = entry.data.get("person")
    if entry.event == events.LINK_REJECTED and person:  # it says only who they are not
        return None
    return (entry.subject.removeprefix("link:"), person)


def _unanswered(
    uow: UnitOfWork, waiting: list[AnsweredLink], used: set[int], compared: Compared
) -> Iterator[Unexplained]:
    """The answers that no event gave, looking at all events of the journal."""
    after = 0
    while waiting and (page := uow.explained.events(_ANSWERS, after, PAGE)):
        waiting = _not_given(waiting, page, used, compared)
        after = page[-1].seq
    for one in waiting:
        said = f"is {'/'.join(one.person)}" if one.person else "is nobody of the directory"
        yield Unexplained("/".join(one.key), f"no event says that somebody answered that it {said}")


# --- plans ------------------------------------------------------------------------------------------------


def _plans(uow: UnitOfWork, compared: Compared) -> Iterator[Unexplained]:
    words, broken = apart(uow.explained.cohorts())
    yield from broken
    said = uow.explained.events_of({f"plan:{plan_label(word.plan)}" for word in words})
    for word in words:
        label = plan_label(word.plan)
        compared.rows["cohorts"] += 1
        if not _is_said(uow, word, said.get(f"plan:{label}", []), compared):
            state = _WORDS[word.state] if word.is_word else word.state.value
            by = f" by {word.by}" if word.by else ""
            account = f", who is {word.by_id}" if word.by_id else ""
            yield Unexplained(f"{label} {word.cohort}", f"no event says that it is {state}{by}{account}")
    for subject, of in said.items():
        for cohort, one in _decided_alone(of):
            yield Unexplained(
                f"{subject.removeprefix('plan:')} {cohort}",
                f"by event {one.seq} one person decided it, and two were asked for",
            )
    for number in uow.explained.plans_past_their_gate():
        yield Unexplained(
            plan_label(number), "people of it were let through, or kept back, against the decision"
        )


_DECIDED = {HoldState.RELEASED: events.PLAN_RELEASED, HoldState.REJECTED: events.PLAN_REJECTED}
_SAID = {HoldState.RELEASED: events.PLAN_APPROVED, HoldState.REJECTED: events.PLAN_OBJECTED}
_WORDS = {HoldState.RELEASED: "approved", HoldState.REJECTED: "objected to"}


def _is_said(uow: UnitOfWork, word: CohortWord, sealed: Sequence[Sealed], compared: Compared) -> bool:
    entries = [one.entry for one in sealed]
    if word.state is HoldState.HELD:
        is_decided = any(
            word.cohort in entry.data["cohorts"] for entry in entries if entry.event in _DECIDED.values()
        )
        return not is_decided and any(entry.event == events.PLAN_HELD for entry in entries)
    kinds = {_DECIDED[word.state], _SAID[word.state]} if word.is_word else {_DECIDED[word.state]}
    said = [
        account_of(one.entry)
        for one in sealed
        if one.entry.event in kinds
        and word.cohort in one.entry.data["cohorts"]
        and stated_at(one.entry) == word.at
        and is_by(uow, word.by, one.entry.actor, one)
    ]
    if not word.is_word or word.by_id in said:
        return bool(said)
    compared.not_comparable += "" in said
    return "" in said


def _decided_alone(sealed: Sequence[Sealed]) -> Iterator[tuple[str, Sealed]]:
    """Cohorts that one person decided although a first decision was kept, which means that two were needed."""
    kinds = {kind: state for kinds in (_SAID, _DECIDED) for state, kind in kinds.items()}
    words: dict[str, list[tuple[HoldState, Actor]]] = defaultdict(list)
    for one in sealed:
        state, by = kinds.get(one.entry.event), actor_of(one.entry)
        if state is None or by == SYSTEM:  # it rejects what is not asked for any more
            continue
        for cohort in one.entry.data["cohorts"]:
            others = [said for said in words[cohort] if said[0] is state and not by.may_be(said[1])]
            if one.entry.event in _DECIDED.values() and words[cohort] and not others:
                yield cohort, one
            taken_back = [said for said in words[cohort] if said[0] is not state and by.may_be(said[1])]
            words[cohort] = [said for said in words[cohort] if said not in taken_back] + [(state, by)]


# --- admissions -------------------------------------------------------------------------------------------
