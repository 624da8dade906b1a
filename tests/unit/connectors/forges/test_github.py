"""What GitHub does that nobody expects, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from contracts.tracker import AMINA, draft
from fakes.github.server import GithubServer, description
from fakes.github.world import GithubWorld
from fakes.trackers.markdown import as_read, calls_somebody
from fakes.trackers.server import answered
from worker.domain.mirror.outside import CopyGone, CopyStanding, Goal, Seen
from worker.ports import (
    BadConfig,
    Changed,
    Rejected,
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


def now(world: GithubWorld, ref: str) -> Seen:
    [seen] = world.tracker.read([ref])
    assert isinstance(seen, Seen)
    return seen


def test_the_mark_is_hidden_and_nothing_else_is(world: GithubWorld) -> None:
    seen = made(world)
    body = world.server.issues[int(seen.ref)].body
    assert body.endswith("<!-- whosleft: whosleft-3f9a1c-t-000123 -->")
    assert "whosleft-3f9a1c" not in as_read(body)
    assert seen.key == "org/desk#1"


def test_a_mark_that_somebody_wrote_elsewhere_finds_nothing(world: GithubWorld) -> None:
    mark = world.tracker.mark()
    hidden = f"<!-- whosleft: {draft().identity} -->"
    world.server.add("quoted", f"> {hidden}\n\nIs this the one?")
    world.server.add("escaped", hidden.replace("<", "&lt;"))
    world.server.add("a pull request", hidden, is_pull=True)
    assert list(world.tracker.find(draft().identity, mark)) == []
    forged = replace(draft(7), paragraphs=(hidden,))
    world.tracker.create(forged, "")
    assert list(world.tracker.find(draft().identity, mark)) == []


def test_a_copy_is_found_among_hundreds_that_came_after(world: GithubWorld) -> None:
    mark = world.tracker.mark()
    seen = made(world)
    for number in range(250):
        world.server.add(f"other {number}", is_pull=number % 2 == 0)
    asked = len(world.server.log)
    assert [one.ref for one in world.tracker.find(draft().identity, mark)] == [seen.ref]
    assert len(world.server.log) - asked == 3


def test_what_is_older_than_the_mark_is_not_looked_at(world: GithubWorld) -> None:
    for number in range(250):
        world.server.add(f"other {number}")
    asked = len(world.server.log)
    mark = world.tracker.mark()
    assert list(world.tracker.find(draft().identity, mark)) == []
    assert len(world.server.log) - asked == 2


def test_many_are_read_by_pages(world: GithubWorld) -> None:
    for number in range(900):
        world.server.add(f"other {number}")
    refs = [str(number) for number in range(301, 851)]
    for number in range(100, 140):  # what is missing moves the others to the front
        world.server.gone.add(number)
    asked = len(world.server.log)
    found = list(world.tracker.read([*refs, "120"]))
    assert {one.ref for one in found if isinstance(one, Seen)} == set(refs)
    assert [one.ref for one in found if isinstance(one, CopyGone)] == ["120"]
    assert len(world.server.log) - asked <= 11


def test_where_most_are_missing_no_more_is_asked_than_one_by_one(world: GithubWorld) -> None:
    for number in range(700):
        world.server.add(f"other {number}")
    world.server.hidden |= set(range(1, 650))
    refs = [str(number) for number in range(655, 661)]
    asked = len(world.server.log)
    assert {one.ref for one in world.tracker.read(refs)} == set(refs)
    assert len(world.server.log) - asked <= 12


def test_few_far_apart_are_read_one_by_one(world: GithubWorld) -> None:
    for number in range(900):
        world.server.add(f"other {number}")
    asked = len(world.server.log)
    assert len(list(world.tracker.read(["1", "900"]))) == 2
    assert len(world.server.log) - asked == 2


def test_a_transferred_issue_is_followed_and_noted_on(world: GithubWorld) -> None:
    seen = made(world)
    world.server.transfer(int(seen.ref))
    there = now(world, seen.ref)
    assert (there.ref, there.key, there.is_elsewhere) == (seen.ref, "org/elsewhere#901", True)
    world.tracker.note(there, "It waits.")
    assert world.server.moved[1].comments == ["It waits."]


def test_a_redirection_to_another_server_is_not_followed(world: GithubWorld) -> None:
    seen = made(world)
    away = answered({}, 301, {"Location": "https://elsewhere.example.org/repositories/77/issues/1"})
    world.server.tell("GET /repos/org/desk/issues/1", away)
    with pytest.raises(BadConfig):
        now(world, seen.ref)


@pytest.mark.parametrize("how, why", [("gone", "deleted"), ("hidden", "hidden")])
def test_deleted_and_hidden_are_gone(world: GithubWorld, how: str, why: str) -> None:
    seen = made(world)
    getattr(world.server, how).add(int(seen.ref))
    [gone] = world.tracker.read([seen.ref])
    assert isinstance(gone, CopyGone)
    assert why in gone.why


def test_a_repository_that_is_out_of_sight_proves_nothing(world: GithubWorld) -> None:
    seen = made(world)
    world.server.is_visible = False
    with pytest.raises(BadConfig):
        list(world.tracker.read([seen.ref]))


@pytest.mark.parametrize("reason, standing", [
    (None, CopyStanding.DONE), ("completed", CopyStanding.DONE), ("not_planned", CopyStanding.DECLINED),
    ("duplicate", CopyStanding.DECLINED),
])  # fmt: skip
def test_the_reason_says_whether_it_was_done(
    world: GithubWorld, reason: str | None, standing: CopyStanding
) -> None:
    seen = made(world)
    world.server.change(int(seen.ref), "sam-doe", "closed", reason)
    if reason is None:
        world.server.issues[1].reason = None  # as of before there were reasons
    assert now(world, seen.ref).standing is standing


def test_cancelling_is_not_planned(world: GithubWorld) -> None:
    assert world.tracker.move(made(world), Goal.CANCELLED, "Cancelled.").standing is CopyStanding.DECLINED
    assert world.server.issues[1].reason == "not_planned"


def test_what_was_closed_meanwhile_is_not_moved(world: GithubWorld) -> None:
    seen = made(world)
    world.close(seen.ref)
    with pytest.raises(Changed):
        world.tracker.move(seen, Goal.DONE, "Verified.")
    assert world.comments(seen.ref) == []


def test_a_reason_that_is_ignored_is_named(world: GithubWorld) -> None:
    world.server.knows_reasons = False
    with pytest.raises(Rejected, match="state_reason"):
        world.tracker.move(made(world), Goal.CANCELLED, "Cancelled.")


def test_what_is_closed_already_is_cancelled_by_a_note_alone(world: GithubWorld) -> None:
    seen = made(world)
    world.close(seen.ref)
    assert (
        world.tracker.move(now(world, seen.ref), Goal.CANCELLED, "Cancelled.").standing is CopyStanding.DONE
    )
    assert [text for text in world.comments(seen.ref) if "Cancelled." in text]


def test_labels_that_were_dropped_are_told_and_make_no_second_issue(world: GithubWorld) -> None:
    world.server.may_triage = False
    made(world, 1)
    [concern] = world.tracker.concerns()
    assert (concern.about, "whosleft" in concern.message, "Triage" in concern.remedy) == (
        "labels",
        True,
        True,
    )
    checked = world.tracker.check()
    assert (checked.ok, "Triage" in checked.remedy) == (False, True)
    world.server.may_triage = True
    made(world, 2)
    assert list(world.tracker.concerns()) == []
    assert world.copies() == 2


def test_an_assignee_who_was_dropped_is_named(world: GithubWorld) -> None:
    seen = made(world)
    world.server.may_triage = False
    with pytest.raises(Rejected, match="assignees"):
        world.tracker.assign(seen, AMINA)


def test_an_assignee_is_shown_by_address_where_it_is_known(world: GithubWorld) -> None:
    seen = world.tracker.assign(made(world), AMINA)
    assert seen.assignee == AMINA
    world.server.issues[1].assignees = ["sam-doe"]
    assert now(world, "1").assignee == "sam-doe"
    with pytest.raises(Changed):
        world.tracker.assign(seen, AMINA)


def test_who_may_not_be_assigned_is_named(world: GithubWorld) -> None:
    world.server.people.discard("amina-y")
    with pytest.raises(Rejected, match="amina-y"):
        world.tracker.assign(made(world), AMINA)


def test_nobody_is_called_by_what_strangers_wrote(world: GithubWorld) -> None:
    hostile = replace(draft(), title="Remove @sam-doe from #12", paragraphs=("@sam-doe fixes #1 :tada:",))
    seen = world.tracker.create(hostile, "")
    world.tracker.note(seen, "@sam-doe\n/close")
    issue = world.server.issues[1]
    assert [calls_somebody(one) for one in (issue.title, issue.body, *issue.comments)] == [[], [], []]


def test_a_locked_issue_is_its_own_trouble(world: GithubWorld) -> None:
    seen = made(world)
    world.server.issues[1].is_locked = True
    with pytest.raises(Rejected, match="locked"):
        world.tracker.note(seen, "It waits.")


def test_a_move_whose_note_is_refused_is_done_and_told(world: GithubWorld) -> None:
    seen = made(world)
    world.server.issues[1].is_locked = True
    assert world.tracker.move(seen, Goal.DONE, "Verified.").standing is CopyStanding.DONE
    assert ["locked" in one.message for one in world.tracker.concerns()] == [True]
    world.server.issues[1].is_locked = False
    world.tracker.move(now(world, "1"), Goal.OPEN, "It goes on.")
    assert list(world.tracker.concerns()) == []


def test_evidence_is_folded_and_added_once(world: GithubWorld) -> None:
    seen = made(world)
    for _ in range(2):
        world.tracker.attach(seen, "T-000123 <b>.json", b'{"who": "@sam-doe", "text": "```"}')
    [comment] = world.server.issues[1].comments
    assert "<summary>T-000123 &lt;b&gt;.json (sha256 " in comment
    assert '````\n{"who": "@sam-doe", "text": "```"}\n````' in comment
    for data in (b"\xff\x00", b"x" * 70_000):
        with pytest.raises(Rejected):
            world.tracker.attach(seen, "T-000123.bin", data)
