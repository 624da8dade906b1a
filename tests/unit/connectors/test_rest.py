"""Answers in JSON, as connectors get them."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.kit.rest import Rest, Server
from fakes.graph.http import LoopbackServer, Reply, Request

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class Answering(LoopbackServer):
    """Answers everything with the same bytes."""

    body = b""

    def answer(self, request: Request) -> Reply:
        return Reply(200, self.body)


@pytest.mark.parametrize(
    "body, found",
    [
        (rb'{"name": "Ana \ud83d"}', {"name": "Ana \ufffd"}),
        (b'{"name": "Ana \xed\xa0\xbd"}', {"name": "Ana \ufffd"}),
        (rb'[["a\u0000b"], {"\uDE00": 1}, null, 2]', [["a\ufffdb"], {"\ufffd": 1}, None, 2]),
        (rb'{"name": "Ana \ud83d\ude00 \\ud83d"}', {"name": "Ana \U0001f600 \\ud83d"}),
        ('{"name": "Ana \U0001f600"}'.encode(), {"name": "Ana \U0001f600"}),
    ],
)
def test_text_that_no_database_keeps_is_replaced_as_it_comes_in(body: bytes, found: Any) -> None:
    """Half an emoji, of a name that somebody cut, would differ from what is stored at each read."""
    with Answering() as server:
        server.body = body
        rest = Rest(Server("Desk", server.url, {}, 6000), lambda: NOW, lambda _: None)
        with closing(rest):
            assert rest.get("/", "a name") == found
