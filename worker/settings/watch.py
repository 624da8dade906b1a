"""The `watch:` section: the dead man's switch, the daily test message, and alarms about the worker itself."""

from __future__ import annotations

from datetime import time, timedelta
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator

from worker.app.tell.alarms import AlarmRules
from worker.domain.escalation.policy import Named, Target
from worker.ports.ping import PingStyle
from worker.settings.escalation import ToTell
from worker.settings.fields import Duration, Email, Period, at_least, listed
from worker.settings.problems import Wrong
from worker.settings.section import Section
from worker.settings.times import TimeOfDay

_EXAMPLE = "Write it like https://hc-ping.com/UUID, in ${env:NAME} or ${file:/path}."
_WITHOUT_TICKET = (Target.CHANNEL, Target.ACCOUNTABLE)


def _pinged(secret: SecretStr) -> SecretStr:
    """Refuse an address that is not secret on its way; the messages never show it."""
    try:
        parts = urlsplit(secret.get_secret_value().strip())
        host, _port = parts.hostname, parts.port  # reading the port refuses a wrong one
    except ValueError:
        raise Wrong("this is no web address", _EXAMPLE) from None
    if parts.scheme not in {"http", "https"} or not host:
        raise Wrong("this is no web address", _EXAMPLE)
    if parts.fragment or parts.username is not None:
        raise Wrong(
            "this address has a part that is not sent", "Leave out # and what follows, and any user@."
        )
    if parts.scheme == "http" and not _is_loopback(host):
        raise Wrong("http: shows the secret in this address to the network", "Write https://….")
    return SecretStr(secret.get_secret_value().strip())


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class PingSection(Section):
    """The dead man's switch: a check outside, which alarms when it does not hear from the worker."""

    url: Annotated[SecretStr, AfterValidator(_pinged)] = Field(
        description="The check's address, which is a secret; https, or http to this machine."
    )
    every: Annotated[Duration, at_least(timedelta(seconds=5))] = Field(
        default=timedelta(seconds=60), description="How often it is told, 5s or more."
    )
    style: PingStyle = Field(
        default=PingStyle.HEALTHCHECKS,
        description="healthchecks: POST, /fail, and the answer is OK; cronitor: ?state=…; plain: any success counts.",
    )
    timeout: Annotated[Duration, at_least(timedelta(seconds=1))] = Field(
        default=timedelta(seconds=10), description="For its answer."
    )


class CanarySection(Section):
    """A test message a day, looked for afterwards; on Mondays a report with it."""

    to: Email = Field(description="Who gets it (e-mail).")
    at: TimeOfDay = Field(default=time(8), description="When, in the organisation's time zone.")


class AlarmsSection(Section):
    """When the worker says that something is wrong with itself. Nothing silences these messages."""

    channel_failing: Period = Field(
        default=timedelta(minutes=15), description="A notifier over which nothing arrived for so long."
    )
    lease_unheld: Period = Field(
        default=timedelta(minutes=2), description="A job that nobody did for so long beyond its interval."
    )
    clock_jump: Period = Field(
        default=timedelta(seconds=30),
        description="A clock that was set, or differs from the database's, by more.",
    )
    oldest_due: Period = Field(
        default=timedelta(minutes=10), description="Messages that could have gone so long ago."
    )
    to: Annotated[tuple[ToTell, ...], Field(min_length=1), BeforeValidator(listed)] = Field(
        default=_WITHOUT_TICKET,
        description="Who is told: channel, accountable, channel:NAME, on_call:ROTA, or an e-mail address.",
    )
    repeat: Annotated[Duration, at_least(timedelta(minutes=1))] = Field(
        default=timedelta(hours=4), description="How often they are told again while it lasts."
    )

    @field_validator("to")
    @classmethod
    def _need_no_ticket(cls, to: tuple[Target | Named, ...]) -> tuple[Target | Named, ...]:
        for at, whom in enumerate(to):
            if isinstance(whom, Target) and whom not in _WITHOUT_TICKET:
                raise Wrong(
                    f"'{whom}' is somebody's only where there is a ticket",
                    "Name channel, accountable, channel:NAME, on_call:ROTA, or an e-mail address.",
                    at=(at,),
                )
        return to

    def value(self, accountable: str) -> AlarmRules:
        return AlarmRules(
            self.channel_failing, self.lease_unheld, self.clock_jump, self.oldest_due, self.to, self.repeat,
            accountable,
        )  # fmt: skip


class WatchSection(Section):
    """Knowing that it works."""

    ping: PingSection | None = Field(default=None, description="null: nobody notices if every worker stops.")
    canary: CanarySection | None = Field(
        default=None, description="null: neither test message nor weekly report."
    )
    alarms: AlarmsSection = Field(default_factory=AlarmsSection)
