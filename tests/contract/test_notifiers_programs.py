"""Notifiers to programs, to one channel and through a library keep to the contract."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from connectors.notify.apprise.config import AppriseConfig
from connectors.notify.apprise.connector import AppriseNotifier
from connectors.notify.teams.config import TeamsConfig
from connectors.notify.teams.connector import TeamsNotifier
from connectors.notify.webhook.config import WebhookConfig
from connectors.notify.webhook.connector import WebhookNotifier
from contracts.messages import AMINA, MESSAGE, TO_A_FEED, context
from contracts.notifier import ChannelContract, World
from contracts.remote_notifier import HttpContract, HttpWorld
from fakes.http_receiver import Fault, HttpReceiver
from fakes.teams_channel import SIGNATURE, TeamsChannel
from worker.domain.messages.message import CHANNEL
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    PermissionDenied,
    Rejected,
    Transient,
    Unsubscribed,
)

SECRET = f"whsec_{base64.b64encode(b'k' * 32).decode()}"


class ReceiverWorld(HttpWorld):
    """Whatever is sent to a receiver on loopback."""

    def __init__(self, receiver: HttpReceiver) -> None:
        self.receiver = receiver

    def lose_next_answer(self) -> None:
        self.receiver.fail(Fault(is_taken=True))

    def lose_next_request(self) -> None:
        self.receiver.fail(Fault())

    def limit_next(self, retry_after_s: int) -> None:
        self.receiver.fail(Fault(429, headers={"retry-after": str(retry_after_s)}))

    def answer_next(self, status: int) -> None:
        self.receiver.fail(Fault(status))

    def revoke(self) -> None:
        self.receiver.is_revoked = True

    def armed(
        self, *faults: tuple[str, Fault, type[ConnectorError]]
    ) -> list[tuple[str, Callable[[], None], type[ConnectorError]]]:
        def arm(fault: Fault) -> Callable[[], None]:
            return lambda: self.receiver.fail(fault)

        return [(name, arm(fault), expected) for name, fault, expected in faults]


ELSEWHERE = {"location": "https://elsewhere.example.org/"}


class WebhookWorld(ReceiverWorld):
    secret = SECRET

    def __init__(self, receiver: HttpReceiver) -> None:
        super().__init__(receiver)
        config = WebhookConfig(url=receiver.url, secrets=(SecretStr(SECRET),), timeout="1s")  # type: ignore[arg-type]
        self.notifier: WebhookNotifier = WebhookNotifier(config, context())

    def shown(self) -> list[str]:
        return [taken.body.decode() for taken in self.receiver.taken]

    def failures(self) -> list[tuple[str, Callable[[], None], type[ConnectorError]]]:
        return self.armed(
            ("a redirection", Fault(307, headers=ELSEWHERE), BadConfig),
            ("a broken redirection", Fault(301, headers={"location": "http://["}), BadConfig),
            ("forbidden", Fault(403), PermissionDenied),
            ("no such address", Fault(404), BadConfig),
            ("gone", Fault(410), Unsubscribed),
            ("refused", Fault(422), Rejected),
            ("trouble", Fault(503), Transient),
            ("too late", Fault(200, slow_s=1.5), Transient),
        )


class TeamsWorld(ReceiverWorld):
    secret = SIGNATURE

    def __init__(self, channel: TeamsChannel) -> None:
        super().__init__(channel)
        self.channel = channel
        self.notifier: TeamsNotifier = TeamsNotifier(TeamsConfig(url=SecretStr(channel.url)), context())

    def shown(self) -> list[str]:
        assert self.channel.lost == []
        return [card.text for card in self.channel.cards]

    def links(self) -> list[str]:
        return [link for card in self.channel.cards for link in card.links]

    def failures(self) -> list[tuple[str, Callable[[], None], type[ConnectorError]]]:
        return self.armed(
            ("a redirection", Fault(302, headers=ELSEWHERE), BadConfig),
            ("forbidden", Fault(403), PermissionDenied),
            ("no such workflow", Fault(404), BadConfig),
            ("too large", Fault(413), Rejected),
            ("trouble", Fault(502, is_taken=False), Transient),
        )


class AppriseWorld(World):
    def __init__(self, receiver: HttpReceiver) -> None:
        self.receiver = receiver
        config = AppriseConfig.model_validate(
            {
                "url": receiver.url.replace("http:", "json:"),
                "schemas": ["json"],
                "reaches": "channel",
                "text_max": 4000,
            }
        )
        self.notifier: AppriseNotifier = AppriseNotifier(config, context())

    def shown(self) -> list[str]:
        sent = [json.loads(taken.body) for taken in self.receiver.taken]
        return [f"{one['title']}\n{one['message']}" for one in sent]


class TestWebhook(HttpContract):
    kind = "webhook"
    can_find = False
    message = TO_A_FEED

    @pytest.fixture
    def world(self) -> Iterator[WebhookWorld]:
        with HttpReceiver() as receiver:
            world = WebhookWorld(receiver)
            yield world
            world.notifier.close()

    def test_it_follows_events_and_reaches_nobody(self, world: WebhookWorld) -> None:
        assert world.notifier.can.events == ("ticket.*",)
        assert not world.notifier.can.reach(AMINA)
        assert not world.notifier.can.reach(CHANNEL)
        assert world.notifier.takes(TO_A_FEED) == 1

    def test_what_a_receiver_says_is_kept_short(self, world: WebhookWorld) -> None:
        world.receiver.fail(Fault(400, body=b"<html>" + b"x" * 90_000))
        with pytest.raises(Rejected) as raised:
            world.notifier.send(TO_A_FEED)
        assert "<html>" in raised.value.message
        assert len(raised.value.message) < 300
        assert "\n" not in raised.value.message

    def test_a_credential_that_is_not_accepted_is_no_reason_to_stop(self, world: WebhookWorld) -> None:
        world.revoke()
        with pytest.raises(AuthFailed):
            world.notifier.send(TO_A_FEED)


class TestTeams(ChannelContract, HttpContract):
    kind = "teams"
    can_find = False

    @pytest.fixture
    def world(self) -> Iterator[TeamsWorld]:
        with TeamsChannel() as channel:
            world = TeamsWorld(channel)
            yield world
            world.notifier.close()

    def test_every_card_is_small_enough(self, world: TeamsWorld) -> None:
        assert not world.notifier.can.reach(AMINA)
        world.notifier.send(MESSAGE)
        assert world.channel.cards[0].size < 20_000


class TestApprise(ChannelContract):
    kind = "apprise"
    can_find = False

    @pytest.fixture
    def world(self) -> Iterator[AppriseWorld]:
        with HttpReceiver() as receiver:
            yield AppriseWorld(receiver)
