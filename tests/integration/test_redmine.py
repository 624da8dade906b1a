"""What Redmine does and its answers don't say: each is a way to believe something false."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from connectors.tracker.redmine import connector
from contracts.tracker import AMINA, draft
from redmine import AMINA as AMINA_LOGIN
from redmine import CLOSER, ROOT, Project, RedmineServer
from redmine_tracked import STATES, Start, one_read, project, server, start, wire
from wires import Wire
from worker.domain.mirror.outside import CopyGone, CopyStanding, Goal
from worker.ports import Changed, Rejected, Transient

__all__ = ["project", "server", "start", "wire"]

HOSTILE = (
    "@amina and @closer, *bold* _low_ -out- +in+ ??cited?? ^up^ ~down~ %span% `code` @code@ ==raw==",
    "1. one\n2) two\n- three\n+ four\n* five\n# six\n> seven\nh1. eight\nbq. nine\n    ten\n=\n---",
    '<b>x</b> &amp; &#42; {{toc}} [a](http://x.example) "a":http://x.example !http://x.example/y.png! |a|b|',
    "\\*x\\* C:\\path\\_file 1 + 2 = 3, 5 - 3 = 2; +44 7700 900123 (T-000123) 50% off! a_b_c well-known",
)


class TestIdentity:
    def test_a_filter_that_is_ignored_is_not_believed(self, start: Start) -> None:
        """Redmine returns every issue then: as a hit, it would be somebody else's; as none, it would prove nothing."""
        tracker = start(field="No filter")
        tracker.create(draft(), "")

        with pytest.raises(Rejected, match="ignores the filter by No filter") as raised:
            tracker.find("whosleft-3f9a1c-t-000999", "")
        checked = tracker.check()

        assert "used as a filter" in raised.value.remedy
        assert (checked.ok, "No filter" in checked.message) == (False, True)

    def test_an_issue_without_its_identity_is_the_copy_all_the_same(
        self, start: Start, server: RedmineServer, project: Project
    ) -> None:
        tracker = start(field="Of bugs")

        seen = tracker.create(draft(), "")
        checked = tracker.check()

        assert ["without its Of bugs" in one.message for one in tracker.concerns()] == [True]
        assert one_read(tracker, seen.ref).ref == seen.ref

        assert server.count(project) == 1
        assert (checked.ok, "does not have the field Of bugs" in checked.message) == (False, True)

    def test_one_with_another_tracker_is_a_copy_all_the_same(
        self, start: Start, server: RedmineServer, project: Project
    ) -> None:
        server.act("only_bugs", project.role)
        tracker = start()

        seen = tracker.create(draft(), "")
        checked = tracker.check()

        assert server.issue(seen.ref)["tracker"]["name"] == "Bug"
        assert [one.about for one in tracker.concerns()] == ["tracker"]
        assert (checked.ok, "with the tracker Bug, not Task" in checked.message) == (False, True)

    def test_one_that_is_overdue_is_made_too(self, start: Start, server: RedmineServer) -> None:
        """Redmine lets an issue start today by itself, and refuses one that is due earlier."""
        seen = start().create(replace(draft(), due_on=date(2020, 1, 1)), "")

        assert server.issue(seen.ref)["due_date"] == "2020-01-01"

    def test_a_long_title_is_cut(self, start: Start, server: RedmineServer) -> None:
        seen = start().create(replace(draft(), title="x" * 300 + "\ny"), "")

        assert server.issue(seen.ref)["subject"] == "x" * 254 + "…"


class TestMoves:
    def test_what_was_closed_meanwhile_is_left_alone(self, start: Start, server: RedmineServer) -> None:
        tracker = start()
        seen = tracker.create(draft(), "")
        server.status(CLOSER, seen.ref, "Rejected")

        with pytest.raises(Changed):
            tracker.move(seen, Goal.DONE, "Verified.")

        assert server.comments(seen.ref) == []

    def test_what_holds_it_is_named(self, start: Start, server: RedmineServer, project: Project) -> None:
        """The workflow allows the move, so it is no remedy."""
        tracker = start()
        seen = tracker.create(draft(), "")
        child, closed, blocking = (server.make(project) for _ in range(3))
        server.put(ROOT, child, parent_issue_id=int(seen.ref))
        server.put(ROOT, closed, parent_issue_id=int(seen.ref))
        server.status(CLOSER, closed, "Closed")
        server.relate(blocking, "blocks", seen.ref)

        with pytest.raises(Rejected) as raised:
            tracker.move(seen, Goal.DONE, "Verified.")
        assert raised.value.remedy.startswith(
            f"Close its open subtasks first: #{child}. Close what blocks it first: #{blocking}. "
        )

        for ref in (child, blocking):
            server.status(CLOSER, ref, "Closed")
        assert tracker.move(seen, Goal.DONE, "Verified.").standing is CopyStanding.DONE

    def test_a_closed_parent_is_named(self, start: Start, server: RedmineServer, project: Project) -> None:
        tracker = start()
        parent = server.make(project)
        seen = tracker.create(draft(), "")
        server.put(ROOT, seen.ref, parent_issue_id=int(parent))
        closed = tracker.move(one_read(tracker, seen.ref), Goal.DONE, "Verified.")
        server.status(CLOSER, parent, "Closed")

        with pytest.raises(Rejected) as raised:
            tracker.move(closed, Goal.OPEN, "It is still to be done.")

        assert raised.value.remedy.startswith(f"Reopen its parent first: #{parent}. ")

    def test_a_lost_answer_to_a_move_is_unclear(
        self, start: Start, server: RedmineServer, wire: Wire, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tracker = start()
        seen = tracker.create(draft(), "")
        change = tracker._client.change

        def lost(*given: Any) -> None:
            wire.lose_answers()
            change(*given)

        monkeypatch.setattr(tracker._client, "change", lost)
        with pytest.raises(Transient) as raised:
            tracker.move(seen, Goal.DONE, "Verified.")
        wire.mend()

        assert type(raised.value) is Transient
        assert one_read(tracker, seen.ref).standing is CopyStanding.DONE
        assert server.comments(seen.ref) == ["Verified."]

    def test_a_note_without_the_right_is_said(
        self, start: Start, server: RedmineServer, project: Project
    ) -> None:
        """It answers 204, and leaves the comment out."""
        tracker = start()
        seen = tracker.create(draft(), "")
        server.act("permit", project.role, "view_issues", "add_issues", "edit_issues")

        with pytest.raises(Rejected, match="Add notes"):
            tracker.note(seen, "It waits.")
        moved = tracker.move(seen, Goal.DONE, "Verified.")

        assert moved.standing is CopyStanding.DONE
        assert [one.about for one in tracker.concerns()] == ["notes"]
        assert server.comments(seen.ref) == []

    def test_fields_go_along_with_closing(self, start: Start, server: RedmineServer) -> None:
        tracker = start(states={**STATES, "fields": {"Cause": "proven", "done_ratio": 100}})
        seen = tracker.create(draft(), "")

        tracker.move(seen, Goal.DONE, "Verified.")

        issue = server.issue(seen.ref)
        assert issue["done_ratio"] == 100
        assert "proven" in [one["value"] for one in issue["custom_fields"] if one["name"] == "Cause"]

    def test_a_field_that_is_not_taken_is_named(
        self, start: Start, server: RedmineServer, project: Project
    ) -> None:
        server.act("read_only", project.role, "done_ratio")
        tracker = start(states={**STATES, "fields": {"done_ratio": 100}})
        seen = tracker.create(draft(), "")

        moved = tracker.move(seen, Goal.DONE, "Verified.")

        assert ["Closed without setting done_ratio" in one.message for one in tracker.concerns()] == [True]
        assert moved.standing is one_read(tracker, seen.ref).standing is CopyStanding.DONE

    def test_who_moved_it_first_is_not_who_moved_it_last(self, start: Start, server: RedmineServer) -> None:
        tracker = start()
        seen = tracker.create(draft(), "")
        assert tracker.last_move(seen).account == ""
        tracker.move(seen, Goal.DONE, "Verified.")
        server.status(CLOSER, seen.ref, "In Progress")
        server.status(ROOT, seen.ref, "Closed")

        moved = tracker.last_move(one_read(tracker, seen.ref))

        assert (moved.account, moved.email) == ("Ada Root", "")


class TestReading:
    def test_a_hidden_one_and_a_deleted_one_are_told_apart(
        self, start: Start, server: RedmineServer, project: Project
    ) -> None:
        tracker = start()
        seen = tracker.create(draft(), "")
        server.retire(project)

        assert list(tracker.read([seen.ref, "999999"])) == [
            CopyGone(seen.ref, "hidden"),
            CopyGone("999999", "deleted"),
        ]

    def test_one_in_another_project_is_followed(self, start: Start, server: RedmineServer) -> None:
        other = server.project()
        tracker = start()
        seen = tracker.create(draft(), "")
        server.put(ROOT, seen.ref, project_id=other.id)

        assert one_read(tracker, seen.ref).is_elsewhere
        assert [one.ref for one in tracker.find(draft().identity, "")] == [seen.ref]
        server.retire(other)

    def test_many_take_few_requests(self, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
        tracker = start()
        refs = [tracker.create(draft(number), "").ref for number in range(5)]
        monkeypatch.setattr(connector, "PAGE", 2)
        asked: list[str] = []
        ask = tracker._rest.get

        def counted(path: str, *more: Any) -> Any:
            asked.append(path)
            return ask(path, *more)

        monkeypatch.setattr(tracker._rest, "get", counted)

        found = [seen.ref for seen in tracker.read(refs)]

        assert (sorted(found), asked) == (sorted(refs), ["/issues.json"] * 3)

    def test_one_that_is_closed_as_a_duplicate_is_not_done(
        self, start: Start, server: RedmineServer, project: Project
    ) -> None:
        """Redmine closes it by itself with the other one."""
        tracker = start()
        seen = tracker.create(draft(), "")
        duplicated = tracker.create(draft(2), "")
        other = server.make(project)
        server.relate(seen.ref, "duplicates", other)
        server.relate(server.make(project), "duplicates", duplicated.ref)
        assert one_read(tracker, seen.ref).standing is CopyStanding.OPEN

        server.status(CLOSER, other, "Closed")
        server.status(CLOSER, duplicated.ref, "Closed")

        closed = one_read(tracker, seen.ref)
        assert (closed.status, closed.standing) == ("Closed", CopyStanding.DECLINED)
        assert one_read(tracker, duplicated.ref).standing is CopyStanding.DONE
        assert tracker.move(closed, Goal.OPEN, "It is still to be done.").standing is CopyStanding.OPEN


class TestAssigning:
    def test_who_is_no_member_does_not_get_it(self, start: Start, server: RedmineServer) -> None:
        tracker = start(accounts={"root@example.org": server.people[ROOT].id})
        seen = tracker.create(draft(), "")

        with pytest.raises(Rejected, match=r"root@example\.org.*Assignee is invalid") as raised:
            tracker.assign(seen, "root@example.org")

        assert "member" in raised.value.remedy
        assert one_read(tracker, seen.ref).assignee == ""

    def test_addresses_are_for_administrators(self, start: Start, server: RedmineServer) -> None:
        limited, admin = start(), start(api_key=server.people[ROOT].key)
        seen = limited.create(draft(), "")

        with pytest.raises(Rejected, match="administrators alone") as raised:
            limited.assign(seen, AMINA)
        given = admin.assign(seen, AMINA.upper())

        assert "under accounts" in raised.value.remedy
        assert given.assignee == AMINA
        assert one_read(limited, seen.ref).assignee == "Amina Yusuf"
        assert server.issue(seen.ref)["assigned_to"]["id"] == server.people[AMINA_LOGIN].id


class TestText:
    @pytest.mark.parametrize("formatting", ["common_mark", "textile"])
    def test_plain_text_stays_plain_text(self, formatting: str, start: Start, server: RedmineServer) -> None:
        server.act("setting", "text_formatting", formatting)
        try:
            tracker = start()
            seen = tracker.create(replace(draft(), paragraphs=HOSTILE), "")
            for text in HOSTILE:
                tracker.note(seen, text)
            [shown] = server.act("shown", int(seen.ref), "description")["text"]
            notes = server.act("shown", int(seen.ref), "notes")
            mentioned = server.act("mentioned", int(seen.ref))
        finally:
            server.act("setting", "text_formatting", "common_mark")

        assert mentioned == []
        for text, note in zip(HOSTILE, notes["text"], strict=True):
            assert words(text) == words(note)
            assert words(text) in words(shown)
        made = set(re.findall(r"<(\w+)", "".join(notes["html"])))
        assert made <= {"p", "br", "a"}

    def test_where_nothing_is_formatted_nothing_is_escaped(self, start: Start, server: RedmineServer) -> None:
        seen = start(formatting=False).create(draft(), "")

        assert "*not bold* <b>." in server.issue(seen.ref)["description"]


def words(text: str) -> str:
    """The text as it is read: each run of white space is one space, and what has no width is nothing."""
    return " ".join(text.replace("\N{WORD JOINER}", "").split())
