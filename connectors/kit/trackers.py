"""What connectors of trackers share: the keys that each kind has, and what a status there means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, WithJsonSchema, model_validator

from connectors.kit.addresses import require_safe_literal
from connectors.kit.calls import CallsConfig
from connectors.kit.settings import Section, TlsConfig
from worker.domain.mirror.outside import CopyStanding, Goal

PER_MINUTE_MAX = 6000
# What people copy along with an address; that of GitHub's own server ends in /api/v3
_ADDED = re.compile(r"/(rest/api/\w+|rest/\d\.\d|api/now|api/v4|browse/[^/]+)/*$", re.IGNORECASE)
_TOKEN = re.compile(r"[!-~]+")  # what may stand in an HTTP header


def _an_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is no address of a server; it looks like https://tracker.example.org")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("write the address alone, without a password, ? or #")
    if added := _ADDED.search(parts.path):
        raise ValueError(f"write the server's address alone, without {added[0]}")
    require_safe_literal(url)
    return url.rstrip("/")


def configured_place(url: str, where: str = "") -> str:
    """What a tracker is configured to talk to, in any spelling of capitals."""
    return f"{url} {where}".strip().casefold()


def _for_a_header(token: SecretStr) -> SecretStr:
    value = token.get_secret_value().strip()
    if not _TOKEN.fullmatch(value):
        raise ValueError("is empty or has spaces or line breaks in it; give the token alone")
    return SecretStr(value)


ServerAddress = Annotated[str, AfterValidator(_an_address)]
Token = Annotated[SecretStr, AfterValidator(_for_a_header)]


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Status = Annotated[
    str, BeforeValidator(_text), WithJsonSchema({"type": ["string", "integer"]})
]  # a name, or a number as ServiceNow has them


def _is_among(status: str, statuses: Iterable[str]) -> bool:
    return status.casefold() in {text.casefold() for text in statuses}


class StatesConfig(Section):
    """What the tracker's statuses mean, and which ones we set. Names in any case; ServiceNow has numbers."""

    done: tuple[Status, ...] = Field(min_length=1, description="Statuses that mean: closed.")
    open: tuple[Status, ...] = Field(min_length=1, description="Statuses that mean: to be done.")
    declined: tuple[Status, ...] = Field(
        default=(), description="Statuses or resolutions that mean: closed without being done."
    )
    on_done: Status | None = Field(
        default=None, description="The status that we set when it is verified; null: the first of done."
    )
    on_reopen: Status | None = Field(
        default=None, description="The status that we set when it has to go on; null: the first of open."
    )
    on_cancelled: Status | None = Field(
        default=None, description="The status that we set when it is cancelled; null: it is only noted."
    )
    fields: dict[str, Any] = Field(
        default_factory=dict, description="What is sent along with on_done, where that move takes it."
    )

    @model_validator(mode="after")
    def _mean_one_thing(self) -> Self:
        for one, other in (("done", "open"), ("declined", "open"), ("declined", "done")):
            both = {text.casefold() for text in getattr(self, one)} & {
                text.casefold() for text in getattr(self, other)
            }
            if both:
                raise ValueError(f"{min(both)!r} can't mean both {one} and {other}")
        return self

    @model_validator(mode="after")
    def _set_what_they_mean(self) -> Self:
        """What we set has to read as what it is for, and what people set then as a claim."""
        if self.on_done and not _is_among(self.on_done, self.done):
            raise ValueError(
                f"on_done: {self.on_done!r} is not among done; add it there, or set one of these"
            )
        if self.on_reopen and not _is_among(self.on_reopen, self.open):
            raise ValueError(
                f"on_reopen: {self.on_reopen!r} is not among open; add it there, or set one of these"
            )
        if self.on_cancelled and _is_among(self.on_cancelled, self.open):
            raise ValueError(f"on_cancelled: {self.on_cancelled!r} is among open; set a status that isn't")
        return self

    @property
    def goals(self) -> frozenset[Goal]:
        """Where we may move a copy."""
        always = {Goal.OPEN, Goal.DONE}
        return frozenset(always | {Goal.CANCELLED} if self.on_cancelled else always)

    def status(self, goal: Goal) -> str:
        """The status to set. Raises LookupError for a goal that is not in `goals`."""
        if goal is Goal.DONE:
            return self.on_done or self.done[0]
        if goal is Goal.OPEN:
            return self.on_reopen or self.open[0]
        if self.on_cancelled is None:
            raise LookupError("a cancelled ticket is only noted")
        return self.on_cancelled

    def standing(self, status: str, *more: str) -> CopyStanding:
        """What a status means; `more` are a resolution or a reason beside it, which may mean that it was declined."""
        said = [text.casefold() for text in (status, *more) if text]
        declined = {text.casefold() for text in self.declined}
        if any(text in declined for text in said):
            return CopyStanding.DECLINED
        if _is_among(status, self.done):
            return CopyStanding.DONE
        if self.on_cancelled and status.casefold() == self.on_cancelled.casefold():
            return CopyStanding.DECLINED
        return CopyStanding.OPEN if _is_among(status, self.open) else CopyStanding.UNKNOWN

    def named(self) -> Iterable[str]:
        """Every status that is named, once, as it was written."""
        set_ = filter(None, (self.on_done, self.on_reopen, self.on_cancelled))
        return dict.fromkeys((*self.open, *self.done, *set_))


class TrackerConfig(Section):
    """The keys that each tracker that speaks HTTP has."""

    tls: TlsConfig = Field(default_factory=TlsConfig, description="Whom to trust.")
    requests_per_minute: int = Field(
        default=60, ge=1, le=PER_MINUTE_MAX, description="At most; a tenth of it at once."
    )
    labels: tuple[str, ...] = Field(
        default=(), description="Labels that each copy gets, where there are labels."
    )
    calls: CallsConfig | None = Field(
        default=None, description="Where the tracker may call us; null: it is only read."
    )
