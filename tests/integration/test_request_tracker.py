"""What Request Tracker does and its answers don't say: each is a way to believe something false."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.tracker.request_tracker import connector
from connectors.tracker.request_tracker.connector import RequestTracker
from contracts.tracker import AMINA, draft
from integration.request_tracker_queue import STATES, Start, queue, server, start, wire
from request_tracker import CLOSER, ROOT, US, Queue, RequestTrackerServer
from wires import Wire
from worker.domain.mirror.outside import CopyGone, CopyStanding, CopyUnread, Goal, Seen
from worker.ports import Changed, NotDone, Rejected, Transient

__all__ = ["queue", "server", "start", "wire"]

GUARDED: dict[str, Any] = {"done": ["done"], "open": ["open", "new", "quiet"]}


def one_read(tracker: RequestTracker, ref: str) -> Seen | CopyGone:
    [found] = tracker.read([ref])
    assert not isinstance(found, CopyUnread)
    return found


def stands_at(status: str, tracker: RequestTracker, server: RequestTrackerServer) -> Seen:
    """A copy with this status."""
    seen = tracker.create(draft(), "")
    if seen.status != status:
        server.put(CLOSER, seen.ref, Status=status)
    found = one_read(tracker, seen.ref)
    assert isinstance(found, Seen)
    return found


class TestMoves:
    def test_a_status_without_a_button_is_set_too(self, start: Start, server: RequestTrackerServer) -> None:
        """The default lifecycle lets stalled become resolved, and offers no such action."""
        tracker = start()
        stalled = stands_at("stalled", tracker, server)

        moved = tracker.move(stalled, Goal.DONE, "Verified.")

        assert moved.status == "resolved"

    def test_what_the_lifecycle_forbids_is_refused_and_not_noted(
        self, start: Start, server: RequestTrackerServer
    ) -> None:
        guarded = server.queue("guarded")
        tracker = start(queue=guarded.name, states=GUARDED)
        seen = tracker.create(draft(), "")

        with pytest.raises(Rejected, match=r"at Status new; it should be done.*from here it offers open"):
            tracker.move(seen, Goal.DONE, "Verified.")

        assert server.comments(seen.ref) == []
        server.retire(guarded)

    def test_what_was_closed_meanwhile_is_not_reopened(
        self, start: Start, server: RequestTrackerServer
    ) -> None:
        tracker = start()
        seen = tracker.create(draft(), "")
        server.put(CLOSER, seen.ref, Status="rejected")

        with pytest.raises(Changed):
            tracker.move(seen, Goal.DONE, "Verified.")

        assert server.comments(seen.ref) == []

    def test_a_change_between_reading_and_writing_is_refused(
        self, start: Start, server: RequestTrackerServer
    ) -> None:
        tracker = start()
        seen = tracker.create(draft(), "")
        _row, etag = tracker._client.ticket(seen.ref)
        server.put(CLOSER, seen.ref, Status="stalled")

        with pytest.raises(Changed):
            tracker._client.change(seen.ref, {"Status": "resolved"}, etag)

        assert one_read(tracker, seen.ref).status == "stalled"  # type: ignore[union-attr]

    def test_a_note_without_the_right_is_refused(
        self, start: Start, server: RequestTrackerServer, queue: Queue
    ) -> None:
        tracker = start()
        seen = tracker.create(draft(), "")
        server.act("revoke", US, queue.name, "ModifyTicket")

        with pytest.raises(Rejected, match=r"Permission Denied.*ModifyTicket"):
            tracker.note(seen, "It waits.")

    @pytest.mark.parametrize(
        "begins, write, said", [("new", "comment", ["Verified."]), ("stalled", "change", [])]
    )
    def test_a_lost_answer_to_a_move_is_unclear(
        self,
        start: Start,
        server: RequestTrackerServer,
        wire: Wire,
        monkeypatch: pytest.MonkeyPatch,
        begins: str,
        write: str,
        said: list[str],
    ) -> None:
        """Where RT offers the status, it has the note, too; else nobody knows whether to say it."""
        tracker = start()
        seen = stands_at(begins, tracker, server)
        request = getattr(tracker._client, write)

        def lost(*given: Any, **more: Any) -> str:
            wire.lose_answers()
            return str(request(*given, **more))

        monkeypatch.setattr(tracker._client, write, lost)
        with pytest.raises(Transient) as raised:
            tracker.move(seen, Goal.DONE, "Verified.")
        wire.mend()

        assert type(raised.value) is Transient
        assert one_read(tracker, seen.ref).standing is CopyStanding.DONE  # type: ignore[union-attr]
        assert server.comments(seen.ref) == said

    def test_a_move_and_its_note_are_one_request(
        self, start: Start, server: RequestTrackerServer, wire: Wire
    ) -> None:
        tracker = start()
        seen = tracker.create(draft(), "")
        before = wire.connections  # RT closes each after one answer

        moved = tracker.move(seen, Goal.DONE, "Verified.")

        assert (moved.status, wire.connections - before) == ("resolved", 3), "a look, the move, a look"
        assert server.comments(seen.ref) == ["Verified."]

    def test_one_that_depends_on_another_is_not_closed_and_not_noted(
        self, start: Start, server: RequestTrackerServer
    ) -> None:
        """RT offers the status all the same, and would take the note before it refuses."""
        tracker = start()
        one, two = tracker.create(draft(1), ""), tracker.create(draft(2), "")
        server.put(ROOT, one.ref, AddDependsOn=two.ref)

        with pytest.raises(Rejected, match="unresolved dependencies"):
            tracker.move(one, Goal.DONE, "Verified.")

        assert server.comments(one.ref) == []

    def test_a_lost_note_after_the_move_is_unclear(self, start: Start, server: RequestTrackerServer) -> None:
        tracker = start()
        seen = stands_at("stalled", tracker, server)

        def lost(*_: object) -> None:
            raise NotDone("no connection")

        tracker._client.comment = lost  # type: ignore[assignment, method-assign]
        with pytest.raises(Transient, match="moved without a note") as raised:
            tracker.move(seen, Goal.DONE, "Verified.")

        assert type(raised.value) is Transient
        assert one_read(tracker, seen.ref).standing is CopyStanding.DONE  # type: ignore[union-attr]

    def test_fields_go_along_with_closing_or_it_stays_open(
        self, start: Start, server: RequestTrackerServer, queue: Queue
    ) -> None:
        server.act("field", f"Cause {queue.id}", queue.name, US, "SeeCustomField", "ModifyCustomField")
        server.act("field", f"Locked {queue.id}", queue.name, US, "SeeCustomField")
        taken = start(states={**STATES, "fields": {f"Cause {queue.id}": "proven"}})
        locked = start(states={**STATES, "fields": {f"Locked {queue.id}": "proven"}})
        one, two = taken.create(draft(1), ""), taken.create(draft(2), "")

        assert taken.move(one, Goal.DONE, "Verified.").status == "resolved"
        with pytest.raises(Rejected, match=rf"Locked {queue.id}.*Could not add"):
            locked.move(two, Goal.DONE, "Verified.")

        fields = server.asked(ROOT, "GET", f"/ticket/{one.ref}")["CustomFields"]
        assert {one["name"]: one["values"] for one in fields}[f"Cause {queue.id}"] == ["proven"]
        assert one_read(taken, two.ref).standing is CopyStanding.OPEN  # type: ignore[union-attr]


class TestReading:
    def test_a_merged_one_says_into_what(self, start: Start, server: RequestTrackerServer) -> None:
        tracker = start()
        one, two = tracker.create(draft(1), ""), tracker.create(draft(2), "")
        server.put(ROOT, one.ref, MergeInto=two.ref)

        assert one_read(tracker, one.ref) == CopyGone(one.ref, f"merged into #{two.ref}")
        assert [(seen.ref, seen.is_merged) for seen in tracker.find(draft(1).identity, "")] == [
            (two.ref, True)
        ]

    def test_one_that_nothing_was_merged_into_has_its_identity_of_its_own(self, start: Start) -> None:
        tracker = start()
        seen = tracker.create(draft(), "")

        assert [(one.ref, one.is_merged) for one in tracker.find(draft().identity, "")] == [(seen.ref, False)]

    def test_a_hidden_one_and_a_missing_one_are_told_apart(
        self, start: Start, server: RequestTrackerServer, queue: Queue
    ) -> None:
        tracker = start()
        seen = tracker.create(draft(), "")
        server.act("revoke", US, queue.name, "ShowTicket")

        assert one_read(tracker, seen.ref) == CopyGone(seen.ref, "hidden")
        assert one_read(tracker, "999999") == CopyGone("999999", "deleted")
        server.act("grant", US, queue.name, "ShowTicket")

    def test_one_in_another_queue_is_followed(self, start: Start, server: RequestTrackerServer) -> None:
        other = server.queue()
        tracker = start()
        seen = tracker.create(draft(), "")
        server.put(ROOT, seen.ref, Queue=other.name)

        moved = one_read(tracker, seen.ref)

        assert isinstance(moved, Seen)
        assert moved.is_elsewhere
        assert [one.ref for one in tracker.find(draft().identity, "")] == [seen.ref]
        server.retire(other)

    def test_many_take_few_requests(self, start: Start, monkeypatch: pytest.MonkeyPatch, wire: Wire) -> None:
        tracker = start()
        refs = [tracker.create(draft(number), "").ref for number in range(5)]
        monkeypatch.setattr(connector, "PAGE", 2)
        before = wire.connections  # RT closes each after one answer

        found = [seen.ref for seen in tracker.read(refs)]

        assert (sorted(found), wire.connections - before) == (sorted(refs), 3)

    def test_nobody_is_asked_and_the_last_move_is_nobodys_before_there_was_one(
        self, start: Start, server: RequestTrackerServer
    ) -> None:
        """With a requestor RT would write to them."""
        tracker = start()
        seen = tracker.create(draft(), "")

        row = server.asked(ROOT, "GET", f"/ticket/{seen.ref}")

        assert (row["Requestor"], row["Cc"]) == ([], [])
        assert row["Due"] == "2026-11-27T12:00:00Z"
        assert tracker.last_move(seen).account == ""


class TestAssigning:
    def test_who_may_not_own_it_does_not_get_it(self, start: Start) -> None:
        tracker = start()
        seen = tracker.create(draft(), "")

        with pytest.raises(Rejected, match=r"closer@example\.org the Owner.*may not own") as raised:
            tracker.assign(seen, "closer@example.org")

        assert "OwnTicket" in raised.value.remedy

    def test_a_disabled_account_is_none(self, start: Start, server: RequestTrackerServer) -> None:
        tracker = start()
        seen = tracker.create(draft(), "")
        server.act("disable", "amina")
        try:
            with pytest.raises(Rejected, match="0 enabled accounts"):
                tracker.assign(seen, AMINA)
        finally:
            server.act("enable", "amina")

    def test_the_address_is_compared_in_any_case(self, start: Start) -> None:
        tracker = start()
        seen = tracker.create(draft(), "")

        assert tracker.assign(seen, AMINA.title()).assignee == AMINA


class TestIdentity:
    def test_a_custom_field_finds_it_when_somebody_removed_the_link(
        self, start: Start, server: RequestTrackerServer, queue: Queue
    ) -> None:
        name = f"Whosleft {queue.id}"
        server.act("field", name, queue.name, US, "SeeCustomField", "ModifyCustomField")
        tracker = start(field=name)
        seen = tracker.create(draft(), "")
        server.asked(
            ROOT, "PUT", f"/ticket/{seen.ref}", {"DeleteRefersTo": f"urn:whosleft:{draft().identity}"}
        )

        assert [one.ref for one in tracker.find(draft().identity, "")] == [seen.ref]
        assert list(start().find(draft().identity, "")) == []
        assert tracker.check().ok

    def test_a_field_that_is_not_taken_is_named_and_the_link_still_finds_it(
        self, start: Start, server: RequestTrackerServer, queue: Queue
    ) -> None:
        name = f"Read only {queue.id}"
        server.act("field", name, queue.name, US, "SeeCustomField")
        tracker = start(field=name)
        seen = tracker.create(draft(), "")

        checked = tracker.check()

        assert [one.about for one in tracker.concerns()] == [name]
        assert [one.ref for one in tracker.find(draft().identity, "")] == [seen.ref]
        assert (checked.ok, name in checked.message, "ModifyCustomField" in checked.remedy) == (
            False,
            True,
            True,
        )
