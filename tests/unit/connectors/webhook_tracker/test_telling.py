"""What a tracker behind webhooks is told, and what it may tell us."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks import Webhook

from connectors.tracker.webhook.config import WebhookTrackerConfig
from contracts.telling_tracker import Kept, version
from contracts.tracker import draft
from fakes.http_receiver import Fault, HttpReceiver
from fakes.webhook_program import IN, IN_NEXT, OUT, ProgramWorld, signed, tracker
from worker.ops.clock import system_now
from worker.ports import AuthFailed, BadConfig, NotDone, Rejected, Transient

GOOD = json.dumps({"ticket": "T-000123", "state": "done"}).encode()


@pytest.fixture
def world() -> Iterator[ProgramWorld]:
    with HttpReceiver() as receiver:
        world = ProgramWorld(receiver)
        with closing(world.tracker):
            yield world


@pytest.fixture
def kept(world: ProgramWorld) -> Kept:
    kept = Kept()
    world.tracker.keep_by(kept)
    return kept


def test_each_telling_is_a_cloud_event_with_its_key(world: ProgramWorld) -> None:
    seen = world.tracker.create(version(1), "")
    for number, state in ((2, "blocked"), (7, "done"), (8, "cancelled")):
        world.tracker.update(seen, version(number, state))
    events = [
        from_http(HTTPMessage(dict(one.headers), one.body), JSONFormat()) for one in world.receiver.taken
    ]
    assert [event.get_type() for event in events] == [
        "whosleft.ticket.opened", "whosleft.ticket.changed", "whosleft.ticket.changed", "whosleft.ticket.closed",
    ]  # fmt: skip
    assert [one.headers["idempotency-key"] for one in world.receiver.taken] == [
        "T-000123/1", "T-000123/2", "T-000123/7", "T-000123/8",
    ]  # fmt: skip
    assert {(event.get_source(), event.get_subject()) for event in events} == {
        ("https://whosleft.example.org", "T-000123")
    }
    assert [event.get_id() for event in events] == [one.headers["webhook-id"] for one in world.receiver.taken]
    assert events[0].get_data() == version(1).data


def test_a_repeat_has_the_same_ids_and_another_ticket_has_others(world: ProgramWorld) -> None:
    for one in (version(1), version(1), version(2), replace(version(1), identity="whosleft-aaaaaa-t-000123")):
        world.tracker.create(one, "")
    first, again, later, elsewhere = (one.headers["webhook-id"] for one in world.receiver.taken)
    assert first == again
    assert len({first, later, elsewhere}) == 3


def test_without_json_and_desk_the_least_is_told(world: ProgramWorld) -> None:
    world.tracker.create(replace(draft(), url=""), "")
    told = json.loads(world.receiver.taken[0].body)
    assert told["source"] == "urn:whosleft"
    assert told["data"] == {"id": "T-000123", "title": draft().title, "state": "open"}


def test_all_secrets_sign_while_they_are_rotated(world: ProgramWorld) -> None:
    one = tracker(world.receiver.url, secrets=[IN_NEXT, OUT])
    with closing(one):
        one.create(version(1), "")
    taken = world.receiver.taken[0]
    for secret in (IN_NEXT, OUT):
        Webhook(secret).verify(taken.body, dict(taken.headers))


@pytest.mark.parametrize(
    "fault, error",
    [
        (Fault(401), AuthFailed),
        (Fault(404), BadConfig),
        (Fault(308, headers={"location": "http://127.0.0.1:1/"}), BadConfig),
        (Fault(410), BadConfig),
        (Fault(403), Rejected),
        (Fault(422), Rejected),
        (Fault(503), Transient),
        (Fault(0), Transient),
    ],
)
def test_what_comes_back_is_an_error_of_ours(
    world: ProgramWorld, fault: Fault, error: type[Exception]
) -> None:
    world.receiver.fail(fault)
    with pytest.raises(error):
        world.tracker.create(version(1), "")


@pytest.mark.parametrize("status", [404, 410])
def test_a_ticket_that_it_has_no_longer_is_that_tickets_trouble(world: ProgramWorld, status: int) -> None:
    """A dead address looks the same, and is told apart by several tickets."""
    numbers = [version(2, "verified"), *(replace(version(2), identity=f"whosleft-{n}") for n in range(2))]
    seen = world.tracker.create(version(1), "")
    for count, gone in enumerate(numbers, 1):
        assert (list(world.tracker.concerns()), world.tracker.check().ok) == ([], True)
        for _ in range(count):
            world.receiver.fail(Fault(status))
            with pytest.raises(Rejected) as raised:
                world.tracker.update(seen, gone)
            assert "notify test" not in str(raised.value)
    assert [one.about for one in world.tracker.concerns()] == ["tickets"]
    assert not world.tracker.check().ok
    world.tracker.update(seen, version(3))
    assert (list(world.tracker.concerns()), world.tracker.check().ok) == ([], True)


def test_what_is_wrong_with_the_address_is_the_trackers_trouble_in_an_update(world: ProgramWorld) -> None:
    seen = world.tracker.create(version(1), "")
    for fault in (Fault(405), Fault(308, headers={"location": "http://127.0.0.1:1/"})):
        world.receiver.fail(fault)
        with pytest.raises(BadConfig):
            world.tracker.update(seen, version(2))


def test_a_limit_says_how_long_to_wait(world: ProgramWorld) -> None:
    waits: list[float] = []
    one = tracker(world.receiver.url)
    one._context = replace(one._context, sleep=waits.append)  # type: ignore[attr-defined]
    world.receiver.fail(Fault(429, headers={"retry-after": "25"}))
    world.receiver.fail(Fault(429, headers={"retry-after": "3600"}))
    with closing(one):
        for wait_s in (25, 3600):
            with pytest.raises(NotDone) as raised:
                one.create(version(1), "")
            assert raised.value.retry_after_s == wait_s
        with pytest.raises(NotDone, match="left alone"):  # nobody else waits for an hour
            one.create(version(1), "")
    assert world.receiver.asked == 2
    assert [24 < wait_s < 26 for wait_s in waits] == [True]


@pytest.mark.parametrize("secret", [IN, IN_NEXT])
def test_either_secret_proves_a_call_while_they_are_rotated(
    world: ProgramWorld, kept: Kept, secret: str
) -> None:
    assert world.answer(signed(GOOD, secret=secret)) == 202


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_call_of_another_time_is_no_proof(world: ProgramWorld, kept: Kept, minutes: int) -> None:
    assert world.answer(signed(GOOD, at=system_now() + timedelta(minutes=minutes))) == 401
    assert world.answer(signed(GOOD, at=system_now() + timedelta(minutes=minutes / 2))) == 202


def test_what_was_changed_on_the_way_is_no_proof(world: ProgramWorld, kept: Kept) -> None:
    call = signed(GOOD)
    later = str(int(call.headers["webhook-timestamp"]) + 1)
    for changed in (
        replace(call, body=GOOD.replace(b"done", b"open")),
        replace(call, headers={**call.headers, "webhook-id": "two"}),
        replace(call, headers={**call.headers, "webhook-timestamp": later}),
        replace(call, headers={**call.headers, "webhook-timestamp": "٣"}),
        replace(call, headers={**call.headers, "webhook-timestamp": "9" * 5000}),
        replace(call, headers={**call.headers, "webhook-signature": ""}),
        replace(call, headers={**call.headers, "webhook-signature": "v1,\udcff"}),
        replace(call, headers={}),
    ):
        assert world.answer(changed) == 401
    assert not kept.told
    several = f"v1,{base64.b64encode(b'x' * 32).decode()} {call.headers['webhook-signature']}"
    assert world.answer(replace(call, headers={**call.headers, "webhook-signature": several})) == 202


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"[" * 5000,
        b'{"state": "done"}',
        b'{"ticket": "T-000123"}',
        b'{"ticket": "T-000123", "state": "closed"}',
        b'{"ticket": "T-000123", "state": ["done"]}',
        b'{"ticket": "123", "state": "done"}',
        b'{"ticket": "T-000123\\n", "state": "done"}',
        b'{"ticket": 123, "state": "done"}',
        b'{"ticket": "T-000123", "state": "done", "by": 7}',
        b'{"ticket": "T-000123", "state": "done", "note": ["x"]}',
        b'{"ticket": "T-000123", "state": "done", "at": 1795770060}',
        b'{"ticket": "T-000123", "state": "done", "at": ""}',
        b'{"ticket": "T-000123", "state": "done", "at": "yesterday"}',
        b'{"ticket": "T-000123", "state": "done", "at": "2026-11-27T09:00:41"}',
        b'{"ticket": "T-000123", "state": "done", "at": "0001-01-01T00:00:00+23:59"}',
    ],
)
def test_what_is_not_as_agreed_has_no_effect(world: ProgramWorld, kept: Kept, body: bytes) -> None:
    assert world.answer(signed(body)) == 400
    assert not kept.told


@pytest.mark.parametrize("minutes, counted", [(-10, -10), (10, 0), (None, 0)])
def test_a_call_counts_from_when_it_was_said_and_never_from_later_than_it_was_signed(
    world: ProgramWorld, kept: Kept, minutes: int | None, counted: int
) -> None:
    signed_at = system_now().replace(microsecond=0)
    said_at = None if minutes is None else signed_at + timedelta(minutes=minutes)
    written = said_at and said_at.astimezone(timezone(timedelta(hours=2))).isoformat()
    body = {"ticket": "T-000123", "state": "done", "at": written}
    assert world.answer(signed(json.dumps(body).encode(), at=signed_at)) == 202
    [told] = kept.told.values()
    assert told.at == signed_at + timedelta(minutes=counted)


def test_long_and_hostile_words_stay_within_bounds(world: ProgramWorld, kept: Kept) -> None:
    body = {
        "ticket": "T-000123",
        "state": "done",
        "by": "a\r\nb" + "x" * 900,
        "note": "\x1b[31m" + "y" * 9000,
    }
    assert world.answer(signed(json.dumps(body).encode())) == 202
    [told] = kept.told.values()
    assert told.by.startswith("a bx")
    assert told.note.startswith("�[31m")
    assert (len(told.by), len(told.note)) == (320, 2000)


def test_other_paths_methods_and_ids_are_refused(world: ProgramWorld, kept: Kept) -> None:
    assert world.answer(signed(GOOD, path="/other")) == 404
    assert world.answer(replace(signed(GOOD), method="GET")) == 405
    assert world.answer(signed(GOOD, call_id="x" * 300)) == 400


def test_without_calls_nothing_is_heard(world: ProgramWorld) -> None:
    one = tracker(world.receiver.url, calls=None)
    with closing(one):
        one.keep_by(Kept())
        assert (list(one.calls), one.news()) == ([], frozenset())
        assert "hears nothing" in one.check().message


def test_a_check_says_where_nothing_may_go() -> None:
    one = tracker("https://10.0.0.1/hook")
    checked = one.check()
    assert not checked.ok
    assert "allow_private" in checked.remedy


@pytest.mark.parametrize(
    "keys",
    [
        {"url": "http://desk.example.org/hook"},
        {"secrets": []},
        {"secrets": ["whsec_short"]},
        {"timeout": "61s"},
        {"calls": {"listen": "127.0.0.1:8091", "secrets": []}},
        {"calls": {"listen": "127.0.0.1:8091", "secrets": [f"whsk_{base64.b64encode(b'k' * 32).decode()}"]}},
        {"calls": {"listen": "nowhere", "secrets": [IN]}},
    ],
)
def test_a_configuration_that_can_not_work_is_refused(keys: dict[str, object]) -> None:
    good: dict[str, object] = {"url": "https://desk.example.org/hook", "secrets": [OUT]}
    WebhookTrackerConfig.model_validate(good)
    with pytest.raises(ValueError, match="validation error") as raised:
        WebhookTrackerConfig.model_validate(good | keys)
    assert OUT not in str(raised.value)
