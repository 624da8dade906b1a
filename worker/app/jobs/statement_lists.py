"""Take the lists of other systems: who completed a course, whose device is as it should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from worker.app.acts.attesting import Attesting
from worker.app.acts.statements import StatementList
from worker.domain.evidence.actor import SYSTEM
from worker.ports import ConnectorError


class TakeLists:
    """Reads each list, and takes one that did not change once a day, since people may have joined."""

    def __init__(self, lists: Sequence[StatementList], attesting: Attesting) -> None:
        self._lists = lists
        self._attesting = attesting
        self._taken: dict[str, tuple[str, int]] = {}  # the day, and what the list was

    def run(self, day: str, now: datetime) -> tuple[dict[str, int], list[str]]:
        """Return counts, and what went wrong. `day`: the local one.

        A row that names nobody is usual: such lists have former staff, too. So is one that is not clear, such as of a
        device that did not report all that is asked.
        """
        counts, troubles = Counter[str](), []
        for one in self._lists:
            try:
                rows = tuple(one.read())
                mark = (day, hash(repr(rows)))  # a mapping has no hash
                if self._taken.get(one.name) != mark:
                    taken = self._attesting.take(rows, one.statement, one.name, SYSTEM, now)
                    unclear = len(taken.problems) - taken.of_nobody
                    counts += Counter(
                        taken_from_lists=taken.kept, rows_of_nobody=taken.of_nobody, rows_unclear=unclear
                    )
                    self._taken[one.name] = mark
            except ConnectorError as error:
                troubles.append(str(error))
        return counts, troubles
