"""The console in Chromium: every page at every size, live, by keyboard, and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, ViewportSize, expect

from chromium import LOOKS, PHONE, Desk, faults, looking, overflows, sign_in
from worker.app.tell.addressing import person_at
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import Paragraph
from worker.domain.reconcile.guard import HoldState
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.ports import Rejected
from worker.ports.state.access import Visit
from worker.ports.state.outbox import OutMessage

Open = Callable[..., BrowserContext]
PAGES = ("/", "/tickets", "/tickets/T-000002", "/groups", "/people", "/questions", "/plans", "/plans/P-000001",
         "/plans/P-000001/release", "/sources", "/sources/corp", "/unreached", "/policies", "/policies?ticket=T-2",
         "/messages", "/messages?state=dead", "/silences", "/charts", "/what-if", "/audit", "/controls",
         "/controls/profile.description")  # fmt: skip


@LOOKS
def test_axe_finds_nothing_serious_on_any_page(
    desk: Desk, open_context: Open, language: str, scheme: str, size: ViewportSize
) -> None:
    page = open_context(size, language, color_scheme=scheme).new_page()
    sign_in(page, desk, "approver", "auditor")
    with looking(page) as look:
        for path in PAGES:
            page.goto(desk.base + path)
            look(path)


def test_what_changes_shows_without_reloading(desk: Desk, open_context: Open) -> None:
    page = open_context().new_page()
    sign_in(page, desk, "viewer")
    removals = [t for t in desk.harness.tickets(TicketKind.REMOVE_MEMBER) if t.state is TicketState.OPEN]
    before = page.locator(".where strong").first.inner_text()
    page.evaluate("document.body.dataset.same = 'yes'")

    desk.harness.desk.waive(removals[0].id, Actor("kim"), "agreed", desk.harness.now)

    page.evaluate("htmx.trigger('#live', 'htmx:abort')")
    expect(page.locator(".where strong").first).to_have_text(str(int(before) - 1), timeout=20_000)
    assert page.evaluate("document.body.dataset.same") == "yes"


def test_a_search_and_an_act_by_keyboard_alone(desk: Desk, open_context: Open) -> None:
    page = open_context().new_page()
    sign_in(page, desk, "operator")
    page.goto(f"{desk.base}/tickets")
    page.locator("#text").focus()
    page.keyboard.type("theatre")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert "theatre" not in page.url
    page.locator("tbody a").focus()
    page.keyboard.press("Enter")
    page.locator("input[value='done']").focus()
    page.keyboard.press("Space")
    page.locator("#reason").focus()
    page.keyboard.type("I saw it")
    page.keyboard.press("Enter")

    expect(page.locator(".badge.done")).to_be_visible()


def test_a_key_ticks_the_ticket_that_has_the_focus_though_the_list_was_renewed(
    desk: Desk, open_context: Open
) -> None:
    page = open_context().new_page()
    sign_in(page, desk, "operator")
    page.goto(f"{desk.base}/tickets")
    tickets = page.locator("#live tbody tr")
    first, second, third = (tickets.nth(at).locator("a").first.inner_text() for at in range(3))
    page.keyboard.press("j")
    page.keyboard.press("j")
    desk.harness.desk.waive(int(first.removeprefix("T-")), Actor("kim"), "agreed", desk.harness.now)
    page.evaluate("htmx.trigger('#live', 'renew')")
    expect(tickets.first.locator("a").first).to_have_text(second)
    page.keyboard.press("x")
    ticked = page.locator("#live tbody tr:has(:checked) a").first
    expect(ticked).to_have_text(second)
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == third


@pytest.mark.parametrize("field, typed", [("#reason", "why"), ("#email", "una@corp.example")])
def test_enter_in_a_field_does_none_of_several_acts(
    desk: Desk, open_context: Open, field: str, typed: str
) -> None:
    page = open_context().new_page()
    sign_in(page, desk, "operator")
    page.goto(f"{desk.base}/tickets")
    row = page.locator("#live tbody tr").first
    number = int(row.locator("a").first.inner_text().removeprefix("T-"))
    before = desk.harness.ticket(number)
    row.locator("input[type=checkbox]").check()
    page.locator(field).fill(typed)
    page.keyboard.press("Enter")
    expect(page.get_by_text("choose what is to be done with them")).to_be_visible()
    assert desk.harness.ticket(number) == before


def test_fields_of_acts_that_are_not_chosen_are_out_of_the_way_and_a_refusal_is_beside_its_field(
    desk: Desk, open_context: Open
) -> None:
    page = open_context(PHONE, java_script_enabled=False).new_page()
    sign_in(page, desk, "operator")
    page.goto(f"{desk.base}/tickets/T-000002")
    expect(page.locator("#email")).to_be_hidden()
    page.get_by_label("Assign").check()
    page.locator("#email").fill("nobody")
    page.locator("#reason").fill("on leave")
    page.get_by_role("button", name="Do it").click()

    expect(page.locator("#refusal")).to_be_in_viewport()
    expect(page.locator("#email")).to_be_focused()
    assert page.locator("#reason").input_value() == "on leave"
    page.locator("#email").fill("lea@corp.example")
    page.get_by_role("button", name="Do it").click()

    expect(page.locator("#state")).to_contain_text("Assignee Lea")
    assert not overflows(page)


def test_two_approvers_release_without_javascript(desk: Desk, open_context: Open) -> None:
    desk.harness.approvals._two_from = 30
    for name in ("sam@example.org", "kim@example.org"):
        page = open_context(java_script_enabled=False).new_page()
        sign_in(page, desk, "approver", name=name)
        page.goto(f"{desk.base}/plans/P-000001")
        page.locator("#reason").fill("HR says so")
        page.locator("button[value='release']").click()
        expect(page.locator("h1")).to_contain_text("P-000001")

    assert desk.harness.plans()[0].state is HoldState.RELEASED


def test_enter_in_the_reason_decides_nothing_about_a_plan(desk: Desk, open_context: Open) -> None:
    page = open_context(java_script_enabled=False).new_page()
    sign_in(page, desk, "approver")
    page.goto(f"{desk.base}/plans/P-000001")
    page.locator("#reason").fill("a wrong file: reject it")
    page.keyboard.press("Enter")
    expect(page.locator("#refusal")).to_contain_text("Choose whether to release or to reject.")
    assert page.locator("#reason").input_value() == "a wrong file: reject it"
    assert desk.harness.plans()[0].state is HoldState.HELD


def test_a_silence_is_made_and_ended_without_javascript_by_keyboard(desk: Desk, open_context: Open) -> None:
    page = open_context(java_script_enabled=False).new_page()
    sign_in(page, desk, "operator")
    page.goto(f"{desk.base}/silences")
    page.locator("#groups").focus()
    page.keyboard.type("theatre")
    page.locator("#reason").focus()
    page.keyboard.type("moving house")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_contain_text("moving house")
    page.locator("#reason-S-000001").focus()
    page.keyboard.press("Enter")

    expect(page.locator("tbody .badge")).to_have_text("over")


def test_a_dead_message_is_given_up_without_javascript(desk: Desk, open_context: Open) -> None:
    harness = desk.harness
    harness.deliver()
    harness.queue(OutMessage("x", person_at("fay@corp.example"), "News", Paragraph("News")))
    harness.soc.fail_next(Rejected("No.", remedy="Look."))
    harness.deliver()
    page = open_context(PHONE, java_script_enabled=False).new_page()
    sign_in(page, desk, "operator")
    page.goto(f"{desk.base}/")
    page.get_by_role("link", name="One message reached nobody.").click()
    reason = page.locator("tbody input[name='reason']")
    reason.fill("told by phone")
    page.keyboard.press("Enter")
    expect(reason, "Enter is neither of the two").to_have_value("told by phone")
    page.get_by_role("button", name="Give up").click()

    expect(page.locator("main")).to_contain_text("No message is like that.")


def test_what_changed_since_the_last_visit_leads_to_it_on_a_phone(desk: Desk, open_context: Open) -> None:
    with desk.harness.store.begin() as uow:
        uow.access.keep_visit("sam@example.org", Visit(desk.harness.now - timedelta(days=3)))
    page = open_context(PHONE, "ar").new_page()
    sign_in(page, desk, "viewer")
    changes = page.locator("section[aria-labelledby=changes]")

    assert faults(page) == []
    assert not overflows(page)
    changes.locator("a[href^='/tickets']").first.press("Enter")
    expect(page.locator(".chips a[aria-current]")).to_have_count(1)


def test_charts_are_drawn_beside_their_figures(desk: Desk, open_context: Open) -> None:
    page = open_context().new_page()
    sign_in(page, desk, "viewer")
    page.goto(f"{desk.base}/charts")

    expect(page.locator("canvas")).to_have_count(3)
    drawn = page.evaluate(
        "[...document.querySelectorAll('canvas')].map(c => c.getContext('2d').getImageData(0, 0, c.width, c.height)"
        ".data.some(value => value !== 0))"
    )
    assert drawn == [True, True, True]


def test_a_bar_leads_to_the_tickets_of_its_week(desk: Desk, open_context: Open) -> None:
    page = open_context().new_page()
    sign_in(page, desk, "viewer")
    page.goto(f"{desk.base}/charts")
    canvas = page.locator("canvas").nth(1)
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": box["width"] / 2, "y": box["height"] / 2})

    expect(page.locator(".chips a[aria-current]").first).to_have_text("removals")
    expect(page.locator("tbody tr")).to_have_count(4)


def test_charts_without_javascript_are_tables_whose_figures_lead_to_tickets(
    desk: Desk, open_context: Open
) -> None:
    page = open_context(java_script_enabled=False).new_page()
    sign_in(page, desk, "viewer")
    page.goto(f"{desk.base}/charts")
    page.locator("figure summary").nth(1).press("Enter")
    page.locator("figure table a").first.press("Enter")

    expect(page.locator("h1")).to_have_text("Tickets")
    expect(page.locator("tbody tr")).to_have_count(4)


def test_signing_out_leaves_nothing_to_go_back_to(desk: Desk, open_context: Open) -> None:
    page = open_context().new_page()
    sign_in(page, desk, "viewer")
    page.locator(".account summary").click()
    page.locator("form[action='/logout'] button").click()
    page.wait_for_url(f"{desk.base}/login")

    page.go_back()

    expect(page.locator("h1")).to_have_text("Sign in")


def test_the_form_of_another_site_on_this_machine_does_nothing(desk: Desk, open_context: Open) -> None:
    """Cookies know no ports: the session comes along, and the form is refused all the same."""
    page = open_context().new_page()
    sign_in(page, desk, "operator")
    removals = desk.harness.tickets(TicketKind.REMOVE_MEMBER)
    number = next(t.id for t in removals if t.state is TicketState.OPEN)
    form = f"<form method=post action='{desk.base}/tickets/T-{number:06d}/done'><button>Win</button></form>"

    with other_site(form) as address:
        page.goto(address)
        page.get_by_text("Win").click()
        expect(page.locator("body")).to_contain_text("This was sent from another site")

    assert desk.harness.ticket(number).state is TicketState.OPEN


@contextmanager
def other_site(html: str) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
