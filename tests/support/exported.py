"""Evidence packs that a company exports, and a company of which there is something to export."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from harness import Harness
from packs import members_of
from worker.app.evidence.export import Audit, Exported
from worker.app.evidence.scope import Selection
from worker.app.evidence.zip import PackVerdict, verify_pack
from worker.domain.evidence.actor import Actor, Via

SAM = Actor("sam", "os:sam", Via.COMMAND, "sam on desk-3")
EVERYTHING = Selection()


class Pack:
    """What came of an export."""

    def __init__(self, exported: Exported, content: bytes) -> None:
        self.exported = exported
        self.content = content
        self.files = {name: text.decode("utf-8-sig") for name, text in members_of(content).items()}

    @property
    def verdict(self) -> PackVerdict:
        return verify_pack(io.BytesIO(self.content))

    @property
    def events(self) -> list[dict[str, Any]]:
        """Those that are there in full."""
        lines = map(json.loads, self.files["journal.jsonl"].splitlines())
        return [line for line in lines if "kind" in line]

    @property
    def kinds(self) -> list[str]:
        return [event["kind"] for event in self.events]

    @property
    def tickets(self) -> list[str]:
        return [line.partition(",")[0].strip('"') for line in self.files["tickets.csv"].splitlines()[1:]]


def export(company: Harness, selection: Selection = EVERYTHING) -> Pack:
    file = io.BytesIO()
    made = Audit(company.store, "St Mary's", "Europe/London", "whosleft 1.2.3").export(
        selection, file, SAM, company.now
    )
    return Pack(made, file.getvalue())


@pytest.fixture
def left(company: Harness) -> Harness:
    """Ann was taken out of the ward's group, and Eve is still in another."""
    company.group("ward-8", "eve", "fay", admins=["dee"])
    company.leave("ann", "eve")
    company.settle()
    company.desk.done(1, Actor("dee"), company.now, "on her last day")
    company.later()
    company.drop("ward-7", "ann")
    company.settle()
    return company
