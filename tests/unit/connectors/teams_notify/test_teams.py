"""Cards for Teams: what is in them, and what their being taken means."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import SecretStr, ValidationError

from connectors.notify.teams.config import TeamsConfig
from connectors.notify.teams.connector import TeamsNotifier
from connectors.notify.teams.mapping import CARD_MAX, render, takes
from contracts.messages import MESSAGE, TO_AMINA, context
from fakes.http_receiver import Fault
from fakes.teams_channel import SIGNATURE, TeamsChannel
from harness import Harness
from worker.domain.messages.message import CHANNEL, Message, Paragraph
from worker.ports import AuthFailed, Transient


@pytest.fixture
def channel() -> Iterator[TeamsChannel]:
    with TeamsChannel() as one:
        yield one


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def notifier(channel: TeamsChannel, waits: list[float]) -> Iterator[TeamsNotifier]:
    slow = replace(context("flow"), sleep=waits.append)
    one = TeamsNotifier(TeamsConfig(url=SecretStr(channel.url)), slow)
    yield one
    one.close()


def test_a_card_has_links_alone_to_tap_and_each_names_its_ticket(
    notifier: TeamsNotifier, channel: TeamsChannel
) -> None:
    paragraph = replace(MESSAGE.paragraphs[0], ticket="T-000123")
    notifier.send(replace(MESSAGE, paragraphs=(paragraph,)))
    [card] = channel.cards
    assert card.links == (MESSAGE.paragraphs[0].link,)
    assert "[T-000123]" in card.text
    assert "Submit" not in json.dumps(card.card)


def test_a_text_to_paste_keeps_its_empty_lines(notifier: TeamsNotifier, channel: TeamsChannel) -> None:
    rules = (("Text to paste", "Be kind.\n\nName nobody."),)
    notifier.send(replace(MESSAGE, paragraphs=(replace(MESSAGE.paragraphs[0], pasted=rules),)))
    [card] = channel.cards
    assert [line.strip() for line in card.text.splitlines()][-4:-1] == ["Be kind.", "", "Name nobody."]


def test_taken_is_queued_and_a_card_that_is_lost_looks_the_same(
    notifier: TeamsNotifier, channel: TeamsChannel
) -> None:
    channel.loses = True
    assert notifier.send(MESSAGE).reference == "queued"
    assert (channel.cards, channel.lost) == ([], ["switched off"])
    assert notifier.find(MESSAGE) is None


def test_one_card_a_second(notifier: TeamsNotifier, waits: list[float]) -> None:
    for _ in range(3):
        notifier.send(MESSAGE)
    assert len(waits) == 2
    assert waits[1] == pytest.approx(2, abs=0.5)


@pytest.mark.parametrize(
    "language, of_organisation, runs_so",
    [("ar-EG", "en", True), (None, "ar", True), ("en", "ar", False), (None, "en", False)],
)
@pytest.mark.parametrize(
    "title", ["إزالة \u2068Christopher Montgomery\u2069 من \u2068Ward 7 nights\u2069", "3 رسائل من Whosleft"]
)
def test_a_card_runs_as_its_language_does_whatever_names_are_in_it(
    channel: TeamsChannel, title: str, language: str | None, of_organisation: str, runs_so: bool
) -> None:
    one = TeamsNotifier(
        TeamsConfig(url=SecretStr(channel.url)), replace(context("flow"), language=of_organisation)
    )
    one.send(replace(MESSAGE, title=title, to=replace(CHANNEL, language=language)))
    one.close()
    [card] = channel.cards
    assert [part.get("rtl", False) for part in card.card["body"] if part["type"] == "Container"] == [runs_so]


def test_a_bad_day_is_several_cards_each_small_enough() -> None:
    crowd = tuple(
        Paragraph(f"Remove Sam Okafor from Ward {n}", "Sam left.", (("Ticket", f"T-{n:06}"),), ("Tap.",) * 5,
                  f"https://whosleft.example.org/t/{n}")
        for n in range(60)
    )  # fmt: skip
    message = Message("k", CHANNEL, "60 messages", crowd)
    taken = takes(message, "en")
    assert 10 < taken < 60
    assert len(render(replace(message, paragraphs=crowd[:taken]), "en")) <= CARD_MAX


def test_what_is_refused_is_said_without_the_address(notifier: TeamsNotifier, channel: TeamsChannel) -> None:
    channel.is_revoked = True
    assert SIGNATURE not in notifier.check().message
    assert "whosleft notify test flow" in notifier.check().message
    with pytest.raises(AuthFailed, match="answered 401") as raised:
        notifier.send(MESSAGE)
    assert SIGNATURE not in str(raised.value)


@pytest.mark.parametrize("status, kind, body", [
    (200, "text/html; charset=utf-8", b"Sign in"),
    (200, "text/plain", b"\xef\xbb\xbf\n <!DOCTYPE html><title>Sign in</title>"),
    (200, "", b"<html>"),
    (201, "Text/HTML", b""),
])  # fmt: skip
def test_a_page_is_no_answer_of_a_workflow(
    notifier: TeamsNotifier, channel: TeamsChannel, status: int, kind: str, body: bytes
) -> None:
    channel.fail(Fault(status, body=body, headers={"content-type": kind} if kind else {}))
    with pytest.raises(Transient, match=rf"127\.0\.0\.1 .*page \({status}\)") as raised:
        notifier.send(MESSAGE)
    assert type(raised.value) is Transient  # whether it was taken is not known
    assert "proxy" in raised.value.remedy
    assert SIGNATURE not in str(raised.value)


@pytest.mark.parametrize("status, kind, body", [
    (200, "application/json", b""),
    (200, "application/json", b"1"),
    (202, "text/html", b""),
])  # fmt: skip
def test_another_answer_than_a_page_is_taken_as_queued(
    notifier: TeamsNotifier, channel: TeamsChannel, status: int, kind: str, body: bytes
) -> None:
    channel.fail(Fault(status, is_taken=True, body=body, headers={"content-type": kind}))
    assert notifier.send(MESSAGE).reference == "queued"


def test_no_person_is_reached(notifier: TeamsNotifier) -> None:
    assert not notifier.can.reach(TO_AMINA.to)


@pytest.mark.parametrize("url", ["", "flows", "http://flows.example.org/x?sig=1", "https://a@b.example.org/"])
def test_an_address_that_cannot_be_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match=r"write https|web address"):
        TeamsConfig(url=SecretStr(url))


def test_an_overdue_ticket_is_escalated_on_time_though_every_card_is_lost(
    notifier: TeamsNotifier, channel: TeamsChannel
) -> None:
    channel.loses = True
    ward = Harness(notifiers=[notifier])  # type: ignore[list-item]
    ward.hire("ann", "ben", "dee")
    ward.group("ward-7", "ann", "ben", admins=["dee"])
    ward.settle()
    ward.leave("ann")
    ward.settle()
    for _ in range(5):
        ward.later(hours=24)
        ward.escalate()
        ward.deliver()
    steps = ward.kinds().count("ticket.escalated")
    ward.close()
    assert (channel.cards, len(channel.lost) > 1) == ([], True)
    assert steps > 2
