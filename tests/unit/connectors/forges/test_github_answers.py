"""What GitHub answers, and what a configuration and a call may say."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.tracker.github.config import GithubConfig
from contracts.tracker import AMINA, NOW, draft
from fakes.github.server import REPOSITORY, TOKEN, GithubServer, description, refused
from fakes.github.world import GithubWorld, github
from fakes.graph.http import Reply
from fakes.trackers.server import WriteFault
from worker.domain.mirror.outside import Seen
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    InboundCall,
    NotDone,
    PermissionDenied,
    Rejected,
    Transient,
)


@pytest.fixture
def server() -> Iterator[GithubServer]:
    with GithubServer(description()) as server:
        yield server
        server.judged()


@pytest.fixture
def world(server: GithubServer) -> Iterator[GithubWorld]:
    world = GithubWorld(server)
    with closing(world.tracker):
        yield world


def made(world: GithubWorld, number: int = 123) -> Seen:
    return world.tracker.create(draft(number), world.tracker.mark())


RESET = str(int((NOW + timedelta(seconds=40)).timestamp()))


@pytest.mark.parametrize(
    "reply, wait_s",
    [
        (refused(403, "You have exceeded a secondary rate limit.").with_headers(**{"Retry-After": "37"}), 37),
        (refused(429, "Too many requests").with_headers(**{"Retry-After": "37"}), 37),
        (refused(403, "API rate limit exceeded").with_headers(
            **{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": RESET}), 40),
        (refused(429, "Too many").with_headers(**{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": RESET}), 40),
        (refused(403, "You have exceeded a secondary rate limit."), 60),
    ],
)  # fmt: skip
def test_each_kind_of_limit_is_waited_for_and_holds_up_nobody(
    world: GithubWorld, reply: Reply, wait_s: float
) -> None:
    world.server.tell("POST /repos", reply, times=1)
    with pytest.raises(NotDone) as raised:
        world.tracker.create(draft(), "")
    assert raised.value.retry_after_s == wait_s
    asked = len(world.server.log)
    with pytest.raises(NotDone, match="left alone"):
        world.tracker.create(draft(), "")
    assert (len(world.server.log), world.copies()) == (asked, 0)


def test_a_right_that_is_missing_is_named(world: GithubWorld) -> None:
    header = {"X-Accepted-GitHub-Permissions": "issues=write"}
    reply = refused(403, "Resource not accessible by personal access token").with_headers(**header)
    world.server.tell("POST /repos", reply)
    with pytest.raises(PermissionDenied) as raised:
        made(world)
    assert raised.value.missing == "issues=write"


def test_a_field_that_was_refused_is_named(world: GithubWorld) -> None:
    errors = [{"resource": "Issue", "field": "title", "code": "custom", "message": "title is too long"}]
    world.server.tell("POST /repos", refused(422, "Validation Failed", errors=errors))
    with pytest.raises(Rejected, match="title is too long"):
        made(world)


def test_writes_go_out_one_a_second(server: GithubServer) -> None:
    waits: list[float] = []
    tracker = github(server, sleep=waits.append)
    with closing(tracker):
        for number in range(4):
            tracker.create(draft(number), "")
    assert len(waits) >= 3
    assert 2 < waits[-1] < 4  # a clock that stands still: the fourth comes after three seconds


@pytest.mark.parametrize(
    "fault, copies",
    [
        (WriteFault(is_done=True, reply=refused(502, "Bad gateway")), 1),
        (WriteFault(is_done=True, reply=Reply(200, b"<html>", "text/html")), 1),
        (WriteFault(is_done=True, reply=Reply(201, b'{"number": 1}', cut_after=6)), 1),
        (WriteFault(is_done=True, reply=Reply(201, b"{}")), 1),
        (WriteFault(is_done=False), 0),
    ],
)
def test_an_answer_that_proves_nothing_is_unclear(world: GithubWorld, fault: WriteFault, copies: int) -> None:
    mark = world.tracker.mark()
    world.server.write_faults.append(fault)
    with pytest.raises(Transient) as raised:
        world.tracker.create(draft(), mark)
    assert not isinstance(raised.value, NotDone)
    assert len(world.tracker.find(draft().identity, mark)) == world.copies() == copies


@pytest.mark.parametrize("status", [429, 401, 403, 422])
def test_a_refusal_between_a_create_and_its_proof_is_unclear(world: GithubWorld, status: int) -> None:
    mark = world.tracker.mark()
    world.server.tell("GET /repos/org/desk/issues/1", refused(status, "No"), times=1)
    with pytest.raises(Transient) as raised:
        world.tracker.create(draft(), mark)
    assert type(raised.value) is Transient
    assert world.copies() == len(world.tracker.find(draft().identity, mark)) == 1


def test_a_late_create_is_found_when_it_lands(world: GithubWorld) -> None:
    mark = world.tracker.mark()
    world.server.lose(1, is_late=True)
    with pytest.raises(Transient):
        world.tracker.create(draft(), mark)
    assert list(world.tracker.find(draft().identity, mark)) == []
    world.server.land()
    assert len(world.tracker.find(draft().identity, mark)) == 1


def test_issues_that_are_switched_off_are_said(world: GithubWorld) -> None:
    world.server.has_issues = False
    with pytest.raises(BadConfig, match="switched off"):
        world.tracker.mark()
    with pytest.raises(BadConfig, match="switched off"):
        world.tracker.create(draft(), "")
    assert "switched off" in world.tracker.check().message


def test_a_token_that_ended_is_said_without_it(server: GithubServer) -> None:
    tracker = github(server, token="ended-0001")
    with closing(tracker), pytest.raises(AuthFailed) as raised:
        tracker.mark()
    assert "ended-0001" not in str(raised.value)
    assert TOKEN not in str(raised.value)


@pytest.mark.parametrize(
    "keys, says",
    [
        ({"labels": ["nothing"]}, "no label nothing"),
        ({"accounts": {AMINA: "no-one"}}, "no-one"),
        ({"token": "wrong"}, "401"),
    ],
)
def test_a_check_names_what_is_missing(server: GithubServer, keys: dict[str, Any], says: str) -> None:
    tracker = github(server, **keys)
    with closing(tracker):
        checked = tracker.check()
    assert not checked.ok
    assert says in checked.message
    assert checked.remedy


def test_a_check_says_that_everybody_reads_it(world: GithubWorld) -> None:
    made(world)
    assert world.tracker.check().details == {"is_public": "no", "canary": "org/desk#1 is a copy"}
    world.server.is_private = False
    assert world.tracker.check().details["is_public"] == "yes"


@pytest.mark.parametrize("change", ["is_visible", "full_name"])
def test_a_check_says_that_the_repository_is_gone_or_renamed(world: GithubWorld, change: str) -> None:
    setattr(world.server, change, False if change == "is_visible" else "org/renamed")
    checked = world.tracker.check()
    assert not checked.ok
    assert "repository" in checked.remedy


def test_a_run_says_that_the_repository_was_renamed_too(world: GithubWorld) -> None:
    made(world)
    world.server.full_name = "org/renamed"
    acts: list[Callable[[], object]] = [
        lambda: world.tracker.create(draft(), ""),
        lambda: world.tracker.find("whosleft-i", ""),
        lambda: list(world.tracker.read([str(number) for number in range(1, 9)])),
    ]
    for act in acts:
        with pytest.raises(BadConfig, match="The repository was renamed or moved") as raised:
            act()
        assert raised.value.remedy == "Write its present name in repository."


def test_a_call_makes_its_issue_due_once(server: GithubServer) -> None:
    tracker = github(server, calls={"listen": "127.0.0.1:8091", "path": "/hub", "secret": "hook-0001"})
    [calls] = tracker.calls
    body = json.dumps({"action": "closed", "issue": {"number": 42}}).encode()
    proof = "sha256=" + hmac.new(b"hook-0001", body, hashlib.sha256).hexdigest()
    call = InboundCall("POST", "/hub", {}, {"x-hub-signature-256": proof, "x-github-delivery": "one"}, body)
    assert calls.receive(replace(call, headers={"x-hub-signature-256": "sha256=00"}))[0] == 401
    assert calls.receive(replace(call, body=body + b" "))[0] == 401
    assert calls.receive(call)[0] == 202
    assert tracker.news() == {"42"}
    assert calls.receive(call)[0] == 200
    assert tracker.news() == frozenset()
    ping = b'{"zen": "Keep it logically awesome."}'
    proof = "sha256=" + hmac.new(b"hook-0001", ping, hashlib.sha256).hexdigest()
    assert calls.receive(replace(call, headers={"x-hub-signature-256": proof}, body=ping))[0] == 200
    tracker.close()


@pytest.mark.parametrize(
    "keys",
    [
        {"repository": "desk"},
        {"repository": "org/desk/issues"},
        {"token": "a b"},
        {"labels": ["x" * 51]},
        {"labels": ["a,b"]},
        {"accounts": {"amina": "amina-y"}},
        {"accounts": {AMINA: "../x"}},
        {"accounts": {AMINA: "amina-y", "other@example.org": "Amina-Y"}},
        {"url": "api.github.com"},
        {"states": {"open": ["open"], "done": ["closed"]}},
    ],
)
def test_a_configuration_that_can_not_work_is_refused(keys: dict[str, object]) -> None:
    good = {"token": TOKEN, "repository": REPOSITORY}
    assert GithubConfig.model_validate(good).api == "https://api.github.com"
    with pytest.raises(ValueError, match="validation error"):
        GithubConfig.model_validate(good | keys)


def test_no_error_knows_the_token(world: GithubWorld) -> None:
    for status in (400, 401, 403, 404, 410, 422, 500):
        world.server.tell("GET /repos", refused(status, "No"), times=1)
        with pytest.raises(ConnectorError) as raised:
            world.tracker.mark()
        assert TOKEN not in f"{raised.value}{raised.value.__cause__!r}"
