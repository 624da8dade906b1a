"""A run that takes long: what people do meanwhile is of its own instant, not of the run's beginning."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

import pytest

from harness import Harness
from mirrored import NURSE, desk, run, settled, ward
from worker.domain.mirror.outside import CopyGone, CopyStanding, CopyUnread, Seen, TrackerSaid
from worker.domain.tickets.ticket import TicketState
from worker.ports.connectors.tracker import TrackerAbilities

__all__ = ["ward"]


def meanwhile(harness: Harness, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen while the tracker is being read."""
    tracker = desk(harness)
    read = tracker.read

    def slowly(refs: Collection[str], /) -> Iterator[Seen | CopyGone | CopyUnread]:
        happens()
        return read(refs)

    monkeypatch.setattr(tracker, "read", slowly)


def test_a_list_of_before_the_close_does_not_contradict_it(
    ward: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = settled(ward)

    def happens() -> None:
        ward.later(seconds=7)
        ward.inventory()
        ward.later(seconds=4)
        tracker.put(CopyStanding.DONE, by=NURSE)
        ward.drop("ward-7", "ann")

    with monkeypatch.context() as patch:
        meanwhile(ward, patch, happens)
        assert run(ward)["claimed"] == 1
    assert ward.ticket().done_at == ward.now
    assert ward.journal()[-1].entry.at == ward.now
    ward.verify()
    assert ward.ticket().state is TicketState.DONE
    ward.later()
    ward.settle()
    assert (ward.ticket().state, ward.ticket().contradicted) == (TicketState.VERIFIED, 0)


def test_a_tracker_that_is_ahead_is_believed_up_to_the_present(
    ward: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = settled(ward)
    tracker.put(CopyStanding.DONE, by=NURSE, at=ward.later(hours=9))
    ward.later(hours=-9)
    meanwhile(ward, monkeypatch, lambda: ward.later(seconds=11))
    run(ward)
    assert ward.ticket().done_at == ward.now


def test_what_was_told_meanwhile_is_of_its_own_instant(ward: Harness) -> None:
    """It was told after the run had begun, while another tracker was read."""
    tracker = desk(ward)
    tracker.can = TrackerAbilities(tells=True, creates_once=True, assigns=False)
    ward.start(ward.app.rules)
    run(ward)
    assert tracker.keep is not None
    began_at = ward.now
    tracker.keep(TrackerSaid("a", "T-000001", True, NURSE, "", ward.later(seconds=11)))
    ward.app.mirror.run_once(began_at)
    assert ward.ticket().done_at == ward.now
