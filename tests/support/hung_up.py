"""SIGHUP as it comes to a program that was not started under nohup, whatever started the tests."""

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def hangup_is_heard() -> Iterator[None]:
    """Let SIGHUP end this process and those that it starts: under nohup it would be ignored by both."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)
