"""A tracker behind webhooks is held to the suite of those that are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from contracts.telling_tracker import TellingTrackerContract, TellingWorld
from fakes.http_receiver import HttpReceiver
from fakes.webhook_program import ProgramWorld


class TestWebhook(TellingTrackerContract):
    kind = "webhook"

    @pytest.fixture
    def world(self) -> Iterator[TellingWorld]:
        with HttpReceiver() as receiver:
            world = ProgramWorld(receiver)
            with closing(world.tracker):
                yield world
