"""GitLab behind the tracker port.

A copy is found by a hidden comment in its description, in the list of the newest issues. Copies are
confidential, unless it is configured otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from connectors.kit import forges
from connectors.kit.calls import Event
from connectors.kit.markdown import plain
from connectors.kit.tracker_rest import (
    HttpTracker,
    asked_alone,
    each_apart,
    has_token,
    is_there,
    read_back,
    understood,
)
from connectors.kit.trackers import configured_place
from connectors.tracker.gitlab import mapping
from connectors.tracker.gitlab.check import Check, account_id
from connectors.tracker.gitlab.client import GITLAB, PAGE, GitlabClient, Row, rest_of
from connectors.tracker.gitlab.config import GitlabConfig
from worker.domain.mirror.outside import SHOWS, CopyGone, CopyUnread, Draft, Goal, LastMove, Seen
from worker.ports import Changed, ConnectorContext, InboundCall, Rejected, Transient
from worker.ports.connectors.tracker import TrackerAbilities

TOKEN, CALL_ID = "x-gitlab-token", "idempotency-key"
DROPPED = "labels"


class GitlabTracker(HttpTracker):
    """The issues of one project whose description has our identity."""

    server = GITLAB

    def __init__(self, config: GitlabConfig, context: ConnectorContext) -> None:
        rest = rest_of(config, context)
        super().__init__(config, context, rest, configured_place(config.url, config.project))
        self._config = config
        self._client = GitlabClient(rest, config, context)
        goals = {Goal.OPEN, Goal.DONE} | ({Goal.CANCELLED} if config.declined_labels else set())
        self._can = TrackerAbilities(goals=frozenset(goals))

    @property
    def can(self) -> TrackerAbilities:
        return self._can

    def mark(self) -> str:
        """Return the id of the newest issue: ours will have a higher one. Numbers may be chosen, ids may not."""
        return str(max((_id(row) for row in self._client.newest(1)), default=0))

    def create(self, draft: Draft, mark: str, /) -> Seen:
        made = self._client.create(mapping.wanted(draft, self._config))
        iid = understood(GITLAB, "a new issue", lambda: str(int(made["iid"])))
        row = read_back(lambda: self._client.issue(iid))
        if row is None or mapping.moved_away(row) is not None:
            url = str(made.get("web_url") or "")
            remedy = "Give the token's account the role Planner or Reporter, and let nothing move new issues."
            return self._unread(draft, iid, f"#{iid}", url, remedy)
        seen = self._seen(row)
        self._watch_identity(
            f"GitLab made {seen.key}, and shows it without its hidden mark",
            "Let no automation there rewrite the descriptions of new issues.",
            is_shown=seen.identity == draft.identity,
        )
        if dropped := understood(GITLAB, "an issue", lambda: mapping.dropped(row, self._config)):
            self._worry(
                DROPPED,
                f"GitLab made issue {iid} without {', '.join(dropped)}.",
                "Give the token's account the role Planner or Reporter, or take that out of labels.",
            )
        else:
            self._done(DROPPED)
        return seen

    def find(self, identity: str, mark: str, /) -> Sequence[Seen]:
        """Look through all issues that are newer than the mark. One that was moved away is none."""
        oldest = int(mark) if mark.isdecimal() else 0
        found: dict[int, Seen] = {}
        page = 0
        while True:
            page += 1
            rows = self._client.newest(page)
            for row in rows:
                is_ours = forges.identity(row.get("description")) == identity
                if is_ours and _id(row) > oldest and mapping.moved_away(row) is None:
                    found[_id(row)] = self._seen(row)
            if len(rows) < PAGE or max(map(_id, rows)) <= oldest:
                return [found[id_] for id_ in sorted(found)]

    def read(self, refs: Collection[str], /) -> Iterator[Seen | CopyGone | CopyUnread]:
        wanted = sorted(refs, key=int)
        for start in range(0, len(wanted), PAGE):
            some = wanted[start : start + PAGE]
            asked, found = frozenset(some), {}
            for row in self._client.issues(some):
                ref = understood(GITLAB, "the issues", lambda: str(int(row["iid"])))  # noqa: B023  called at once
                if ref not in asked:
                    raise Transient(
                        "GitLab returned issues that it was not asked for.",
                        remedy="Nothing is changed by it; they are read again.",
                    )
                found[ref] = row
                self._read(ref)
            yield from each_apart(found, self._one)
            left_out = sorted(asked - found.keys(), key=int)
            alone = list(asked_alone(left_out, self._missing, is_dark=not found))
            if any(isinstance(one, CopyGone) for one in alone):
                self._client.project()  # if that is hidden, too, nothing is proven
            yield from alone

    def _missing(self, ref: str) -> Seen | CopyGone:
        """Say why a list did not show an issue."""
        row = self._client.issue(ref)
        if row is None:
            return CopyGone(ref, "deleted, or hidden from us: GitLab does not tell")
        self._read(ref)
        return self._one(row)

    def _one(self, row: Row) -> Seen | CopyGone:
        return understood(GITLAB, "an issue", lambda: mapping.moved_away(row)) or self._seen(row)

    def last_move(self, seen: Seen, /) -> LastMove:
        self._unchanged(seen)
        moves = self._client.moves(seen.ref)
        return understood(GITLAB, "the moves of an issue", lambda: mapping.last_move(moves, self._config))

    def move(self, seen: Seen, goal: Goal, note: str, /) -> Seen:
        row = self._unchanged(seen)
        now = self._seen(row)
        if now.standing in SHOWS[goal]:
            self._note_after(now, lambda: self._note_once(now, note))
            return now
        fields = understood(GITLAB, "an issue", lambda: mapping.move_to(goal, row, self._config))
        self._client.change(seen.ref, fields)
        moved = read_back(lambda: self._seen(self._row(seen)))
        if not is_there(moved.standing, goal):
            raise Rejected(
                f"GitLab took {' and '.join(fields)} for {moved.key} without doing it: it is {moved.status}.",
                remedy="Give the token's account the role Planner or Reporter.",
            )
        self._note_after(moved, lambda: self.note(moved, note))
        return moved

    def _note_once(self, seen: Seen, text: str) -> None:
        """Add a comment, unless it is there since the issue was moved last."""
        moves = self._client.moves(seen.ref)
        moved = understood(GITLAB, "the moves of an issue", lambda: mapping.last_move(moves, self._config))
        comments = list(self._client.comments(seen.ref))
        if not understood(GITLAB, "the comments", lambda: forges.has_said(comments, plain(text), moved.at)):
            self.note(seen, text)

    def note(self, seen: Seen, text: str, /) -> None:
        made = self._client.comment(seen.ref, plain(text))
        understood(GITLAB, "a new comment", lambda: int(made["id"]))

    def assign(self, seen: Seen, email: str, /) -> Seen:
        login = self._config.login(email)
        user_id = account_id(self._client, login, email)
        if self._seen(self._row(seen)).assignee != seen.assignee:
            raise Changed(f"{seen.key} was given to somebody else on GitLab since it was read.")
        self._client.change(seen.ref, {"assignee_ids": [user_id]})
        row = read_back(lambda: self._row(seen))
        if login.casefold() not in understood(GITLAB, "an issue", lambda: mapping.logins_of(row)):
            raise Rejected(
                f"GitLab took assignee_ids for {seen.key} without setting them.",
                remedy="Give the token's account the role Planner or Reporter.",
            )
        return self._seen(row)

    def attach(self, seen: Seen, name: str, data: bytes, /) -> None:
        """Add it as a folded comment, unless it is there: whoever has its link can read a file that is uploaded."""
        text, digest = forges.folded(name, data)
        if not any(digest in str(one.get("body") or "") for one in self._client.comments(seen.ref)):
            self._client.comment(seen.ref, text)

    def _checked(self, details: dict[str, str]) -> str:
        return Check(self._client, self._config).run(details)

    def _unchanged(self, seen: Seen) -> Row:
        """As `_row`. Raises Changed if it was moved since."""
        row = self._row(seen)
        if self._seen(row).standing is not seen.standing:
            raise Changed(f"{seen.key} was changed on GitLab since it was read.")
        return row

    def _row(self, seen: Seen) -> Row:
        row = self._client.issue(seen.ref)
        if row is None or mapping.moved_away(row) is not None:
            raise Rejected(
                f"{seen.key} is not there on GitLab any more, or hidden from the token.",
                remedy="It is looked for at the next read.",
            )
        return row

    def _seen(self, row: Row) -> Seen:
        return understood(GITLAB, "an issue", lambda: mapping.seen(row, self._config))

    def _is_genuine(self, call: InboundCall, secret: SecretStr) -> bool:
        return has_token(call, TOKEN, secret)

    def _id_of(self, call: InboundCall) -> str:
        return call.headers.get(CALL_ID, "")

    def _events(self, body: Mapping[str, Any]) -> Sequence[Event]:
        """An issue that changed, or was commented on; anything else speaks of none."""
        issue = body.get("object_attributes") if body.get("object_kind") == "issue" else body.get("issue")
        return [Event("", None, (str(int(issue["iid"])),))] if issue else []


def _id(row: Row) -> int:
    return understood(GITLAB, "an issue", lambda: int(row["id"]))
