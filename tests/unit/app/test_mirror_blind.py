"""What a tracker does not let us do or see is one trouble: the rest goes on, and nothing is given up for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pytest

from harness import Harness
from mirrored import NURSE, copy, desk, four_more_leave, run, settled, texts, ward
from worker.domain.mirror.copy import CopyState
from worker.domain.mirror.outside import CopyStanding, Seen
from worker.domain.tickets.ticket import TicketState
from worker.ports import AuthFailed, BadConfig, CheckResult, ConnectorError, NotDone, PermissionDenied

__all__ = ["ward"]


@pytest.mark.parametrize(
    "error",
    [
        PermissionDenied("Jira answered 403.", missing="Create Issues", remedy="Grant it."),
        BadConfig("This account can make no 'Task'.", remedy="Give another issue_type."),
    ],
)
def test_who_may_make_no_copies_still_hears_of_the_others(ward: Harness, error: ConnectorError) -> None:
    tracker = settled(ward)
    ward.leave("ben")
    ward.settle()

    def strict(what: str) -> None:
        if what == "create":
            raise error

    tracker.before = strict
    tracker.put(CopyStanding.DONE, by=NURSE)
    ward.later(minutes=5)
    report = ward.mirror()
    assert (ward.ticket().state, ward.ticket().done_by) == (TicketState.DONE, NURSE)
    assert len(report.troubles) == 1
    assert len([one for one in ward.titles() if "Copies of tickets" in one]) == 2


@pytest.mark.parametrize("error", [AuthFailed("401.", remedy="Check it."), NotDone("429.")])
def test_who_is_not_let_in_asks_for_nothing_more(
    ward: Harness, error: ConnectorError, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = settled(ward)
    ward.leave("ben")
    ward.settle()

    def mark() -> str:
        raise error

    def read(refs: Collection[str]) -> Iterator[Seen]:
        asked.extend(refs)
        return iter(())

    asked: list[str] = []
    monkeypatch.setattr(tracker, "mark", mark)
    monkeypatch.setattr(tracker, "read", read)
    ward.later(minutes=5)
    assert len(ward.mirror().troubles) == 1
    assert asked == []


def _all_vanish(ward: Harness) -> int:
    four_more_leave(ward)
    tracker = settled(ward)
    for issue in tracker.issues.values():
        issue.is_gone = True
    run(ward)
    return len(tracker.issues)


def test_if_none_of_several_can_be_read_none_is_given_up(ward: Harness) -> None:
    count = _all_vanish(ward)
    ward.deliver()
    ward.soc.sent.clear()
    for _ in range(3):
        run(ward, minutes=61)
    assert [copy(ward, number + 1).state for number in range(count)] == [CopyState.LINKED] * count
    told = {text for text in texts(ward) if "None of its" in text}
    assert len(told) == 1, "one notice, not one a ticket"
    for issue in desk(ward).issues.values():
        issue.is_gone = False
    run(ward)
    assert [copy(ward, number + 1).missing_since for number in range(count)] == [None] * count
    assert len(desk(ward).issues) == count


def test_if_another_one_can_be_read_the_others_are_gone(
    ward: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = _all_vanish(ward)
    desk(ward).issues["1"].is_gone = False
    monkeypatch.setattr(desk(ward), "check", lambda: CheckResult(ok=False, message="It may not be asked."))
    run(ward, minutes=61)
    assert [copy(ward, number + 1).state for number in range(count)] == [
        CopyState.LINKED,
        *[CopyState.GONE] * (count - 1),
    ]


def test_one_that_is_not_shown_whole_is_its_own_trouble_and_the_others_are_heard(ward: Harness) -> None:
    four_more_leave(ward)
    tracker = settled(ward)
    odd = copy(ward, 1).ref
    tracker.unread.add(odd)
    tracker.put(CopyStanding.DONE, ref=copy(ward, 3).ref)

    assert run(ward)["claimed"] == 1

    assert copy(ward, 1).problem == f"It can't be read now: DESK-{odd} shows no status. Let us see it."
    assert sum(f"DESK-{odd} shows no status" in text for text in texts(ward)) == 2, "the channel, and ME"
    run(ward)
    assert copy(ward, 1).missing_since is None
    tracker.unread.clear()
    run(ward)
    assert copy(ward, 1).problem == ""
