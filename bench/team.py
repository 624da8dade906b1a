"""Programs that work together, each in a process of its own: they get ready, and begin at the same time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from bench.measure import Found, timed

READY = "ready"


@contextmanager
def team(commands: Sequence[Sequence[str]]) -> Iterator[Callable[[], list[Found]]]:
    """Yield what lets all begin and returns what each of them found, once all have ended; call it once.

    A member prints `ready`, reads a line, works, and prints what it found as JSON.
    """
    members = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for command in commands
    ]
    try:
        for one in members:
            said = _line(one)
            assert said == READY, (one.args, said)

        def begin() -> list[Found]:
            for one in members:
                assert one.stdin is not None
                one.stdin.write("\n")
                one.stdin.flush()
            return [json.loads(_line(one)) for one in members]

        yield begin
    finally:
        for one in members:
            with one:
                one.kill()


def _line(member: subprocess.Popen[str]) -> str:
    assert member.stdout is not None
    return member.stdout.readline().strip()


def take_part(work: Callable[[], object]) -> None:
    """The part of a member that is written in Python."""
    print(READY, flush=True)
    sys.stdin.readline()
    print(json.dumps(timed(work)[1]), flush=True)
