"""Messages and silences in the console: what is shown, what an operator does, and what a ticket's page says of it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from builders import rules
from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.app.tell.addressing import person_at
from worker.domain.escalation.policy import After, Named, NamedKind, Policy, Step, Target
from worker.domain.escalation.silences import Silence
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import Paragraph
from worker.domain.model import GroupKey
from worker.ports import Rejected
from worker.ports.state.outbox import OutMessage

STEPS = (
    Step(After(share=0.5), (Target.ASSIGNEE, Named(NamedKind.PERSON, "out@example.org")), via=("soc",)),
    Step(After(share=1.0), (Target.CHANNEL,), repeat=timedelta(hours=1)),
)


@company_fixture
def ward() -> Harness:
    """Ann has left ward 7; a message to Fay and one to Gus reached nobody, and one to Hal waits."""
    harness = Harness(rules=rules(policies=(Policy("test", STEPS, snooze_max=timedelta(hours=72)),)))
    harness.hire("ann", "ben", "cem", "dee", "fay", "gus", "hal", "ida", "jon", "kay")
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"], name='Ward <7> & "nights"')
    harness.settle()
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    for name in ("fay", "gus"):
        harness.queue(OutMessage(name, person_at(f"{name}@corp.example"), "News", Paragraph("News")))
        harness.soc.fail_next(Rejected("<No> such person.", remedy="Look."))
        harness.deliver()
    harness.queue(
        OutMessage("hal", person_at("hal@corp.example", "Hal"), "News", Paragraph("News"), ticket=1)
    )
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    desk = desk_of(ward)
    desk.sign_in("sam", "operator")
    return desk


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def ids(html: str) -> list[str]:
    return re.findall(r'<th scope="row" class="id"[^>]*><bdi>([DMS]-\d+)</bdi>', html)


# --- messages ---------------------------------------------------------------------------------------------


def test_messages_are_listed_by_state_and_by_whom_they_are_to(desk: Caller) -> None:
    every = ids(desk.get("/messages").text)
    dead = desk.get("/messages?state=dead")

    assert len(ids(dead.text)) == 2 < len(every)
    assert "<No> such person." in text(dead.text)
    assert "dead (2)" in text(dead.text)
    assert ids(desk.post("/messages", {"state": "all", "text": "HAL@"}).text) == every[:1]
    assert ids(desk.post("/messages", {"state": "waiting", "text": "T-1"}).text) == every[:1]
    assert "HAL" not in str(desk.get("/messages?text=HAL").url.path)
    assert "No message is like that." in desk.post("/messages", {"state": "held"}).text
    assert ids(desk.get("/messages?state=nonsense").text) == every


def test_messages_go_on_on_the_next_page(ward: Harness, desk: Caller) -> None:
    ward.queue(*(OutMessage(f"n{n}", person_at(f"n{n}@x.example"), "N", Paragraph("N")) for n in range(60)))
    first = desk.get("/messages?state=waiting")
    second = desk.next_page()

    assert second is not None
    assert (len(ids(first.text)), len(ids(second.text))) == (50, 11)
    assert not set(ids(first.text)) & set(ids(second.text))


def test_an_operator_sends_a_dead_message_again_and_gives_one_up(ward: Harness, desk: Caller) -> None:
    one, other = ids(desk.get("/messages?state=dead").text)
    page = desk.post(f"/messages/{one}/retry", {"reason": "their phone is back"})
    assert ids(page.text) == [other]
    page = desk.post(f"/messages/{other}/drop", {"reason": "told by phone"})
    assert "No message is like that." in page.text

    done = [(sealed.entry.kind, sealed.entry.reason, sealed.entry.actor) for sealed in ward.journal()]
    assert ("delivery.retried", "their phone is back", "sam") in done
    assert ("delivery.dropped", "told by phone", "sam") in done


@pytest.mark.parametrize("act", ["retry", "drop"])
def test_both_want_a_reason_and_a_dead_message(desk: Caller, act: str) -> None:
    [one, _] = ids(desk.get("/messages?state=dead").text)
    assert "a reason is required" in text(desk.post(f"/messages/{one}/{act}").text)

    desk.get("/messages?state=dead")
    assert desk.post(f"/messages/D-000099/{act}", {"reason": "r"}).status_code == 409


def test_another_act_is_none(desk: Caller) -> None:
    [one, _] = ids(desk.get("/messages?state=dead").text)

    assert desk.post(f"/messages/{one}/shout", {"reason": "r"}).status_code == 404


def test_a_viewer_sees_messages_and_no_form_for_them(ward: Harness) -> None:
    desk = desk_of(ward)
    desk.sign_in("vic", "viewer")

    assert "Send again" not in desk.get("/messages?state=dead").text
    assert "Make a silence" not in desk.get("/silences").text


def test_a_ticket_names_who_passes_its_message_on_and_until_when_that_waits(
    ward: Harness, desk: Caller
) -> None:
    ward.corp.change("kay", email=None, manager_id="jon")
    ward.group("ward-8", "ben", admins=["kay"])
    ward.settle()
    ward.leave("ben")
    ward.settle()
    [number] = [one.id for one in ward.tickets() if one.group == GroupKey("wards", "ward-8")]
    ward.desk.snooze(number, Actor("sam"), timedelta(hours=60), ward.now)
    ticket = text(desk.get(f"/tickets/T-{number:06d}").text)
    assert "Jon: over soc, passes it on to Kay" in ticket
    assert "Jon: over soc, held until" in ticket


# --- silences ---------------------------------------------------------------------------------------------


def test_a_silence_is_made_shown_everywhere_and_ended(ward: Harness, desk: Caller) -> None:
    desk.get("/silences")
    wanted = {
        "groups": "Ward*\n\n theatre ",
        "kind": "remove_member",
        "hours": "72",
        "reason": "moving <house>",
    }
    page = desk.post("/silences/new", wanted)

    assert ids(page.text) == ["S-000001"]
    assert "moving <house>" in text(page.text)
    assert "Groups: Ward* , theatre" in text(page.text)
    assert "One silence is on" in desk.get("/").text
    ticket = desk.get("/tickets/T-000001").text
    assert 'href="/silences#S-000001"' in ticket
    assert "Dee: over soc, held until" in text(ticket)
    assert "(silence S-000001)" in text(ticket)

    ward.later(hours=13)
    ward.escalate()
    desk.sign_in("sam", "operator")
    assert re.search(r'class="number">1</td>', desk.get("/silences").text), "the ticket that was kept quiet"
    page = desk.post("/silences/S-000001/end", {"reason": "they have moved"})
    assert "over" in text(page.text)
    assert "End it now" not in page.text
    assert "silence is on" not in desk.get("/").text


def test_a_silence_ends_with_the_day_that_is_given(desk: Caller) -> None:
    desk.get("/silences")
    wanted = {
        "people": "dee@corp.example",
        "source": "wards",
        "reason": "r",
        "until": "2026-11-30",
        "hours": "1",
    }
    page = text(desk.post("/silences/new", wanted).text)

    assert "People: dee@corp.example" in page
    assert "Sources: wards" in page
    assert "Tue 01 Dec 00:00" in page


@pytest.mark.parametrize("wanted, said", [
    ({"groups": "*", "reason": "r"}, "Say when it ends."),
    ({"groups": "*", "reason": "r", "hours": "5"}, "Say when it ends."),
    ({"reason": "r", "hours": "4"}, "A silence of everything is none"),
    ({"groups": "*", "hours": "4"}, "a reason is required"),
    ({"groups": "*", "reason": "r", "until": "2027-11-24"}, "30 days at most"),
])  # fmt: skip
def test_a_silence_that_is_none_is_refused(desk: Caller, wanted: dict[str, str], said: str) -> None:
    desk.get("/silences")

    assert said in text(desk.post("/silences/new", wanted).text)


def test_a_silence_of_the_configuration_is_not_ended_here(ward: Harness) -> None:
    own = Silence("config-1", ward.now, ward.now + timedelta(hours=1), "sam", "Fire drill", groups=("*",))
    ward.start(replace(ward.app.rules, holding=replace(ward.app.rules.holding, silences=(own,))))
    desk = desk_of(ward)
    desk.sign_in("sam", "operator")
    page = desk.get("/silences").text

    assert "in the configuration" in page
    assert "End it now" not in page


# --- a ticket's page --------------------------------------------------------------------------------------


def test_a_ticket_is_put_off_for_an_hour_or_until_tomorrow(ward: Harness, desk: Caller) -> None:
    assert "no escalation for 4 hours" in desk.get("/tickets/T-000001").text
    page = desk.post("/tickets/T-000001/act", {"act": "snooze", "span": "1", "reason": "after the round"})
    assert ward.ticket().snoozed_until == ward.now + timedelta(hours=1)
    assert re.search(r"Put off until .* by sam: after the round", text(page.text))

    desk.post("/tickets/T-000001/act", {"act": "snooze", "span": "tomorrow"})
    until = ward.ticket().snoozed_until
    assert until is not None
    assert (until.date() - ward.now.date()).days == 1
    assert "Say for how long." in text(
        desk.post("/tickets/T-000001/act", {"act": "snooze", "span": "500"}).text
    )


def test_a_policy_that_allows_no_long_snooze_offers_none(ward: Harness) -> None:
    short = Policy("short", STEPS, snooze_max=timedelta(hours=2), acknowledge_for=timedelta(minutes=90))
    ward.start(replace(ward.app.rules, tickets=rules(policies=(short,))))
    desk = desk_of(ward)
    desk.sign_in("sam", "operator")
    page = desk.get("/tickets/T-000001").text

    assert '<option value="1">' in page
    assert '<option value="4">' not in page
    assert '<option value="tomorrow">' not in page
    assert "no escalation for 1 h 30 min" in text(page)


def test_the_preview_says_whom_no_channel_reaches(ward: Harness, desk: Caller) -> None:
    ward.soc.can = type(ward.soc.can)(frozenset())
    page = text(desk.get("/policies?ticket=T-1").text)

    assert "Dee: no channel reaches them" in page
    assert "security channel: no channel reaches them" in page


def test_the_first_page_says_that_messages_reached_nobody(desk: Caller) -> None:
    page = desk.get("/")

    assert "2 messages reached nobody." in page.text
    assert 'href="/messages?state=dead"' in page.text


def test_admins_whom_no_channel_reaches_are_named(ward: Harness, desk: Caller) -> None:
    assert "A channel reaches every known admin" in desk.get("/unreached").text
    assert 'href="/unreached"' in desk.get("/sources").text
    ward.hire("sol", "una", email=None)
    ward.group("ward-8", "ann", admins=["sol", "una", "dee"])
    ward.settle()

    page = text(desk.get("/unreached").text)

    assert "2 group admins of 3 have no address that a channel reaches" in page
    assert "Sol Una" in page
