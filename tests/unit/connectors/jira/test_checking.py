"""What check says of each thing that is missing, and how it is mended."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contracts.tracker import draft
from fakes.graph.http import Reply
from fakes.jira.server import JiraServer
from fakes.jira.world import STATES, JiraWorld, jira_world
from worker.ports import NotDone, Transient
from worker.ports.connectors.tracker import says_who_reads

Spoil = Callable[[JiraWorld], object]


def made(world: JiraWorld) -> str:
    return world.tracker.create(draft(), world.tracker.mark()).ref


def lag(world: JiraWorld) -> None:
    """The label was indexed with the first search only: a search by it finds nothing."""
    world.site.search = lambda jql, **_: [] if jql.startswith("labels") else world.site.issues  # type: ignore[method-assign]


def test_it_only_reads(either: JiraWorld) -> None:
    made(either)
    before = either.server.writes()
    checked = either.tracker.check()
    assert checked.ok
    assert either.server.writes() == before
    kind = "Jira Cloud" if either.site.is_cloud else "Jira Data Center 9.12.4"
    assert dict(checked.details) == {"is_public": "no", "jira": kind, "account": "bot@example.org"}
    assert checked.message == f"{kind}, project SEC, as bot@example.org"


def test_it_is_green_before_the_first_copy(either: JiraWorld) -> None:
    assert either.tracker.check().ok


@pytest.mark.parametrize(
    "spoil, said, remedy",
    [
        (lambda world: world.site.may.remove("BROWSE_PROJECTS"), "no project SEC", "Browse Projects"),
        (lambda world: world.site.may.remove("CREATE_ISSUES"), "lacks Create Issues", "permissions"),
        (lambda world: world.site.may.remove("EDIT_ISSUES"), "lacks Edit Issues", "permissions"),
        (lambda world: world.site.may.remove("ADD_COMMENTS"), "lacks Add Comments", "permissions"),
        (lambda world: world.site.may.remove("TRANSITION_ISSUES"), "lacks Transition Issues", "permissions"),
        (lambda world: world.site.may.remove("TRANSITION_ISSUES"), "No move leads from 'To Do'", "workflow"),
        (lambda world: world.site.types.pop("10001"), "can make: Bug", "issue_type"),
        (lambda world: world.site.screen.pop("labels"), "type Task: labels", "create screen"),
        (
            lambda world: world.site.screen.update(customfield_10200=True),
            "Team (customfield_10200)",
            "fields",
        ),
        (lambda world: world.site.statuses.remove("In Progress"), "no status In Progress", "states"),
        (
            lambda world: world.site.resolutions.remove("Won't Do"),
            "no resolution Won't Do",
            "states.declined",
        ),
        (lambda world: world.site.moves.pop(1), "SEC-1: No move leads from 'To Do' to 'Done'", "workflow"),
        (
            lambda world: world.site.moves[1].fields.update(customfield_10200=True),
            "asks for Team",
            "states.fields",
        ),
        (lambda world: world.site.moves[1].fields.clear(), "does not take resolution", "screen"),
        (lag, "by label does not find SEC-1", "index"),
    ],
)
def test_each_thing_is_named_with_its_remedy(either: JiraWorld, spoil: Spoil, said: str, remedy: str) -> None:
    made(either)
    spoil(either)
    checked = either.tracker.check()
    assert not checked.ok
    assert said in checked.message
    assert remedy in checked.remedy


def test_a_copy_without_its_label_is_named(either: JiraWorld) -> None:
    made(either)
    either.site.issues[0].fields["labels"] = ["whosleft"]
    checked = either.tracker.check()
    assert "SEC-1 has lost its label" in checked.message
    assert "Add it again" in checked.remedy


def test_a_closed_copy_has_to_lead_back(either: JiraWorld) -> None:
    either.close(made(either))
    assert either.tracker.check().ok
    either.site.moves.pop(2)
    assert "No move leads from 'Done' to 'To Do'" in either.tracker.check().message


def test_a_copy_in_another_project_proves_nothing(either: JiraWorld) -> None:
    made(either)
    either.site.move_to_project(either.site.issues[0], "OPS-9")
    either.site.moves.clear()
    assert either.tracker.check().ok


def test_what_copies_do_not_need_is_only_said(either: JiraWorld) -> None:
    either.site.may -= {"ASSIGN_ISSUES", "CREATE_ATTACHMENTS"}
    either.site.attachments_on = False
    checked = either.tracker.check()
    assert checked.ok
    assert {"without Assign Issues", "without Create Attachments", "without Attachments"} < set(
        checked.details
    )


def test_a_public_project_is_told(either: JiraWorld) -> None:
    assert either.tracker.check().details["is_public"] == "no"
    either.site.is_public = True
    assert either.tracker.check().details["is_public"] == "yes"
    [asked] = [
        line for line in either.server.log if "authorization" not in line.headers and line.status == 200
    ]
    assert asked.path.endswith("/project/SEC")


def test_whether_it_is_public_is_not_told_where_nobody_answered(
    either: JiraWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_args: object) -> None:
        raise NotDone("Jira answered 429.")

    monkeypatch.setattr(either.tracker._client._nobody, "get", busy)
    checked = either.tracker.check()
    assert (checked.ok, "is_public" in checked.details) == (False, False)


@pytest.mark.parametrize("status", [401, 403, 404, 302])
def test_who_is_refused_without_signing_in_does_not_see_it(either: JiraWorld, status: int) -> None:
    either.server.anonymous = Reply(status, b"{}").with_headers(Location="https://sso.example.org")
    assert either.tracker.check().details["is_public"] == "no"


@pytest.mark.parametrize("reply", [Reply(410, b"{}"), Reply(400, b"{}"), Reply(200, b"<html>", "text/html")])
def test_an_answer_that_does_not_tell_leaves_it_open_who_reads_it(either: JiraWorld, reply: Reply) -> None:
    either.server.anonymous = reply
    checked = either.tracker.check()
    assert (checked.ok, says_who_reads(checked)) == (False, False)
    assert "content: minimal" in checked.remedy


@pytest.mark.parametrize("anonymous, is_public", [(401, "no"), (404, "no"), (200, "yes"), (302, None)])
def test_behind_a_gateway_the_site_itself_is_asked(anonymous: int, is_public: str | None) -> None:
    """As behind api.atlassian.com, where whoever has no token gets 401, whatever the project is."""
    with JiraServer(is_cloud=True) as site, jira_world(is_cloud=True) as world:
        site.anonymous = Reply(anonymous, b'{"key": "SEC"}').with_headers(Location="https://x.example.org")
        world.server.base_url = site.url
        checked = world.tracker.check()
    assert checked.details.get("is_public") == is_public
    assert checked.ok is (is_public is not None)
    assert [line.path for line in site.log] == ["/rest/api/3/project/SEC"]


def test_a_check_that_breaks_off_says_whether_it_is_public(
    either: JiraWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_args: object) -> None:
        raise Transient("Jira answered 503.")

    either.site.is_public = True
    monkeypatch.setattr("connectors.tracker.jira.checking.read_form", busy)
    checked = either.tracker.check()
    assert (checked.ok, checked.details["is_public"]) == (False, "yes")


def test_every_fault_is_in_one_message(either: JiraWorld) -> None:
    either.site.may.discard("ADD_COMMENTS")
    del either.site.screen["labels"]
    either.site.statuses.remove("To Do")
    checked = either.tracker.check()
    assert checked.message.count(";") >= 2


def test_a_declined_status_is_no_resolution() -> None:
    with jira_world(is_cloud=True, states={**STATES, "declined": ["Review", "Duplicate"]}) as world:
        assert world.tracker.check().ok


def test_a_jira_that_is_not_there_is_a_message(either: JiraWorld) -> None:
    either.answer_html()
    checked = either.tracker.check()
    assert not checked.ok
    assert "Jira" in checked.message
    assert checked.remedy
