"""The inventory that people's words are written to is held to the suite of those that read nothing."""

from __future__ import annotations

import pytest

from connectors.inventory.declared import SPEC
from contracts.inventory import PushedInventoryContract, context
from worker.ports import Inventory


class TestDeclared(PushedInventoryContract):
    kind = "declared"

    @pytest.fixture
    def inventory(self) -> Inventory:
        made: Inventory = SPEC.build(SPEC.config(), context())
        return made
