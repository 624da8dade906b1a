"""What `whosleft check` says of a Request Tracker."""

from __future__ import annotations

import pytest

from contracts.tracker import draft
from integration.request_tracker_queue import STATES, Start, queue, server, start, wire
from request_tracker import OUR_RIGHTS, US, Queue, RequestTrackerServer
from wires import Wire
from worker.ports import AuthFailed, NotDone

__all__ = ["queue", "server", "start", "wire"]


class TestCheck:
    @pytest.mark.parametrize("right", ["CreateTicket", "ModifyTicket", "SeeQueue"])
    def test_each_right_is_named(
        self, right: str, start: Start, server: RequestTrackerServer, queue: Queue
    ) -> None:
        tracker = start()
        tracker.create(draft(), "")
        assert tracker.check().ok
        server.act("revoke", US, queue.name, right)

        checked = tracker.check()

        assert not checked.ok
        assert right in checked.remedy

    def test_statuses_are_proven_once_there_is_a_copy(self, start: Start) -> None:
        tracker = start(states={**STATES, "done": ["Resolvd"]})
        assert tracker.check().details["proven"] == "no"
        tracker.create(draft(), "")

        checked = tracker.check()

        assert not checked.ok
        assert "Resolvd" in checked.message
        assert "resolved" in checked.message

    def test_a_status_that_is_not_named_is_said(self, start: Start) -> None:
        tracker = start(states={**STATES, "open": ["open"]})
        tracker.create(draft(), "")

        checked = tracker.check()

        assert (checked.ok, checked.message) == (
            False,
            "The status new of Request Tracker is not named under states.",
        )

    def test_a_field_that_the_queue_has_not_is_named(self, start: Start) -> None:
        checked = start(field="Nothing").check()

        assert (checked.ok, "Nothing" in checked.message) == (False, True)

    def test_a_wrong_token_is_said_and_never_shown(self, start: Start) -> None:
        secret = "1-99-0123456789abcdef0123456789abcdef"
        tracker = start(token=secret)

        with pytest.raises(AuthFailed) as raised:
            tracker.create(draft(), "")
        checked = tracker.check()

        assert not checked.ok
        assert "token" in checked.remedy
        assert secret not in f"{raised.value!r}{raised.value}{checked}{raised.value.__cause__!r}"

    def test_a_server_that_is_down_is_said(self, start: Start, wire: Wire) -> None:
        tracker = start()
        wire.refuse()

        with pytest.raises(NotDone):
            tracker.create(draft(), "")
        assert not tracker.check().ok


def test_the_limited_account_has_no_more_rights_than_the_manual_says() -> None:
    from connectors.tracker.request_tracker.client import RIGHTS  # noqa: PLC0415  what it is compared with

    assert all(right in RIGHTS for right in OUR_RIGHTS)
