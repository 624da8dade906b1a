"""The app's manifest: within Slack's limits, and asking for what the connector uses and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from connectors.notify import slack
from connectors.notify.slack.connector import SCOPES_PEOPLE, SCOPES_PRIVATE, SCOPES_PUBLIC
from connectors.notify.slack.mapping import render
from connectors.notify.slack.reception import SCOPES_COMMANDS, SCOPES_GROUPS
from connectors.notify.slack.views import COMMAND, form_view, home_view, text_view, waiting_view
from contracts.messages import MESSAGE, NOW
from worker.domain.messages.message import Message, Offer, Paragraph, ReaderAct
from worker.ports.connectors.conversing import Field, Form, Interaction

FILE = Path(slack.__file__).with_name("manifest.yaml")
# Of @slack/web-api's manifest types 8.2, which Slack publishes
KEYS = {
    "": {"display_information", "features", "oauth_config", "settings"},
    "display_information": {"name", "description", "long_description", "background_color"},
    "features": {"app_home", "bot_user", "slash_commands"},
    "features.app_home": {"home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled"},
    "features.bot_user": {"display_name", "always_online"},
    "oauth_config": {"scopes"},
    "oauth_config.scopes": {"bot", "bot_optional"},
    "settings": {
        "event_subscriptions", "interactivity", "org_deploy_enabled", "socket_mode_enabled", "token_rotation_enabled",
    },
    "settings.event_subscriptions": {"bot_events"},
    "settings.interactivity": {"is_enabled"},
}  # fmt: skip


@pytest.fixture
def manifest() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def at(manifest: dict[str, Any], path: str) -> dict[str, Any]:
    found = manifest
    for key in filter(None, path.split(".")):
        found = found[key]
    return found


@pytest.mark.parametrize("path", KEYS)
def test_it_has_only_keys_that_slack_knows(manifest: dict[str, Any], path: str) -> None:
    assert set(at(manifest, path)) <= KEYS[path]


def test_its_texts_are_within_slack_s_limits(manifest: dict[str, Any]) -> None:
    shown, bot = manifest["display_information"], manifest["features"]["bot_user"]
    [command] = manifest["features"]["slash_commands"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 175 <= len(shown["long_description"]) <= 4000
    assert re.fullmatch(r"[a-z0-9_.-]{1,80}", bot["display_name"])
    assert command["command"] == COMMAND
    assert len(command["command"]) <= 32
    assert len(command["description"]) <= 2000
    assert "url" not in command  # Socket Mode takes none


def test_it_asks_for_the_scopes_that_are_used_and_for_no_other(manifest: dict[str, Any]) -> None:
    scopes = manifest["oauth_config"]["scopes"]
    needed = SCOPES_PEOPLE | SCOPES_PUBLIC | SCOPES_PRIVATE | SCOPES_COMMANDS
    assert set(scopes["bot"]) == needed | {"users:read"}  # Slack wants it with users:read.email
    assert set(scopes["bot_optional"]) == SCOPES_GROUPS


def test_it_turns_on_what_the_connector_needs(manifest: dict[str, Any]) -> None:
    settings, home = manifest["settings"], manifest["features"]["app_home"]
    assert (settings["socket_mode_enabled"], settings["interactivity"]["is_enabled"]) == (True, True)
    assert settings["event_subscriptions"]["bot_events"] == ["app_home_opened"]
    assert not settings["token_rotation_enabled"]
    assert (home["home_tab_enabled"], home["messages_tab_enabled"]) == (True, True)


# --- a second opinion on what we send, of the SDK's own models ------------------------------------------------

NAME = ("<!channel> *W* _a_ ~r~ `d` :fire: &lt;@U0AMINA01> " * 8)[:300]
OFFERS = tuple(Offer(act, NAME) for act in ReaderAct)
PART = Paragraph(
    NAME,
    NAME,
    ((NAME, NAME),) * 12,
    (NAME,) * 9,
    "https://x.example.org/",
    "T-000001",
    version=7,
    offers=OFFERS,
)
ASKED = Interaction("k", "U1", NOW, ReaderAct.WAIVE, 1, 7, is_asking=True)


@pytest.mark.parametrize("message", [MESSAGE, Message("k", MESSAGE.to, NAME, (PART,) * 3, note=NAME)])
def test_the_sdk_s_models_take_every_block(message: Message) -> None:
    blocks = render(message).blocks
    parsed = Block.parse_all(list(blocks))
    assert len(parsed) == len(blocks)
    for block in parsed:
        block.validate_json()


@pytest.mark.parametrize(
    "view",
    [
        waiting_view(),
        text_view(Message("k", MESSAGE.to, NAME, (PART,))),
        home_view(Message("k", MESSAGE.to, NAME, (PART,) * 3)),
        form_view(Form(NAME, NAME, NAME, NAME, Field("reason", NAME)), ASKED, ReaderAct.WAIVE),
        form_view(
            Form("R", "T", "R", "C", Field("span", NAME, choices=(("1", NAME),))), ASKED, ReaderAct.SNOOZE
        ),
        form_view(Form("R", "T", "R", "C", Field("person", "Who?", is_person=True)), ASKED, ReaderAct.ASSIGN),
    ],
)
def test_the_sdk_s_models_take_every_view(view: dict[str, Any]) -> None:
    parsed = View(**view)
    parsed.validate_json()
    assert len(parsed.blocks or []) == len(view["blocks"])
