"""The types of a receiver's keys in the configuration file. Apart from what sends to it, which needs HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from connectors.kit.settings import Period
from connectors.kit.signing import problem_with
from connectors.kit.urls import web_address

TIMEOUT_MAX = timedelta(seconds=60)  # longer than that, a claim on what is sent would expire meanwhile


def _an_address(url: str) -> str:
    return web_address(url, "https://siem.example.org/hooks/whosleft")


def _able_to_sign(secret: SecretStr) -> SecretStr:
    if problem := problem_with(secret.get_secret_value()):
        raise ValueError(problem)
    return secret


def _short(value: timedelta) -> timedelta:
    if value > TIMEOUT_MAX:
        raise ValueError("is too long; write 60s or less")
    return value


ReceiverUrl = Annotated[str, AfterValidator(_an_address)]
# Each is judged by itself, so that what is wrong has its place, and one that is not set is not called wrong, too
Secrets = Annotated[tuple[Annotated[SecretStr, AfterValidator(_able_to_sign)], ...], Field(min_length=1)]
Timeout = Annotated[Period, AfterValidator(_short)]
