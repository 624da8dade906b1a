"""A tracker in memory, with people who work in it, and everything that goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from worker.domain.mirror.outside import (
    SHOWS,
    CopyGone,
    CopyStanding,
    CopyUnread,
    Draft,
    Goal,
    LastMove,
    Seen,
)
from worker.ports import Changed, CheckResult, ConnectorError, Passive, Rejected, Transient
from worker.ports.connectors.tracker import Keep, TrackerAbilities

_AFTER = {Goal.OPEN: CopyStanding.OPEN, Goal.DONE: CopyStanding.DONE, Goal.CANCELLED: CopyStanding.DECLINED}
_TOLD = {  # of a ticket's states, as programs are told
    "done": CopyStanding.DONE,
    "verified": CopyStanding.DONE,
    "cancelled": CopyStanding.DECLINED,
    "waived": CopyStanding.DECLINED,
}


@dataclass
class Issue:
    """One ticket there, with all that was written on it."""

    seen: Seen
    draft: Draft
    notes: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    by: str = ""
    at: datetime | None = None
    is_gone: bool = False
    merged: set[str] = field(default_factory=set)  # identities of what was merged into it
    moved: int = 0  # how many notes there were when its status was changed last


class FakeTracker(Passive):
    """`before` and `after` are called around each write: what they raise is lost before or after its effect.

    `notes_apart`: a move and its note are two writes.
    """

    def __init__(
        self, name: str = "desk", *, now: Callable[[], datetime], people: Collection[str] = ()
    ) -> None:
        self.name = name
        self.place = f"https://desk.example.org {name}"
        self.can = TrackerAbilities(goals=frozenset(Goal))
        self.issues: dict[str, Issue] = {}
        self.people = set(people)  # who may be given something
        self.writes: list[str] = []
        self.told: list[tuple[str, int]] = []
        self.before: Callable[[str], None] = lambda _what: None
        self.after: Callable[[str], None] = lambda _what: None
        self.hidden_reads = 0  # so many looks by identity find nothing
        self.finds_by_mark = False  # only what is newer, as trackers without a search do
        self.error: ConnectorError | None = None  # of every call
        self.unread: set[str] = set()  # of which too little is shown
        self.is_public = False
        self.notes_apart = False
        self.called = False
        self.keep: Keep | None = None
        self._now = now

    # --- what people do there ------------------------------------------------------------------------

    @property
    def only(self) -> Issue:
        [issue] = self.issues.values()
        return issue

    def put(
        self, standing: CopyStanding, *, by: str = "nurse", ref: str = "", at: datetime | None = None
    ) -> None:
        issue = self.issues[ref] if ref else self.only
        issue.seen = replace(issue.seen, standing=standing, status=standing.value)
        issue.by, issue.at, issue.moved = by, at or self._now(), len(issue.notes)

    def give(self, assignee: str) -> None:
        self.only.seen = replace(self.only.seen, assignee=assignee)

    def copy(self, identity: str) -> None:
        """A second ticket with the same identity."""
        self._add(Draft(identity, "T", "T", ()))

    def merge(self, ref: str, into: str) -> None:
        """Make two tickets one, which has the links of both."""
        self.issues[ref].is_gone = True
        self.issues[into].merged |= {self.issues[ref].seen.identity, *self.issues[ref].merged}

    # --- the port ------------------------------------------------------------------------------------

    def mark(self) -> str:
        self._fail()
        return str(len(self.issues))

    def create(self, draft: Draft, _mark: str, /) -> Seen:
        self._write("create")
        seen = self._add(draft)
        self.after("create")
        return seen

    def _add(self, draft: Draft) -> Seen:
        number = str(len(self.issues) + 1)
        seen = Seen(
            number,
            f"DESK-{number}",
            f"https://desk.example.org/{number}",
            draft.identity,
            "open",
            CopyStanding.OPEN,
        )
        self.issues[number] = Issue(seen, draft)
        return seen

    def find(self, identity: str, mark: str, /) -> Sequence[Seen]:
        self._fail()
        oldest = int(mark or -1) if self.finds_by_mark else -1
        if self.hidden_reads > 0:
            self.hidden_reads -= 1
            return []
        return [
            replace(one.seen, identity=identity, is_merged=bool(one.merged))
            for one in self.issues.values()
            if identity in {one.seen.identity, *one.merged} and not one.is_gone and int(one.seen.ref) > oldest
        ]

    def read(self, refs: Collection[str], /) -> Iterator[Seen | CopyGone | CopyUnread]:
        self._fail()
        for ref in refs:
            issue = self.issues[ref]
            if ref in self.unread:
                yield CopyUnread(ref, f"DESK-{ref} shows no status.", "Let us see it.")
                continue
            yield CopyGone(ref, "deleted") if issue.is_gone else issue.seen

    def last_move(self, seen: Seen, /) -> LastMove:
        self._fail()
        issue = self.issues[seen.ref]
        if issue.seen.standing is not seen.standing:
            raise Changed(f"{seen.key} was changed since it was read.")
        return LastMove(issue.by, issue.by if "@" in issue.by else "", issue.at)

    def move(self, seen: Seen, goal: Goal, note: str, /) -> Seen:
        issue = self.issues[seen.ref]
        if issue.seen.standing not in SHOWS[goal]:
            self._write(f"move {goal.value}")
            issue.seen = replace(issue.seen, standing=_AFTER[goal], status=_AFTER[goal].value)
            issue.moved = len(issue.notes)
            issue.notes += [] if self.notes_apart else [note]
            self.after(f"move {goal.value}")
        if note not in issue.notes[issue.moved :]:
            self.note(issue.seen, note)
        return issue.seen

    def note(self, seen: Seen, text: str, /) -> None:
        self._write("note")
        self.issues[seen.ref].notes.append(text)
        self.after("note")

    def assign(self, seen: Seen, email: str, /) -> Seen:
        self._write("assign")
        if email not in self.people:
            raise Rejected(f"{email} is not exactly one account.", remedy="Add them.")
        issue = self.issues[seen.ref]
        issue.seen = replace(issue.seen, assignee=email)
        self.after("assign")
        return issue.seen

    def attach(self, seen: Seen, name: str, data: bytes, /) -> None:
        if self.issues[seen.ref].files.get(name) == data:
            return
        self._write("attach")
        self.issues[seen.ref].files[name] = data
        self.after("attach")

    def update(self, seen: Seen, draft: Draft, /) -> Seen:
        self._write("update")
        self.told.append((draft.label, draft.version))
        return replace(seen, standing=_TOLD.get(draft.data["state"], CopyStanding.OPEN))

    def keep_by(self, keep: Keep, /) -> None:
        self.keep = keep

    def news(self) -> frozenset[str]:
        called, self.called = self.called, False
        return frozenset({""}) if called else frozenset()

    def check(self) -> CheckResult:
        if self.error is not None:
            return CheckResult(ok=False, message=self.error.message, remedy="Look at it.")
        return CheckResult(ok=True, message="reached", details={"is_public": "yes"} if self.is_public else {})

    def _write(self, what: str) -> None:
        self._fail()
        self.before(what)
        self.writes.append(what)

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


def lose(tracker: FakeTracker, what: str, count: int = 1, *, done: bool = True) -> None:
    """The answers to the next so many writes of this kind are lost; `done`: after they had their effect."""
    left = [count]

    def strike(this: str) -> None:
        if this == what and left[0] > 0:
            left[0] -= 1
            raise Transient("The answer was lost.")

    if done:
        tracker.after = strike
    else:
        tracker.before = strike
