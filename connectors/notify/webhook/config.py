"""The keys of a `kind: webhook` notifier in the configuration file."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from connectors.kit.receiver_keys import ReceiverUrl, Secrets, Timeout
from connectors.kit.settings import Section, TlsConfig
from worker.domain.evidence import events as journal
from worker.ports import Reach

KINDS = tuple(kind for name, kind in vars(journal).items() if name[0].isupper() and isinstance(kind, str))


class WebhookConfig(Section):
    """Where events go, and how they are signed."""

    reaching: ClassVar[frozenset[Reach]] = frozenset()  # a program, and nobody

    url: ReceiverUrl = Field(
        repr=False, description="The receiver's address: https://siem.example.org/hooks/whosleft."
    )
    secrets: Secrets = Field(
        description="What signs: whsec_… (shared) or whsk_… (Ed25519), each as ${env:…} or ${file:…}; "
        "all of them sign, so that one can take another's place.",
    )
    events: tuple[str, ...] = Field(
        default=("ticket.*",), min_length=1, description="The journal's events to send: globs."
    )
    include: Literal["ids", "names"] = Field(
        default="ids", description="ids only, or the names of a ticket's group and person, too."
    )
    allow_private: bool = Field(default=False, description="The receiver may be at a private address.")
    timeout: Timeout = Field(
        default=timedelta(seconds=15), description="How long one answer may take; at most 60s."
    )
    tls: TlsConfig = Field(default=TlsConfig())

    @field_validator("events")
    @classmethod
    def _are_globs(cls, events: tuple[str, ...]) -> tuple[str, ...]:
        for glob in events:
            if not any(fnmatchcase(kind, glob) for kind in KINDS):
                raise ValueError(f"{glob!r} fits no event; write ticket.* for every event of tickets")
        return events
