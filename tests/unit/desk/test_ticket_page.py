"""A ticket's page: who has it, one form for all acts, refusals beside their fields, its messages, its history."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa

from desk_caller import Caller, desk_of
from fakes.notifier import FakeNotifier
from harness import Harness, company_fixture
from worker.desk.console.ticket import ACTS
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import TicketState
from worker.storage.sql.tables import ticket as ticket_table

PATH = "/tickets/T-000001"
FORM = f"{PATH}/act"


@company_fixture
def ward() -> Harness:
    """Ann has left ward 7, of which Dee and Fay are admins; Dee has the ticket, and was told."""
    harness = Harness()
    harness.hire("ann", "ben", "dee", "fay")
    harness.group("ward-7", "ann", "ben", admins=["dee", "fay"], name="Ward 7")
    harness.settle()
    harness.leave("ann")
    harness.settle()
    harness.later(hours=1)
    harness.deliver()
    harness.later(hours=47)
    harness.escalate()
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    caller = desk_of(ward)
    caller.sign_in("sam", "operator")
    caller.get(PATH)
    return caller


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def part(html: str, id_: str) -> str:
    """What an element holds, up to the next heading or section."""
    return text(re.split(r"<h2|<section", html.partition(f'id="{id_}"')[2])[0])


def offered(html: str) -> list[str]:
    return re.findall(r'name="act" value="(\w+)" required', html)


def act(desk: Caller, what: str, **fields: str) -> str:
    return desk.post(FORM, {"act": what, **fields}).text


def beside(html: str, field: str) -> str:
    """The refusal that a field is described by."""
    assert re.search(rf'id="{field}"[^>]* aria-invalid="true" aria-describedby="refusal"', html), field
    return refusal(html)


def refusal(html: str) -> str:
    found = re.search(r'id="refusal">(.*?)</p>', html)
    assert found is not None
    return text(found[1])


# --- the form ---------------------------------------------------------------------------------------------


def test_one_form_has_one_reason_one_button_and_the_acts_that_the_state_allows(
    desk: Caller, ward: Harness
) -> None:
    page = desk.get(PATH).text
    form = page.partition('class="one-act"')[2].partition("</form>")[0]
    assert offered(page) == list(ACTS[TicketState.OPEN])
    assert (form.count('name="reason"'), form.count("<button")) == (1, 1)
    ward.desk.done(1, Actor("dee"), ward.now)
    assert offered(desk.get(PATH).text) == ["done", "assign", "waive", "reopen"]
    ward.desk.waive(1, Actor("dee"), "agreed", ward.now)
    page = desk.get(PATH).text
    assert offered(page) == ["reopen"]
    assert 'value="reopen" required checked' in page, "the only act is chosen"


def test_every_state_has_its_acts() -> None:
    assert ACTS.keys() == set(TicketState)


def test_assign_offers_the_group_s_other_active_admins(desk: Caller, ward: Harness) -> None:
    page = desk.get(PATH).text
    assert re.findall(r'<option value="(\w+@corp\.example)"', page) == ["fay@corp.example"]
    assert "Fay (fay@corp.example)" in page

    act(desk, "assign", admin="fay@corp.example", reason="Dee is away")

    assert ward.ticket().assignee.email == "fay@corp.example"  # type: ignore[union-attr]
    assert ward.journal()[-1].entry.reason == "Dee is away"


def test_a_group_without_other_admins_asks_for_an_address(ward: Harness) -> None:
    ward.leave("fay")
    ward.settle()
    caller = desk_of(ward)
    caller.sign_in("sam", "operator")
    page = caller.get(PATH).text
    assert 'name="admin"' not in page
    assert 'name="email"' in page


@pytest.mark.parametrize("fields, said", [
    ({}, "Choose somebody, or type an e-mail address."),
    ({"email": "nobody"}, "'nobody' is no e-mail address."),
    ({"email": "kim@corp.example", "admin": "fay@corp.example"}, "not both"),
])  # fmt: skip
def test_whom_to_assign_it_to_is_asked_beside_the_address_and_what_was_typed_is_kept(
    desk: Caller, ward: Harness, fields: dict[str, str], said: str
) -> None:
    page = act(desk, "assign", reason="Dee is <away>", **fields)

    assert desk.last is not None
    assert desk.last.status_code == 409
    assert said in beside(page, "email")
    assert 'value="assign" required checked' in page
    assert 'value="Dee is &lt;away&gt;"' in page
    assert f'name="email" value="{fields.get("email", "")}"' in page
    assert ('value="fay@corp.example" selected' in page) is ("admin" in fields)
    assert ward.ticket().assignee.email == "dee@corp.example"  # type: ignore[union-attr]


@pytest.mark.parametrize("what, fields, field, said", [
    ("waive", {"until": "2027-01-31"}, "reason", "Say why"),
    ("waive", {"until": "someday", "reason": "agreed"}, "until", "'someday' is no date."),
    ("waive", {"until": "2026-11-20", "reason": "agreed"}, "until", "That day is over"),
    ("snooze", {"span": "3"}, "span", "Say for how long."),
])  # fmt: skip
def test_a_refusal_stands_beside_its_field(
    desk: Caller, what: str, fields: dict[str, str], field: str, said: str
) -> None:
    page = act(desk, what, **fields)
    assert said in beside(page, field)
    assert f'value="{what}" required checked' in page
    assert f'value="{fields.get("until", "")}"' in page


def test_what_is_refused_as_a_whole_is_said_above_the_acts_and_the_page_renews_itself_as_before(
    desk: Caller, ward: Harness
) -> None:
    ward.desk.done(1, Actor("sam"), ward.now)

    page = act(desk, "acknowledge", reason="on my way")

    assert "nothing is escalated" in refusal(page)
    assert page.index('id="refusal"') < page.index('name="act"')
    assert 'value="on my way"' in page
    assert f'hx-get="{PATH}"' in page


def test_a_field_that_is_not_there_any_more_is_spoken_of_above_the_acts(desk: Caller, ward: Harness) -> None:
    ward.desk.waive(1, Actor("kim"), "agreed", ward.now)
    page = act(desk, "waive", until="someday", reason="agreed")
    assert "is no date" in refusal(page)
    assert offered(page) == ["reopen"]


def test_a_refusal_is_in_the_reader_s_language(desk: Caller, ward: Harness) -> None:
    desk.language = "de"
    assert '<span dir="auto">' in act(desk, "nonsense")
    ward.desk.waive(1, Actor("kim"), "agreed", ward.now)
    assert "Stand von T-000001: Ausnahme. Nichts wird eskaliert." in refusal(act(desk, "acknowledge"))


def why(html: str) -> str:
    found = re.search(r"<dt>[^<]*</dt><dd><span([^>]*)>(.*?)</span></dd>", html)
    assert found is not None
    return f"{found[1].strip()}: {text(found[2])}"


def test_the_reason_is_in_the_reader_s_language(desk: Caller, ward: Harness) -> None:
    desk.language = "de"
    said = "Ann arbeitet nicht mehr hier (das Konto ist deaktiviert) und ist noch in der Gruppe"
    assert why(desk.get(PATH).text) == f'dir="auto": {said}'
    desk.language = "ar"
    assert not re.search("[a-z]", why(desk.get(PATH).text).replace('dir="auto"', "").replace("Ann", ""))
    ward.desk.waive(1, Actor("dee"), "since she comes back", ward.now)
    desk.language = "pl"
    assert why(desk.get(PATH).text) == 'dir="auto": dee: since she comes back'


def test_a_reason_from_before_reasons_had_words_is_shown_in_english(desk: Caller, ward: Harness) -> None:
    with ward.engine.begin() as connection:
        connection.execute(sa.update(ticket_table).values(reason_words=None))
    desk.language = "de"
    said = "Ann has left (the account is disabled) and is still in the group"
    assert why(desk.get(PATH).text) == f'lang="en" dir="auto": {said}'


def test_the_assignee_s_link_is_in_a_fold_and_why_it_was_shown_is_kept(desk: Caller, ward: Harness) -> None:
    fold = desk.get(PATH).text.partition('<details class="card">')[2].partition("</details>")[0]
    assert f'formaction="{PATH}/link"' in fold
    assert 'name="act" value="revoke"' in fold

    desk.post(f"{PATH}/link", {"reason": "Dee lost it"})
    assert ward.journal()[-1].entry.reason == "Dee lost it"
    desk.get(PATH)
    act(desk, "revoke", reason="sent to the wrong list")
    assert ward.journal()[-1].entry.kind == "ticket.links_revoked"


def test_who_may_only_look_has_no_form(ward: Harness) -> None:
    caller = desk_of(ward)
    caller.sign_in("vic", "viewer")
    assert offered(caller.get(PATH).text) == []


# --- who has it -------------------------------------------------------------------------------------------


def test_who_has_it_and_until_when_stands_at_the_top(desk: Caller, ward: Harness) -> None:
    assert "Assignee Dee" in part(desk.get(PATH).text, "state")
    act(desk, "acknowledge", reason="I ring her")
    act(desk, "snooze", span="1", reason="after the round")
    top = part(desk.get(PATH).text, "state")
    assert re.search(r"sam has it until .*: I ring her", top)
    assert re.search(r"Put off until .* by sam: after the round", top)
    ward.later(days=3)
    desk.sign_in("sam", "operator")
    assert "has it until" not in part(desk.get(PATH).text, "state")


# --- messages and history ---------------------------------------------------------------------------------


def test_messages_about_it_are_listed_with_their_state(desk: Caller, ward: Harness) -> None:
    page = part(desk.get(PATH).text, "messages")
    assert re.search(r"Dee \S+ ✓ sent", page)
    assert "waiting" in page, "the escalation is not sent yet"

    ward.later(hours=1)
    ward.deliver()

    assert "waiting" not in part(desk.get(PATH).text, "messages")


def test_a_message_in_a_channel_leads_there_and_one_to_a_person_does_not() -> None:
    harness = Harness(notifiers=[FakeNotifier("soc", channel_page="https://chat.example/{channel}")])
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.leave("ann")
    harness.settle()
    for _ in range(4):
        harness.later(hours=30)
        harness.escalate()
        harness.later(hours=1)
        harness.deliver()
    caller = desk_of(harness)
    caller.sign_in("sam", "viewer")
    html = caller.get(PATH).text.partition('id="messages"')[2].partition("</table>")[0]
    rows = [row for row in html.split("<tr role") if "<td" in row]
    linked = [row for row in rows if 'href="https://chat.example/fake"' in row]
    assert linked == [row for row in rows if "security channel" in row]
    assert 0 < len(linked) < len(rows)
    harness.close()


def test_a_ticket_that_nobody_was_told_about_says_so(ward: Harness) -> None:
    ward.group("ward-9", "ben", admins=["fay"])
    ward.leave("ben")
    ward.settle()
    with ward.store.begin() as uow:
        uow.outbox.withdraw_about([2, 3])
    caller = desk_of(ward)
    caller.sign_in("sam", "viewer")
    assert "No messages about it yet." in text(caller.get("/tickets/T-000003").text)


def test_the_history_names_people_and_says_what_was_told_to_whom_over_what(
    desk: Caller, ward: Harness
) -> None:
    history = part(desk.get(PATH).text, "history")
    assert re.search(r"whosleft Opened, assigned to Dee Dee: over \S+", history)
    assert re.search(r"Escalated: step 1 of \S+ \S.* \(waiting\)", history)

    ward.assigned.answer(ward.link().rpartition("/t/")[2], Answer.STILL_WORKS_HERE, "", ward.later())

    html = desk.get(PATH).text
    history = part(html, "history")
    assert "Dee by the link Answered: still works here" in history
    assert "corp/dee" not in history
    link = re.search(r'<a href="(/people/[^"]+)"><bdi>Dee</bdi></a>', html)
    assert link is not None
    assert desk.get(link[1]).status_code == 200


def test_what_went_out_long_ago_does_not_come_back(desk: Caller, ward: Harness) -> None:
    ward.desk.waive(1, Actor("sam"), "agreed", ward.now + timedelta(minutes=1))
    assert "waiting" not in part(desk.get(PATH).text, "messages"), "what was taken back is not listed"


@pytest.mark.parametrize("path", [PATH, "/policies?ticket=T-000001"])
def test_the_channel_that_a_step_told_is_said_in_the_reader_s_language(desk: Caller, path: str) -> None:
    desk.language = "de"
    page = text(desk.get(path).text)
    assert re.search(r"(Nachricht an|\() ?Sicherheitskanal", page), page
    assert not re.search(r"\bchannel\b", page)
