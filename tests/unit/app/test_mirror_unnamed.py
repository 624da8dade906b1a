"""Statuses that the configuration does not name: that nobody knows what they mean is told."""

from __future__ import annotations

from dataclasses import replace

from fakes.tracker import FakeTracker
from harness import Harness
from mirrored import desk, four_more_leave, run, settled, texts, ward
from worker.domain.mirror.outside import CopyStanding

__all__ = ["ward"]


def put(tracker: FakeTracker, ref: str, status: str) -> None:
    issue = tracker.issues[ref]
    issue.seen = replace(issue.seen, standing=CopyStanding.UNKNOWN, status=status)


def told(harness: Harness) -> list[str]:
    return [text for text in texts(harness) if "not named under states" in text]


def test_each_is_told_once(ward: Harness) -> None:
    four_more_leave(ward)
    tracker = settled(ward)
    for ref in ("1", "2", "3"):
        put(tracker, ref, "9")
    for _ in range(3):
        run(ward)
    assert len(told(ward)) == 2, "the channel and the accountable person"
    assert "status 9" in told(ward)[0]
    put(tracker, "1", "10")
    run(ward)
    assert len(told(ward)) == 4
    run(ward, minutes=24 * 60)
    assert len(told(ward)) == 4, "nothing new since"


def test_check_warns_while_copies_have_them(ward: Harness) -> None:
    tracker = settled(ward)
    assert ward.checker.warnings() == ()
    put(tracker, "1", "9")
    run(ward)
    [warning] = ward.checker.warnings()
    assert warning.startswith("desk: 1 copy has the status 9")
    ward.trackers = []
    ward.start(ward.app.rules)
    assert ward.checker.warnings() == ()
    ward.trackers = [tracker]
    ward.start(ward.app.rules)
    desk(ward).put(CopyStanding.OPEN)
    run(ward)
    assert ward.checker.warnings() == ()
