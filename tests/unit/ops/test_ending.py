"""A process ends although a job in it still hangs, and with the code that it would have had."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from worker import program
from worker.ops import ending
from worker.ops.ending import THREADS, leave
from worker.ports import BadConfig

PATIENCE_S = 20.0


@pytest.fixture
def may_end(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A job hangs until it is set."""
    monkeypatch.setattr(ending, "LEAVE_S", 0.05)
    may_end = threading.Event()
    hangs = threading.Thread(target=may_end.wait, args=(PATIENCE_S,), name=f"{THREADS}_1")
    hangs.start()
    yield may_end
    may_end.set()
    hangs.join()


def test_a_process_is_left_at_once_only_if_something_in_it_still_hangs(may_end: threading.Event) -> None:
    ended: list[int] = []
    leave(3, ended.append)
    assert ended == [3]
    may_end.set()
    leave(3, ended.append)
    assert ended == [3]


@pytest.mark.parametrize("error, code", [(BadConfig("No such path."), 1), (None, 0)])
def test_a_command_ends_with_its_code_once_it_has_said_why(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    may_end: threading.Event,
    error: Exception | None,
    code: int,
) -> None:
    ended: list[tuple[int, bool]] = []

    def command() -> None:
        if error is not None:
            raise error
        raise SystemExit

    def leave_told(code: int) -> None:
        leave(code, lambda code: ended.append((code, not error or str(error) in capsys.readouterr().err)))

    monkeypatch.setattr(program, "app", command)
    monkeypatch.setattr(program, "leave", leave_told)
    with pytest.raises(SystemExit):
        program.run()

    assert not may_end.is_set()
    assert ended == [(code, True)]


SWALLOWED = """
import signal, weakref
from worker.ops.ending import unwind_at_signals
from worker.ops.scheduler import wait_for

class Thing: ...

unwind_at_signals()
thing = Thing()
reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGTERM))
del thing  # as when a module has been imported
print(wait_for(lambda: False))
"""


def test_a_signal_whose_exit_python_swallowed_ends_what_waits_for_it() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SWALLOWED], capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )

    assert ended.stdout == "False\n"
    assert "SystemExit: 143" in ended.stderr  # and was swallowed
