"""What `check` says of a real Redmine: what is missing, and nothing that is no fault of the set-up."""

from __future__ import annotations

import re
from typing import Any

import pytest

from contracts.tracker import draft
from redmine import CLOSER, ROOT, Project, RedmineServer
from redmine_tracked import STATES, Start, one_read, project, server, start, wire
from wires import Wire
from worker.domain.mirror.outside import CopyStanding, Goal
from worker.ports import AuthFailed, BadConfig, NotDone

__all__ = ["project", "server", "start", "wire"]

ACTIVE, CLOSED, ARCHIVED = 1, 5, 9  # a project's status


class TestCheck:
    @pytest.mark.parametrize(
        "keys, said",
        [
            ({"project": "nowhere"}, "no project nowhere"),
            ({"tracker": "Story"}, "no tracker Story"),
            ({"field": "Nothing"}, "no custom field Nothing"),
            ({"states": {**STATES, "done": ["Shut"]}}, "no status Shut; it has New, In Progress"),
            (
                {"states": {**STATES, "on_done": "Resolved"}},
                "does not let us move .* from status New to Resolved",
            ),
        ],
    )
    def test_what_is_missing_is_named(self, keys: dict[str, Any], said: str, start: Start) -> None:
        start().create(draft(), "")

        checked = start(**keys).check()

        assert not checked.ok
        assert checked.remedy
        assert re.search(said, checked.message)

    def test_a_move_back_is_looked_at_too(self, start: Start, server: RedmineServer) -> None:
        tracker = start(states={**STATES, "on_reopen": "New"})
        tracker.move(tracker.create(draft(), ""), Goal.DONE, "Verified.")

        checked = tracker.check()

        assert (checked.ok, "from status Closed to New" in checked.message) == (False, True)

    def test_issues_that_people_hold_back_are_no_fault(
        self, start: Start, server: RedmineServer, project: Project
    ) -> None:
        """Redmine closes none with an open subtask, and none that an open issue blocks."""
        tracker = start()
        split, blocked = (tracker.create(draft(number), "") for number in (1, 2))
        server.make(project, parent_issue_id=int(split.ref))
        server.relate(server.make(project), "blocks", blocked.ref)

        assert tracker.check().ok

        server.act("forbid_moves", project.role)
        assert tracker.check().ok, "nothing shows it yet"
        tracker.create(draft(3), "")
        assert not tracker.check().ok

    def test_one_below_a_closed_parent_is_no_fault(
        self, start: Start, server: RedmineServer, project: Project
    ) -> None:
        """Redmine reopens none of those."""
        tracker = start()
        seen = tracker.create(draft(), "")
        parent = server.make(project)
        server.put(ROOT, seen.ref, parent_issue_id=int(parent))
        tracker.move(seen, Goal.DONE, "Verified.")
        server.status(CLOSER, parent, "Closed")

        assert tracker.check().ok

    def test_another_tracker_that_people_gave_is_no_fault(
        self, start: Start, server: RedmineServer, project: Project
    ) -> None:
        tracker = start()
        seen = tracker.create(draft(), "")
        trackers = server.asked(ROOT, "GET", "/trackers.json")["trackers"]
        server.put(ROOT, seen.ref, tracker_id=next(one["id"] for one in trackers if one["name"] == "Bug"))

        assert tracker.check().ok

    def test_a_closed_project_is_said(self, start: Start, server: RedmineServer, project: Project) -> None:
        """Redmine shows its issues as ever, and says of a change only that it is forbidden."""
        tracker = start()
        seen = tracker.create(draft(), "")
        server.act("set", project.id, "status", CLOSED)

        for act in (
            lambda: tracker.create(draft(2), ""),
            lambda: tracker.move(seen, Goal.DONE, "Verified."),
            lambda: tracker.note(seen, "It waits."),
        ):
            with pytest.raises(BadConfig, match=f"project {project.identifier} is closed") as raised:
                act()
            assert "Reopen it" in raised.value.remedy
        checked = tracker.check()
        assert one_read(tracker, seen.ref).standing is CopyStanding.OPEN
        assert (checked.ok, "is closed" in checked.message) == (False, True)

        server.act("set", project.id, "status", ACTIVE)
        assert tracker.check().ok
        assert tracker.move(seen, Goal.DONE, "Verified.").standing is CopyStanding.DONE

    def test_an_archived_project_is_said(self, start: Start, server: RedmineServer, project: Project) -> None:
        server.act("set", project.id, "status", ARCHIVED)

        checked = start().check()

        assert (checked.ok, "unarchive it" in checked.remedy) == (False, True)

    def test_a_public_project_is_said(self, start: Start, server: RedmineServer, project: Project) -> None:
        assert start().check().details["is_public"] == "no"
        server.act("set", project.id, "is_public", True)

        assert start().check().details["is_public"] == "yes"

    def test_a_wrong_key_is_said_and_never_shown(self, start: Start) -> None:
        secret = "0123456789abcdef0123456789abcdef01234567"
        tracker = start(api_key=secret)

        with pytest.raises(AuthFailed) as raised:
            tracker.create(draft(), "")
        checked = tracker.check()

        assert not checked.ok
        assert "api_key" in checked.remedy
        assert secret not in f"{raised.value!r}{raised.value}{checked}{raised.value.__cause__!r}"

    def test_a_server_that_is_down_is_said(self, start: Start, wire: Wire) -> None:
        tracker = start()
        wire.refuse()

        with pytest.raises(NotDone):
            tracker.create(draft(), "")
        assert not tracker.check().ok
