"""The `watch:` section: its address is secret and safe on its way, and alarms go to whom there is without a ticket."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from worker.domain.escalation.policy import Named, NamedKind, Target
from worker.ports.ping import PingStyle
from worker.settings import Settings

URL = "https://hc-ping.example.org/7b0a4d7e"


def watch(**keys: Any) -> Settings:
    return Settings.model_validate({"watch": keys})


def test_without_the_section_there_are_alarms_and_nothing_else() -> None:
    settings = Settings()

    assert (settings.watch.ping, settings.watch.canary) == (None, None)
    rules = settings.alarm_rules()
    assert (rules.to, rules.repeat, rules.accountable) == (
        (Target.CHANNEL, Target.ACCOUNTABLE),
        timedelta(hours=4),
        "",
    )


def test_a_ping_and_a_test_message_need_only_their_addresses() -> None:
    settings = watch(ping={"url": URL}, canary={"to": "sam@example.org"})

    assert settings.watch.ping is not None
    assert settings.watch.canary is not None
    assert (settings.watch.ping.every, settings.watch.ping.timeout) == (
        timedelta(seconds=60),
        timedelta(seconds=10),
    )
    assert settings.watch.ping.style is PingStyle.HEALTHCHECKS
    assert settings.watch.canary.at == time(8)


def test_the_address_is_a_secret() -> None:
    settings = watch(ping={"url": URL})

    assert "7b0a4d7e" not in f"{settings!r} {settings.model_dump()} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    "url",
    [
        *(URL, f"{URL}/slug?create=1", f" {URL} "),
        *("http://127.0.0.1:8000/x", "http://[::1]/x", "http://localhost:1/x"),
    ],
)
def test_https_is_taken_and_http_to_this_machine(url: str) -> None:
    settings = watch(ping={"url": url})

    assert settings.watch.ping is not None
    assert settings.watch.ping.url.get_secret_value() == url.strip()


@pytest.mark.parametrize(
    "url, said",
    [
        ("http://10.0.0.7/x", "shows the secret"),
        ("http://hc-ping.example.org/x", "shows the secret"),
        ("hc-ping.example.org/x", "no web address"),
        ("ftp://hc-ping.example.org/x", "no web address"),
        ("https:///x", "no web address"),
        ("https://hc-ping.example.org:port/x", "no web address"),
        ("https://[::1/x", "no web address"),
        (f"{URL}#part", "not sent"),
        ("https://me@hc-ping.example.org/x", "not sent"),
    ],
)
def test_another_address_is_refused_without_being_shown(url: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        watch(ping={"url": url})

    [error] = caught.value.errors(include_input=False)
    assert said in error["msg"]
    assert url not in error["msg"]


def test_alarms_go_to_channels_rotas_and_people() -> None:
    settings = Settings.model_validate(
        {
            "watch": {"alarms": {"to": ["channel", "channel:wards", "on_call:night", "sam@example.org"]}},
            "notify": [{"name": "soc", "kind": "slack", "channels": {"wards": "C1"}}],
            "rotas": [
                {
                    "name": "night",
                    "layers": [
                        {
                            "people": ["n@example.org"],
                            "turn": "1w",
                            "handover": "mon 09:00",
                            "from": "2026-11-02",
                        }
                    ],
                    "fallback": "n@example.org",
                }
            ],
            "tickets": {"accountable": "kim@example.org"},
        }
    )

    rules = settings.alarm_rules()
    assert rules.accountable == "kim@example.org"
    assert rules.to == (
        Target.CHANNEL,
        Named(NamedKind.CHANNEL, "wards"),
        Named(NamedKind.ON_CALL, "night"),
        Named(NamedKind.PERSON, "sam@example.org"),
    )
