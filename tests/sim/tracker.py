"""A tracker in a world: issues in memory, and all that can happen to a call on its way there and back.

Nothing here knows what the worker has stored: what the checks call seen or written is this tracker's own record.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from fakes.tracker import FakeTracker, Issue
from sim.effects import Boundary
from worker.domain.mirror.outside import SHOWS, CopyGone, CopyStanding, Draft, Goal, LastMove, Seen
from worker.domain.tickets.ticket import ticket_number
from worker.ports import Changed, CheckResult, NotDone, PermissionDenied, Rejected, Transient
from worker.ports.connectors.tracker import TrackerAbilities

DESK = "desk"
SERVICE = "svc-whosleft"  # the worker's account there, which a person uses now and then
LANDS_AFTER = timedelta(minutes=2)  # a request that we gave up on may still run there
FOUND_LATE = 0.85  # of the look-ups before the tracker's lag is over, how many don't find what is there
CLOSED = frozenset({CopyStanding.DONE, CopyStanding.DECLINED})
_KINDS = ((), ("remove_member", "reassign_admin"), ("remove_member", "creator_must_leave", "identify_member"))


def has_tracker(seed: int) -> bool:
    """Half of the worlds, of which every second one has controls and machines."""
    return seed % 4 in {2, 3}


def trackers_of(seed: int) -> list[Mapping[str, Any]]:
    """The configuration of a world's one tracker: which tickets have copies in it, and what these say."""
    rng = random.Random(f"{seed}/trackers")
    when = {"kinds": rng.choice(_KINDS), "sensitive": rng.choice((None, None, False))}
    content = rng.choice(("minimal", "minimal", "full"))
    return [{"name": DESK, "kind": "redmine", "when": when, "content": content, "assign": rng.random() < 0.8}]


@dataclass
class SimIssue(Issue):
    """An issue, and what is known of it besides."""

    number: int = 0  # of our ticket
    made_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    is_hidden: bool = False
    was_elsewhere: bool = False  # or is
    is_moved_by_us: bool = False
    has_robot: bool = False  # which closes it again whenever it is reopened
    ours: list[tuple[datetime, str, str]] = field(default_factory=list)  # what the worker did, with its words

    @property
    def ref(self) -> str:
        return self.seen.ref

    @property
    def is_there(self) -> bool:
        """Whether it can be read."""
        return not self.is_gone and not self.is_hidden


class Watch(Protocol):
    """Is told of everything at once. A person's act comes with what it was before."""

    def tries(self, what: str, number: int, ref: str) -> None: ...
    def wrote(self, what: str, issue: SimIssue, text: str) -> None: ...
    def failed(self, what: str, number: int, ref: str, error: BaseException | None) -> None: ...
    def acted(self, issue: SimIssue, before: Seen) -> None: ...
    def is_noted(self, issue: SimIssue) -> None: ...
    def shown(self, issue: SimIssue, seen: Seen | None, *, is_kept: bool) -> None: ...


class SimTracker(FakeTracker):
    """One call is one page or one write; the process may die on either side of a write.

    `next` are the faults of the writes to come: lost (done, without an answer), never (neither), late (done a while
    after we gave up), twice (done, and once more by whatever lies between), busy, changed, refused, forbidden.
    """

    def __init__(
        self,
        rng: random.Random,
        now: Callable[[], datetime],
        boundary: Boundary,
        at: Callable[[datetime, Callable[[], None]], None],
    ) -> None:
        super().__init__(DESK, now=now)
        goals = frozenset(Goal) if rng.random() < 0.6 else frozenset({Goal.OPEN, Goal.DONE})
        lag = timedelta(hours=rng.choice((0, 3, 7)))
        self.can = TrackerAbilities(goals=goals, lag=lag)
        self.has_revisions = rng.random() < 0.5  # whether a write to what was changed meanwhile is refused
        self.notes_apart = self.has_revisions  # whether the note of a move is a write of its own
        self.next: deque[str] = deque()
        self.next_made: deque[str] = deque()  # those of creates alone
        self.busy = 0  # so many calls are refused for now
        self.breaks_off = False  # the next read does, somewhere
        self.is_blind = False  # it may see nothing any more, and make nothing
        self.is_history_hidden = False
        self.robots = 0.1  # of the issues
        self.failures = 0  # calls whose answer says nothing about one issue
        self.watch: Watch
        self._rng = rng
        self._boundary = boundary
        self._at = at

    def sim(self, ref: str) -> SimIssue:
        issue = self.issues[ref]
        assert isinstance(issue, SimIssue)
        return issue

    @property
    def every(self) -> list[SimIssue]:
        return [self.sim(ref) for ref in self.issues]

    # --- what people do there ------------------------------------------------------------------------

    def person(self, issue: SimIssue, by: str | None = None, **fields: Any) -> None:
        """Change what is seen of an issue; with `by`, its status."""
        before = issue.seen
        issue.seen = _changed(before, **fields)
        issue.was_elsewhere |= issue.seen.is_elsewhere
        if issue.seen.standing is not before.standing:
            issue.moved, issue.is_moved_by_us = len(issue.notes), False
        if by is not None:
            issue.by, issue.at = by, self._now()
        self.watch.acted(issue, before)

    # --- reads ---------------------------------------------------------------------------------------

    def read(self, refs: Collection[str], /) -> Iterator[Seen | CopyGone]:
        """What each is when the read begins; people may change it before it is looked at."""
        self._fail()
        page = [(self.sim(ref), self._shown(self.sim(ref))) for ref in refs]
        self._rng.shuffle(page)
        ends_at = self._rng.randrange(len(page)) if self.breaks_off and page else len(page)
        self.breaks_off = self.breaks_off and not page
        for issue, seen in page[:ends_at]:
            self.watch.shown(issue, seen, is_kept=True)
            yield seen or CopyGone(issue.ref, "deleted" if issue.is_gone else "hidden")
        if ends_at < len(page):
            self.failures += 1
            raise Transient("The answer broke off.", remedy="Wait.")

    def _shown(self, issue: SimIssue) -> Seen | None:
        return issue.seen if issue.is_there and not self.is_blind else None

    def find(self, identity: str, _mark: str, /) -> Sequence[Seen]:
        self._fail()
        found = [one for one in self.every if one.seen.identity == identity and one.is_there]
        if not found or self.is_blind:
            return []
        age = self._now() - max(one.made_at for one in found)
        if age < self.can.lag and self._rng.random() < FOUND_LATE:
            return []
        for one in found:
            self.watch.shown(one, one.seen, is_kept=False)
        return [one.seen for one in found]

    def last_move(self, seen: Seen, /) -> LastMove:
        if self.is_history_hidden:
            error = Rejected("The history is hidden.", remedy="Let the account see it.")
            self.watch.failed("look", self.sim(seen.ref).number, seen.ref, error)
            raise error
        return super().last_move(seen)

    def check(self) -> CheckResult:
        return CheckResult(ok=False, message="Nothing can be seen.") if self.is_blind else super().check()

    def _fail(self) -> None:
        if self.busy > 0:
            self.busy -= 1
            self.failures += 1
            raise NotDone("Too many requests.", remedy="Wait.", retry_after_s=90.0)
        self.failures += self.error is not None
        super()._fail()

    # --- writes --------------------------------------------------------------------------------------

    def create(self, draft: Draft, _mark: str, /) -> Seen:
        if self.is_blind:
            self.failures += 1
            raise PermissionDenied("It may make nothing.", missing="Create", remedy="Grant it.")

        def deed() -> SimIssue:
            self._add(draft)
            issue = self.every[-1]
            text = "\n".join((draft.title, *draft.paragraphs, draft.url, str(draft.data)))
            self.watch.wrote("create", issue, text)
            return issue

        return self._through("create", ticket_number(draft.label), "", deed)

    def _add(self, draft: Draft) -> Seen:
        seen = super()._add(draft)
        number = ticket_number(draft.label)
        has_robot = self._rng.random() < self.robots
        self.issues[seen.ref] = SimIssue(seen, draft, number=number, made_at=self._now(), has_robot=has_robot)
        return seen

    def move(self, seen: Seen, goal: Goal, note: str, /) -> Seen:
        standing = _STANDING[goal]

        def fields() -> dict[str, Any]:
            issue.by, issue.at, issue.moved, issue.is_moved_by_us = (
                SERVICE,
                self._now(),
                len(issue.notes),
                True,
            )
            return {"standing": standing, "status": standing.value}

        issue = self.sim(seen.ref)
        is_apart = self.notes_apart and not note.startswith("Duplicate of")  # which is closed once, or never
        if issue.seen.standing not in SHOWS[goal]:
            seen = self._send(f"move {goal.value}", seen, "" if is_apart else note, fields)
        if note not in issue.notes[issue.moved :]:
            try:
                seen = self._send("word", seen, note, dict)
            except (Rejected, PermissionDenied):
                pass  # it is told, and the move is done
            except (NotDone, Changed) as error:
                raise Transient("It was moved without a note.", remedy="Wait.") from error
        self.watch.is_noted(issue)
        return seen

    def note(self, seen: Seen, text: str, /) -> None:
        self._send("note", seen, text, dict)

    def assign(self, seen: Seen, email: str, /) -> Seen:
        if email not in self.people:
            raise Rejected(f"{email} is not exactly one account.", remedy="Add them.")
        return self._send("assign", seen, "", lambda: {"assignee": email})

    def attach(self, seen: Seen, name: str, data: bytes, /) -> None:
        self._send("attach", seen, f"{name} {data.decode()}", dict)

    def _send(self, what: str, seen: Seen, text: str, fields: Callable[[], dict[str, Any]]) -> Seen:
        issue = self.sim(seen.ref)

        def deed() -> SimIssue:
            issue.seen = _changed(issue.seen, **fields())
            if text:
                issue.notes.append(text)
            issue.ours.append((self._now(), what, text))
            self.watch.wrote(what, issue, text)
            return issue

        return self._through(what, issue.number, seen.ref, deed, seen)

    def _through(
        self, what: str, number: int, ref: str, deed: Callable[[], SimIssue], seen: Seen | None = None
    ) -> Seen:
        self._boundary.enter("write there")
        try:
            self._boundary.pass_("before write there")
            self.watch.tries(what, number, ref)
            self._fail()
            self._refuse(what, seen)
            issue = self._done(what, deed)
            self._boundary.pass_("after write there")
        except BaseException as error:  # the process may die of it
            self.watch.failed(what, number, ref, error)
            raise
        return issue.seen

    def _refuse(self, what: str, seen: Seen | None) -> None:
        """Raise what says that surely nothing was written."""
        issue = self.sim(seen.ref) if seen else None
        if issue is not None and issue.is_gone:
            raise Rejected("There is no such issue.", remedy="Look there.")
        if issue is not None and issue.seen.is_elsewhere and what != "note":
            raise Rejected("It may not in that project.", remedy="Grant it.")
        is_stale = issue is not None and seen is not None and issue.seen.revision != seen.revision
        if self.has_revisions and is_stale:
            raise Changed("Somebody changed it.")
        faults = self._faults(what)
        if not faults or faults[0] not in _SURELY_NOT:
            return
        fault = faults.popleft()
        self.failures += fault in {"busy", "forbidden"}
        error = _SURELY_NOT[fault]()
        raise error

    def _done(self, what: str, deed: Callable[[], SimIssue]) -> SimIssue:
        faults = self._faults(what)
        fault = faults.popleft() if faults else ""
        if fault in {"never", "late"}:
            if fault == "late":
                self._at(self._now() + LANDS_AFTER, lambda: self._lands(what, deed))
            self.failures += 1
            raise Transient("No answer.", remedy="Wait.")
        issue = deed()
        if fault == "twice" and what == "create":
            deed()
        if fault:
            self.failures += 1
            raise Transient("The answer was lost.", remedy="Wait.")
        return issue

    def _faults(self, what: str) -> deque[str]:
        return self.next_made if what == "create" and self.next_made else self.next

    def _lands(self, what: str, deed: Callable[[], SimIssue]) -> None:
        issue = deed()
        self.watch.failed(what, issue.number, issue.ref, None)


_STANDING = {
    Goal.OPEN: CopyStanding.OPEN,
    Goal.DONE: CopyStanding.DONE,
    Goal.CANCELLED: CopyStanding.DECLINED,
}
_SURELY_NOT: Mapping[str, Callable[[], Exception]] = {
    "busy": lambda: NotDone("Too many requests.", remedy="Wait.", retry_after_s=90.0),
    "changed": lambda: Changed("Somebody is changing it."),
    "refused": lambda: Rejected("The field Ward is required.", remedy="Give it a default."),
    "forbidden": lambda: PermissionDenied("It may not write.", missing="Edit", remedy="Grant it."),
}


def _changed(seen: Seen, **fields: Any) -> Seen:
    return replace(seen, revision=str(int(seen.revision or 0) + 1), **fields)
