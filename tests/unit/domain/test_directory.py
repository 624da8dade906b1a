from dataclasses import replace
from typing import Any

import pytest

from builders import NOW, leaver, person
from worker.domain.model import Account, Evidence, Standing
from worker.domain.people.lifecycle import (
    PLACE_FIELDS,
    EventKind,
    events_between,
    has_moved,
    is_too_malformed,
    is_too_shrunken,
)

JOINED, MOVED, LEAVING, LEFT, RETURNED = EventKind
HERE, GOING, GONE = person(), person(standing=Standing.LEAVING), leaver()


LATER = replace(person(standing=Standing.LEAVING, leave_at=NOW), evidence=Evidence.LEAVE_DATE)


def moved(who: Account) -> Account:
    return replace(who, facts=replace(who.facts, department="Theatre"))


def outside(who: Account) -> Account:
    return replace(who, facts=replace(who.facts, is_in_scope=False))


@pytest.mark.parametrize(
    "before, after, kinds",
    [
        (None, HERE, [JOINED]),
        (None, GOING, [JOINED, LEAVING]),
        (None, GONE, [LEFT]),
        (HERE, HERE, []),
        (HERE, moved(HERE), [MOVED]),
        (HERE, GOING, [LEAVING]),
        (HERE, moved(GOING), [MOVED, LEAVING]),
        (HERE, moved(GONE), [LEFT]),
        (GOING, HERE, [RETURNED]),
        (GOING, moved(HERE), [RETURNED, MOVED]),
        (GOING, GOING, []),
        (GOING, LATER, [LEAVING]),
        (GOING, moved(LATER), [MOVED, LEAVING]),
        (GOING, moved(GOING), [MOVED]),
        (GOING, GONE, [LEFT]),
        (GONE, moved(HERE), [RETURNED]),
        (GONE, GOING, [RETURNED, LEAVING]),
        (GONE, moved(GONE), []),
        (None, outside(HERE), []),
        (HERE, outside(moved(HERE)), []),
        (outside(HERE), moved(HERE), [MOVED]),
        (outside(HERE), outside(moved(GOING)), []),
        (outside(HERE), outside(GONE), [LEFT]),
    ],
)
def test_events_follow_from_the_two_standings(
    before: Account | None, after: Account, kinds: list[EventKind]
) -> None:
    events = events_between(before, after, NOW)
    assert [event.kind for event in events] == kinds
    assert all((e.person, e.before, e.at) == (after, before, NOW) for e in events)


@pytest.mark.parametrize("name", PLACE_FIELDS)
def test_a_change_of_place_is_a_move(name: str) -> None:
    value: Any = (("site", "North"),) if name == "attributes" else "elsewhere"
    assert has_moved(HERE.facts, replace(HERE.facts, **{name: value}))


def test_a_new_name_or_number_is_no_move() -> None:
    assert not has_moved(HERE.facts, replace(HERE.facts, display_name="Anne", phones=("+447700900009",)))


@pytest.mark.parametrize(
    "malformed, read, is_too_much",
    [
        (0, 0, False),
        (1, 3, False),
        (2, 3, True),
        (2, 198, False),
        (3, 197, True),
        (10, 990, False),
        (11, 989, True),
    ],
)
def test_over_one_per_cent_of_malformed_records_spoil_a_pass(
    malformed: int, read: int, is_too_much: bool
) -> None:
    assert is_too_malformed(malformed, read) is is_too_much


@pytest.mark.parametrize(
    "missing, before, share, is_too_much",
    [
        (0, 0, 0.2, False),
        (0, 100, 0.2, False),
        (20, 100, 0.2, False),
        (21, 100, 0.2, True),
        (4, 10, 0.2, False),
        (5, 10, 0.2, True),
        (99, 100, None, False),
        (100, 100, None, True),
        (1, 1, 0.2, True),
    ],
)
def test_a_shrunken_pass_is_not_believed(
    missing: int, before: int, share: float | None, is_too_much: bool
) -> None:
    assert is_too_shrunken(missing, before, share, share_from=5) is is_too_much


@pytest.mark.parametrize(
    "said, is_put_away",
    [({}, False), ({"enabled": False}, True), ({"is_deleted": True}, True), ({"is_moved_out": True}, True)],
)
def test_an_account_is_put_away_by_what_its_dates_do_not_say(
    said: dict[str, Any], *, is_put_away: bool
) -> None:
    assert replace(person().facts, **said).is_put_away is is_put_away
