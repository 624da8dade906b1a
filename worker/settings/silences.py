"""The entries of `silences:`, and their values as those of `worker.domain.escalation.silences`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from worker.domain.escalation.silences import Silence
from worker.domain.tickets.ticket import TicketKind
from worker.settings.fields import Patterns, Text, listed
from worker.settings.problems import Wrong
from worker.settings.section import Section
from worker.settings.times import LocalTime, instant_in


class SilenceEntry(Section):
    """Nobody is told about tickets that fit all that is given; the people named get no messages at all."""

    groups: Patterns = Field(default=(), description="Globs of groups' names or ids.")
    people: Annotated[tuple[Text, ...], BeforeValidator(listed)] = Field(
        default=(), description="E-mail addresses or ids: tickets about them, and messages to them."
    )
    sources: Annotated[tuple[Text, ...], BeforeValidator(listed)] = Field(
        default=(), description="Inventories."
    )
    kinds: Annotated[tuple[TicketKind, ...], BeforeValidator(listed)] = Field(
        default=(), description="Kinds of ticket."
    )
    begins: LocalTime = Field(alias="from", description="Its first instant, by the organisation's clock.")
    until: LocalTime = Field(description="Its end, 30 days later at most.")
    by: Text = Field(description="Who wants it.")
    reason: Text = Field(description="Why.")

    def value(self, place: int, timezone: str) -> Silence:
        """The domain's silence; `place` counts from 1, and `timezone` (IANA) is the organisation's."""
        try:
            return Silence(
                f"config-{place}", instant_in(self.begins, timezone), instant_in(self.until, timezone), self.by,
                self.reason, self.groups, self.people, self.sources, self.kinds,
            )  # fmt: skip
        except ValueError as error:
            problem, _, remedy = str(error).partition("; ")
            raise Wrong(problem, f"{remedy[:1].upper()}{remedy[1:]}", at=("silences", place - 1)) from None
