"""What a webhook sends, as independent libraries read it, and where it sends it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http
from cloudevents.core.formats.json import JSONFormat
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

import certificates
from connectors.notify.webhook.config import WebhookConfig
from connectors.notify.webhook.connector import WebhookNotifier
from contracts.messages import EVENT, MESSAGE, NOW, TO_A_FEED, context
from fakes.http_receiver import Fault, HttpReceiver, Taken
from worker.domain.messages.event import event_paragraph
from worker.domain.messages.message import Message
from worker.ops.clock import system_now
from worker.ports import BadConfig, NotDone, Rejected

OLD, NEW = (f"whsec_{base64.b64encode(byte * 32).decode()}" for byte in (b"o", b"n"))
SEED = bytes(range(32))
OWN = f"whsk_{base64.b64encode(SEED).decode()}"


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver(path="/hook?key=1") as one:
        yield one


def notifier(url: str, *secrets: str, now: datetime | None = None, **keys: Any) -> WebhookNotifier:
    config = WebhookConfig.model_validate({"url": url, "secrets": secrets or (OLD,), **keys})
    at = now or system_now()
    return WebhookNotifier(config, replace(context("siem"), now=lambda: at))


def sent(receiver: HttpReceiver, *secrets: str, message: Message = TO_A_FEED, **wishes: Any) -> Taken:
    one = notifier(receiver.url, *secrets, **wishes)
    one.send(message)
    one.close()
    return receiver.taken[-1]


def test_an_event_is_a_cloud_event(receiver: HttpReceiver) -> None:
    taken = sent(receiver)
    event = from_http(HTTPMessage(dict(taken.headers), taken.body), JSONFormat())
    assert event.get_type() == "net.whosleft.ticket.escalated.v1"
    assert (event.get_source(), event.get_subject()) == ("https://whosleft.example.org", "T-000123")
    assert event.get_time() == NOW
    assert event.get_id() == taken.headers["webhook-id"]
    assert event.get_data() == {
        "seq": 17, "state": "open", "group": "wards/120@g.us",
        "url": "https://whosleft.example.org/tickets/T-000123",
    }  # fmt: skip
    assert taken.path == "/hook?key=1"
    assert taken.headers["host"] == f"127.0.0.1:{receiver.port}"


def test_its_signature_is_good_for_either_secret_while_they_are_rotated(receiver: HttpReceiver) -> None:
    taken = sent(receiver, NEW, OLD)
    for secret in (OLD, NEW):
        assert Webhook(secret).verify(taken.body, dict(taken.headers))["subject"] == "T-000123"
    stranger = Webhook(f"whsec_{base64.b64encode(b's' * 32).decode()}")
    with pytest.raises(WebhookVerificationError):
        stranger.verify(taken.body, dict(taken.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(taken.body.replace(b"open", b"done"), dict(taken.headers))


def test_a_replay_is_refused_for_its_age(receiver: HttpReceiver) -> None:
    taken = sent(receiver, now=system_now() - timedelta(minutes=6))
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(OLD).verify(taken.body, dict(taken.headers))


@pytest.mark.parametrize("tail", [b"", b"p" * 32], ids=["seed", "seed and public key"])
def test_an_ed25519_key_signs_too(receiver: HttpReceiver, tail: bytes) -> None:
    taken = sent(receiver, f"whsk_{base64.b64encode(SEED + tail).decode()}", OLD)
    Webhook(OLD).verify(taken.body, dict(taken.headers))
    version, _, signature = taken.headers["webhook-signature"].split(" ")[0].partition(",")
    assert version == "v1a"
    text = f"{taken.headers['webhook-id']}.{taken.headers['webhook-timestamp']}.".encode() + taken.body
    public = Ed25519PrivateKey.from_private_bytes(SEED).public_key()
    public.verify(base64.b64decode(signature), text)
    with pytest.raises(InvalidSignature):
        public.verify(base64.b64decode(signature), text + b" ")


def test_the_id_is_the_same_at_each_attempt_and_another_for_another_event(receiver: HttpReceiver) -> None:
    later = replace(EVENT, at=NOW + timedelta(seconds=1))  # under the same key, after a restored backup
    other = replace(TO_A_FEED, paragraphs=(event_paragraph(later),))
    again = replace(TO_A_FEED, may_be_repeat=True)
    ids = [sent(receiver, message=one).headers["webhook-id"] for one in (TO_A_FEED, again, other)]
    assert ids[0] == ids[1] != ids[2]
    assert "." not in ids[0]


def test_long_and_hostile_names_stay_within_bounds(receiver: HttpReceiver) -> None:
    event = replace(EVENT, data={"group_name": "Ward\r\n\x1b[31m " + "x" * 90_000})
    taken = sent(receiver, message=replace(TO_A_FEED, paragraphs=(event_paragraph(event),)))
    name = json.loads(taken.body)["data"]["group_name"]
    assert name.startswith("Ward �[31m x")
    assert name.endswith("…")
    assert len(taken.body) < 2_000


def test_a_message_without_an_event_is_rejected_unsent(receiver: HttpReceiver) -> None:
    with pytest.raises(Rejected):
        notifier(receiver.url).send(MESSAGE)
    assert receiver.asked == 0


def test_names_are_wanted_only_where_they_are_asked_for(receiver: HttpReceiver) -> None:
    assert not notifier(receiver.url).can.wants_names
    assert notifier(receiver.url, include="names").can.wants_names


def test_of_several_addresses_the_next_one_is_tried(receiver: HttpReceiver) -> None:
    one = notifier(receiver.url.replace("127.0.0.1", "localhost"))
    one.send(TO_A_FEED)
    one.close()
    assert receiver.taken[0].headers["host"] == f"localhost:{receiver.port}"


def test_where_nobody_listens_nothing_was_done() -> None:
    with HttpReceiver() as gone:
        url = gone.url.replace("127.0.0.1", "localhost")
    one = notifier(url)
    with pytest.raises(NotDone):
        one.send(TO_A_FEED)
    one.close()


def test_a_redirection_is_never_followed(receiver: HttpReceiver) -> None:
    with HttpReceiver() as elsewhere:
        receiver.fail(Fault(308, headers={"location": elsewhere.url}))
        one = notifier(receiver.url)
        with pytest.raises(BadConfig, match="a redirection"):
            one.send(TO_A_FEED)
        one.close()
        assert elsewhere.asked == 0


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> certificates.Pair:
    return certificates.authority(tmp_path_factory.mktemp("authority"))


def test_the_certificate_has_to_be_the_name_s_though_the_address_is_connected_to(
    issuer: certificates.Pair, tmp_path: Path
) -> None:
    right = certificates.issue(issuer, tmp_path / "right", "localhost")
    wrong = certificates.issue(issuer, tmp_path / "wrong", "elsewhere.example.org")
    keys: dict[str, Any] = {"tls": {"ca_file": str(issuer.certificate)}}
    with HttpReceiver(tls=right) as receiver:
        url = receiver.url.replace("127.0.0.1", "localhost")
        one = notifier(url, **keys)
        one.send(TO_A_FEED)
        one.close()
        assert len(receiver.taken) == 1
        with pytest.raises(NotDone):  # an authority that nobody trusts
            notifier(url).send(TO_A_FEED)
    with HttpReceiver(tls=wrong) as receiver:
        with pytest.raises(NotDone):
            notifier(receiver.url.replace("127.0.0.1", "localhost"), **keys).send(TO_A_FEED)
        assert receiver.taken == []


NEVER = ("169.254.169.254", "0.0.0.0", "[::]", "[fe80::1]", "[fd00:ec2::254]", "100.100.100.200",
         "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "224.0.0.1")  # fmt: skip
PRIVATE = ("10.0.0.1", "192.168.1.1", "100.64.0.1", "[fd12::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]",
           "[2002:a00:1::]")  # fmt: skip
OPEN = ("1.1.1.1", "[2606:4700:4700::1111]", "[64:ff9b::101:101]", "127.0.0.1", "[::1]", "localhost")


@pytest.mark.parametrize("host", NEVER)
@pytest.mark.parametrize("allows", [False, True])
def test_some_addresses_are_never_sent_to(host: str, allows: bool) -> None:
    result = notifier(f"https://{host}/", allow_private=allows).check()
    assert not result.ok
    assert "nothing is ever sent" in result.message


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_sent_to_where_that_is_allowed(host: str) -> None:
    refused = notifier(f"https://{host}/").check()
    assert (refused.ok, "allow_private: true" in refused.remedy) == (False, True)
    assert notifier(f"https://{host}/", allow_private=True).check().ok


@pytest.mark.parametrize("host", OPEN)
def test_global_addresses_and_this_machine_by_its_own_words_are_sent_to(host: str) -> None:
    result = notifier(f"https://{host}/secret-path").check()
    assert result.ok
    assert "secret-path" not in result.message


def test_a_name_that_nobody_knows_is_said() -> None:
    result = notifier("https://nobody.invalid/").check()
    assert (result.ok, "can't be resolved" in result.message) == (False, True)


@pytest.mark.parametrize(
    "keys, said",
    [
        ({"url": "ftp://x.example.org"}, "is no web address"),
        ({"url": "https://"}, "is no web address"),
        ({"url": "https://x.example.org:port/"}, "is no web address"),
        ({"url": "https://user:pass@x.example.org/"}, "is no web address"),
        ({"url": "https://x.example.org/#a"}, "is no web address"),
        ({"url": "http://x.example.org/"}, "write https"),
        ({"url": "http://10.0.0.1/"}, "write https"),
        ({"secrets": []}, "at least 1 item"),
        ({"secrets": ["hunter2"]}, "secrets.0\n  Value error, starts with neither"),
        ({"secrets": [OLD, "whsec_c2hvcnQ="]}, "secrets.1\n  Value error, has 5 bytes"),
        ({"secrets": ["whsec_!!!"]}, "no base64"),
        ({"secrets": ["whsk_c2hvcnQ="]}, "has 5 bytes; an Ed25519 key has 32"),
        ({"events": []}, "at least 1 item"),
        ({"events": [" "]}, "fits no event"),
        ({"events": ["ticket.*", "tickets.*"]}, "'tickets.*' fits no event; write ticket.*"),
        ({"timeout": "2m"}, "write 60s or less"),
        ({"include": "everything"}, "'ids' or 'names'"),
    ],
)
def test_impossible_values_are_refused_without_repeating_them(keys: dict[str, Any], said: str) -> None:
    whole = {"url": "https://x.example.org/", "secrets": [OLD]} | keys
    with pytest.raises(ValidationError) as raised:
        WebhookConfig.model_validate(whole)
    assert said in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert "user:pass" not in str(raised.value)
