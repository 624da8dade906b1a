"""Apprise: whom a URL addresses, what is sent, what its words mean, and that the URL stays unsaid."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.notify.apprise.config import AppriseConfig
from connectors.notify.apprise.connector import AppriseNotifier
from connectors.notify.apprise.mapping import failure
from contracts.messages import AMINA, MESSAGE, NOTED, context
from fakes.http_receiver import Fault, HttpReceiver
from worker.domain.messages.message import CHANNEL, Message, Paragraph, Recipient, RecipientKind
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    NotDone,
    PermissionDenied,
    Rejected,
    Transient,
    Unreachable,
)

NURSE = Recipient(RecipientKind.PERSON, "+447700900123", "Bea")
KEY = "s3cr3tK3y"


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver(path="") as one:
        yield one


def notifier(url: str, *, reaches: str = "channel", **keys: Any) -> AppriseNotifier:
    schema = url.partition(":")[0]
    config = AppriseConfig.model_validate({"url": url, "schemas": [schema], "reaches": reaches} | keys)
    return AppriseNotifier(config, context("sms"))


def at(receiver: HttpReceiver, path: str) -> str:
    return f"json://127.0.0.1:{receiver.port}/{path}"


def test_a_person_is_addressed_by_number(receiver: HttpReceiver) -> None:
    sms = notifier(at(receiver, "to/{phone}"), reaches="phone", text_max=300)
    sms.send(replace(MESSAGE, to=NURSE))
    assert receiver.taken[0].path == "/to/+447700900123"
    assert sms.can.reach(NURSE)
    assert not sms.can.reach(AMINA)
    assert not sms.can.reach(CHANNEL)


def test_or_by_e_mail_address_and_no_value_can_be_more_than_one(receiver: HttpReceiver) -> None:
    mail = notifier(at(receiver, "to/{email}/{ticket}?k={key}"), reaches="email")
    odd = Recipient(RecipientKind.PERSON, "a/../b?x=1&y={phone}@example.org")
    paragraph = replace(MESSAGE.paragraphs[0], ticket="T-000123")
    mail.send(replace(MESSAGE, to=odd, paragraphs=(paragraph,)))
    path = receiver.taken[0].path.partition("?")[0]
    assert path.count("/") == 3
    assert path.endswith("/T-000123")


def test_where_the_url_names_the_ticket_each_message_is_about_one(receiver: HttpReceiver) -> None:
    two = replace(MESSAGE, paragraphs=MESSAGE.paragraphs * 2)
    assert notifier(at(receiver, "{ticket}")).takes(two) == 1
    assert notifier(at(receiver, "")).takes(two) == 2


def test_who_has_no_address_for_it_is_unreachable(receiver: HttpReceiver) -> None:
    with pytest.raises(Unreachable, match="Amina"):
        notifier(at(receiver, "{phone}"), reaches="phone").send(replace(MESSAGE, to=AMINA))
    assert receiver.asked == 0


def test_a_text_message_keeps_its_link_and_its_first_fact(receiver: HttpReceiver) -> None:
    sms = notifier(at(receiver, ""), text_max=300)
    paragraph = Paragraph("Remove Sam", "words " * 200, (("Ticket", "T-000123"), ("Group", "Ward 7")), ("Tap.",) * 9,
                          "https://whosleft.example.org/t/abc")  # fmt: skip
    sms.send(replace(MESSAGE, paragraphs=(paragraph,)))
    sent = json.loads(receiver.taken[0].body)
    whole = f"{sent['title']}\n{sent['message']}"
    assert len(whole) <= 300
    for part in ("Remove Sam", "Ticket: T-000123", "…", "https://whosleft.example.org/t/abc"):
        assert part in whole


def test_texts_to_paste_stay_whole_in_a_bundle_and_one_that_never_fits_splits_none(
    receiver: HttpReceiver,
) -> None:
    sms = notifier(at(receiver, ""), text_max=1000)
    [ticket] = MESSAGE.paragraphs
    some, plain = (replace(MESSAGE, paragraphs=(one,) * 3) for one in (with_rules(ticket, 20), ticket))
    assert sms.takes(some) == 2
    sms.send(replace(some, paragraphs=some.paragraphs[:2]))
    assert json.loads(receiver.taken[0].body)["message"].count("Rules:\n" + "Be kind.\n" * 20) == 2
    many = replace(MESSAGE, paragraphs=(with_rules(ticket, 200),) * 3)
    assert sms.takes(many) == sms.takes(plain) == 3
    sms.send(many)
    assert json.loads(receiver.taken[1].body)["message"].count("Rules: …") == 3


PINGS = re.compile(r"(?<!\w)@[\w*\"]|@(?:everyone|here)\b|<[!@#]\S|[#&!]\d|\][(:\[]|://|\bwww\.")
HOSTILE = (
    "@everyone you@here @channel <@12> <@&34> <!channel> <#56> @**all** @room ~town",
    "[Open the ticket](https://evil.example/x) <https://evil.example|here> [x][y] [x]: //evil.example www.evil.example",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_calls_nobody_and_links_nothing_where_plain_text_is_read_as_more(
    receiver: HttpReceiver, name: str
) -> None:
    link = "https://whosleft.example.org/t/abc"
    one = Paragraph(name, name, ((name, name),), (name,), link, pasted=(("Rules", f"Ask @sam: {link}"),))
    message = Message("k", CHANNEL, name, (one, one), note=name, may_be_repeat=True, repeat_note=name)
    notifier(f"mmost://127.0.0.1:{receiver.port}/{'a' * 24}", text_max=9000).send(message)
    text = json.loads(receiver.taken[0].body)["text"]
    assert text.count(f"Rules:\nAsk @sam: {link}\n{link}") == 2
    ours = text.replace(f"Ask @sam: {link}\n{link}", "")
    assert PINGS.findall(ours) == []
    assert ours.replace("\N{WORD JOINER}", "").count(name) == 11


@pytest.mark.parametrize("name", HOSTILE)
def test_nor_in_what_is_cut(receiver: HttpReceiver, name: str) -> None:
    notifier(at(receiver, ""), text_max=160).send(
        Message("k", CHANNEL, name * 3, (Paragraph(name, name * 9),), note=name)
    )
    sent = json.loads(receiver.taken[0].body)
    assert PINGS.findall(f"{sent['title']}\n{sent['message']}") == []


def with_rules(ticket: Paragraph, lines: int) -> Paragraph:
    return replace(ticket, pasted=(("Rules", "Be kind.\n" * lines),))


def test_where_not_even_the_shortest_fits_the_link_is_whole(receiver: HttpReceiver) -> None:
    link = "https://whosleft.example.org/t/" + "a" * 60
    message = replace(
        NOTED, note="note " * 60, paragraphs=(Paragraph("Head", facts=(("A", "b" * 99),), link=link),)
    )
    notifier(at(receiver, ""), text_max=160).send(message)
    sent = json.loads(receiver.taken[0].body)
    assert sent["message"].endswith(f"…\n{link}")
    assert len(sent["title"]) + 1 + len(sent["message"]) <= 160


def test_what_is_sent_says_nothing_of_apprise_and_follows_no_redirection(receiver: HttpReceiver) -> None:
    with HttpReceiver() as elsewhere:
        receiver.fail(Fault(307, headers={"location": elsewhere.url}))
        with pytest.raises(ConnectorError):
            notifier(at(receiver, "")).send(MESSAGE)
        assert elsewhere.asked == 0
    notifier(at(receiver, "")).send(MESSAGE)
    [taken] = receiver.taken
    assert b"github" not in taken.body.lower()
    assert b"apprise" not in taken.body.lower()
    assert "apprise" not in str(taken.headers).lower()


@pytest.mark.parametrize(
    "status, expected",
    [(401, AuthFailed), (403, PermissionDenied), (400, Rejected), (402, PermissionDenied), (404, BadConfig),
     (408, Transient), (429, Transient), (500, Transient), (503, Transient)],
)  # fmt: skip
def test_a_status_decides_what_a_failure_is(
    receiver: HttpReceiver, status: int, expected: type[ConnectorError]
) -> None:
    receiver.fail(Fault(status, body=KEY.encode()))
    with pytest.raises(ConnectorError) as raised:
        notifier(at(receiver, "")).send(MESSAGE)
    assert type(raised.value) is expected
    assert f"answered {status}" in raised.value.message


def test_without_a_status_nothing_is_known(receiver: HttpReceiver) -> None:
    receiver.fail(Fault(is_taken=True))
    with pytest.raises(Transient) as raised:
        notifier(at(receiver, "")).send(MESSAGE)
    assert not isinstance(raised.value, NotDone)
    assert not isinstance(failure("X", "A Connection error occurred"), NotDone)


def test_the_url_is_in_no_error_and_in_no_log(
    receiver: HttpReceiver, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    one = notifier(f"json://user:{KEY}@127.0.0.1:{receiver.port}/{KEY}")
    receiver.fail(Fault(500), Fault(403), Fault())
    said = [repr(one), repr(one.check()), repr(vars(one))]
    for _ in range(3):
        with pytest.raises(ConnectorError) as raised:
            one.send(MESSAGE)
        said.append(repr(raised.value) + str(raised.value))
    assert KEY not in " ".join((*said, caplog.text, *capfd.readouterr()))


def test_a_url_that_apprise_cannot_use_is_red(receiver: HttpReceiver) -> None:
    assert not notifier("twilio://nonsense").check().ok
    assert not notifier("nosuchservice://x").check().ok
    good = notifier(at(receiver, "{phone}"), reaches="phone").check()
    assert good.ok
    assert "whosleft notify test sms --to ADDRESS" in good.message
    assert receiver.asked == 0


def test_without_the_extra_it_says_how_to_install_it() -> None:
    program = (
        "import sys; sys.modules['apprise'] = None\n"
        "from connectors.notify.apprise.client import version\n"
        "from worker.ports import BadConfig\n"
        "try: version()\n"
        "except BadConfig as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "Apprise is not installed. Install the extra: pip install 'whosleft[apprise]'\n"


@pytest.mark.parametrize(
    "keys, said",
    [
        ({"url": "no url"}, "is no URL of Apprise"),
        ({"url": "json://a json://b"}, "is no URL of Apprise"),
        ({"url": "json://a/{name}"}, "unknown placeholder"),
        ({"schemas": ["twilio"]}, "which is not in schemas"),
        ({"reaches": "phone"}, "needs {phone} in url"),
        ({"reaches": "channel", "url": "json://127.0.0.1/{email}"}, "neither {phone} nor {email}"),
        ({"reaches": "fax"}, "'email', 'phone' or 'channel'"),
        ({"url": "json://example.org/"}, "json: sends without encryption, which is only for this machine"),
        ({"url": "ntfy://topic", "schemas": ["ntfy"]}, "ntfy: sends without encryption"),
        ({"url": "mailto://example.org", "schemas": ["mailto"]}, "mailto: sends without encryption"),
        ({"text_max": 20}, "greater than or equal to 160"),
    ],
)
def test_impossible_values_are_refused(keys: dict[str, Any], said: str) -> None:
    whole = {"url": "json://127.0.0.1/", "schemas": ["json"], "reaches": "channel"} | keys
    with pytest.raises(ValidationError) as raised:
        AppriseConfig.model_validate(whole)
    assert said in str(raised.value)


def test_a_message_of_nothing_is_sent(receiver: HttpReceiver) -> None:
    notifier(at(receiver, "")).send(Message("k", CHANNEL, ""))
    assert len(receiver.taken) == 1
