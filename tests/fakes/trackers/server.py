"""What the fakes of trackers share: judgement by a description, lies, and what becomes of a write and of its answer.

    request -> judged -> a lie, if one is told for its path -> a write's fault -> else the kind's answer, judged too

A violation is kept and raised by `judged()`, since what is raised in the server's thread is seen by nobody.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from contracts.tracker import NOW
from fakes.graph.http import LoopbackServer, Reply, Request
from openapi import OpenApi

PAGE = b"<!doctype html><title>Sign in</title><p>Please sign in."


@dataclass(frozen=True, slots=True)
class WriteFault:
    """What becomes of one write. Without `reply`, nothing is answered; `is_late`: it is done at `land`."""

    is_done: bool
    reply: Reply | None = None
    is_late: bool = False


class TrackerServer(LoopbackServer):
    """A fake of one tracker. Its clock goes on by a second with each write."""

    def __init__(self, contract: OpenApi | None = None) -> None:
        super().__init__()
        self.contract = contract
        self.violations: list[str] = []
        self.is_a_page = False
        self.write_faults: deque[WriteFault] = deque()
        self.now = NOW
        self._lies: list[tuple[str, Reply, int]] = []
        self._late: list[Request] = []

    def tick(self) -> datetime:
        """Return the next second."""
        self.now += timedelta(seconds=1)
        return self.now

    def tell(self, part: str, reply: Reply, *, times: int = 1 << 30) -> None:
        """Answer so to the next requests whose method and target contain `part`: "POST /issues"."""
        self._lies.append((part, reply, times))

    def lose(self, count: int, *, is_late: bool = False) -> None:
        """The next writes are done, at once or at `land`, and their answers are lost."""
        self.write_faults.extend([WriteFault(is_done=not is_late, is_late=is_late)] * count)

    def land(self) -> None:
        """Do the writes that are late."""
        late, self._late = self._late, []
        for request in late:
            self.truth(request)

    def judged(self) -> int:
        """Raise what was against the description; return how many requests there were."""
        assert self.violations == []
        return len(self.log)

    def answer(self, request: Request) -> Reply:
        if self.is_a_page:
            return Reply(200, PAGE, "text/html")
        if lie := self._lie(request):
            return lie
        self._judge(lambda contract: self.judge_request(contract, request))
        if request.method != "GET" and self.write_faults:
            return self._faulty(request, self.write_faults.popleft())
        reply = self.truth(request)
        self._judge(lambda contract: self.judge_answer(contract, request, reply))
        return reply

    def truth(self, request: Request) -> Reply:
        """Return the kind's answer."""
        raise NotImplementedError

    def judge_request(self, contract: OpenApi, request: Request) -> None:
        contract.check_request(request.method, request.path, request.query, request.headers, request.body)

    def judge_answer(self, contract: OpenApi, request: Request, reply: Reply) -> None:
        contract.check_answer(request.method, request.path, reply.status, reply.body)

    def _faulty(self, request: Request, fault: WriteFault) -> Reply:
        if fault.is_late:
            self._late.append(request)
        reply = self.truth(request) if fault.is_done else Reply()
        return fault.reply or replace(reply, is_dropped=True)

    def _lie(self, request: Request) -> Reply | None:
        for at, (part, reply, times) in enumerate(self._lies):
            if part in f"{request.method} {request.target}":
                self._lies[at : at + 1] = [(part, reply, times - 1)] if times > 1 else []
                return reply
        return None

    def _judge(self, check: Callable[[OpenApi], None]) -> None:
        if self.contract is None:
            return
        try:
            check(self.contract)
        except AssertionError as error:
            self.violations.append(str(error))


def answered(body: Any = None, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return JSON, or an empty answer."""
    return Reply(status, b"" if body is None else json.dumps(body).encode(), headers=headers or {})
