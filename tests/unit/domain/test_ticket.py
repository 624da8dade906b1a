from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import WARD, key, ticket
from worker.domain.model import GroupKey
from worker.domain.people.leaving import episode_name
from worker.domain.tickets.ticket import (
    ALLOWED,
    LIVE,
    Move,
    NotAllowed,
    TicketKind,
    TicketState,
    next_state,
    ticket_label,
    ticket_number,
)

FORBIDDEN = [pair for pair in product(TicketState, Move) if pair not in ALLOWED]


@given(st.lists(st.sampled_from(Move), max_size=12))
def test_no_path_leaves_the_table(moves: list[Move]) -> None:
    state = TicketState.OPEN
    for move in moves:
        try:
            after = next_state(state, move)
        except NotAllowed:
            assert (state, move) not in ALLOWED
        else:
            assert ALLOWED[state, move] is after
            state = after


@pytest.mark.parametrize("state, move", FORBIDDEN)
def test_a_move_outside_the_table_is_refused_and_the_possible_ones_are_named(
    state: TicketState, move: Move
) -> None:
    with pytest.raises(NotAllowed) as refusal:
        next_state(state, move)
    assert f"not while the ticket is {state.value}. Possible: " in refusal.value.why
    possible = refusal.value.why.partition("Possible: ")[2].removesuffix(".").split(", ")
    by_people = {"Mark as done": Move.CLAIM, "Waive": Move.WAIVE, "Reopen": Move.REOPEN}
    assert [by_people[one] for one in possible] == [m for m in by_people.values() if (state, m) in ALLOWED]


@pytest.mark.parametrize("state", sorted(LIVE))
def test_every_live_state_can_end(state: TicketState) -> None:
    ends = {after for (before, _), after in ALLOWED.items() if before is state} - LIVE
    assert ends == {TicketState.VERIFIED, TicketState.CANCELLED, TicketState.WAIVED}


@pytest.mark.parametrize("state", TicketState)
def test_every_state_can_be_reached_and_comes_back_to_open(state: TicketState) -> None:
    reached = {TicketState.OPEN} | set(ALLOWED.values())
    assert state in reached
    assert state is TicketState.OPEN or TicketState.OPEN in {
        after for (before, _), after in ALLOWED.items() if before is state
    }


def test_a_blocked_ticket_cannot_be_claimed_as_done() -> None:
    assert (TicketState.BLOCKED, Move.CLAIM) not in ALLOWED


def test_verified_is_reached_by_verification_only() -> None:
    assert {move for (_, move), after in ALLOWED.items() if after is TicketState.VERIFIED} == {Move.VERIFY}


@pytest.mark.parametrize("state", TicketState)
def test_a_ticket_is_live_until_it_ends(state: TicketState) -> None:
    ended = {TicketState.VERIFIED, TicketState.CANCELLED, TicketState.WAIVED}
    assert ticket(state=state).is_live is (state not in ended)


def test_one_question_per_handle_whatever_the_group() -> None:
    here = ticket(TicketKind.IDENTIFY_MEMBER)
    there = ticket(TicketKind.IDENTIFY_MEMBER, group=GroupKey("wards", "theatre"), id=2)
    assert here.key == there.key


@pytest.mark.parametrize("kind", [TicketKind.REMOVE_MEMBER, TicketKind.REASSIGN_ADMIN, TicketKind.ADD_MEMBER])
def test_other_work_is_one_per_group(kind: TicketKind) -> None:
    assert ticket(kind).key.subject.group_id == WARD.group_id
    assert ticket(kind).key != ticket(kind, group=GroupKey("wards", "theatre")).key


@pytest.mark.parametrize("text", ["T-000123", "t-123", " 123 "])
def test_a_ticket_is_named_by_label_or_number(text: str) -> None:
    assert ticket_number(text) == 123


@pytest.mark.parametrize("text", ["", "T-", "P-000123", "T-12a", "-1", "T-\u0661", "T-T-1", "9" * 19])
def test_what_is_no_ticket_id_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="T-000123"):
        ticket_number(text)


@given(st.integers(0, 10**9))
def test_a_label_reads_as_its_number(number: int) -> None:
    assert ticket_number(ticket_label(number)) == number


def test_labels_and_episodes_as_people_see_them() -> None:
    assert ticket(id=123).label == "T-000123"
    at = ticket().opened_at
    assert episode_name(key(), at) == "corp/ann@2026-11-24T11:00:00Z"
