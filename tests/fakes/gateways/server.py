"""What the fakes of gateways to a linked phone share: people in rooms, lies, and judgement by a published description.

    request -> judged -> a lie, if one is told for its path -> else the kind's answer, judged too

A violation is kept and raised by `judged()`, since what is raised in the server's thread is seen by nobody.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.kit.linked_phone import LinkedPhone
from fakes.graph.http import LoopbackServer, Reply, Request
from openapi import OpenApi
from worker.domain.model import Role

PICTURES = "/v/pictures/"
Make = Callable[..., LinkedPhone]  # a connector to the fake: keys, parts of the context


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a room. `user` are the digits of their number, `lid` those of their LID; one may be hidden."""

    user: str | None
    role: Role = Role.MEMBER
    lid: str | None = None
    name: str = ""


@dataclass(slots=True)
class Room:
    """A group. `facts` are the kind's own keys; `bad_rows` are answered as they are, after the people.

    `link` is the code of its join link, None where WhatsApp doesn't show it to the phone. `wrote_at` is in seconds.
    """

    name: str
    people: list[Person] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    bad_rows: list[Any] = field(default_factory=list)
    picture: bytes | None = None
    link: str | None = "LinkOfThisGroup1"
    wrote_at: int | None = None
    for_admins: set[str] = field(default_factory=set)  # of info, messages

    def find(self, user: str) -> Person | None:
        """Return who has this number or LID, with or without its host."""
        digits = user.partition("@")[0]
        return next((each for each in self.people if digits in {each.user, each.lid}), None)

    def remove(self, person: Person) -> None:
        self.people.remove(person)

    def promote(self, person: Person) -> None:
        self.people[self.people.index(person)] = replace(person, role=Role.ADMIN)


class GatewayServer(LoopbackServer):
    """A fake of one gateway, whose phone is in `rooms`."""

    def __init__(self, contract: OpenApi | None = None) -> None:
        super().__init__()
        self.rooms: dict[str, Room] = {}
        self.contract = contract
        self.refused_acts: dict[str, int] = {}  # a person's digits -> WhatsApp's status
        self._lies: list[tuple[str, Reply, int]] = []
        self.violations: list[str] = []

    def tell(self, part: str, reply: Reply, *, times: int = 1 << 30) -> None:
        """Answer so to the next requests whose target (path and query) contains `part`."""
        self._lies.append((part, reply, times))

    def mend(self) -> None:
        """Tell the truth from now on."""
        self._lies.clear()

    def judged(self) -> int:
        """Raise what was against the description; return how many requests there were."""
        assert self.violations == []
        return len(self.log)

    def picture_url(self, group_id: str) -> str | None:
        """Where a group's picture is; None without one."""
        return f"{self.url}{PICTURES}{group_id}" if self.rooms[group_id].picture is not None else None

    def answer(self, request: Request) -> Reply:
        if request.path.startswith(PICTURES):
            return self._shown(request)
        if lie := self._lie(request):
            return lie
        self._judge(lambda contract: contract.check_request(
            request.method, request.path, request.query, request.headers, request.body
        ))  # fmt: skip
        reply = self.truth(request)
        if reply.status < 300:
            self._judge(lambda contract: self.judge_answer(contract, request, reply))
        return reply

    def truth(self, request: Request) -> Reply:
        """Return the kind's answer."""
        raise NotImplementedError

    def judge_answer(self, contract: OpenApi, request: Request, reply: Reply) -> None:
        contract.check_answer(request.method, request.path, reply.status, reply.body)

    def _shown(self, request: Request) -> Reply:
        """A picture, as WhatsApp's own servers have it: for whoever has the address."""
        if {"authorization", "x-api-key", "apikey"} & request.headers.keys():
            self.violations.append("a credential came with the request for a picture")
        if lie := self._lie(request):
            return lie
        room = self.rooms.get(request.path.removeprefix(PICTURES))
        return Reply(404) if room is None or room.picture is None else Reply(200, room.picture, "image/jpeg")

    def _lie(self, request: Request) -> Reply | None:
        for at, (part, reply, times) in enumerate(self._lies):
            if part in request.target:
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


def answered(body: Any = None, status: int = 200) -> Reply:
    """Return JSON, or an empty answer."""
    return Reply(status, b"" if body is None else json.dumps(body).encode())
