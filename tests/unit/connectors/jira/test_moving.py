"""Which move leads to a status, what goes along with it, and who moved it last."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from connectors.tracker.jira.mapping import last_move
from contracts.tracker import AMINA, draft
from fakes.jira.site import Move, User
from fakes.jira.world import STATES, JiraWorld, jira_world
from worker.domain.mirror.outside import CopyGone, CopyStanding, Goal, LastMove, Seen
from worker.ports import BadConfig, Rejected, Transient


def made(world: JiraWorld) -> Seen:
    return world.tracker.create(draft(), world.tracker.mark())


def now(world: JiraWorld, seen: Seen) -> Seen:
    [found] = world.tracker.read([seen.ref])
    assert isinstance(found, Seen)
    return found


def test_it_is_closed_in_one_write_with_its_resolution_and_note(either: JiraWorld) -> None:
    seen = made(either)
    before = either.server.writes()
    either.tracker.move(seen, Goal.DONE, "Verified.")
    assert either.server.writes() == before + 1
    assert (either.issue(seen.ref).resolution, either.comments(seen.ref)) == ("Done", ["Verified."])


def test_a_resolution_goes_along_only_where_the_screen_takes_it(either: JiraWorld) -> None:
    either.site.moves[1].fields.clear()
    seen = made(either)
    assert either.tracker.move(seen, Goal.DONE, "Verified.").standing is CopyStanding.DONE
    assert either.issue(seen.ref).resolution is None


def test_a_move_without_a_screen_drops_what_comes_along_so_the_note_is_written_after_it(
    either: JiraWorld,
) -> None:
    either.site.moves[1].has_screen = False
    seen = made(either)
    either.tracker.move(seen, Goal.DONE, "Verified.")
    assert either.comments(seen.ref) == ["Verified."]
    [asked] = either.server.seen("/transitions", "POST")
    if either.site.tells_screens:
        assert json.loads(asked.request.body) == {"transition": {"id": "21"}}


def test_a_move_that_does_not_take_comments_is_made_without(center: JiraWorld) -> None:
    center.site.comment_is_off_screen = True
    seen = made(center)
    assert center.tracker.move(seen, Goal.DONE, "Verified.").standing is CopyStanding.DONE
    assert center.comments(seen.ref) == ["Verified."]


def test_a_move_whose_note_is_refused_is_done_and_told(either: JiraWorld) -> None:
    either.site.comment_is_off_screen = True
    either.site.may.discard("ADD_COMMENTS")
    seen = made(either)
    assert either.tracker.move(seen, Goal.DONE, "Verified.").standing is CopyStanding.DONE
    [concern] = either.tracker.concerns()
    assert f"{seen.key} was moved without a note" in concern.message
    either.site.may.add("ADD_COMMENTS")
    either.tracker.move(either.tracker._seen(seen.ref), Goal.OPEN, "They are back.")
    assert list(either.tracker.concerns()) == []


@pytest.mark.parametrize("has_screen", [True, False])
def test_the_same_words_are_said_again_with_the_next_move(either: JiraWorld, has_screen: bool) -> None:
    for move in either.site.moves:
        move.has_screen = has_screen
    seen = made(either)
    for _ in range(2):
        seen = either.tracker.move(seen, Goal.DONE, "Verified.")
        seen = either.tracker.move(seen, Goal.OPEN, "They are back.")
    assert either.comments(seen.ref) == ["Verified.", "They are back."] * 2


def test_a_note_whose_move_was_made_before_is_not_said_twice(either: JiraWorld) -> None:
    seen = made(either)
    either.server.faults.append("lost_after")
    with pytest.raises(Transient):
        either.tracker.move(seen, Goal.DONE, "Verified.")
    either.tracker.move(now(either, seen), Goal.DONE, "Verified.")
    assert either.comments(seen.ref) == ["Verified."]


def test_of_two_moves_the_one_is_taken_whose_fields_have_values(either: JiraWorld) -> None:
    either.site.moves.insert(0, Move("91", "Done", frozenset({"To Do"}), {"customfield_10200": True}))
    seen = made(either)
    assert either.tracker.move(seen, Goal.DONE, "Verified.").standing is CopyStanding.DONE


def test_moves_are_asked_for_each_time(either: JiraWorld) -> None:
    seen = made(either)
    seen = either.tracker.move(seen, Goal.DONE, "Verified.")
    seen = either.tracker.move(seen, Goal.OPEN, "They are back.")
    for move in either.site.moves:
        move.id = f"9{move.id}"
    assert either.tracker.move(seen, Goal.DONE, "Verified again.").standing is CopyStanding.DONE


def test_from_where_no_move_leads_there_nothing_is_written(either: JiraWorld) -> None:
    either.site.moves[1].starts = frozenset({"In Progress"})
    seen = made(either)
    before = either.server.writes()
    with pytest.raises(Rejected, match="No move leads from 'To Do' to 'Done'") as raised:
        either.tracker.move(seen, Goal.DONE, "Verified.")
    assert "Transition Issues" in raised.value.remedy
    assert either.server.writes() == before


def test_a_field_that_the_move_wants_is_named_with_what_may_stand_in_it() -> None:
    states = {**STATES, "fields": {}}
    with jira_world(is_cloud=True, states=states) as world:
        world.site.moves[1].fields["resolution"] = True
        seen = made(world)
        before = world.server.writes()
        with pytest.raises(
            Rejected, match=r"Resolution \(resolution: one of Done, Won't Do, Duplicate\)"
        ) as raised:
            world.tracker.move(seen, Goal.DONE, "Verified.")
        assert "states.fields" in raised.value.remedy
        assert world.server.writes() == before
        assert "Resolution" in world.tracker.check().message


def test_a_validator_that_refuses_is_quoted(either: JiraWorld) -> None:
    either.site.validator_says = "Close all subtasks first."
    seen = made(either)
    with pytest.raises(Rejected, match="Close all subtasks first"):
        either.tracker.move(seen, Goal.DONE, "Verified.")
    assert either.comments(seen.ref) == []


def test_a_resolution_that_reopening_left_behind_does_not_count(either: JiraWorld) -> None:
    seen = made(either)
    either.decline(seen.ref)
    assert now(either, seen).standing is CopyStanding.DECLINED
    either.reopen(seen.ref)
    assert either.issue(seen.ref).resolution == "Won't Do"
    assert now(either, seen).standing is CopyStanding.OPEN


def test_a_move_that_leaves_an_old_resolution_is_made_all_the_same(either: JiraWorld) -> None:
    seen = made(either)
    either.decline(seen.ref)
    either.site.moves = [
        Move("21", "Done", frozenset({"To Do"}), has_screen=False),
        Move("31", "To Do", frozenset({"Done"})),
    ]
    again = either.tracker.move(now(either, seen), Goal.OPEN, "It is still to be done.")

    done = either.tracker.move(again, Goal.DONE, "Verified.")

    assert (done.status, done.standing) == ("Done", CopyStanding.DECLINED)
    assert either.comments(seen.ref) == ["It is still to be done.", "Verified."]


def test_a_status_that_is_not_named_is_unknown(either: JiraWorld) -> None:
    seen = made(either)
    either.site.set_status(either.issue(seen.ref), "Review", either.site.sam)
    assert (now(either, seen).status, now(either, seen).standing) == ("Review", CopyStanding.UNKNOWN)


def test_a_cancelled_one_goes_where_the_configuration_says() -> None:
    states = {**STATES, "open": ["To Do"], "on_cancelled": "In Progress"}
    with jira_world(is_cloud=True, states=states) as world:
        seen = made(world)
        assert Goal.CANCELLED in world.tracker.can.goals
        assert world.tracker.move(seen, Goal.CANCELLED, "They came back.").standing is CopyStanding.DECLINED
        assert world.comments(seen.ref) == ["They came back."]


def test_an_issue_in_another_project_is_the_same_one(either: JiraWorld) -> None:
    seen = made(either)
    either.site.move_to_project(either.issue(seen.ref), "OPS-9")
    moved = now(either, seen)
    assert (moved.ref, moved.key, moved.is_elsewhere) == (seen.ref, "OPS-9", True)
    assert moved.url.endswith("/browse/OPS-9")
    [found] = either.tracker.find(draft().identity, "0")
    assert (found.ref, found.is_elsewhere) == (seen.ref, True)
    either.tracker.note(moved, "Still there.")
    assert either.comments(seen.ref) == ["Still there."]


def test_a_project_with_a_new_key_is_the_same_project(either: JiraWorld) -> None:
    seen = made(either)
    either.issue(seen.ref).key = "SECURITY-1"
    assert not now(either, seen).is_elsewhere


def test_what_is_deleted_or_hidden_is_gone(either: JiraWorld) -> None:
    seen = made(either)
    either.issue(seen.ref).is_hidden = True
    [found] = either.tracker.read([seen.ref])
    assert found == CopyGone(seen.ref, "deleted or hidden")
    with pytest.raises(Rejected, match="deleted or hidden"):
        either.tracker.move(seen, Goal.DONE, "Verified.")


def test_nothing_is_gone_while_the_project_is_not_to_be_seen(either: JiraWorld) -> None:
    seen = made(either)
    either.issue(seen.ref).is_hidden = True
    either.site.may.discard("BROWSE_PROJECTS")
    with pytest.raises(BadConfig, match="no project SEC") as raised:
        list(either.tracker.read([seen.ref]))
    assert "Browse Projects" in raised.value.remedy


def test_five_thousand_are_read_in_some_fifty_calls(cloud: JiraWorld) -> None:
    refs = [str(cloud.site.add().id) for _ in range(450)]
    assert len(list(cloud.tracker.read(refs))) == 450
    assert len(cloud.server.log) <= 450 / 100 + 1 + 2  # pages, and who and where it is


def test_data_center_reads_hundreds_in_one_search_and_what_it_lacks_alone(center: JiraWorld) -> None:
    refs = [str(center.site.add().id) for _ in range(150)]
    center.site.search_lag = 50
    late = made(center)
    found = list(center.tracker.read([*refs, late.ref]))
    assert len([one for one in found if isinstance(one, Seen)]) == 151
    assert len(center.server.seen("/search")) == 3  # the mark, and two pages


def test_a_copy_whose_label_was_taken_off_is_told_by_its_property(either: JiraWorld) -> None:
    seen = made(either)
    either.site.edit(either.issue(seen.ref), {"fields": {"labels": ["ward"]}})
    either.close(seen.ref)

    there = now(either, seen)

    assert (there.identity, there.standing) == (draft().identity, CopyStanding.DONE)


def test_the_last_of_many_changes_is_read_from_the_last_page(either: JiraWorld) -> None:
    seen = made(either)
    issue = either.issue(seen.ref)
    for number in range(250):
        either.site.set_status(issue, "Review" if number % 2 else "To Do", either.site.bot)
    either.close(seen.ref)
    assert either.tracker.last_move(now(either, seen)).email == "sam.closer@example.org"
    if either.site.is_cloud:
        assert len(either.server.seen("/changelog")) == 2


@pytest.mark.parametrize(
    "moves",
    [
        (("10", "2026-10-25T02:50:00.000+0200"), ("11", "2026-10-25T02:10:00.000+0100")),
        (("999", "2026-10-25T02:10:00.000+0100"), ("1000", "2026-10-25T02:10:00.000+0100")),
        ((None, "soon"), ("11", "2026-10-25T02:10:00.000+0100")),
    ],
    ids=["the clock goes back", "one instant", "no instant"],
)
def test_the_last_of_changes_is_the_latest_instant_and_number(moves: tuple[tuple[str, str], ...]) -> None:
    sam, ben = [
        {"id": id_, "created": at, "author": {"displayName": who}, "items": [{"field": "status"}]}
        for who, (id_, at) in zip(("sam", "ben"), moves, strict=True)
    ]
    at = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert last_move([ben, sam]) == last_move([sam, ben]) == LastMove("ben", "", at)


def test_nobody_has_moved_a_new_one(either: JiraWorld) -> None:
    assert either.tracker.last_move(made(either)) == LastMove()


def test_who_hides_their_address_is_named(either: JiraWorld) -> None:
    seen = made(either)
    either.site.sam.shows_email = False
    either.close(seen.ref)
    moved = either.tracker.last_move(now(either, seen))
    assert (moved.account, moved.email) == ("Sam Closer", "")


def test_an_account_whose_address_is_hidden_counts_if_it_is_the_only_one(either: JiraWorld) -> None:
    either.site.amina.shows_email = False
    seen = either.tracker.assign(made(either), AMINA)
    assert seen.assignee == "Amina Yusuf"


@pytest.mark.parametrize("shows_email", [True, False])
def test_of_two_accounts_none_gets_it(either: JiraWorld, shows_email: bool) -> None:
    second = User("acc-2", "amina2", "Amina Y.", AMINA, shows_email=shows_email)
    either.site.amina.shows_email = shows_email
    either.site.people.append(second)
    with pytest.raises(Rejected, match="not exactly one account"):
        either.tracker.assign(made(either), AMINA)


def test_an_account_that_only_begins_like_the_address_is_another_person(either: JiraWorld) -> None:
    either.site.amina.email = f"{AMINA}.uk"
    with pytest.raises(Rejected, match="not exactly one account"):
        either.tracker.assign(made(either), AMINA)


def test_an_account_that_was_closed_is_none(either: JiraWorld) -> None:
    either.site.amina.is_active = False
    with pytest.raises(Rejected, match="not exactly one account"):
        either.tracker.assign(made(either), AMINA)


def test_a_customer_without_a_licence_is_no_account(cloud: JiraWorld) -> None:
    cloud.site.amina.kind = "customer"
    with pytest.raises(Rejected, match="not exactly one account"):
        cloud.tracker.assign(made(cloud), AMINA)


def test_an_assignee_that_was_dropped_is_told(either: JiraWorld) -> None:
    either.site.drops_assignee = True
    with pytest.raises(Rejected, match="took the assignee of SEC-1, but it is another one"):
        either.tracker.assign(made(either), AMINA)


def test_a_file_is_attached_once(either: JiraWorld) -> None:
    seen = made(either)
    data = b'\r\n--x\r\n{"grade": "B"}\x00\xff'
    for _ in range(2):
        either.tracker.attach(seen, "T-000123.json", data)
    [file] = either.issue(seen.ref).files
    assert (file["filename"], file["size"]) == ("T-000123.json", len(data))
    either.site.attachments_on = False
    with pytest.raises(Exception, match="Attachments are off"):
        either.tracker.attach(seen, "other.json", b"")
