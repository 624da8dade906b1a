"""People who act in Slack: what comes in is kept, then acknowledged; who they are is looked up; only they read more."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest

from connectors.notify.slack import SPEC
from connectors.notify.slack.connector import SlackNotifier
from contracts.messages import MESSAGE, NOW, context
from fakes.slack.server import TOKEN, Fault, SlackServer
from slack_calls import AMINA, SAM, SECRET, TICKET, Caller, Desk, built
from worker.domain.messages.message import Message, Paragraph, ReaderAct
from worker.ports import BadConfig, Rejected, Transient, Unreachable
from worker.ports.connectors.conversing import Field, Form, Interaction

ASKED = Interaction("k", "U0AMINA01", NOW, ReaderAct.WAIVE, 123, 7, is_asking=True)
WHY = Form("Waive", "Remove Sam from <Ward> & 7", "Waive", "Cancel", Field("reason", "Why?"))


# --- what comes in ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "act, is_asking",
    [("acknowledge", False), ("done", False), ("assign", True), ("snooze", True), ("waive", True)],
)
def test_a_click_is_kept_with_who_what_and_which_version(
    workspace: SlackServer, caller: Caller, desk: Desk, posted: Any, act: str, is_asking: bool
) -> None:
    assert caller.send(workspace.click(AMINA, posted, act)) == (200, "")
    [one] = desk.kept
    assert (one.user, one.act, one.ticket, one.version) == (AMINA, ReaderAct(act), 123, 7)
    assert (one.is_asking, one.at.tzinfo) == (is_asking, UTC)


def test_each_click_has_a_key_of_its_own_that_names_nobody(
    workspace: SlackServer, caller: Caller, desk: Desk, posted: Any
) -> None:
    first = workspace.click(AMINA, posted, "done")
    caller.send(first)
    caller.send(first, headers={"x-slack-retry-num": "1"})
    caller.send(workspace.click(SAM, posted, "done"))
    caller.send(workspace.click(AMINA, posted, "acknowledge"))
    keys = [one.key for one in desk.kept]
    assert len(set(keys)) == len(keys) == 3  # the repeat is the same call
    assert AMINA not in "".join(keys)


def test_a_form_that_is_sent_off_is_kept_with_what_was_written(
    workspace: SlackServer, soc: SlackNotifier, caller: Caller, desk: Desk, posted: Any
) -> None:
    caller.send(workspace.click(AMINA, posted, "waive"))
    asked = soc.prepare(desk.kept[0])
    [view] = workspace.views.values()
    assert view.title == "…"
    soc.ask(asked, WHY)
    assert (view.title, "Remove Sam from <Ward> & 7" in view.shown) == ("Waive", True)

    status, answer = caller.send(workspace.submit(view, "  \n "))
    workspace.acknowledged(view, json.loads(answer))
    assert (status, view.is_open, len(desk.kept)) == (200, True, 1)

    status, answer = caller.send(workspace.submit(view, " agreed "))
    workspace.acknowledged(view, json.loads(answer) if answer else None)
    assert (status, view.is_open) == (200, False)
    sent = desk.kept[1]
    assert (sent.act, sent.ticket, sent.version, sent.given) == (
        ReaderAct.WAIVE,
        123,
        7,
        {"reason": "agreed"},
    )
    assert not sent.is_asking

    soc.answer(sent, said("Waived for good."))
    [whisper] = workspace.whispers
    assert (whisper.user, whisper.channel, whisper.body["thread_ts"]) == (AMINA, "C0LEAVERS01", posted.ts)


def test_a_person_is_chosen_from_a_list(
    workspace: SlackServer, soc: SlackNotifier, caller: Caller, desk: Desk
) -> None:
    asked = replace(ASKED, act=ReaderAct.ASSIGN, place=json.dumps({"trigger": workspace._trigger(AMINA)}))
    soc.ask(soc.prepare(asked), replace(WHY, field=Field("person", "Who?", is_person=True)))
    [view] = workspace.views.values()
    caller.send(workspace.submit(view, SAM))
    assert desk.kept[0].given == {"person": SAM}


def test_a_span_is_chosen_from_a_list(
    workspace: SlackServer, soc: SlackNotifier, caller: Caller, desk: Desk
) -> None:
    asked = replace(ASKED, act=ReaderAct.SNOOZE, place=json.dumps({"trigger": workspace._trigger(AMINA)}))
    field = Field("span", "For how long?", choices=(("1", "1 hour"), ("4", "4 hours")))
    soc.ask(soc.prepare(asked), replace(WHY, field=field))
    [view] = workspace.views.values()
    caller.send(workspace.submit(view, "4"))
    assert desk.kept[0].given == {"span": "4"}


def test_a_command_is_answered_at_its_own_address(
    workspace: SlackServer, soc: SlackNotifier, caller: Caller, desk: Desk
) -> None:
    assert caller.send(workspace.command(AMINA), kind="slash_commands") == (200, "")
    [one] = desk.kept
    assert (one.act, one.user) == (None, AMINA)
    soc.answer(one, said("Nothing is with you."))
    [url] = [url for url in workspace.response_urls.values() if url.bodies]
    assert url.bodies[0]["response_type"] == "ephemeral"


@pytest.mark.parametrize(
    "url", ["https://evil.example.org/x", "http://hooks.slack.com/x", "https://hooks.slack.com.evil.org/"]
)
def test_an_address_that_is_not_slack_s_is_told_nothing(
    workspace: SlackServer, soc: SlackNotifier, caller: Caller, desk: Desk, url: str
) -> None:
    caller.send(workspace.command(AMINA) | {"response_url": url}, kind="slash_commands")
    soc.answer(desk.kept[0], said("Nothing is with you."))
    assert workspace.posts[-1].channel_id == "D0AMINA01"  # by a message instead


def test_a_command_s_address_that_is_used_up_fails_and_its_error_does_not_name_it(
    workspace: SlackServer, soc: SlackNotifier, caller: Caller, desk: Desk
) -> None:
    caller.send(workspace.command(AMINA), kind="slash_commands")
    for _ in range(5):
        soc.answer(desk.kept[0], said("x"))
    with pytest.raises(Rejected) as raised:
        soc.answer(desk.kept[0], said("x"))
    assert "/response/" not in str(raised.value)


def test_the_home_is_shown_to_who_opened_it_and_its_other_tab_is_not_for_us(
    workspace: SlackServer, soc: SlackNotifier, caller: Caller, desk: Desk
) -> None:
    caller.send(workspace.open_home(AMINA, tab="messages"), kind="events_api")
    assert desk.kept == []
    assert caller.send(workspace.open_home(AMINA), kind="events_api") == (200, "")
    crowd = tuple(replace(TICKET, ticket=f"T-{number:06}") for number in range(60))
    soc.answer(desk.kept[0], Message("k", MESSAGE.to, "60 tickets", crowd))
    assert workspace.homes[AMINA]["type"] == "home"
    assert "T-000001" in str(workspace.homes[AMINA])


def test_a_click_in_the_home_is_answered_by_a_message(
    workspace: SlackServer, soc: SlackNotifier, caller: Caller, desk: Desk, posted: Any
) -> None:
    caller.send(workspace.click(AMINA, posted, "done", container={"type": "view", "view_id": "V1"}))
    soc.answer(desk.kept[0], said("Done."))
    assert "Done." in workspace.posts[-1].shown
    assert workspace.posts[-1].channel_id == "D0AMINA01"


def test_without_a_home_nobody_is_shown_one(workspace: SlackServer) -> None:
    settings = SPEC.config.model_validate({
        "token": TOKEN, "home": False, "api_url": workspace.url,
        "interactive": {"mode": "http", "signing_secret": SECRET, "listen": "127.0.0.1:0"},
    })  # fmt: skip
    soc, desk = SPEC.build(settings, context()), Desk()
    with soc.listen(desk.keep):
        assert Caller(soc).send(workspace.open_home(AMINA), kind="events_api") == (200, "")
    assert desk.kept == []


def test_what_is_nothing_to_us_is_acknowledged_and_not_kept(
    workspace: SlackServer, soc: SlackNotifier, caller: Caller, desk: Desk, posted: Any
) -> None:
    others = workspace.click(AMINA, posted, "done")
    others["actions"][0]["action_id"] = "somebody else's"
    foreign = {"type": "view_submission", "user": {"id": AMINA}, "view": {"callback_id": "theirs"}}
    for payload, kind in (
        (others, "interactive"),
        (foreign, "interactive"),
        ({"type": "shortcut"}, "interactive"),
        (workspace.command(AMINA, command="/other"), "slash_commands"),
        ({"type": "event_callback", "event": {"type": "message"}}, "events_api"),
    ):
        assert caller.send(payload, kind=kind) == (200, "")
    assert desk.kept == []


# --- who it is ------------------------------------------------------------------------------------------------


def test_who_clicks_is_looked_up_each_time(workspace: SlackServer, soc: SlackNotifier) -> None:
    amina, sam = soc.who(AMINA), soc.who(SAM)
    assert (amina.email, amina.name, amina.id) == (
        "amina.yusuf@example.org",
        "Amina Yusuf",
        f"slack:T0900 {AMINA}",
    )
    assert (amina.is_operator, sam.is_operator) == (False, True)
    workspace.people["sam@example.org"]["deleted"] = True
    with pytest.raises(Unreachable):
        soc.who(SAM)


@pytest.mark.parametrize(
    "user",
    ["U0GUEST01", "U0GUEST02", "U0BOT0001", "U0GONE001", "U0NOMAIL1", "U0OTHER01", "U0OTHER02", "U0NOWHERE"],
)
def test_guests_bots_and_other_workspaces_are_nobody(soc: SlackNotifier, user: str) -> None:
    with pytest.raises(Unreachable):
        soc.who(user)


def test_a_member_of_an_organisation_with_several_workspaces_is_one_of_ours(
    workspace: SlackServer, soc: SlackNotifier
) -> None:
    workspace.add_person(
        "wide@example.org", "W0WIDE001", team_id="T0OTHER", enterprise_user={"teams": ["T0OTHER", "T0900"]}
    )
    assert soc.who("W0WIDE001").email == "wide@example.org"


def test_whoever_clicks_has_the_address_that_others_know_them_by(
    workspace: SlackServer, soc: SlackNotifier
) -> None:
    workspace.add_person("a@straße.example", "U0ABC")
    assert soc.who("U0ABC").email == "a@xn--strae-oqa.example"


def test_operators_may_be_a_user_group_by_name_or_handle(workspace: SlackServer) -> None:
    workspace.add_user_group("S0SECOPS1", "Security", AMINA)
    for name in ("user_group:Security", "user_group:@security"):
        soc = built(workspace, operators=[name])
        assert (soc.who(AMINA).is_operator, soc.who(SAM).is_operator) == (True, False)
        assert soc.check().ok


def test_of_a_user_group_that_cannot_be_read_nobody_is_an_operator_and_check_says_so(
    workspace: SlackServer,
) -> None:
    soc = built(workspace, operators=["user_group:nowhere"])
    assert not soc.who(AMINA).is_operator
    assert "no user group nowhere" in soc.check().message
    workspace.scopes.discard("usergroups:read")
    assert not built(workspace, operators=["user_group:nowhere"]).who(AMINA).is_operator
    assert "usergroups:read" in soc.check().message


# --- answers --------------------------------------------------------------------------------------------------


def test_a_form_that_comes_too_late_is_rejected(workspace: SlackServer, soc: SlackNotifier) -> None:
    trigger = workspace._trigger(AMINA)
    asked = replace(ASKED, place=json.dumps({"trigger": trigger}))
    soc.prepare(asked)
    with pytest.raises(Rejected):  # a trigger opens one form
        soc.prepare(asked)
    late = replace(ASKED, place=json.dumps({"trigger": workspace._trigger(AMINA)}))
    begun = workspace.clock_s()
    workspace.clock_s = lambda: begun + 5.0
    with pytest.raises(Rejected):
        soc.prepare(late)


def test_a_refusal_takes_the_place_of_the_form(workspace: SlackServer, soc: SlackNotifier) -> None:
    asked = soc.prepare(replace(ASKED, place=json.dumps({"trigger": workspace._trigger(AMINA)})))
    soc.answer(asked, said("Only Dee can do that.", title="Remove Sam from " + "Ward " * 40))
    [view] = workspace.views.values()
    assert "Only Dee can do that." in view.shown
    assert "submit" not in view.body


def test_a_form_s_words_are_cut_to_slack_s_limits(workspace: SlackServer, soc: SlackNotifier) -> None:
    asked = soc.prepare(replace(ASKED, place=json.dumps({"trigger": workspace._trigger(AMINA)})))
    name = "<!channel> *x* " * 400
    soc.ask(asked, Form(name, name, name, name, Field("reason", name)))
    assert len(next(iter(workspace.views.values())).title) <= 24


def test_trouble_while_answering_is_one_of_the_taxonomy(workspace: SlackServer, soc: SlackNotifier) -> None:
    workspace.fail("chat.postEphemeral", Fault(drop_before=True))
    with pytest.raises(Transient):
        soc.answer(replace(ASKED, place=json.dumps({"channel": "C0LEAVERS01"})), said("x"))


def test_without_interactive_nobody_can_act(workspace: SlackServer) -> None:
    settings = SPEC.config.model_validate({"token": TOKEN, "api_url": workspace.url})
    soc = SPEC.build(settings, context())
    assert not soc.can.is_two_way
    assert list(soc.calls) == []
    with pytest.raises(BadConfig), ExitStack() as stack:
        stack.enter_context(soc.listen(Desk().keep))


def test_check_says_how_clicks_come_in(soc: SlackNotifier, workspace: SlackServer) -> None:
    assert soc.check().details["clicks"] == "clicks come to 127.0.0.1:0/slack"
    workspace.scopes.discard("commands")
    assert "commands" in soc.check().message


def said(text: str, title: str = "") -> Message:
    return Message("k", MESSAGE.to, title, (Paragraph("", text),))
