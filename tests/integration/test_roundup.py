"""The recipe's bridge to Roundup, on a real one: what comes twice, late, from strangers, or without a right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from connectors.notify.email.mailbox import Mailbox
from connectors.notify.email.mapping import composed
from contracts.messages import MESSAGE
from contracts.telling_tracker import version
from fakes.webhook_program import IN, tracker
from integration.test_mirror_real import run, ward_with
from recipes import bridge
from roundup_server import CLOSER, GUEST, PASSWORD, RECIPE, US, RoundupServer
from roundup_world import RoundupWorld, roundup_world
from throwaway import run as run_program
from wires import Wire, wire_to
from worker.domain.tickets.ticket import TicketState
from worker.ops.clock import system_now
from worker.ports import AuthFailed

DESK = "https://whosleft.example.org"
JOE = {"name": "Joe Sample", "email": "joe@corp.example"}


@pytest.fixture
def desk(roundup_server: RoundupServer) -> Iterator[RoundupWorld]:
    with roundup_world(roundup_server) as world:
        yield world


@pytest.fixture
def there(roundup_server: RoundupServer) -> Any:
    """The bridge's half that speaks to Roundup."""
    return bridge.Roundup(f"http://127.0.0.1:{roundup_server.port}", f"{US}:{PASSWORD}")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, str], str]]:
    """What is told to Whosleft, with its id."""
    heard: list[tuple[dict[str, str], str]] = []
    monkeypatch.setattr(bridge, "tell", lambda said, id_: heard.append((said, id_)))
    return heard


def event(kind: str, label: str = "T-000123", **data: Any) -> dict[str, Any]:
    ticket = {
        "kind": "remove_member", "state": "open", "reopened": 0, "assignee": JOE, "due_at": "2026-11-27T17:00:00Z",
        "group": {"name": "Ward 7 nights"}, "verified_at": None, "verified_by": None, **data,
    }  # fmt: skip
    return {"source": DESK, "subject": label, "type": f"whosleft.ticket.{kind}", "data": ticket}


class TestRights:
    def test_whoever_may_not_close_it_there_changes_nothing_here(self, desk: RoundupWorld) -> None:
        with ward_with(desk) as ward:
            copy = run(ward)
            with pytest.raises(httpx2.HTTPStatusError, match="403"):
                desk.server.put(GUEST, desk.number(copy.ref), status="resolved")
            run(ward)
            assert ward.ticket().state is TicketState.OPEN

    def test_a_bridge_without_the_right_makes_nothing_and_the_copy_says_so(self, desk: RoundupWorld) -> None:
        with ward_with(desk) as ward:
            desk.server.roles(US, "Guest")
            ward.later(minutes=5)
            assert not ward.mirror().is_ok
            with ward.store.reading() as uow:
                copy = uow.mirrors.get("desk", 1).copy
            assert (copy.shown, "503" in copy.problem, desk.server.issues()) == ("wanted", True, [])

            desk.server.roles(US, "Whosleft")
            assert (run(ward).shown, run(ward).problem, len(desk.server.issues())) == ("open", "", 1)

    def test_a_stranger_s_event_is_refused(self, desk: RoundupWorld) -> None:
        stranger = tracker(desk.wire.url, secrets=[IN])
        with pytest.raises(AuthFailed):
            stranger.create(version(1), "")
        stranger.close()
        assert desk.server.issues() == []


class TestOneIssue:
    def test_an_answer_of_roundup_s_that_is_lost_makes_one(
        self, roundup_server: RoundupServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with wire_to(roundup_server.port) as wire:
            there = bridge.Roundup(wire.url, f"{US}:{PASSWORD}")
            lose(there, wire, monkeypatch)
            with pytest.raises(bridge.TROUBLE):
                bridge.take(there, event("opened"), 1)
            wire.mend()
            bridge.take(there, event("opened"), 1)
        [issue] = roundup_server.issues()
        assert issue["title"] == "Remove member: Ward 7 nights (T-000123)"

    def test_a_repeat_makes_none_while_the_first_is_still_under_way(
        self, roundup_server: RoundupServer, there: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is not found yet, so only the link that works once is in the way."""
        with wire_to(roundup_server.port) as wire:
            slow = bridge.Roundup(wire.url, f"{US}:{PASSWORD}")
            lose(slow, wire, monkeypatch)
            with pytest.raises(bridge.TROUBLE):
                bridge.take(slow, event("opened"), 1)
            wire.mend()
            monkeypatch.setattr(slow, "find", lambda _id: None)
            with pytest.raises(bridge.TROUBLE, match="400"):
                bridge.take(slow, event("opened"), 1)
        assert len(roundup_server.issues()) == 1

    def test_another_ticket_s_number_finds_none(self, there: Any) -> None:
        bridge.take(there, event("opened"), 1)
        assert there.find(f"{DESK}/T-000123") is not None
        for other in (f"{DESK}/T-00012", f"{DESK}/T-0001234", "https://other.example.org/T-000123"):
            assert there.find(other) is None

    def test_what_was_deleted_there_is_not_made_again_by_a_change(
        self, roundup_server: RoundupServer, there: Any
    ) -> None:
        bridge.take(there, event("opened"), 1)
        [issue] = roundup_server.issues()
        roundup_server.delete(issue["id"])
        bridge.take(there, event("changed"), 2)
        assert roundup_server.issues() == []


class TestChanges:
    def test_an_older_event_that_comes_late_changes_nothing(
        self, roundup_server: RoundupServer, there: Any
    ) -> None:
        over = {"state": "verified", "verified_at": "2026-11-24T09:00:00Z", "verified_by": "chat"}
        bridge.take(there, event("opened"), 1)
        for _ in range(2):
            bridge.take(there, event("closed", **over), 3)
        bridge.take(there, event("changed", reopened=1), 2)
        [issue] = roundup_server.issues()
        assert issue["status"]["name"] == "resolved"
        assert roundup_server.said(issue["id"])[1:] == ["Verified on 2026-11-24 by chat."]

    def test_it_is_given_to_whoever_has_the_address_and_people_s_choice_stays(
        self, roundup_server: RoundupServer, there: Any
    ) -> None:
        bridge.take(there, event("opened"), 1)
        [issue] = roundup_server.issues()
        assert issue["assignedto"]["username"] == "joe"
        roundup_server.put(CLOSER, issue["id"], assignedto="closer")
        bridge.take(there, event("changed"), 2)
        assert roundup_server.issues()[0]["assignedto"]["username"] == "closer"
        bridge.take(there, event("changed", assignee={"name": "X", "email": "nobody@corp.example"}), 3)
        bridge.take(there, event("changed", assignee={"name": "A", "email": "amina.yusuf@example.org"}), 4)
        assert roundup_server.issues()[0]["assignedto"]["username"] == "amina"

    def test_who_changed_it_meanwhile_is_not_overwritten(
        self, roundup_server: RoundupServer, there: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bridge.take(there, event("opened"), 1)
        seen = there.find(f"{DESK}/T-000123")
        roundup_server.put(CLOSER, seen["id"], status="resolved")
        monkeypatch.setattr(there, "find", lambda _id: seen)
        with pytest.raises(OSError, match="changed meanwhile"):
            bridge.take(there, event("closed", state="cancelled"), 2)


class TestHearing:
    def close(self, server: RoundupServer, status: str = "resolved") -> None:
        server.put(CLOSER, server.issues()[0]["id"], status=status)

    def test_a_close_is_told_once_with_who_did_it(
        self, roundup_server: RoundupServer, there: Any, told: list[Any]
    ) -> None:
        bridge.take(there, event("opened"), 1)
        since = bridge.hear(there, "2000-01-01")
        assert told == []
        self.close(roundup_server)
        since = bridge.hear(there, since)
        [(said, _id)] = told
        assert said == {"ticket": "T-000123", "state": "done", "by": "closer@example.org"}
        bridge.hear(there, since)
        bridge.hear(there, "2000-01-01")  # after a restart
        assert len(told) == 1

    def test_what_could_not_be_told_is_told_again_with_the_same_id(
        self, roundup_server: RoundupServer, there: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heard: list[str] = []

        def tell(_said: object, id_: str) -> None:
            heard.append(id_)
            if len(heard) == 1:
                raise TimeoutError("no answer")

        monkeypatch.setattr(bridge, "tell", tell)
        bridge.take(there, event("opened"), 1)
        self.close(roundup_server)
        since = bridge.hear(there, "2000-01-01")
        since = bridge.hear(there, since)
        bridge.hear(there, since)
        assert len(heard) == 2
        assert len(set(heard)) == 1

    def test_a_close_that_was_not_told_yet_outlives_a_change_here(
        self, roundup_server: RoundupServer, there: Any, told: list[Any]
    ) -> None:
        bridge.take(there, event("opened"), 1)
        self.close(roundup_server)
        bridge.take(there, event("changed", reopened=1), 2)
        bridge.hear(there, "2000-01-01")
        assert [said["state"] for said, _id in told] == ["done"]

    def test_one_that_waits_for_another_is_reopened_there(
        self, roundup_server: RoundupServer, there: Any, told: list[Any]
    ) -> None:
        bridge.take(there, event("opened", state="blocked"), 1)
        self.close(roundup_server)
        bridge.hear(there, "2000-01-01")
        [issue] = roundup_server.issues()
        assert (told, issue["status"]["name"]) == ([], "in-progress")
        assert roundup_server.said(issue["id"])[-1] == bridge.WAITS

    def test_an_issue_that_somebody_spoiled_holds_up_no_other(
        self, roundup_server: RoundupServer, there: Any, told: list[Any]
    ) -> None:
        for label in ("T-000001", "T-000002", "T-000003"):
            bridge.take(there, event("opened", label), 1)
        one, two, three = (issue["id"] for issue in roundup_server.issues())
        roundup_server.put(CLOSER, one, whosleft="{")
        roundup_server.put(CLOSER, two, whosleft="")
        roundup_server.put(CLOSER, three, status="resolved")
        bridge.hear(there, "2000-01-01")
        assert [said["ticket"] for said, _id in told] == ["T-000003"]


class TestMail:
    """What the notifier sends, into Roundup's own gateway for mail."""

    @pytest.fixture
    def server(self, roundup_server: RoundupServer) -> RoundupServer:
        roundup_server.roles(US, "User")
        return roundup_server

    def mail(self, key: str, ticket: str) -> str:
        paragraph = replace(MESSAGE.paragraphs[0], title="Remove José Sample from Ward 7", ticket=ticket)
        message = replace(MESSAGE, key=key, paragraphs=(paragraph,))
        sender, to = Mailbox("whosleft", "example.org", "Whosleft"), Mailbox("issue_tracker", "whosleft.test")
        return composed(message, sender, to, "en", system_now()).decode().replace("\r\n", "\n")

    def test_mail_that_says_that_it_is_automatic_is_dropped(self, server: RoundupServer) -> None:
        server.mail(self.mail("opened", "T-000123"))
        assert server.issues() == []

    def test_with_the_recipe_s_alias_all_mail_of_a_ticket_is_one_issue(self, server: RoundupServer) -> None:
        [script] = re.findall(r"sed -e '([^']+)'", RECIPE.read_text(encoding="utf-8"))
        for key, label in (("opened", "T-000123"), ("escalated", "T-000123"), ("opened", "T-000124")):
            server.mail(run_program("sed", "-e", script, text=self.mail(key, label)))
        found = server.issues()
        assert [len(one["messages"]) for one in found] == [2, 1]
        assert found[0]["title"] == "Remove José Sample from Ward 7 (T-000123)"
        assert str(MESSAGE.paragraphs[0].link) in server.said(found[0]["id"])[0]


def lose(there: Any, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lose the answer to the request that makes the issue."""
    ask: Callable[..., Any] = there.ask

    def asked(method: str, path: str, *given: Any) -> Any:
        if path.startswith("issue/@poe/"):
            wire.lose_answers()
            monkeypatch.setattr(there, "ask", ask)
        return ask(method, path, *given)

    monkeypatch.setattr(there, "ask", asked)
