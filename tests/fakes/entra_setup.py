"""Directories of `kind: entra` on a fake Entra ID, as an operator would configure them, closed after the test.

lab.directory(scope={…}) -> EntraDirectory;  lab.whole(…) -> the configuration;  lab.first() -> a first pass
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from connectors.directory.entra.config import EntraConfig
from connectors.directory.entra.connector import EntraDirectory
from connectors.directory.entra.tokens import Tokens
from contracts.directory_world import Drained, context, read_pass
from contracts.entra_world import options
from fakes.graph_lab import FakeEntra
from fakes.graph_tenant import FakeTenant
from worker.ports import Again
from worker.ports.connectors import call_once

NAME = "tenant"


class Lab:
    """One fake tenant, and whatever reads it. The process clock is the tenant's."""

    def __init__(self, entra: FakeEntra, folder: Path) -> None:
        self.entra = entra
        self.folder = folder
        self.again: Again = call_once
        self._open: list[EntraDirectory | Tokens] = []

    @property
    def tenant(self) -> FakeTenant:
        return self.entra.tenant

    def whole(self, **changes: Any) -> dict[str, Any]:
        return options(self.entra, **changes)

    def directory(self, **changes: Any) -> EntraDirectory:
        config = EntraConfig.model_validate(self.whole(**changes))
        given = replace(context(NAME, self.folder), now=lambda: self.entra.tenant.now, again=self.again)
        made = EntraDirectory(config, given)
        self._open.append(made)
        return made

    def tokens(self, **changes: Any) -> Tokens:
        made = Tokens(EntraConfig.model_validate(self.whole(**changes)), self.folder, NAME)
        self._open.append(made)
        return made

    def first(self, **changes: Any) -> tuple[EntraDirectory, Drained]:
        """A directory, and its first pass."""
        directory = self.directory(**changes)
        return directory, read_pass(directory, None)

    def close(self) -> None:
        for each in self._open:
            each.close()
