from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import HOUR, NOW, ticket
from worker.domain.kinds import KINDS
from worker.domain.kinds.kind import Sees
from worker.domain.model import Coverage, Role
from worker.domain.reconcile.verification import CLAIM_LIFE, Verdict, weigh
from worker.domain.tickets.sight import Sight
from worker.domain.tickets.ticket import LIVE, Grade, Ticket, TicketKind, TicketState

CLAIMED_AT = NOW - 10 * HOUR
FULL, PARTIAL, STALE = Coverage
VERIFIED, REOPENED, INCONCLUSIVE = Verdict
REMOVE, CREATOR_LEAVES = TicketKind.REMOVE_MEMBER, TicketKind.CREATOR_MUST_LEAVE
REASSIGN, IDENTIFY, ADD = TicketKind.REASSIGN_ADMIN, TicketKind.IDENTIFY_MEMBER, TicketKind.ADD_MEMBER


def claimed(kind: TicketKind = REMOVE, **changes: object) -> Ticket:
    stated = {"state": TicketState.DONE, "done_at": CLAIMED_AT, "opened_at": CLAIMED_AT - HOUR}
    return ticket(kind, **(stated | changes))


def sight(
    role: Role | None = None,
    *,
    taken: int = 1,
    read: int = 2,
    coverage: Coverage = FULL,
    fresh: bool = True,
    admins: int = 0,
    identified: bool = False,
    kept: bool = False,
) -> Sight:
    """A roster taken and read so many hours after the claim."""
    return Sight(
        CLAIMED_AT + taken * HOUR, CLAIMED_AT + read * HOUR, coverage, fresh, role, admins, identified, kept
    )


DONE_IN, LISTED = None, Role.MEMBER
SHOWN_BY_NO_ROSTER = {Sees.CONTROLS, Sees.STATEMENT}


@pytest.mark.parametrize(
    "seen, verdict",
    [
        (sight(DONE_IN), VERIFIED),
        (sight(LISTED), REOPENED),
        (sight(DONE_IN, taken=0), INCONCLUSIVE),
        (sight(DONE_IN, taken=-1), INCONCLUSIVE),
        (sight(LISTED, taken=0), INCONCLUSIVE),
        (sight(LISTED, taken=-1), INCONCLUSIVE),  # a list of before the claim knows nothing of it
        (sight(DONE_IN, coverage=PARTIAL), INCONCLUSIVE),
        (sight(LISTED, coverage=PARTIAL), REOPENED),
        (sight(DONE_IN, coverage=STALE), INCONCLUSIVE),
        (sight(LISTED, coverage=STALE), INCONCLUSIVE),
        (sight(DONE_IN, fresh=False), INCONCLUSIVE),
        (sight(LISTED, fresh=False), INCONCLUSIVE),
        (None, INCONCLUSIVE),
        (sight(LISTED, taken=-1, read=0), INCONCLUSIVE),
        (sight(DONE_IN, taken=-1, read=-1), INCONCLUSIVE),
    ],
)
def test_a_claim_is_held_against_the_roster(seen: Sight | None, verdict: Verdict) -> None:
    opinion = weigh(claimed(), seen, 1, NOW)
    assert opinion.verdict is verdict
    assert opinion.grade is (Grade.A if verdict is VERIFIED else None)
    assert opinion.why


@pytest.mark.parametrize(
    "kind, seen, verdict",
    [
        (REMOVE, sight(DONE_IN), VERIFIED),
        (REMOVE, sight(Role.UNKNOWN), REOPENED),
        (CREATOR_LEAVES, sight(DONE_IN), VERIFIED),
        (CREATOR_LEAVES, sight(Role.CREATOR), REOPENED),
        (ADD, sight(LISTED), VERIFIED),
        (ADD, sight(None), REOPENED),
        (ADD, sight(None, coverage=PARTIAL), INCONCLUSIVE),
        (REASSIGN, sight(admins=1), VERIFIED),
        (REASSIGN, sight(admins=0), REOPENED),
        (REASSIGN, sight(admins=0, coverage=PARTIAL), INCONCLUSIVE),
        (IDENTIFY, sight(LISTED), REOPENED),
        (IDENTIFY, sight(None), VERIFIED),
    ],
)
def test_each_kind_of_work_shows_in_its_own_way(kind: TicketKind, seen: Sight, verdict: Verdict) -> None:
    assert weigh(claimed(kind), seen, 1, NOW).verdict is verdict


def test_too_few_admins_are_not_enough() -> None:
    assert weigh(claimed(REASSIGN), sight(admins=1), 2, NOW).verdict is REOPENED


@pytest.mark.parametrize(
    "kind, words",
    [
        (REMOVE, "still in the group"),
        (ADD, "not in the group"),
        (REASSIGN, "no other active admin"),
        (IDENTIFY, "nobody said who the member is"),
    ],
)
def test_a_reopened_ticket_says_what_the_roster_shows(kind: TicketKind, words: str) -> None:
    why = weigh(claimed(kind), sight(None if kind is ADD else LISTED), 1, NOW, timezone="Europe/Berlin").why
    assert words in why
    assert "roster of Tue 24 Nov 2026 04:00 CET, read Tue 24 Nov 2026 05:00 CET" in why


@pytest.mark.parametrize("state", [TicketState.DONE, TicketState.OPEN])
def test_an_answered_question_needs_no_roster(state: TicketState) -> None:
    question = claimed(IDENTIFY, state=state)
    opinion = weigh(question, sight(LISTED, fresh=False, identified=True), 1, NOW)
    assert (opinion.verdict, opinion.grade) == (VERIFIED, Grade.B)


@pytest.mark.parametrize("kind", [one for one in TicketKind if KINDS[one].sees not in SHOWN_BY_NO_ROSTER])
def test_a_list_that_people_keep_proves_less_than_the_messenger_itself(kind: TicketKind) -> None:
    shows_it = sight(LISTED if kind is ADD else DONE_IN, admins=1)
    assert weigh(claimed(kind), shows_it, 1, NOW).grade is Grade.A
    assert weigh(claimed(kind), replace(shows_it, is_kept_by_people=True), 1, NOW).grade is Grade.B


@pytest.mark.parametrize("state", [TicketState.OPEN, TicketState.BLOCKED])
def test_without_a_claim_the_opening_counts_and_nothing_is_reopened(state: TicketState) -> None:
    unclaimed = ticket(state=state, opened_at=CLAIMED_AT)
    assert weigh(unclaimed, sight(DONE_IN), 1, NOW).verdict is VERIFIED
    assert weigh(unclaimed, sight(DONE_IN, taken=0), 1, NOW).verdict is INCONCLUSIVE
    assert weigh(unclaimed, sight(LISTED), 1, NOW).verdict is INCONCLUSIVE
    assert weigh(unclaimed, None, 1, NOW + 10 * CLAIM_LIFE).verdict is INCONCLUSIVE


@pytest.mark.parametrize(
    "age, grade, verdict",
    [
        (CLAIM_LIFE, None, REOPENED),
        (CLAIM_LIFE, Grade.C, REOPENED),
        (CLAIM_LIFE, Grade.B, INCONCLUSIVE),
        (CLAIM_LIFE - timedelta(seconds=1), None, INCONCLUSIVE),
    ],
)
def test_a_word_that_nothing_proves_expires_unless_a_second_person_gave_it(
    age: timedelta, grade: Grade | None, verdict: Verdict
) -> None:
    opinion = weigh(claimed(grade=grade), sight(DONE_IN, fresh=False), 1, CLAIMED_AT + age)
    assert opinion.verdict is verdict
    assert verdict is INCONCLUSIVE or opinion.why == "nothing could prove within 14 days that it was done"


def test_how_long_an_unproved_word_stands_can_be_said() -> None:
    opinions = [weigh(claimed(), None, 1, CLAIMED_AT + HOUR, life) for life in (HOUR, 2 * HOUR)]
    assert [one.verdict for one in opinions] == [REOPENED, INCONCLUSIVE]
    assert opinions[0].why == "nothing could prove within 1 h that it was done"


def test_a_claim_without_a_date_does_not_expire() -> None:
    assert weigh(claimed(done_at=None), None, 1, NOW + CLAIM_LIFE).verdict is INCONCLUSIVE


HOURS = st.integers(-3, 3)


@given(
    st.sampled_from(TicketKind),
    st.sampled_from(sorted(LIVE)),
    st.builds(
        sight,
        st.none() | st.sampled_from(Role),
        taken=HOURS,
        read=HOURS,
        coverage=st.sampled_from(Coverage),
        fresh=st.booleans(),
        admins=st.integers(0, 2),
        kept=st.booleans(),
    ),
    st.sampled_from([NOW, NOW + CLAIM_LIFE]),
)
def test_only_a_full_fresh_roster_taken_after_the_claim_verifies(
    kind: TicketKind, state: TicketState, seen: Sight, now: datetime
) -> None:
    claim_at = CLAIMED_AT if state is TicketState.DONE else None
    work = replace(claimed(kind), state=state, done_at=claim_at, opened_at=CLAIMED_AT)
    opinion = weigh(work, seen, 1, now)
    if opinion.verdict is VERIFIED:
        assert seen.is_fresh
        assert seen.coverage is FULL
        assert seen.taken_at > CLAIMED_AT
        assert opinion.grade is (Grade.B if seen.is_kept_by_people else Grade.A)
    if opinion.verdict is REOPENED:
        assert state is TicketState.DONE


@pytest.mark.parametrize(
    "declared_by, claim, grade",
    [
        ({"dee@corp.example", "dee"}, {"done_by": "Dee@corp.example"}, Grade.C),
        ({"dee@corp.example", "dee"}, {"done_by": "kim", "claimed_by": ("dee", "kim")}, Grade.C),
        ({"dee@corp.example", "dee"}, {"done_by": "kim", "claimed_by": ("kim",)}, Grade.B),
        ({"dee@corp.example", "dee"}, {"done_by": "dee@corp.example", "grade": Grade.B}, Grade.B),
        (set(), {"done_by": "dee@corp.example"}, Grade.B),
    ],
)
def test_who_claims_and_declares_gives_their_own_word_twice(
    declared_by: set[str], claim: dict[str, Any], grade: Grade
) -> None:
    seen = replace(sight(DONE_IN, kept=True), declared_by=frozenset(declared_by))
    assert weigh(replace(claimed(), **claim), seen, 1, NOW).grade is grade


def test_what_the_messenger_shows_is_grade_a_whoever_declared_before() -> None:
    seen = replace(sight(DONE_IN), declared_by=frozenset({"dee"}))
    assert weigh(replace(claimed(), done_by="dee"), seen, 1, NOW).grade is Grade.A
