"""Decide which person is behind a member: a link, a question, or nobody.

Order: a link confirmed by a person; exact phone; a number variant; e-mail or employee id; who the member is under
another handle (see `ties`); then name similarity, which only ever suggests. We never act on a guess: two people, a
recycled number or a shared phone become a question. So does a number that says another person than the rest, if one
of them has left and the other has not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from worker.domain.identity.fingerprints import is_still
from worker.domain.identity.humans import humans_among
from worker.domain.identity.names import Suggestion
from worker.domain.model import AccountKey, Standing
from worker.domain.text.reason import NO_REASON, Reason, because


class How(StrEnum):
    """What a link rests on, strongest first."""

    CONFIRMED = "confirmed"
    PHONE = "phone"
    VARIANT = "variant"
    EMAIL = "email"
    EMPLOYEE_ID = "employee_id"
    HANDLE = "handle"  # another handle of the same member is known


class IdentityState(StrEnum):
    """What is known of who is behind a handle."""

    LINKED = "linked"
    AMBIGUOUS = "ambiguous"
    UNMATCHED = "unmatched"
    NOBODY = "nobody"  # a person answered: nobody in the directory (external, shared phone)


QUESTIONS = (IdentityState.AMBIGUOUS, IdentityState.UNMATCHED)  # a person has to say who it is


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person whose phone, e-mail or employee id is the member's.

    `join_keys`: two accounts with a key in common may be one person's (see `humans_among`). `is_new`: the account came
    to its directory after a person had answered that the member is nobody of it.
    """

    person: AccountKey
    how: How
    join_keys: frozenset[str] = frozenset()
    name: str = ""
    standing: Standing = Standing.ACTIVE
    left_at: datetime | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """The answer for one handle. `fingerprint` has the member's values that it rests on.

    A question whose `how` is CONFIRMED is about a person's answer: only a person answers it.
    `decided_by`: the name of the person who answered. It does not count when links are compared.
    """

    state: IdentityState
    fingerprint: str
    person: AccountKey | None = None
    how: How | None = None
    why: Reason = NO_REASON
    suggestions: tuple[Suggestion[AccountKey], ...] = ()
    decided_by: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class KnownHandle:
    """Who is behind another handle: a settled identity, with the keys that join the accounts.

    It is another handle of the same member; or, if it `gave_up` the member's number, of whoever had that before.
    """

    identity: Identity
    name: str = ""
    join_keys: frozenset[str] = frozenset()
    gave_up: bool = False
    standing: Standing = Standing.ACTIVE


def match(
    mark: str,
    previous: Identity | None,
    candidates: tuple[Candidate, ...],
    first_seen_at: datetime | None,
    others: tuple[KnownHandle, ...] = (),
    known_as: tuple[Candidate, ...] = (),
) -> Identity:
    """Decide which person is behind a member. Pure; the same input gives the same link.

    `mark` is the member's `fingerprint` as the inventory shows it now. `first_seen_at`: when the member
    joined, as far as we know; None if they were there before we looked. `candidates` may repeat a person, in
    any order. `others`: what other handles say, settled ones only. `known_as`: whom `named_before` names, as they
    are now. A confirmed answer holds until the fingerprint changes (`is_still`). A link by number outlives a change
    of the number in the directory, unless somebody else has the number now; if they left, and whoever was known is
    here, it is a question. So it is if the member is shown with another number than before, which is that of somebody
    else. Of several accounts of one person, an active one is linked if there is one.
    """
    before = previous
    if previous is not None:
        previous = replace(previous, fingerprint=mark) if is_still(previous.fingerprint, mark) else None
    answer = _answered(previous, candidates) if previous is not None else None
    if answer is not None:
        return answer
    same = _best_known(one for one in others if not one.gave_up)
    if not candidates:
        return (
            _by_others_alone(mark, previous, same, known_as)
            or _kept(previous)
            or Identity(
                IdentityState.UNMATCHED,
                mark,
                why=because("no one in the directory has this number or address"),
            )
        )
    rivals = _rivals(candidates)
    if same:
        return _weighed(mark, rivals, same, known_as)
    if len(_humans(rivals)) > 1:
        names = ", ".join(sorted({_name(c) for c in rivals}))
        why = because("several people have it: {names}", names=names)
        return Identity(IdentityState.AMBIGUOUS, mark, why=why, suggestions=_as_suggestions(rivals))
    best = min(rivals, key=_preference)
    if not _is_known(previous, best, candidates) and _may_be_recycled(best, first_seen_at):
        why = because(
            "{person} left before this member joined: the number may be recycled", person=_name(best)
        )
        return Identity(IdentityState.AMBIGUOUS, mark, why=why, suggestions=_as_suggestions([best]))
    if any(one.gave_up and len(_humans([_as_candidate(one), *rivals])) == 1 for one in others):
        why = because("{person} has another number now: this one may be somebody else's", person=_name(best))
        return Identity(IdentityState.AMBIGUOUS, mark, why=why, suggestions=_as_suggestions([best]))
    here = _here_and_not(best.person, candidates, known_as)
    is_shown_otherwise = previous is None and _kept(before) is not None
    if here and (is_shown_otherwise or _is_leaving(best.person, candidates)):
        return _taken_over(mark, best, here)
    return _linked(mark, best)


def _answered(previous: Identity, candidates: tuple[Candidate, ...]) -> Identity | None:
    """What a person said; a question about it, once all who are here with the number or address came after that.

    It stays one until a person answers, as the number may be shared.
    """
    if previous.state is IdentityState.NOBODY:
        here = [c for c in candidates if c.is_new or c.standing is not Standing.LEFT]
        new = _strongest(tuple(here)) if here else []
        if not new or not all(c.is_new for c in new):
            return previous
        names = ", ".join(sorted({_name(c) for c in new}))
        why = because("{names} came after the answer that this is nobody of the directory", names=names)
        mark, suggestions = previous.fingerprint, _as_suggestions(new)
        return Identity(IdentityState.AMBIGUOUS, mark, how=How.CONFIRMED, why=why, suggestions=suggestions)
    return previous if previous.how is How.CONFIRMED else None


def named_before(previous: Identity | None) -> frozenset[AccountKey]:
    """The people whom an earlier link names: its person, or those whom its question asked about."""
    if previous is None:
        return frozenset()
    if previous.person is not None:
        return frozenset({previous.person})
    is_asked = previous.state is IdentityState.AMBIGUOUS
    return frozenset(one.key for one in previous.suggestions) if is_asked else frozenset()


def _others_who_are_here(
    best: Candidate, candidates: Iterable[Candidate], known_as: tuple[Candidate, ...]
) -> list[Candidate]:
    """Other people whom the member was known as and who have not left, if the candidate is about to leave or did."""
    is_leaving = _is_leaving(best.person, candidates)
    return _here_and_not(best.person, candidates, known_as) if is_leaving else []


def _is_leaving(person: AccountKey, candidates: Iterable[Candidate]) -> bool:
    """Whether one of this person's accounts has left or is about to, which may count for all of them."""
    known = list(candidates)
    mine = _accounts_of(person, known)
    return any(one.person in mine and one.standing is not Standing.ACTIVE for one in known)


def _here_and_not(
    person: AccountKey | None, candidates: Iterable[Candidate], known_as: tuple[Candidate, ...]
) -> list[Candidate]:
    """Those of `known_as` who have not left and are not this person, under any of their accounts."""
    same = _accounts_of(person, [*candidates, *known_as])
    return [one for one in known_as if one.standing is not Standing.LEFT and one.person not in same]


def _accounts_of(person: AccountKey | None, candidates: Iterable[Candidate]) -> set[AccountKey]:
    return {one for human in _humans(candidates) if person in human for one in human}


def _taken_over(mark: str, best: Candidate, here: list[Candidate]) -> Identity:
    """A question: the member has somebody's number, and so far it was somebody else, who is here."""
    names, person = ", ".join(sorted({_name(one) for one in here})), _name(best)
    why = {
        Standing.LEFT: because(
            "{person} left, and so far this was {names}, who is here", person=person, names=names
        ),
        Standing.LEAVING: because(
            "{person} is about to leave, and so far this was {names}, who is here", person=person, names=names
        ),
        Standing.ACTIVE: because(
            "this has {person}'s number or address now, and so far this was {names}, who is here",
            person=person,
            names=names,
        ),
    }
    suggestions = _as_suggestions([best, *here])
    return Identity(IdentityState.AMBIGUOUS, mark, why=why[best.standing], suggestions=suggestions)


def _linked(mark: str, best: Candidate) -> Identity:
    return Identity(IdentityState.LINKED, mark, person=best.person, how=best.how, why=SAME[best.how])


def _kept(previous: Identity | None) -> Identity | None:
    return previous if previous is not None and previous.state is IdentityState.LINKED else None


def _best_known(others: Iterable[KnownHandle]) -> tuple[KnownHandle, ...]:
    """The other handles with the best evidence: people's answers, else numbers and addresses, else what follows."""
    ranked: dict[int, list[KnownHandle]] = defaultdict(list)
    for one in others:
        how = one.identity.how
        is_answer = how in {None, How.CONFIRMED}  # None: nobody of the directory
        ranked[0 if is_answer else 2 if how is How.HANDLE else 1].append(one)
    return tuple(ranked[min(ranked)]) if ranked else ()


def _known_elsewhere(mark: str, others: tuple[KnownHandle, ...]) -> Identity | None:
    """Who the member is by other handles alone; None if there are none."""
    if not others:
        return None
    people = [_as_candidate(one) for one in others if one.identity.person is not None]
    if not people:
        return replace(others[0].identity, fingerprint=mark)
    if len(people) < len(others) or len(_humans(people)) > 1:
        return _contradicted(mark, people)
    return _linked(mark, min(people, key=_preference))


def _by_others_alone(
    mark: str, previous: Identity | None, others: tuple[KnownHandle, ...], known_as: tuple[Candidate, ...]
) -> Identity | None:
    """As `_known_elsewhere`, but a question if so far it was another person, who is here.

    That they were known by a number of their own is one reason to ask; that the others' person is leaving is another.
    """
    found = _known_elsewhere(mark, others)
    if found is None or found.state is not IdentityState.LINKED:
        return found
    people = [_as_candidate(one) for one in others]
    here = _here_and_not(found.person, people, known_as)
    kept = _kept(previous)
    is_first_hand = kept is not None and kept.how is not How.HANDLE
    is_leaving = any(one.standing is not Standing.ACTIVE for one in people)
    return _contradicted(mark, [*here, *people]) if here and (is_first_hand or is_leaving) else found


def _weighed(
    mark: str, rivals: list[Candidate], others: tuple[KnownHandle, ...], known_as: tuple[Candidate, ...]
) -> Identity:
    """The candidate whom the other handles speak for; a question if they speak for somebody else.

    So it is if they speak for a leaver, and so far it was somebody who is here.
    """
    known = [_as_candidate(one) for one in others]
    chosen = [
        c for c in rivals if any({c.person, k.person} <= h for k in known for h in _humans([*rivals, *known]))
    ]
    here: list[Candidate] = []
    if chosen and len(_humans([*chosen, *known])) == 1:
        best = min(chosen, key=_preference)
        here = _others_who_are_here(best, (*rivals, *known), known_as)
        if not here:
            return _linked(mark, best)
    return _contradicted(mark, [*rivals, *here, *(k for k in known if k.person != _NOBODY)])


_NOBODY = AccountKey("", "")
_NUMBERS = frozenset({How.PHONE, How.VARIANT})


def _as_candidate(one: KnownHandle) -> Candidate:
    return Candidate(one.identity.person or _NOBODY, How.HANDLE, one.join_keys, one.name, one.standing)


def _contradicted(mark: str, people: list[Candidate]) -> Identity:
    names = ", ".join(sorted({_name(c) for c in people}))
    why = because("its handles are known as different people: {names}", names=names)
    return Identity(IdentityState.AMBIGUOUS, mark, why=why, suggestions=_as_suggestions(people))


SAME = {  # why a member is somebody
    How.CONFIRMED: because("same answer of a person"),
    How.PHONE: because("same phone number"),
    How.VARIANT: because("same phone number in another spelling"),
    How.EMAIL: because("same e-mail address"),
    How.EMPLOYEE_ID: because("same employee id"),
    How.HANDLE: because("same member under another handle"),
}
_STRENGTH = {how: rank for rank, how in enumerate(How)}
_STANDING = {Standing.ACTIVE: 0, Standing.LEAVING: 1, Standing.LEFT: 2}


def _strongest(candidates: tuple[Candidate, ...]) -> list[Candidate]:
    """The candidates with the strongest evidence: an exact number beats a variant."""
    strongest = min(_STRENGTH[c.how] for c in candidates)
    return [c for c in candidates if _STRENGTH[c.how] == strongest]


def _rivals(candidates: tuple[Candidate, ...]) -> list[Candidate]:
    """The candidates with the strongest evidence, and with them whom weaker evidence says, if only one of them left.

    A number is typed by hand in a profile or a list, and an account's address is not: neither puts somebody out, or
    lets a leaver stay, against the other.
    """
    strongest = _strongest(candidates)
    has_left = all(c.standing is Standing.LEFT for c in strongest)
    rivals = [*strongest, *(c for c in candidates if (c.standing is Standing.LEFT) is not has_left)]
    return rivals if len(_humans(rivals)) > len(_humans(strongest)) else strongest


def _humans(candidates: Iterable[Candidate]) -> list[frozenset[AccountKey]]:
    keys: dict[AccountKey, frozenset[str]] = {}
    for candidate in candidates:  # one person, maybe, by several kinds of evidence
        keys[candidate.person] = keys.get(candidate.person, frozenset()) | candidate.join_keys
    return humans_among(keys)


def _as_suggestions(rivals: Iterable[Candidate]) -> tuple[Suggestion[AccountKey], ...]:
    """The people to choose from when the question is asked, by name."""
    by_name = sorted(
        rivals, key=lambda candidate: candidate.name
    )  # of one person's, a name counts before none
    names = {candidate.person: _name(candidate) for candidate in by_name}
    ranked = sorted(names.items(), key=lambda pair: (pair[1], pair[0]))
    return tuple(Suggestion(person, name, 1.0) for person, name in ranked)


def _is_known(previous: Identity | None, best: Candidate, candidates: tuple[Candidate, ...]) -> bool:
    """True if the member was already linked to this person."""
    return any({best.person, previous.person if previous else None} <= human for human in _humans(candidates))


def _name(candidate: Candidate) -> str:
    return candidate.name or candidate.person.person_id


def _preference(candidate: Candidate) -> tuple[int, float, AccountKey, str]:
    newest = -candidate.left_at.timestamp() if candidate.left_at else 0.0
    return (_STANDING[candidate.standing], newest, candidate.person, candidate.name)


def _may_be_recycled(candidate: Candidate, first_seen_at: datetime | None) -> bool:
    return (
        candidate.how in _NUMBERS
        and candidate.standing is Standing.LEFT
        and candidate.left_at is not None
        and first_seen_at is not None
        and first_seen_at > candidate.left_at
    )
