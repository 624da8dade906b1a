"""What a new issue is made of, what becomes of answers that are lost, and how it is found again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from contracts.tracker import draft
from fakes.graph.http import Reply
from fakes.jira.server import HTML
from fakes.jira.site import REQUEST_FIELD
from fakes.jira.world import STATES, JiraWorld, jira_world
from openapi import OpenApi
from worker.domain.mirror.outside import Seen
from worker.ports import BadConfig, NotDone, Permanent, Rejected, Transient

IDENTITY = draft().identity


def made(world: JiraWorld, number: int = 123) -> Seen:
    return world.tracker.create(draft(number), world.tracker.mark())


def found(world: JiraWorld, mark: str = "0") -> list[str]:
    return [seen.ref for seen in world.tracker.find(IDENTITY, mark)]


def test_atlassians_description_is_there(contract_data: Path) -> None:
    """Without it nothing here is held to it; this test is then skipped, and says so."""
    description = OpenApi(contract_data / "jira-openapi-excerpt.json")
    template, _operation = description.operation("POST", "/rest/api/3/issue/bulkfetch")
    assert template == "/rest/api/3/issue/bulkfetch"


def test_a_request_that_is_not_described_is_a_violation(cloud: JiraWorld, contract_data: Path) -> None:
    cloud.server.contract = OpenApi(contract_data / "jira-openapi-excerpt.json")
    with pytest.raises(Rejected):
        cloud.tracker._client.get("issue/1", "an issue", {"no_such_option": "1"})
    assert "no option" in cloud.server.violations[0]
    cloud.server.violations.clear()


def test_identity_labels_and_due_day_come_in_one_write(either: JiraWorld) -> None:
    either.tracker.mark()
    before = either.server.writes()
    seen = made(either)
    assert either.server.writes() == before + 1
    issue = either.issue(seen.ref)
    assert issue.properties == {"whosleft": {"identity": IDENTITY}}
    assert issue.fields["labels"] == ["whosleft", IDENTITY]
    assert issue.fields["duedate"] == "2026-11-27"
    assert issue.fields["issuetype"] == {"id": "10001"}
    assert seen.url == f"{either.server.url}/browse/SEC-1"
    assert seen.opened_at is not None


def test_a_day_that_the_screen_does_not_take_is_left_out(either: JiraWorld) -> None:
    del either.site.screen["duedate"]
    assert "duedate" not in either.issue(made(either).ref).fields


def test_a_screen_that_changed_is_read_again_after_one_refusal(either: JiraWorld) -> None:
    made(either, 1)
    del either.site.screen["duedate"]
    with pytest.raises(Rejected, match="duedate"):
        made(either)
    assert either.copies() == 1
    made(either)
    assert either.copies() == 2


def test_labels_off_the_screen_refuse_it_and_nothing_is_made(either: JiraWorld) -> None:
    del either.site.screen["labels"]
    with pytest.raises(Rejected, match="labels") as raised:
        made(either)
    assert "labels" in raised.value.remedy
    assert either.copies() == 0


def test_a_field_that_became_required_is_named(either: JiraWorld) -> None:
    made(either, 1)
    either.site.screen["customfield_10200"] = True
    with pytest.raises(Rejected, match="Team is required") as raised:
        made(either)
    assert "customfield_10200" in raised.value.remedy
    assert either.copies() == 1


def test_a_required_field_gets_its_fixed_value() -> None:
    with jira_world(is_cloud=True, fields={"customfield_10200": {"value": "Desk"}}) as world:
        world.site.screen["customfield_10200"] = True
        assert world.issue(made(world).ref).fields["customfield_10200"] == {"value": "Desk"}
        assert world.tracker.check().ok


def test_a_text_that_is_too_long_is_cut_and_says_so(either: JiraWorld) -> None:
    long = replace(draft(), title="t" * 400, paragraphs=("Remove them.", "x" * 40_000, "The end."))
    seen = either.tracker.create(long, "0")
    shown = either.text(seen.ref)
    assert "Remove them." in shown
    assert "it was cut here" in shown
    assert draft().url in shown
    assert "The end." not in shown
    assert len(either.issue(seen.ref).fields["summary"]) == 255


def test_jira_names_the_text_that_it_finds_too_long(
    either: JiraWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fakes.jira.site.TEXT_MAX", 50)
    with pytest.raises(Rejected, match=r"description: The entered text is too long") as raised:
        made(either)
    assert "description" in raised.value.remedy


def test_an_answer_lost_before_the_effect_is_unclear_and_nothing_is_found(either: JiraWorld) -> None:
    mark = either.tracker.mark()
    either.server.faults.append("lost_before")
    with pytest.raises(Transient) as raised:
        either.tracker.create(draft(), mark)
    assert type(raised.value) is Transient
    assert found(either, mark) == []
    made(either)
    assert either.copies() == 1


@pytest.mark.parametrize("fault", ["broken_after", "html_after", "lost_after"])
def test_a_bad_answer_after_the_effect_is_unclear_and_then_found(either: JiraWorld, fault: str) -> None:
    mark = either.tracker.mark()
    either.server.faults.append(fault)
    with pytest.raises(Transient) as raised:
        either.tracker.create(draft(), mark)
    assert type(raised.value) is Transient
    assert len(found(either, mark)) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(429, b"{}", headers={"Retry-After": "7"}),
        Reply(401, b"{}"),
        HTML,
    ],
)
def test_what_fails_after_a_write_that_was_taken_is_never_surely_not_done(
    either: JiraWorld, reply: Reply
) -> None:
    made(either, 1)  # the form and the place are known now, so the next read is the one after the write
    either.server.read_faults.append(reply)
    with pytest.raises(Transient) as raised:
        made(either)
    assert not isinstance(raised.value, NotDone | Permanent)
    assert either.copies() == 2
    assert len(found(either, "1")) == 1


@pytest.mark.parametrize("status", [403, 404])
def test_an_issue_that_is_not_shown_is_the_copy_all_the_same(either: JiraWorld, status: int) -> None:
    """New issues may get a level of security that hides them from us: an error would make a second one."""
    made(either, 1)
    either.server.read_faults.append(Reply(status, b"{}"))
    seen = made(either)
    assert (seen.key, seen.identity) == ("SEC-2", IDENTITY)
    assert seen.url == f"{either.server.url}/browse/SEC-2"
    [concern] = either.tracker.concerns()
    assert "SEC-2" in concern.message
    assert not either.tracker.check().ok
    [read] = either.tracker.read([seen.ref])
    assert isinstance(read, Seen)
    assert list(either.tracker.concerns()) == []
    assert either.tracker.check().ok
    assert either.copies() == 2


def test_a_conflict_or_a_refusal_makes_nothing(either: JiraWorld) -> None:
    either.site.may.discard("CREATE_ISSUES")
    with pytest.raises(BadConfig, match="can make no 'Task'") as raised:
        made(either)
    assert "Create Issues" in raised.value.remedy
    assert either.server.writes() == 0


def test_a_right_that_went_is_a_refusal_with_jiras_words(either: JiraWorld) -> None:
    made(either, 1)
    either.site.may.discard("CREATE_ISSUES")
    with pytest.raises(Rejected, match="You cannot create issues in this project"):
        made(either)


def test_what_jira_drops_of_a_new_issue_makes_no_second_one(either: JiraWorld) -> None:
    either.site.drops_labels = either.site.drops_properties = True
    seen = made(either)
    assert (seen.key, seen.identity, either.copies()) == ("SEC-1", "", 1)
    either.issue(seen.ref).fields["labels"] = ["whosleft"]
    assert "SEC-1 has lost its label of its ticket" in either.tracker.check().message


def test_a_right_that_is_lacking_is_the_trouble_of_this_copy_alone(either: JiraWorld) -> None:
    seen = made(either)
    either.server.replies.append(Reply(403, b'{"errorMessages": ["No."], "errors": {}}'))
    with pytest.raises(Rejected, match=r"403: No\.") as raised:
        either.tracker.note(seen, "It waits.")
    assert "rights" in raised.value.remedy


def test_a_label_alone_is_enough_where_no_property_is_kept(either: JiraWorld) -> None:
    either.site.drops_properties = True
    assert found(either) == [] or pytest.fail("nothing was made")
    seen = made(either)
    assert (seen.identity, found(either)) == (IDENTITY, [seen.ref])


def test_a_clone_that_took_the_labels_along_is_not_ours(either: JiraWorld) -> None:
    seen = made(either)
    either.site.add(labels=("whosleft", IDENTITY))
    assert found(either) == [seen.ref]


def test_an_issue_with_our_label_and_another_proof_is_not_ours(either: JiraWorld) -> None:
    other = made(either, 77)
    either.issue(other.ref).fields["labels"].append(IDENTITY)
    assert found(either) == []


def test_on_cloud_it_is_found_while_the_search_lags(cloud: JiraWorld) -> None:
    mark = cloud.tracker.mark()
    cloud.site.search_lag = 100
    cloud.lose_answers(1)
    with pytest.raises(Transient):
        cloud.tracker.create(draft(), mark)
    assert len(found(cloud, mark)) == 1


def test_without_its_key_it_is_found_once_the_search_has_it(either: JiraWorld) -> None:
    """Data Center knows no other way; on Cloud this is an issue whose key is below the mark."""
    either.site.search_lag = 2
    seen = made(either)
    assert [found(either, "99"), found(either, "99"), found(either, "99")] == [[], [], [seen.ref]]
    assert either.tracker.can.lag.total_seconds() >= 60


def test_keys_are_walked_until_a_whole_page_has_none(cloud: JiraWorld) -> None:
    mark = cloud.tracker.mark()
    cloud.site.search_lag = 100
    for _ in range(150):
        cloud.site.add()
    made(cloud)
    cloud.tracker.close()
    assert len(found(cloud, mark)) == 1
    assert len(cloud.server.seen("bulkfetch")) == 3  # 1-100, 101-200, 201-300


def test_the_walk_has_an_end(cloud: JiraWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.tracker.jira.connector.WALK_MAX", 2)
    for _ in range(260):
        cloud.site.add()
    seen = made(cloud)
    before = len(cloud.server.seen("bulkfetch"))
    assert found(cloud, "0") == [seen.ref], "by its label"
    assert len(cloud.server.seen("bulkfetch")) == before + 3  # two pages, and what the search found


def test_the_mark_is_the_highest_key_that_is_known(either: JiraWorld) -> None:
    assert either.tracker.mark() == "0"
    for _ in range(12):
        either.site.add()
    assert either.tracker.mark() == "12"
    either.site.search_lag = 100
    made(either)
    assert either.tracker.mark() == "13", "our own is known although the search lags"


def test_a_mark_for_a_project_that_is_gone_is_refused(either: JiraWorld) -> None:
    either.site.project_key = "NEW"
    with pytest.raises(Rejected, match="'SEC' does not exist for the field 'project'") as raised:
        either.tracker.mark()
    assert "project" in raised.value.remedy


def test_an_invalid_query_is_an_error_and_never_an_empty_answer(
    either: JiraWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.tracker.jira.connector._quoted", lambda text: f'{text}" OR x ~ "y')
    with pytest.raises(Rejected, match="Error in the JQL Query"):
        either.tracker.find(IDENTITY, "0")


def test_clouds_old_search_is_never_asked(cloud: JiraWorld) -> None:
    mark = cloud.tracker.mark()
    made(cloud)
    cloud.tracker.find(IDENTITY, mark)
    cloud.tracker.check()
    assert {line.path for line in cloud.server.seen("/search")} <= {
        "/rest/api/3/search/jql",
        "/rest/api/3/resolution/search",
    }


def test_a_search_that_was_removed_says_what_to_do(center: JiraWorld) -> None:
    center.server.is_search_removed = True
    with pytest.raises(BadConfig, match="answered 410") as raised:
        center.tracker.find(IDENTITY, "0")
    assert "update Whosleft" in raised.value.remedy


def test_a_request_has_its_type_and_notes_that_customers_do_not_see() -> None:
    with jira_world(is_cloud=True, request_type="42") as world:
        world.site.screen[REQUEST_FIELD] = False
        seen = made(world)
        assert world.issue(seen.ref).fields[REQUEST_FIELD] == "42"
        world.tracker.note(seen, "It waits.")
        [comment] = world.issue(seen.ref).comments
        assert comment["properties"] == [{"key": "sd.public.comment", "value": {"internal": True}}]
        assert world.tracker.check().ok
        world.issue(seen.ref).fields[REQUEST_FIELD] = None
        checked = world.tracker.check()
        assert "SEC-1 has no request type" in checked.message


def test_a_request_type_needs_service_management() -> None:
    with jira_world(is_cloud=True, request_type="42", states=STATES) as world:
        with pytest.raises(BadConfig, match="no request types"):
            made(world)
        assert not world.tracker.check().ok
