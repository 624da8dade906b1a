"""The fake that the core's tests use keeps to the contract of trackers, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import pytest

from contracts.tracker import AMINA, NOW, TrackerContract, TrackerWorld
from fakes.tracker import FakeTracker
from worker.domain.mirror.outside import CopyStanding
from worker.ports import Incomplete, Rejected, Transient


class FakeWorld(TrackerWorld):
    def __init__(self) -> None:
        self.fake = FakeTracker(now=lambda: NOW, people={AMINA})
        self.tracker = self.fake

    def close(self, ref: str) -> None:
        self.fake.put(CopyStanding.DONE, ref=ref)

    def decline(self, ref: str) -> None:
        self.fake.put(CopyStanding.DECLINED, ref=ref)

    def reopen(self, ref: str) -> None:
        self.fake.put(CopyStanding.OPEN, ref=ref)

    def delete(self, ref: str) -> None:
        self.fake.issues[ref].is_gone = True

    def somebody_elses(self) -> str:
        self.fake.copy("")
        return max(self.fake.issues, key=int)

    def comments(self, ref: str) -> Sequence[str]:
        return self.fake.issues[ref].notes

    def files(self, ref: str) -> int:
        return self.fake.writes.count("attach")

    def text(self, ref: str) -> str:
        draft = self.fake.issues[ref].draft
        return " ".join((draft.title, *draft.paragraphs, draft.url))

    def copies(self) -> int:
        return len(self.fake.issues)

    def forbid_moves(self) -> None:
        def refuse(what: str) -> None:
            if what.startswith("move"):
                raise Rejected("No move leads there.", remedy="Allow it.")

        self.fake.before = refuse

    def forbid_writes(self) -> None:
        def refuse(_what: str) -> None:
            raise Rejected("It may only be looked at.", remedy="Allow it.")

        self.fake.before = refuse

    def lose_answers(self, count: int) -> None:
        left = [count]

        def strike(_what: str) -> None:
            left[0] -= 1
            if left[0] >= 0:
                raise Transient("The answer was lost.")

        self.fake.after = strike

    def answer_html(self) -> None:
        self.fake.error = Incomplete("A page came.", remedy="Check url.")


class TestFakeTracker(TrackerContract):
    kind: ClassVar[str | None] = None
    closer: ClassVar[str] = "nurse"

    @pytest.fixture
    def world(self) -> FakeWorld:
        return FakeWorld()
