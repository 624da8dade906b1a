"""One issue that is not as the others: what it costs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any

import pytest

from connectors.tracker.redmine.connector import RedmineTracker
from contracts.tracker import draft
from fakes.redmine import FakeRedmine
from worker.domain.mirror.outside import CopyGone, CopyStanding, CopyUnread, Goal, Seen
from worker.ports import ConnectorError, NotDone, Rejected, Transient


@pytest.fixture
def server() -> Iterator[FakeRedmine]:
    with FakeRedmine() as server:
        yield server


@pytest.fixture
def tracker(server: FakeRedmine) -> Iterator[RedmineTracker]:
    with closing(server.connected()) as tracker:
        yield tracker


@pytest.mark.parametrize(
    "owner, why",
    [({"id": 44, "name": "Ana"}, "500"), ({"id": 45}, "'name'"), ({"id": "x", "name": "Ana"}, "'x'")],
)
def test_an_assignee_who_is_not_shown_whole_keeps_no_other_from_being_read(
    server: FakeRedmine, tracker: RedmineTracker, owner: dict[str, Any], why: str
) -> None:
    odd, closed = (tracker.create(draft(number), "") for number in (1, 2))
    server.people[44] = 500
    server.issues[int(odd.ref)]["assigned_to"] = owner
    server.issues[int(closed.ref)]["status"] = {"id": 5, "name": "Closed"}

    unread, seen = tracker.read([odd.ref, closed.ref])

    assert isinstance(unread, CopyUnread)
    assert (unread.ref, why in unread.why) == (odd.ref, True)
    assert isinstance(seen, Seen)
    assert seen.standing is CopyStanding.DONE


def test_who_could_not_be_told_is_asked_for_once_a_read_and_again_by_the_next(
    server: FakeRedmine, tracker: RedmineTracker
) -> None:
    refs = [tracker.create(draft(number), "").ref for number in (1, 2, 3)]
    for ref in refs[:2]:
        server.issues[int(ref)]["assigned_to"] = {"id": 44, "name": "Ana"}
    server.people[44] = 502

    assert [isinstance(one, CopyUnread) for one in tracker.read(refs)] == [True, True, False]
    assert server.asked.count("GET /users/44.json") == 1
    server.people[44] = 200
    seen = [one for one in tracker.read(refs) if isinstance(one, Seen)]
    assert [one.assignee for one in seen] == ["44@example.org", "44@example.org", ""]


def test_a_limit_on_the_way_to_a_person_is_the_trackers(server: FakeRedmine, tracker: RedmineTracker) -> None:
    refs = [tracker.create(draft(number), "").ref for number in (1, 2)]
    server.issues[1]["assigned_to"] = {"id": 44, "name": "Ana"}
    server.people[44] = 429
    with pytest.raises(NotDone):
        list(tracker.read(refs))


def test_what_no_issue_says_is_the_trackers_trouble(server: FakeRedmine, tracker: RedmineTracker) -> None:
    refs = [tracker.create(draft(number), "").ref for number in (1, 2)]
    for row in server.issues.values():
        del row["project"]
    with pytest.raises(Transient, match="'project'"):
        list(tracker.read(refs))


CALLS: dict[str, Callable[[RedmineTracker, Seen], object]] = {
    "create": lambda tracker, _seen: tracker.create(draft(9), ""),
    "find": lambda tracker, seen: tracker.find(seen.identity, ""),
    "move": lambda tracker, seen: tracker.move(seen, Goal.DONE, "Verified."),
    "note": lambda tracker, seen: tracker.note(seen, "It goes on."),
    "assign": lambda tracker, seen: tracker.assign(seen, "amina@example.org"),
    "last_move": lambda tracker, seen: tracker.last_move(seen),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "path, odd",
    [
        (("issue", "tracker"), {}),
        (("issue", "tracker"), None),
        (("issue", "status"), {"id": "x", "name": "New"}),
        (("issue", "status"), {"id": 1}),
        (("issue", "assigned_to"), {"id": None}),
        (("issue", "custom_fields"), [None]),
        (("issue", "custom_fields"), [{"id": 1e400}]),
        (("issues", "custom_fields"), [{"name": "x"}]),
        (("user", "id"), ["a"]),
    ],
)
def test_an_answer_of_another_shape_is_an_error_of_ours(
    server: FakeRedmine, tracker: RedmineTracker, name: str, path: tuple[str, str], odd: Any
) -> None:
    """Any other error would end the run over all trackers."""
    seen = tracker.create(draft(), "")
    whole, part = path

    def spoil(_what: str, found: Any) -> Any:
        if not found or whole not in found:
            return found
        rows = found[whole]
        is_list = isinstance(rows, list)
        return {whole: [{**row, part: odd} for row in rows] if is_list else {**rows, part: odd}}

    server.spoil = spoil
    with suppress(ConnectorError):
        CALLS[name](tracker, seen)
    assert isinstance(tracker.check().ok, bool)


def test_lost_sight_of_all_costs_a_few_requests_a_page(server: FakeRedmine, tracker: RedmineTracker) -> None:
    refs = [tracker.create(draft(number), "").ref for number in range(1, 10)]
    server.hidden |= set(map(int, refs))
    server.asked.clear()
    assert {one.ref for one in tracker.read(refs) if isinstance(one, CopyGone)} == set(refs)
    assert len(server.asked) == 1 + 3
    server.spoil = lambda what, found: {"issues": []} if what.endswith("/issues.json") else found
    server.hidden.clear()
    assert sum(isinstance(one, Seen) for one in tracker.read(refs)) == 9, "the list alone proves nothing"


@pytest.mark.parametrize("by", ["refusal", "check", "close"])
def test_a_project_that_is_made_anew_under_its_name_is_found(
    server: FakeRedmine, tracker: RedmineTracker, by: str
) -> None:
    tracker.create(draft(1), "")
    server.project, server.tracker, server.field = 9, 6, 8
    if by == "refusal":
        with pytest.raises(Rejected, match="Project cannot be blank"):
            tracker.create(draft(2), "")
    elif by == "check":
        tracker.check()
    else:
        tracker.close()

    seen = tracker.create(draft(2), "")

    assert (seen.is_elsewhere, seen.identity) == (False, draft(2).identity)
