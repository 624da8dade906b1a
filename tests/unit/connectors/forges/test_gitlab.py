"""What GitLab does that nobody expects, and what comes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.tracker.gitlab.config import GitlabConfig
from contracts.tracker import AMINA, NOW, draft
from fakes.gitlab.server import PROJECT, TOKEN, GitlabServer
from fakes.gitlab.world import GitlabWorld, gitlab
from fakes.graph.http import Reply
from fakes.trackers.markdown import as_read, calls_somebody
from fakes.trackers.server import WriteFault, answered
from worker.domain.mirror.outside import CopyGone, CopyStanding, Goal, Seen
from worker.ports import (
    AuthFailed,
    BadConfig,
    Changed,
    InboundCall,
    NotDone,
    PermissionDenied,
    Rejected,
    Transient,
)


@pytest.fixture
def server() -> Iterator[GitlabServer]:
    with GitlabServer() as server:
        yield server
        server.judged()


@pytest.fixture
def world(server: GitlabServer) -> Iterator[GitlabWorld]:
    world = GitlabWorld(server)
    with closing(world.tracker):
        yield world


def made(world: GitlabWorld, number: int = 123) -> Seen:
    return world.tracker.create(draft(number), world.tracker.mark())


def now(world: GitlabWorld, ref: str) -> Seen:
    [seen] = world.tracker.read([ref])
    assert isinstance(seen, Seen)
    return seen


def test_a_copy_is_confidential_and_its_mark_is_hidden(world: GitlabWorld) -> None:
    seen = made(world)
    issue = world.server.issues[1]
    assert (issue.is_confidential, issue.labels, seen.key) == (True, ["whosleft"], "group/desk#1")
    assert issue.description.endswith("<!-- whosleft: whosleft-3f9a1c-t-000123 -->")
    assert "whosleft-3f9a1c" not in as_read(issue.description)


def test_commands_of_strangers_are_not_obeyed(world: GitlabWorld) -> None:
    hostile = replace(draft(), title="Remove @sam-doe from !12", paragraphs=("/close", "@all see #1\n/close"))
    seen = world.tracker.create(hostile, "")
    world.tracker.note(seen, "/close")
    issue = world.server.issues[1]
    assert (issue.state, as_read(issue.notes[0]).strip()) == ("opened", "/close")
    assert [calls_somebody(one) for one in (issue.title, issue.description, *issue.notes)] == [[], [], []]


def test_an_issue_that_moved_away_is_gone_and_not_done(world: GitlabWorld) -> None:
    mark = world.tracker.mark()
    seen = made(world)
    issue = world.server.issues[1]
    issue.state, issue.moved_to = "closed", 99
    assert list(world.tracker.read([seen.ref])) == [CopyGone("1", "moved to another project")]
    assert list(world.tracker.find(draft().identity, mark)) == []
    with pytest.raises(Rejected, match="not there"):
        world.tracker.move(seen, Goal.DONE, "Verified.")


def test_a_duplicate_is_declined(world: GitlabWorld) -> None:
    seen = made(world)
    world.server.issues[1].duplicate_of = 99
    world.close(seen.ref)
    assert now(world, seen.ref).standing is CopyStanding.DECLINED


def test_a_label_that_declines_counts_only_once_it_is_closed(world: GitlabWorld) -> None:
    seen = made(world)
    world.decline(seen.ref)
    assert now(world, seen.ref).status == "closed (Wontfix)"
    world.reopen(seen.ref)
    assert now(world, seen.ref).standing is CopyStanding.OPEN


def test_cancelling_sets_the_label_and_going_on_takes_it_away(world: GitlabWorld) -> None:
    cancelled = world.tracker.move(made(world), Goal.CANCELLED, "Cancelled.")
    assert (cancelled.standing, world.server.issues[1].labels) == (
        CopyStanding.DECLINED,
        ["whosleft", "wontfix"],
    )
    again = world.tracker.move(cancelled, Goal.OPEN, "It goes on.")
    assert (again.standing, world.server.issues[1].labels) == (CopyStanding.OPEN, ["whosleft"])


def test_without_such_labels_a_cancelled_one_is_only_noted(server: GitlabServer) -> None:
    tracker = gitlab(server, declined_labels=[])
    assert tracker.can.goals == {Goal.OPEN, Goal.DONE}
    tracker.close()


def test_a_new_state_that_was_refused_is_named(world: GitlabWorld) -> None:
    seen = made(world)
    world.server.is_forbidden = True
    with pytest.raises(Rejected, match="403"):
        world.tracker.move(seen, Goal.DONE, "Verified.")
    with pytest.raises(PermissionDenied) as raised:
        made(world, 7)
    assert raised.value.missing == "the role Reporter"


def test_what_was_closed_meanwhile_is_not_moved(world: GitlabWorld) -> None:
    seen = made(world)
    world.close(seen.ref)
    with pytest.raises(Changed):
        world.tracker.move(seen, Goal.DONE, "Verified.")
    assert world.comments(seen.ref) == []


@pytest.mark.parametrize("right, word", [("may_label", "whosleft"), ("may_hide", "confidential")])
def test_what_a_create_dropped_is_told_and_makes_no_second_issue(
    world: GitlabWorld, right: str, word: str
) -> None:
    setattr(world.server, right, False)
    made(world, 1)
    [concern] = world.tracker.concerns()
    assert word in concern.message
    setattr(world.server, right, True)
    made(world, 2)
    assert list(world.tracker.concerns()) == []
    assert world.copies() == 2


def test_an_assignee_who_was_dropped_is_named(world: GitlabWorld) -> None:
    seen = made(world)
    world.server.may_label = False
    with pytest.raises(Rejected, match="assignee_ids"):
        world.tracker.assign(seen, AMINA)


def test_who_is_no_member_or_blocked_or_unknown_is_named(world: GitlabWorld) -> None:
    seen = made(world)
    world.server.members.discard(2)
    with pytest.raises(Rejected, match="no member"):
        world.tracker.assign(seen, AMINA)
    world.server.blocked.add("amina-y")
    with pytest.raises(Rejected, match="no active account"):
        world.tracker.assign(seen, AMINA)
    del world.server.people["amina-y"]
    with pytest.raises(Rejected, match="no active account"):
        world.tracker.assign(seen, AMINA)


def test_an_assignee_is_shown_by_address_where_it_is_known(world: GitlabWorld) -> None:
    seen = world.tracker.assign(made(world), AMINA)
    assert seen.assignee == AMINA
    world.server.issues[1].assignees = ["sam-doe"]
    assert now(world, "1").assignee == "sam-doe"
    with pytest.raises(Changed):
        world.tracker.assign(seen, AMINA)


def test_five_hundred_are_read_in_five_calls(world: GitlabWorld) -> None:
    for number in range(700):
        world.server.add(f"other {number}")
    refs = [str(number) for number in range(101, 601)]
    asked = len(world.server.log)
    assert {one.ref for one in world.tracker.read(refs)} == set(refs)
    assert len(world.server.log) - asked == 5


def test_a_copy_is_found_among_hundreds_and_what_is_older_is_not_looked_at(world: GitlabWorld) -> None:
    for number in range(150):
        world.server.add(f"before {number}")
    mark = world.tracker.mark()
    seen = made(world)
    for number in range(150):
        world.server.add(f"after {number}", "<!-- whosleft: whosleft-3f9a1c-t-000999 -->")
    asked = len(world.server.log)
    assert [one.ref for one in world.tracker.find(draft().identity, mark)] == [seen.ref]
    assert len(world.server.log) - asked == 3


def test_issues_that_nobody_asked_for_are_no_answer(world: GitlabWorld) -> None:
    seen = made(world, 1)
    made(world, 2)
    world.server.ignores_iids = True
    with pytest.raises(Transient):
        list(world.tracker.read([seen.ref]))


def test_a_hidden_issue_is_gone_but_a_hidden_project_proves_nothing(world: GitlabWorld) -> None:
    seen = made(world)
    world.server.hidden.add(1)
    [gone] = world.tracker.read([seen.ref])
    assert isinstance(gone, CopyGone)
    assert "hidden" in gone.why
    world.server.is_shown = False
    with pytest.raises(BadConfig, match="does not show the project"):
        list(world.tracker.read([seen.ref]))


def test_evidence_is_folded_and_added_once(world: GitlabWorld) -> None:
    seen = made(world)
    for _ in range(2):
        world.tracker.attach(seen, "T-000123.json", b'{"grade": "B"}')
    assert len(world.server.issues[1].notes) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "40"},
        {"RateLimit-Reset": str(int((NOW + timedelta(seconds=40)).timestamp()))},
    ],
)
def test_a_limit_is_waited_for_and_holds_up_nobody(world: GitlabWorld, headers: dict[str, str]) -> None:
    world.server.tell("POST /api", answered({"message": "Retry later"}, 429, headers), times=1)
    with pytest.raises(NotDone) as raised:
        world.tracker.create(draft(), "")
    assert raised.value.retry_after_s == 40
    asked = len(world.server.log)
    with pytest.raises(NotDone, match="left alone"):
        world.tracker.create(draft(), "")
    assert (len(world.server.log), world.copies()) == (asked, 0)


@pytest.mark.parametrize(
    "fault, copies",
    [
        (WriteFault(is_done=True, reply=answered({"message": "Bad gateway"}, 502)), 1),
        (WriteFault(is_done=True, reply=Reply(200, b"<html>", "text/html")), 1),
        (WriteFault(is_done=True, reply=Reply(201, b'{"iid": 1}', cut_after=5)), 1),
        (WriteFault(is_done=True, reply=Reply(201, b"[]")), 1),
        (WriteFault(is_done=False), 0),
    ],
)
def test_an_answer_that_proves_nothing_is_unclear(world: GitlabWorld, fault: WriteFault, copies: int) -> None:
    mark = world.tracker.mark()
    world.server.write_faults.append(fault)
    with pytest.raises(Transient) as raised:
        world.tracker.create(draft(), mark)
    assert not isinstance(raised.value, NotDone)
    assert len(world.tracker.find(draft().identity, mark)) == world.copies() == copies


@pytest.mark.parametrize("status", [429, 401, 403, 400])
def test_a_refusal_between_a_create_and_its_proof_is_unclear(world: GitlabWorld, status: int) -> None:
    mark = world.tracker.mark()
    world.server.tell(
        "GET /api/v4/projects/group%2Fdesk/issues/1", answered({"message": "No"}, status), times=1
    )
    with pytest.raises(Transient) as raised:
        world.tracker.create(draft(), mark)
    assert type(raised.value) is Transient
    assert world.copies() == len(world.tracker.find(draft().identity, mark)) == 1


def test_a_late_create_is_found_when_it_lands(world: GitlabWorld) -> None:
    mark = world.tracker.mark()
    world.server.lose(1, is_late=True)
    with pytest.raises(Transient):
        world.tracker.create(draft(), mark)
    assert list(world.tracker.find(draft().identity, mark)) == []
    world.server.land()
    assert len(world.tracker.find(draft().identity, mark)) == 1


def test_a_refusal_names_its_field(world: GitlabWorld) -> None:
    with pytest.raises(Rejected, match="title can't be blank"):
        world.tracker.create(replace(draft(), title=""), "")


def test_a_token_that_ended_is_said_without_it(server: GitlabServer) -> None:
    tracker = gitlab(server, token="ended-0001")
    with closing(tracker), pytest.raises(AuthFailed) as raised:
        tracker.mark()
    assert not {"ended-0001", TOKEN} & set(str(raised.value).split())


def test_a_scope_that_is_missing_is_named(world: GitlabWorld) -> None:
    world.server.tell("GET /api", answered({"error": "insufficient_scope", "scope": "api"}, 403))
    checked = world.tracker.check()
    assert (checked.ok, "scope api" in checked.remedy) == (False, True)


@pytest.mark.parametrize(
    "change, says",
    [
        ({"role": 10}, "labels"),
        ({"is_visible": False}, "project"),
        ({"settings": {"issues_access_level": "disabled"}}, "switched off"),
        ({"settings": {"archived": True}}, "archived"),
        ({"people": {}}, "amina-y"),
    ],
)
def test_a_check_names_what_is_missing(world: GitlabWorld, change: dict[str, Any], says: str) -> None:
    for name, value in change.items():
        setattr(world.server, name, value)
    checked = world.tracker.check()
    assert not checked.ok
    assert says in checked.message
    assert checked.remedy


@pytest.mark.parametrize(
    "visibility, confidential, is_public",
    [
        ("private", False, "no"),
        ("internal", True, "no"),
        ("internal", False, "yes"),
        ("public", True, "yes"),
        ("public", False, "yes"),
    ],
)
def test_a_check_says_who_reads_it(
    server: GitlabServer, visibility: str, confidential: bool, is_public: str
) -> None:
    server.visibility = visibility
    tracker = gitlab(server, confidential=confidential)
    with closing(tracker):
        checked = tracker.check()
    assert (checked.ok, checked.details["is_public"]) == (True, is_public)


def test_a_check_sees_a_copy_that_everybody_sees(world: GitlabWorld) -> None:
    made(world)
    assert world.tracker.check().details["canary"] == "group/desk#1 is a copy"
    world.server.issues[1].is_confidential = False
    checked = world.tracker.check()
    assert (checked.ok, checked.details["is_public"]) == (False, "yes")


def test_a_call_makes_its_issue_due_once(server: GitlabServer) -> None:
    tracker = gitlab(server, calls={"listen": "127.0.0.1:8091", "path": "/lab", "secret": "hook-0001"})
    [calls] = tracker.calls
    body = json.dumps({"object_kind": "issue", "object_attributes": {"iid": 42}}).encode()
    call = InboundCall("POST", "/lab", {}, {"x-gitlab-token": "hook-0001", "idempotency-key": "one"}, body)
    assert calls.receive(replace(call, headers={"x-gitlab-token": "hook-0002"}))[0] == 401
    assert calls.receive(replace(call, headers={}))[0] == 401
    assert [calls.receive(call)[0], tracker.news()] == [202, {"42"}]
    assert [calls.receive(call)[0], tracker.news()] == [200, frozenset()]
    note = json.dumps({"object_kind": "note", "object_attributes": {"id": 9}, "issue": {"iid": 43}}).encode()
    told = InboundCall("POST", "/lab", {}, {"x-gitlab-token": "hook-0001"}, note)
    assert [calls.receive(told)[0], tracker.news()] == [202, {"43"}]
    push = replace(told, body=b'{"object_kind": "push"}')
    assert [calls.receive(push)[0], tracker.news()] == [200, frozenset()]
    tracker.close()


@pytest.mark.parametrize(
    "keys",
    [
        {"project": "desk"},
        {"project": "group/../x y"},
        {"token": ""},
        {"labels": ["a,b"]},
        {"declined_labels": [" "]},
        {"accounts": {"amina": "amina-y"}},
        {"url": "gitlab.com"},
        {"states": {"open": ["opened"], "done": ["closed"]}},
    ],
)
def test_a_configuration_that_can_not_work_is_refused(keys: dict[str, object]) -> None:
    good: dict[str, object] = {"url": "https://gitlab.com", "token": TOKEN, "project": PROJECT}
    assert GitlabConfig.model_validate(good | {"project": "77"}).confidential
    with pytest.raises(ValueError, match="validation error"):
        GitlabConfig.model_validate(good | keys)
