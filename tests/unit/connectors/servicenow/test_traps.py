"""What ServiceNow does that nobody expects, and what comes of it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest

from connectors.tracker.servicenow import mapping
from contracts.tracker import AMINA, draft
from fakes.graph.http import Reply
from fakes.servicenow.server import CODES, PASSWORD
from fakes.servicenow.world import DOE, STATES, ServicenowWorld, servicenow
from fakes.trackers.server import WriteFault, answered
from worker.domain.mirror.outside import CopyGone, CopyStanding, Goal, Seen
from worker.ports import (
    AuthFailed,
    Changed,
    NotDone,
    PermissionDenied,
    Rejected,
    Transient,
)


def made(world: ServicenowWorld, number: int = 123) -> Seen:
    return world.tracker.create(draft(number), "")


def now(world: ServicenowWorld, ref: str) -> Seen:
    [seen] = world.tracker.read([ref])
    assert isinstance(seen, Seen)
    return seen


def test_a_question_whose_filter_is_ignored_is_no_answer(world: ServicenowWorld) -> None:
    made(world, 7)
    world.server.unread.add("incident.correlation_id")
    with pytest.raises(Rejected, match="correlation_id"):
        world.tracker.find(draft().identity, "")


def test_records_that_nobody_asked_for_are_no_answer(world: ServicenowWorld) -> None:
    seen, other = made(world, 1), made(world, 2)
    world.server.unread.add("incident.sys_id")
    with pytest.raises(Transient):
        list(world.tracker.read([seen.ref]))
    world.server.unread.clear()
    assert {one.ref for one in world.tracker.read([seen.ref, other.ref])} == {seen.ref, other.ref}


def test_the_case_of_an_id_counts_though_the_database_does_not_see_it(world: ServicenowWorld) -> None:
    made(world)
    [record] = world.server.tables["incident"].values()
    record["correlation_id"] = record["correlation_id"].upper()
    assert list(world.tracker.find(draft().identity, "")) == []


def test_a_page_of_hidden_records_is_not_the_end(world: ServicenowWorld) -> None:
    first = made(world)
    record = world.server.tables["incident"][first.ref]
    for _ in range(100):
        hidden = world.server.add(
            "incident", **{**record, "sys_created_on": "2026-01-01 00:00:00", "sys_id": ""}
        )
        world.server.tables["incident"][hidden]["sys_id"] = hidden
        world.server.hidden.add(hidden)
    assert [one.ref for one in world.tracker.find(draft().identity, "")] == [first.ref]


def test_a_record_that_is_hidden_is_gone_and_can_come_back(world: ServicenowWorld) -> None:
    seen = made(world)
    world.server.hidden.add(seen.ref)
    [gone] = world.tracker.read([seen.ref])
    assert isinstance(gone, CopyGone)
    assert "hidden" in gone.why
    world.server.hidden.clear()
    assert now(world, seen.ref).standing is CopyStanding.OPEN


def test_a_record_without_our_id_is_the_copy_all_the_same(world: ServicenowWorld) -> None:
    """Its sys_id was answered. An error would make another one, by each process that begins."""
    world.server.unwritten.add("incident.correlation_id")
    seen = made(world)
    assert now(world, seen.ref).key == seen.key
    [concern] = world.tracker.concerns()
    assert "correlation_id" in concern.message
    assert not world.tracker.check().ok, "whatever is not found may be there"
    world.server.unwritten.clear()
    made(world, 124)
    assert list(world.tracker.concerns()) == []
    assert world.copies() == 2


def test_a_record_that_is_not_shown_is_the_copy_all_the_same(world: ServicenowWorld) -> None:
    error = {"error": {"message": "No Record found", "detail": ""}, "status": "failure"}
    world.server.tell("GET /api/now/v2/table/incident/", answered(error, 404), times=1)
    seen = made(world)
    [concern] = world.tracker.concerns()
    assert (seen.key in concern.message, seen.standing) == (True, CopyStanding.OPEN)
    assert now(world, seen.ref).identity == draft().identity
    assert list(world.tracker.concerns()) == []
    assert world.copies() == 1


@pytest.mark.parametrize("field", ["assignment_group", "category", "correlation_display"])
def test_a_field_that_a_create_dropped_is_told_and_makes_no_second_record(
    world: ServicenowWorld, field: str
) -> None:
    world.server.unwritten.add(f"incident.{field}")
    tracker = servicenow(world.server, fields={"category": "security"})
    with closing(tracker):
        tracker.create(draft(1), "")
        [concern] = tracker.concerns()
        assert (concern.about, field in concern.message, field in concern.remedy) == (field, True, True)
        world.server.unwritten.clear()
        tracker.create(draft(2), "")
        assert list(tracker.concerns()) == []
    assert world.copies() == 2


def test_a_field_that_became_required_is_named(world: ServicenowWorld) -> None:
    world.server.mandatory = "category"
    with pytest.raises(Rejected, match="mandatory: Category"):
        made(world)
    assert world.copies() == 0


def test_closing_without_notes_is_refused_with_their_names(world: ServicenowWorld) -> None:
    tracker = servicenow(world.server, close=None)
    with closing(tracker):
        seen = tracker.create(draft(), "")
        with pytest.raises(Rejected, match="mandatory: Close code"):
            tracker.move(seen, Goal.DONE, "Verified.")
        assert world.comments(seen.ref) == []
        checked = tracker.check()
    assert (checked.ok, "close_code" in checked.remedy) == (False, True)


def test_closing_says_code_and_notes(world: ServicenowWorld) -> None:
    seen = made(world)
    world.tracker.move(seen, Goal.DONE, "Verified by the list.")
    record = world.server.tables["incident"][seen.ref]
    assert (record["close_code"], record["close_notes"]) == (CODES[0], "Verified by the list.")


def test_cancelling_is_declined(world: ServicenowWorld) -> None:
    seen = made(world)
    assert world.tracker.move(seen, Goal.CANCELLED, "Cancelled.").standing is CopyStanding.DECLINED
    assert not world.server.tables["incident"][seen.ref].get("close_code")


def test_cancelling_by_a_state_that_is_done_says_code_and_notes(world: ServicenowWorld) -> None:
    tracker = servicenow(world.server, states=STATES | {"on_cancelled": 7, "fields": {"category": "done"}})
    with closing(tracker):
        seen = tracker.create(draft(), "")
        tracker.move(seen, Goal.CANCELLED, "Cancelled.")
    record = world.server.tables["incident"][seen.ref]
    assert (record["close_code"], record["close_notes"]) == (CODES[0], "Cancelled.")
    assert record.get("category", "") != "done"


def test_a_business_rule_says_no(world: ServicenowWorld) -> None:
    seen = made(world)
    world.server.aborted = (
        "Operation against file 'incident' was aborted by Business Rule 'Only the desk closes'"
    )
    with pytest.raises(Rejected, match="Only the desk closes"):
        world.tracker.move(seen, Goal.DONE, "Verified.")
    assert world.comments(seen.ref) == []


def test_a_right_that_is_missing_is_named(world: ServicenowWorld) -> None:
    seen = made(world)
    refusal = "ACL Exception Update Failed due to security constraints"
    world.server.aborted = refusal
    with pytest.raises(Rejected, match="security constraints"):
        world.tracker.move(seen, Goal.DONE, "Verified.")
    error = {"error": {"message": "Operation Failed", "detail": refusal}, "status": "failure"}
    world.server.tell("POST /api", answered(error, 403))
    with pytest.raises(PermissionDenied, match="security constraints"):
        made(world, 7)


def test_a_code_that_says_not_solved_is_declined(world: ServicenowWorld) -> None:
    seen = made(world)
    world.server.change(seen.ref, world.doe, state="6", close_code=CODES[2], close_notes="Gave up.")
    assert now(world, seen.ref).standing is CopyStanding.DECLINED
    world.reopen(seen.ref)  # the code stays
    assert now(world, seen.ref).standing is CopyStanding.OPEN


@pytest.mark.parametrize("states", [("7", "2", "6"), ("6", "2", "7"), ("6", "7")])
def test_who_closed_it_last_did_it_whatever_the_record_keeps_of_before(
    world: ServicenowWorld, states: tuple[str, ...]
) -> None:
    seen = made(world)
    for state in states[:-1]:
        world.server.change(seen.ref, world.doe, state=state)
    world.server.change(seen.ref, world.amina, state=states[-1])

    move = world.tracker.last_move(now(world, seen.ref))
    assert move.email == AMINA
    record = world.server.tables["incident"][seen.ref]
    assert move.at == mapping.instant(record["sys_updated_on"])


def test_a_state_that_nobody_named_is_unknown(world: ServicenowWorld) -> None:
    seen = made(world)
    world.server.change(seen.ref, world.doe, state="17")
    assert now(world, seen.ref).standing is CopyStanding.UNKNOWN


def test_what_was_changed_since_is_not_written_over(world: ServicenowWorld) -> None:
    seen = made(world)
    world.server.change(seen.ref, world.doe, state="2")
    with pytest.raises(Changed):
        world.tracker.move(seen, Goal.DONE, "Verified.")
    with pytest.raises(Changed):
        world.tracker.assign(seen, AMINA)
    assert world.comments(seen.ref) == []
    assert (
        world.tracker.move(replace(seen, revision=""), Goal.DONE, "Verified.").standing is CopyStanding.DONE
    )


def test_a_work_note_that_was_dropped_is_named(world: ServicenowWorld) -> None:
    seen = made(world)
    world.server.unwritten.add("incident.work_notes")
    with pytest.raises(Rejected, match="work note"):
        world.tracker.note(seen, "It waits.")


def test_a_note_makes_no_html(world: ServicenowWorld) -> None:
    seen = made(world)
    world.tracker.note(seen, "[code]<b>bold</b>[/code]")
    assert "[code]" not in world.comments(seen.ref)[0]


def test_who_is_not_in_the_group_gets_nothing(world: ServicenowWorld) -> None:
    world.server.tables["sys_user_grmember"].clear()
    with pytest.raises(Rejected, match="not in the assignment group"):
        world.tracker.assign(made(world), AMINA)


def test_of_two_accounts_with_one_address_nobody_gets_it(world: ServicenowWorld) -> None:
    world.person("amina.two", AMINA)
    with pytest.raises(Rejected, match="not one account"):
        world.tracker.assign(made(world), AMINA)


def test_an_address_can_not_end_a_question(world: ServicenowWorld) -> None:
    with pytest.raises(Rejected):
        world.tracker.assign(made(world), f"x^NQemail={DOE}")


def test_an_assignee_who_was_dropped_is_named(world: ServicenowWorld) -> None:
    seen = made(world)
    world.server.unwritten.add("incident.assigned_to")
    with pytest.raises(Rejected, match="assigned_to"):
        world.tracker.assign(seen, AMINA)


def test_an_assignee_is_shown_by_address(world: ServicenowWorld) -> None:
    assert world.tracker.assign(made(world), AMINA).assignee == AMINA
    world.server.unread.add("sys_user.email")
    assert now(world, next(iter(world.server.tables["incident"]))).assignee == "Amina.Yusuf"


def test_a_file_is_attached_once(world: ServicenowWorld) -> None:
    seen = made(world)
    for data in (b"{}", b"{}", b'{"grade": "B"}'):
        world.tracker.attach(seen, "T-000123.json", data)
    assert [one["size_bytes"] for one in world.server.files] == ["2", "14"]


def test_five_hundred_are_read_in_five_calls(world: ServicenowWorld) -> None:
    row = dict(world.server.tables["incident"][made(world).ref])
    refs = [
        world.server.add("incident", **{k: v for k, v in row.items() if k != "sys_id"}) for _ in range(500)
    ]
    before = len(world.server.log)
    assert len(list(world.tracker.read(refs))) == 500
    assert len(world.server.log) - before == 5


def test_a_late_create_is_found_when_it_lands(world: ServicenowWorld) -> None:
    world.server.lose(1, is_late=True)
    with pytest.raises(Transient):
        made(world)
    assert list(world.tracker.find(draft().identity, "")) == []
    world.server.land()
    assert len(world.tracker.find(draft().identity, "")) == 1


@pytest.mark.parametrize(
    "fault, copies",
    [
        (WriteFault(is_done=True, reply=Reply(502, b"Bad gateway", "text/plain")), 1),
        (WriteFault(is_done=True, reply=Reply(200, b"<html>", "text/html")), 1),
        (WriteFault(is_done=True, reply=Reply(201, b'{"result": {}}', cut_after=6)), 1),
        (WriteFault(is_done=False), 0),
        (WriteFault(is_done=False, reply=Reply(200, b"[]")), 0),
    ],
)
def test_an_answer_that_proves_nothing_is_unclear(
    world: ServicenowWorld, fault: WriteFault, copies: int
) -> None:
    world.server.write_faults.append(fault)
    with pytest.raises(Transient) as raised:
        made(world)
    assert not isinstance(raised.value, NotDone)
    assert world.copies() == copies


def test_a_limit_is_not_done_and_says_how_long(world: ServicenowWorld) -> None:
    limit = answered({"error": {"message": "Rate limit exceeded", "detail": ""}, "status": "failure"}, 429)
    world.server.tell("POST /api", limit.with_headers(**{"Retry-After": "37"}), times=1)
    with pytest.raises(NotDone) as raised:
        made(world)
    assert raised.value.retry_after_s == 37
    asked = len(world.server.log)
    with pytest.raises(NotDone, match="left alone"):  # nobody else waits for it
        made(world)
    assert len(world.server.log) == asked
    assert world.copies() == 0


@pytest.mark.parametrize("status", [429, 401, 403, 400])
def test_a_refusal_between_a_create_and_its_proof_is_unclear(world: ServicenowWorld, status: int) -> None:
    error = {"error": {"message": "No", "detail": ""}, "status": "failure"}
    world.server.tell("GET /api/now/v2/table/incident/", answered(error, status), times=1)
    with pytest.raises(Transient) as raised:
        made(world)
    assert type(raised.value) is Transient
    assert world.copies() == len(world.tracker.find(draft().identity, "")) == 1


def test_a_move_whose_note_is_refused_is_done_and_told(world: ServicenowWorld) -> None:
    seen = made(world)
    world.server.unwritten.add("incident.work_notes")
    moved = world.tracker.move(seen, Goal.DONE, "Verified.")
    assert moved.standing is CopyStanding.DONE
    assert ["work note" in one.message for one in world.tracker.concerns()] == [True]


def test_a_password_that_ended_is_said_without_it(world: ServicenowWorld) -> None:
    tracker = servicenow(world.server, password="ended-0001")
    with closing(tracker), pytest.raises(AuthFailed) as raised:
        tracker.find(draft().identity, "")
    assert not {"ended-0001", PASSWORD} & set(str(raised.value).split())


def test_long_titles_keep_the_ticket(world: ServicenowWorld) -> None:
    long = replace(draft(), title=f"Remove member: {'Ward ' * 60}(T-000123)", paragraphs=("x" * 9000,))
    seen = world.tracker.create(long, "")
    record = world.server.tables["incident"][seen.ref]
    assert record["short_description"].endswith("… (T-000123)")
    assert (len(record["short_description"]) <= 160, len(record["description"])) == (True, 4000)
