"""Forms and the Home as Slack's views, and a click, a form or a command as an interaction. Pure.

Limits (Slack's reference of views, read 2026-11): title, submit and close 24 characters, label 2,000, metadata 3,000,
100 blocks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from connectors.kit.text import cut, shown_line
from connectors.notify.slack.mapping import BLOCKS_MAX, Block, render
from worker.domain.messages.message import Message, ReaderAct
from worker.domain.tickets.ticket import ticket_number
from worker.ports.connectors.conversing import Field, Form, Interaction

TITLE_MAX = 24
LABEL_MAX = 2000
BLANK_MAX = 200
CHOICE_MAX = 75
REASON_MAX = 1000
WAITING = "…"
COMMAND = "/whosleft"
_ASKED_FIRST = frozenset({ReaderAct.ASSIGN, ReaderAct.SNOOZE, ReaderAct.WAIVE})
_FIELD = "field"
_ACTS = {act.value: act for act in ReaderAct}

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where to answer: a message (and its thread), a form, a person's Home, a command's own address, else a message of
    its own.
    """

    channel: str = ""
    thread: str = ""
    trigger: str = ""
    view: str = ""
    home: bool = False
    response_url: str = ""

    def text(self) -> str:
        """The place as an interaction carries it."""
        return json.dumps({name: value for name in self.__slots__ if (value := getattr(self, name))})

    @classmethod
    def of(cls, text: str) -> Place:
        """The inverse of `text`."""
        return cls(**json.loads(text)) if text else cls()


def clicked(payload: Payload) -> Interaction | None:
    """A click on one of our buttons (block_actions); None for anything else. Raises KeyError, ValueError, TypeError."""
    action = payload["actions"][0]
    act = _ACTS.get(action.get("action_id", ""))
    if act is None:
        return None
    label, _, version = str(action["value"]).rpartition(".")
    container, user = payload.get("container") or {}, str(payload["user"]["id"])
    place = Place(
        channel=str(container.get("channel_id", "")),
        thread=str(container.get("thread_ts") or container.get("message_ts") or ""),
        trigger=str(payload.get("trigger_id", "")),
    )
    return Interaction(
        _key(user, action["action_id"], action["action_ts"]),
        user,
        datetime.fromtimestamp(float(action["action_ts"]), UTC),
        act,
        ticket_number(label),
        int(version),
        is_asking=act in _ASKED_FIRST,
        place=place.text(),
    )


def sent_off(payload: Payload, now: datetime) -> Interaction | None:
    """A form that was sent off (view_submission); None for one that isn't ours, or says nothing."""
    view, user = payload["view"], str(payload["user"]["id"])
    act = _ACTS.get(view.get("callback_id", ""))
    if act is None or not view.get("private_metadata"):
        return None
    known = json.loads(view["private_metadata"])
    field = view["state"]["values"][_FIELD][known["field"]]
    chosen = (field.get("selected_option") or {}).get("value")
    given = str(field.get("selected_user") or chosen or field.get("value") or "").strip()
    return Interaction(
        _key(user, view["id"], view["hash"]), user, now, act, int(known["ticket"]), int(known["version"]),
        {known["field"]: given} if given else {}, place=Place(**known["place"]).text(),
    )  # fmt: skip


def asked_again(payload: Payload) -> dict[str, Any]:
    """The answer to a form that was sent off with nothing in it: it stays open, with its question below the field."""
    text = json.loads(payload["view"]["private_metadata"])["blank"]
    return {"response_action": "errors", "errors": {_FIELD: text}}


def commanded(payload: Payload, now: datetime) -> Interaction | None:
    """Our slash command; None for another."""
    if payload.get("command") != COMMAND:
        return None
    user = str(payload["user_id"])
    place = Place(response_url=str(payload.get("response_url", "")))
    return Interaction(_key(user, COMMAND, payload["trigger_id"]), user, now, place=place.text())


def opened_home(payload: Payload, now: datetime) -> Interaction | None:
    """Somebody who opened the app's Home (not its messages); None for another event."""
    event = payload.get("event") or {}
    if event.get("type") != "app_home_opened" or event.get("tab") != "home":
        return None
    user = str(event["user"])
    return Interaction(_key(user, "home", payload["event_id"]), user, now, place=Place(home=True).text())


def _key(*parts: object) -> str:
    """What tells an interaction apart; a hash, since it has a person's id."""
    return sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32]


# --- views ------------------------------------------------------------------------------------------------


def waiting_view() -> dict[str, Any]:
    """A form on its way, which keeps the three seconds that Slack gives for opening one."""
    return _modal(WAITING, [_plain_section(WAITING)])


def form_view(form: Form, asked: Interaction, act: ReaderAct) -> dict[str, Any]:
    """A form with one field."""
    place = Place.of(asked.place)
    known = {
        "ticket": asked.ticket,
        "version": asked.version,
        "field": form.field.name,
        "blank": cut(form.field.label, BLANK_MAX),
        "place": {"channel": place.channel, "thread": place.thread},
    }
    question = {
        "type": "input",
        "block_id": _FIELD,
        "label": _plain(form.field.label, LABEL_MAX),
        "element": {"action_id": form.field.name, **_element(form.field)},
    }
    return _modal(form.title, [_plain_section(form.text), question], close=form.cancel) | {
        "callback_id": act.value,
        "submit": _plain(form.submit, TITLE_MAX),
        "private_metadata": json.dumps(known),
    }


def _element(field: Field) -> Block:
    if field.is_person:
        return {"type": "users_select"}
    if field.choices:
        options = [{"text": _plain(label, CHOICE_MAX), "value": value} for value, label in field.choices]
        return {"type": "static_select", "options": options}
    return {"type": "plain_text_input", "multiline": True, "min_length": 1, "max_length": REASON_MAX}


def text_view(message: Message) -> dict[str, Any]:
    """A message in place of a form."""
    return _modal(WAITING if not message.title else message.title, render(message).blocks[1:])


def home_view(message: Message) -> dict[str, Any]:
    """A person's Home."""
    return {"type": "home", "blocks": list(render(message).blocks)[:BLOCKS_MAX]}


def _modal(title: str, blocks: Sequence[Block], close: str = "") -> dict[str, Any]:
    view: dict[str, Any] = {"type": "modal", "title": _plain(title, TITLE_MAX), "blocks": list(blocks)}
    return view | ({"close": _plain(close, TITLE_MAX)} if close else {})


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": cut(shown_line(text), limit) or WAITING, "emoji": False}


def _plain_section(text: str) -> Block:
    return {"type": "section", "text": _plain(text, LABEL_MAX)}
