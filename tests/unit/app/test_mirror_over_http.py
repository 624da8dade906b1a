"""The mirror over trackers that speak HTTP: one copy whatever is lost, no write without a change, a person's close."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace

import pytest

from contracts.tracker import TrackerWorld
from fakes.github.server import GithubServer
from fakes.github.server import description as of_github
from fakes.github.world import GithubWorld
from fakes.gitlab.server import GitlabServer
from fakes.gitlab.world import GitlabWorld
from fakes.jira.server import JiraServer
from fakes.jira.world import JiraWorld, jira_world
from fakes.servicenow.server import ServicenowServer
from fakes.servicenow.world import ServicenowWorld
from fakes.trackers.server import TrackerServer
from harness import Harness
from worker.domain.mirror.copy import Copy, mark_of
from worker.domain.mirror.outside import CopyStanding
from worker.domain.tickets.ticket import TicketState
from worker.running.mirroring import TrackerRules

JOE, CREW = "joe@corp.example", ("ann", "ben", "eve", "joe")
Found = Callable[..., Harness]
Desk = tuple[TrackerServer | JiraServer, TrackerWorld]
Made = Callable[[], AbstractContextManager[tuple[JiraServer, JiraWorld]]]


@contextmanager
def _servicenow() -> Iterator[tuple[TrackerServer, TrackerWorld]]:
    with ServicenowServer() as server:
        world = ServicenowWorld(server)
        world.person("joe", JOE)
        yield server, world


@contextmanager
def _github() -> Iterator[tuple[TrackerServer, TrackerWorld]]:
    with GithubServer(of_github()) as server:
        yield server, GithubWorld(server, accounts={JOE: "amina-y"})


@contextmanager
def _gitlab() -> Iterator[tuple[TrackerServer, TrackerWorld]]:
    with GitlabServer() as server:
        yield server, GitlabWorld(server, accounts={JOE: "amina-y"})


def _jira(*, is_cloud: bool) -> Made:
    @contextmanager
    def made() -> Iterator[tuple[JiraServer, JiraWorld]]:
        with jira_world(is_cloud=is_cloud) as world:
            world.site.amina.email = JOE
            yield world.server, world

    return made


@pytest.fixture(
    params=[_servicenow, _github, _gitlab, _jira(is_cloud=True), _jira(is_cloud=False)],
    ids=["servicenow", "github", "gitlab", "jira", "jira_data_center"],
)
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with request.param() as (server, world), closing(world.tracker):
        yield server, world
        server.judged()


@pytest.fixture
def ward(found: Found, desk: Desk) -> Harness:
    harness = found()
    harness.hire(*CREW)
    harness.group("ward-7", *CREW[:-1], admins=["joe"], name="Ward 7 nights")
    harness.settle()
    harness.leave("ann")
    harness.settle()
    harness.trackers = [desk[1].tracker]  # type: ignore[list-item]  # it is used as any tracker
    harness.start(replace(harness.app.rules, trackers={"desk": TrackerRules()}, has_told_links=True))
    return harness


def run(ward: Harness) -> None:
    ward.later(minutes=5)
    ward.mirror()


def copy(ward: Harness) -> Copy:
    with ward.store.reading() as uow:
        found = uow.mirrors.find("desk", 1)
    assert found is not None
    return found


def writes(server: TrackerServer | JiraServer) -> int:
    if isinstance(server, JiraServer):  # it is read by POST, too
        return server.writes()
    return sum(line.method != "GET" for line in server.log)


def settled(ward: Harness) -> Copy:
    for _ in range(3):
        run(ward)
    return copy(ward)


@pytest.mark.parametrize("is_late", [False, True])
def test_a_lost_answer_makes_one_copy(ward: Harness, desk: Desk, is_late: bool) -> None:
    server, world = desk
    server.lose(1, is_late=is_late)
    run(ward)
    server.land()
    found = settled(ward)
    assert (world.copies(), found.shown, found.problem) == (1, "open", "")


def test_a_pass_without_a_change_writes_nothing(ward: Harness, desk: Desk) -> None:
    found = settled(ward)
    assert (found.given, found.assignee) == (JOE, mark_of(JOE))
    before = writes(desk[0])
    for _ in range(3):
        run(ward)
    assert writes(desk[0]) == before


def test_a_person_s_close_is_a_claim_and_is_proven(ward: Harness, desk: Desk) -> None:
    server, world = desk
    found = settled(ward)
    world.close(found.ref)
    run(ward)
    assert (ward.ticket().state, ward.ticket().grade) == (TicketState.DONE, "C")
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    run(ward)
    assert ward.ticket().state is TicketState.VERIFIED
    said = [text for text in world.comments(found.ref) if "Verified" in text]
    assert (len(said), copy(ward).shown) == (1, "closed")
    before = writes(server)
    run(ward)
    assert writes(server) == before


def test_what_was_declined_is_opened_again_with_a_note(ward: Harness, desk: Desk) -> None:
    _server, world = desk
    found = settled(ward)
    world.decline(found.ref)
    run(ward)
    assert ward.ticket().state is TicketState.OPEN
    assert copy(ward).standing is CopyStanding.OPEN
    assert ["still to be done" in text for text in world.comments(found.ref)] == [True]


def test_what_is_proven_first_is_closed_there(ward: Harness, desk: Desk) -> None:
    _server, world = desk
    found = settled(ward)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    run(ward)
    assert (copy(ward).standing, copy(ward).shown) == (CopyStanding.DONE, "closed")
    assert len(world.comments(found.ref)) == 1


@pytest.mark.parametrize("lost", [1, 2])
def test_a_proof_whose_answer_is_lost_is_said_once(ward: Harness, desk: Desk, lost: int) -> None:
    """The answer to the move; then that to its note, too, where that is another write."""
    server, world = desk
    found = settled(ward)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    server.lose(lost)
    for _ in range(3):
        run(ward)
    assert (copy(ward).standing, copy(ward).shown) == (CopyStanding.DONE, "closed")
    assert ["Verified" in text for text in world.comments(found.ref)] == [True]
    before = writes(server)
    run(ward)
    assert writes(server) == before


def test_what_is_gone_is_told_and_not_made_again(ward: Harness, desk: Desk) -> None:
    _server, world = desk
    found = settled(ward)
    world.delete(found.ref)
    left = world.copies()
    for _ in range(3):
        ward.later(hours=2)
        run(ward)
    assert (world.copies(), ward.ticket().state) == (left, TicketState.OPEN)
    assert copy(ward).problem
