"""What is done through the API, as whom, and what comes of it."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from desk_setup import Clients, token_for
from harness import Harness
from worker.desk.services import Services
from worker.domain.identity.matching import QUESTIONS
from worker.domain.model import HandleKey
from worker.domain.tickets.ticket import LIVE, Grade, TicketKind, TicketState


def actors(company: Harness, kind: str) -> list[str]:
    return [sealed.entry.actor for sealed in company.journal() if sealed.entry.kind == kind]


def token_id(client: TestClient) -> str:
    return client.headers["Authorization"].removeprefix("Bearer wl_").partition("_")[0]


def act(client: TestClient, address: str, body: dict[str, Any] | None = None, status: int = 200) -> Any:
    answer = client.post(address, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


# --- tickets --------------------------------------------------------------------------------------------------


def test_a_question_of_identity_is_shown_without_a_person(client: TestClient) -> None:
    [question, *_] = client.get("/tickets", params={"kind": "identify_member"}).json()["items"]

    shown = client.get(f"/tickets/{question['id']}").json()

    assert shown["person"] is None
    assert shown["history"]


def test_a_ticket_is_shown_with_its_steps_history_and_accounts(client: TestClient) -> None:
    shown = client.get("/tickets/T-000006").json()

    assert shown["id"] == "T-000006"
    assert shown["person"]["accounts"][0]["standing"] == "left"
    assert shown["escalations"][0]["step"] == 1
    assert shown["history"][0]["what"] == "ticket.opened"
    assert shown["opened_at"].endswith("Z")


def test_a_claim_needs_no_body_and_a_token_of_somebody_else_confirms_it(
    company: Harness, client: TestClient, calling: Clients
) -> None:
    first = act(client, "/tickets/T-000006/done")
    again = act(client, "/tickets/T-000006/done", {"by": "kim"})
    act(calling(), "/tickets/T-000006/done", {"by": "kim"}, 409)  # nor is a second token of the same maker
    other = act(calling(by="lee"), "/tickets/T-000006/done", {"by": "kim", "reason": "looked myself"})

    assert (first["state"], first["grade"]) == ("done", "C")
    assert again == first  # a name that a program gives is no second person
    assert other["grade"] == "B"
    assert first["done_by"] == f"api:{token_id(client)}"
    assert company.ticket(6).grade is Grade.B
    assert company.journal()[-1].entry.reason == "kim: looked myself"


def test_who_a_program_acts_for_stands_behind_its_token(company: Harness, client: TestClient) -> None:
    act(client, "/tickets/T-000006/acknowledge", {"reason": "on my way"})
    assert company.journal()[-1].entry.reason == "on my way"
    act(client, "/tickets/T-000006/assign", {"email": "gus@corp.example", "by": "sam@example.org"})

    assert actors(company, "ticket.acknowledged") == [f"api:{token_id(client)}"]
    assert actors(company, "ticket.assigned") == [f"api:{token_id(client)}:sam@example.org"]


def test_a_ticket_is_waived_until_the_end_of_a_local_day_and_reopened(
    company: Harness, client: TestClient
) -> None:
    waived = act(client, "/tickets/T-000006/waive", {"reason": "on loan", "until": "2027-06-30"})
    shown = client.get("/tickets/T-000006").json()
    opened = act(client, "/tickets/T-000006/reopen", {"reason": "back"})

    assert waived["state"] == "waived"
    assert (
        waived["waived_until"] == shown["waived_until"] == "2027-06-30T23:00:00Z"
    )  # London's midnight, in summer
    assert (opened["state"], opened["waived_until"]) == ("open", None)


def test_a_day_that_no_clock_reaches_is_the_nearest_that_one_does(
    company: Harness, client: TestClient
) -> None:
    act(client, "/tickets/T-000006/waive", {"reason": "so", "until": "9999-12-31"})

    assert company.ticket(6).state is TicketState.WAIVED


@pytest.mark.parametrize("until", ["0001-01-01", "2026-11-01"])
def test_a_waiver_until_a_day_that_is_over_is_refused(
    company: Harness, client: TestClient, until: str
) -> None:
    act(client, "/tickets/T-000006/waive", {"reason": "so", "until": until}, 409)

    assert company.ticket(6).state is TicketState.OPEN


def test_what_a_ticket_s_state_does_not_allow_is_refused(client: TestClient) -> None:
    refused = act(client, "/tickets/T-000006/reopen", {"reason": "so"}, 409)

    assert refused["error"]["code"] == "refused"
    assert "open" in refused["error"]["message"]


def test_the_assignee_s_link_is_shown_and_ends_when_it_is_revoked(
    company: Harness, client: TestClient
) -> None:
    url = act(client, "/tickets/T-000006/link")["url"]
    token = url.rpartition("/t/")[2]
    looked = company.assigned.look(token, company.now)
    shown = client.get("/tickets/T-000006").json()
    company.later()
    act(client, "/tickets/T-000006/revoke-links", {"reason": "sent to the wrong list"})

    assert looked.ticket.id == 6
    assert shown["link_known_to"] == [f"api:{token_id(client)}"]
    assert (shown["history"][-1]["what"], shown["history"][-1]["data"]["via"]) == ("ticket.link_shown", "api")
    with pytest.raises(Exception, match="revoked"):
        company.assigned.look(token, company.now)


def test_a_ticket_s_escalation_is_explained(client: TestClient) -> None:
    explained = client.get("/tickets/T-000006/escalation").json()

    assert explained["policy"] == "standard"
    assert [step["state"] for step in explained["steps"]][:2] == ["taken", "taken"]
    assert explained["steps"][0]["told"] == [{"target": "assignee", "people": ["Dee"]}]
    assert explained["steps"][0]["what"] == "step 1: Dee (assignee)"


def test_the_situation_in_numbers(company: Harness, client: TestClient) -> None:
    numbers = client.get("/overview").json()
    live = {(one["state"], one["kind"]): one["count"] for one in numbers["live"]}

    assert numbers["exposed"] == {
        "people": 62,
        "memberships": 63,
        "asked": {"people": 2, "memberships": 3},
        "waiting": {"people": 60, "memberships": 60},
        "nobody": {"people": 0, "memberships": 0},
    }
    assert numbers["held"] == 1
    assert numbers["overdue"] == client.get("/tickets?overdue=true").json()["total"] > 0
    assert numbers["disputed"] == 0
    assert live["blocked", "remove_member"] == 1
    assert len(live) == len(LIVE) * len(TicketKind)
    assert sum(live.values()) == len([ticket for ticket in company.tickets() if ticket.is_live])


# --- plans ----------------------------------------------------------------------------------------------------


def test_tokens_of_two_makers_release_a_large_plan_and_two_of_one_do_not(
    company: Harness, client: TestClient, calling: Clients
) -> None:
    plan = client.get("/plans").json()["items"][0]
    first = act(client, f"/plans/{plan['id']}/release", {"reason": "asked HR", "by": "sam"})
    act(client, f"/plans/{plan['id']}/release", {"reason": "me too", "by": "kim"}, 409)
    act(calling(), f"/plans/{plan['id']}/release", {"reason": "me too"}, 409)
    between = client.get(f"/plans/{plan['id']}").json()
    second = act(calling(by="lee"), f"/plans/{plan['id']}/release", {"reason": "asked too"})

    assert (first["state"], first["needs_two"], between["state"]) == ("held", True, "held")
    assert first["approvals"][0]["by"] == f"api:{token_id(client)}"
    assert first["approvals"][0]["reason"] == "sam: asked HR"
    assert second["state"] == "released"
    assert len(actors(company, "plan.released")) == 1


def test_a_cohort_is_rejected_alone_by_two_and_its_plan_once(client: TestClient, calling: Clients) -> None:
    plan = client.get("/plans").json()["items"][0]
    address = f"/plans/{plan['id']}/reject"
    act(client, address, {"reason": "so", "cohorts": ["c9"]}, 409)
    first = act(client, address, {"reason": "an import went wrong", "cohorts": ["c1"]})
    rejected = act(calling(by="lee"), address, {"reason": "it did", "cohorts": ["c1"]})
    act(client, address, {"reason": "so"}, 409)

    assert (first["state"], first["approvals"][0]["verdict"]) == ("held", "rejected")
    assert rejected["cohorts"][0]["state"] == "rejected"
    assert rejected["cohorts"][0]["count"] == len(rejected["cohorts"][0]["people"])


# --- people and links -----------------------------------------------------------------------------------------


def test_a_person_is_shown_with_everything_about_the_human(client: TestClient) -> None:
    shown = client.get("/people/corp/ann").json()

    assert shown["has_left"] is True
    assert {group["id"] for group in shown["groups"]} == {"wards/ward-7", "wards/ward-8"}
    assert shown["tickets"]
    assert shown["history"][0]["what"] == "person.left"


def test_an_id_may_have_slashes_in_it(company: Harness, client: TestClient) -> None:
    company.hire("uk/london/17", display_name="Pat")
    company.group("ward 7/8", "uk/london/17")
    company.settle()

    assert client.get("/people/corp/uk/london/17").json()["name"] == "Pat"
    assert client.get("/people/corp/uk%2Flondon%2F17").json()["name"] == "Pat"
    assert client.get("/groups/wards/ward 7/8").json()["roster"][0]["person"]["id"] == "uk/london/17"


def test_who_has_left_is_erased_when_nothing_is_live(company: Harness, client: TestClient) -> None:
    busy = act(client, "/people/corp/ann/erase", {"reason": "asked for"}, 409)
    here = act(client, "/people/corp/ben/erase", None, 409)
    for ticket in company.tickets():
        if ticket.person and ticket.person.person_id == "ann":
            act(client, f"/tickets/{ticket.label}/waive", {"reason": "so"})
    erased = act(client, "/people/corp/ann/erase", {"reason": "asked for", "by": "sam"})

    assert "live tickets" in busy["error"]["message"]
    assert "has left" in here["error"]["message"]
    assert erased == {"source": "corp", "id": "ann"}
    assert client.get("/people/corp/ann").status_code == 404
    assert actors(company, "person.erased") == [f"api:{token_id(client)}:sam"]


def test_nobody_is_erased_by_an_id_that_is_another_word_for_somebody_else(
    company: Harness, client: TestClient
) -> None:
    company.hire("pat", employee_id="corp/ann")
    company.poll()
    refused = act(client, "/people/corp/ann/erase", {"reason": "asked for"}, 409)

    assert "second one" in refused["error"]["message"]
    assert client.get("/people/corp/ann").status_code == 200


def test_a_question_is_answered_by_a_person_and_taken_back(company: Harness, client: TestClient) -> None:
    link = "wards/+447700900900"
    confirmed = act(client, "/links/confirm", {"link": link, "person": "gus@corp.example", "by": "sam"})
    rejected = act(client, "/links/reject", {"link": link, "reason": "it was not he"})
    nobody = act(client, "/links/reject", {"link": "+447700900901", "reason": "a visitor"})

    assert (confirmed["state"], confirmed["how"]) == ("linked", "confirmed")
    assert confirmed["person"] == {"source": "corp", "id": "gus"}
    assert rejected == {"id": link, "source": "wards", "handle": "+447700900900",
                        "person": {"source": "corp", "id": "gus"}}  # fmt: skip
    assert nobody["person"] is None
    assert actors(company, "link.confirmed") == [f"api:{token_id(client)}:sam"]


def test_a_link_that_is_taken_back_of_a_person_by_name_can_be_sent_again(
    company: Harness, client: TestClient
) -> None:
    link, said = "wards/+447700900900", {"reason": "it was not he", "person": "gus@corp.example"}
    act(client, "/links/confirm", {"link": link, "person": "gus"})
    act(client, "/links/reject", {"link": link, **said})
    company.settle()
    act(client, "/links/reject", {"link": link, **said}, 409)
    with company.store.reading() as uow:
        known = uow.identities.get(HandleKey("wards", "+447700900900"))
    assert known is not None
    assert known.state in QUESTIONS


@pytest.mark.parametrize(
    "body, status",
    [({"link": "wards/+440", "person": "gus"}, 404), ({"link": "9" * 30, "person": "gus"}, 404),
     ({"link": "+447700900900", "person": "zoe"}, 404), ({"link": " ", "person": "gus"}, 422)],
)  # fmt: skip
def test_a_link_is_of_a_handle_and_a_person_that_there_are(
    client: TestClient, body: dict[str, str], status: int
) -> None:
    act(client, "/links/confirm", body, status)


def test_a_link_that_there_is_not_can_t_be_rejected(client: TestClient) -> None:
    act(client, "/links/reject", {"link": "wards/+440", "reason": "so"}, 404)


def test_a_group_is_shown_with_its_roster_and_tickets(client: TestClient) -> None:
    shown = client.get("/groups/wards/ward-8").json()
    roster = {one["display_name"]: one for one in shown["roster"]}

    assert roster["Ann"]["person"] == {"source": "corp", "id": "ann", "name": "Ann"}
    assert (roster["Nobody 0"]["person"], roster["Nobody 0"]["link"]) == (None, "unmatched")
    assert shown["tickets"]


def test_no_act_leaves_a_secret_in_the_journal(
    company: Harness, services: Services, client: TestClient
) -> None:
    text = token_for(services)
    act(client, "/tickets/T-000006/link")

    assert text.split("_", 2)[2] not in repr(company.journal())
