"""Directories of `kind: entra` on a fake Entra ID, as an operator would configure them, closed after the test.

lab.directory(scope={…}) -> EntraDirectory;  lab.whole(…) -> the configuration;  lab.first() -> a first pass
lab.notes -> what they noted;  lab.waits -> for how many seconds each of their tries was put off
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connectors.directory.entra.config import EntraConfig
from connectors.directory.entra.connector import EntraDirectory
from connectors.kit.graph.tokens import Tokens
from contracts.directory_world import Drained, context, read_pass
from contracts.entra_world import options
from fakes.graph.lab import FakeEntra
from fakes.graph.tenant import FakeTenant
from fakes.graph.tokens import SECRET
from worker.ops.retry import again
from worker.ports import Again, ConnectorError, Fact, Noted
from worker.ports.connectors.base import call_once

NAME = "tenant"


@dataclass(frozen=True, slots=True)
class Taken:
    """One note."""

    event: Noted
    fields: Mapping[str, Fact]


class Lab:
    """One fake tenant, and whatever reads it. All clocks are the tenant's, and stand still but for `sleep`."""

    def __init__(self, entra: FakeEntra, folder: Path) -> None:
        self.entra = entra
        self.folder = folder
        self.again: Again = call_once
        self.notes: list[Taken] = []
        self.waits: list[float] = []
        self._open: list[EntraDirectory | Tokens] = []

    @property
    def tenant(self) -> FakeTenant:
        return self.entra.tenant

    def clock_s(self) -> float:
        return self.tenant.now.timestamp()

    def note(self, event: Noted, /, **fields: Fact) -> None:
        self.notes.append(Taken(event, fields))

    def noted(self, event: Noted) -> list[Mapping[str, Fact]]:
        """The fields of all notes of an event."""
        return [taken.fields for taken in self.notes if taken.event is event]

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.tenant.advance(timedelta(seconds=seconds))

    def be_patient(self) -> None:
        """From now on directories try again, and time goes by meanwhile."""
        self.again = partial(again, sleep=self.sleep)

    def whole(self, **changes: Any) -> dict[str, Any]:
        return options(self.entra, **changes)

    def directory(self, **changes: Any) -> EntraDirectory:
        config = EntraConfig.model_validate(self.whole(**changes))
        given = replace(
            context(NAME, self.folder), now=lambda: self.tenant.now, again=self.again, note=self.note
        )
        made = EntraDirectory(config, given, clock_s=self.clock_s)
        self._open.append(made)
        return made

    def tokens(self, **changes: Any) -> Tokens:
        config = EntraConfig.model_validate(self.whole(**changes))
        made = Tokens(config, config.graph, self.folder, NAME)
        self._open.append(made)
        return made

    def first(self, **changes: Any) -> tuple[EntraDirectory, Drained]:
        """A directory, and its first pass."""
        directory = self.directory(**changes)
        return directory, read_pass(directory, None)

    def close(self) -> None:
        for each in self._open:
            each.close()


def failure_of(call: Callable[[], Any]) -> ConnectorError:
    """The error that a call raises, which has no secret in it."""
    with pytest.raises(ConnectorError) as caught:
        call()
    for secret in (SECRET, "Bearer", "eyJ"):
        assert secret not in str(caught.value)
    return caught.value
