"""A dead man's switch that keeps what it heard, and fails when told to."""

from __future__ import annotations

from worker.ports import ConnectorError


class FakePinger:
    """`heard` is the log of effects; while it is `down`, that is its answer. One that `is_plain` hears only "well"."""

    def __init__(self, *, is_plain: bool = False) -> None:
        self.heard: list[str] = []
        self.down: ConnectorError | None = None
        self.is_plain = is_plain

    def well(self) -> None:
        self._answer()
        self.heard.append("well")

    def blind(self, why: str) -> bool:
        if self.is_plain:
            return False
        self._answer()
        self.heard.append(why)
        return True

    def _answer(self) -> None:
        if self.down is not None:
            raise self.down
