"""GitHub behind the tracker port.

A copy is found by a hidden comment in its description, in the list of the newest issues: a search has an index
that lags. An issue is read by its number, which leads to where it was transferred, too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from connectors.kit import forges
from connectors.kit.calls import Event, is_signed
from connectors.kit.markdown import plain
from connectors.kit.rest import Refusal
from connectors.kit.tracker_rest import FEW, HttpTracker, each_apart, is_there, read_back, understood
from connectors.kit.trackers import configured_place
from connectors.tracker.github import mapping
from connectors.tracker.github.client import GITHUB, GONE, NOT_FOUND, PAGE, GithubClient, Row, rest_of
from connectors.tracker.github.config import GithubConfig
from worker.domain.mirror.outside import SHOWS, CopyGone, CopyUnread, Draft, Goal, LastMove, Seen
from worker.ports import (
    BadConfig,
    Changed,
    ConnectorContext,
    InboundCall,
    PermissionDenied,
    Rejected,
)
from worker.ports.connectors.tracker import TrackerAbilities

SIGNATURE, DELIVERY = "x-hub-signature-256", "x-github-delivery"
LABELS = "labels"


class GithubTracker(HttpTracker):
    """The issues of one repository whose description has our identity."""

    server = GITHUB
    can = TrackerAbilities(goals=frozenset(Goal))

    def __init__(self, config: GithubConfig, context: ConnectorContext) -> None:
        rest = rest_of(config, context)
        super().__init__(config, context, rest, configured_place(config.api, config.repository))
        self._config = config
        self._client = GithubClient(rest, config, context)

    def mark(self) -> str:
        """Return the number of the newest issue or pull request: ours will have a higher one."""
        newest = self._client.issues(1, newest_first=True)
        return str(max((_number(row) for row in newest), default=0))

    def create(self, draft: Draft, mark: str, /) -> Seen:
        made = self._client.create(mapping.wanted(draft, self._config))
        number = understood(GITHUB, "a new issue", lambda: str(int(made["number"])))
        row = read_back(lambda: self._shown(number))
        if isinstance(row, CopyGone):
            key, url = f"{self._config.repository}#{number}", str(made.get("html_url") or "")
            return self._unread(draft, number, key, url, "Give the token Issues: read and write.")
        seen = self._seen(row, number)
        self._watch_identity(
            f"GitHub made {seen.key}, and shows it without its hidden mark",
            "Let no automation there rewrite the descriptions of new issues.",
            is_shown=seen.identity == draft.identity,
        )
        self._watch_labels(row, seen)
        return seen

    def _watch_labels(self, row: Row, seen: Seen) -> None:
        """Without the right to triage, labels are dropped without a word. The issue is there, so it is only told."""
        if dropped := self._dropped(row):
            self._worry(
                LABELS,
                f"GitHub made {seen.key} without the labels {', '.join(dropped)}.",
                "Give the token's account the role Triage or Write, or take the labels out.",
            )
        else:
            self._done(LABELS)

    def _dropped(self, row: Row) -> list[str]:
        there = understood(GITHUB, "an issue", lambda: mapping.labels_of(row))
        return [label for label in self._config.labels if label.casefold() not in there]

    def find(self, identity: str, mark: str, /) -> Sequence[Seen]:
        """Look through all issues that are newer than the mark."""
        oldest = int(mark) if mark.isdecimal() else 0
        found: dict[str, Seen] = {}
        page = 0
        while True:
            page += 1
            rows = self._client.issues(page, newest_first=True)
            for row in rows:
                seen = self._seen(row) if mapping.is_issue(row) else None
                if seen and seen.identity == identity and _number(row) > oldest:
                    found[seen.ref] = seen
            if len(rows) < PAGE or min(map(_number, rows)) <= oldest:
                return [found[ref] for ref in sorted(found, key=int)]

    def read(self, refs: Collection[str], /) -> Iterator[Seen | CopyGone | CopyUnread]:
        """Read pages of the list where that is less, and each issue that is not in them by its number."""
        numbers = {int(ref) for ref in refs}
        rows = {
            str(_number(row)): row
            for row in self._listed(numbers)
            if mapping.is_issue(row) and _number(row) in numbers
        }
        gone: list[CopyGone] = []
        for ref in map(str, sorted(numbers)):
            row = rows.get(ref) or self._shown(ref)
            if not isinstance(row, CopyGone):
                rows[ref] = row
                self._read(ref)
                continue
            gone.append(row)
            if len(gone) == FEW:
                self._require_sight()  # without it, all would cost a request each
        yield from each_apart({ref: (row, ref) for ref, row in rows.items()}, lambda one: self._seen(*one))
        if gone:
            self._require_sight()
        yield from gone

    def _require_sight(self) -> None:
        """Raise BadConfig if the issues are out of sight: that one is not shown proves nothing then."""
        self._client.issues(1, newest_first=True)

    def _listed(self, numbers: Collection[int]) -> Iterator[Row]:
        """Yield the issues from the lowest to the highest number, in no more requests than there are numbers.

        An issue is at a place in the list that is at most its number, since others may be deleted or transferred.
        """
        low, high, left = min(numbers, default=0), max(numbers, default=0), len(numbers)
        first = (low - 1) // PAGE + 1
        if (high - low) // PAGE + 2 > left:
            return
        last: list[Row] = []
        for page in range(
            first, max(0, first - left), -1
        ):  # back to where the lowest is, if many are missing
            rows = self._client.issues(page, newest_first=False)
            yield from rows
            last, left = last or rows, left - 1
            if rows and _number(rows[0]) <= low:
                break
        for page in range(first + 1, first + 1 + left):
            if len(last) < PAGE or _number(last[-1]) >= high:
                return
            last = self._client.issues(page, newest_first=False)
            yield from last

    def _shown(self, ref: str) -> Row | CopyGone:
        try:
            return self._client.issue(ref)[0]
        except Rejected as error:
            status = Refusal.behind(error).status
            if status == GONE:
                return CopyGone(ref, "deleted")
            if status == NOT_FOUND:
                return CopyGone(ref, "deleted, moved out of sight, or hidden from us: GitHub does not tell")
            raise

    def last_move(self, seen: Seen, /) -> LastMove:
        path = self._unchanged(seen)[1]
        events = list(self._client.events(path))
        return understood(GITHUB, "the events of an issue", lambda: mapping.last_move(events, self._config))

    def move(self, seen: Seen, goal: Goal, note: str, /) -> Seen:
        now, path = self._unchanged(seen)
        if now.standing in SHOWS[goal]:
            self._note_after(now, lambda: self._comment_once(path, note))
            return now
        self._client.change(seen.ref, mapping.move_to(goal))
        moved, _path = read_back(lambda: self._now(seen))
        if not is_there(moved.standing, goal):
            raise Rejected(
                f"GitHub took state and state_reason for {moved.key} without setting them: it is {moved.status}.",
                remedy="Give the token Issues: read and write, and its account the role Triage or Write.",
            )
        self._note_after(moved, lambda: self._comment(path, note))
        return moved

    def note(self, seen: Seen, text: str, /) -> None:
        path = self._client.issue(seen.ref)[1] if seen.is_elsewhere else self._path(seen)
        self._comment(path, text)

    def _comment_once(self, path: str, text: str) -> None:
        """Add a comment, unless it is there since the issue was moved last."""
        events = list(self._client.events(path))
        moved = understood(GITHUB, "the events of an issue", lambda: mapping.last_move(events, self._config))
        comments = list(self._client.comments(path))
        if not understood(GITHUB, "the comments", lambda: forges.has_said(comments, plain(text), moved.at)):
            self._comment(path, text)

    def _comment(self, path: str, text: str) -> None:
        made = self._client.comment(path, plain(text))
        understood(GITHUB, "a new comment", lambda: int(made["id"]))

    def _path(self, seen: Seen) -> str:
        return f"/repos/{self._config.repository}/issues/{seen.ref}"

    def assign(self, seen: Seen, email: str, /) -> Seen:
        login = self._config.login(email)
        if not self._client.may_have(login):
            raise Rejected(
                f"Issues of {self._config.repository} can't be assigned to {login} ({email}).",
                remedy="Give that account access to the repository, or mend accounts.",
            )
        if self._now(seen)[0].assignee != seen.assignee:
            raise Changed(f"{seen.key} was given to somebody else on GitHub since it was read.")
        self._client.change(seen.ref, {"assignees": [login]})
        row, _path = read_back(lambda: self._client.issue(seen.ref))
        if login.casefold() not in understood(GITHUB, "an issue", lambda: mapping.logins_of(row)):
            raise Rejected(
                f"GitHub took assignees for {seen.key} without setting them.",
                remedy="Give the token's account the role Triage or Write.",
            )
        return self._seen(row, seen.ref)

    def attach(self, seen: Seen, name: str, data: bytes, /) -> None:
        """Add it as a folded comment, unless it is there: GitHub takes no files over its API."""
        text, digest = forges.folded(name, data)
        path = self._path(seen)
        if not any(digest in str(one.get("body") or "") for one in self._client.comments(path)):
            self._client.comment(path, text)

    def _checked(self, details: dict[str, str]) -> str:
        row = self._client.repository()
        name = self._config.repository
        read: Callable[[str], Any] = lambda key: understood(GITHUB, "the repository", lambda: row[key])  # noqa: E731
        details["is_public"] = "no" if read("private") else "yes"
        if str(read("full_name")).casefold() != name.casefold():
            raise BadConfig(f"{name} is called {read('full_name')} now.", remedy="Write that in repository.")
        if not read("has_issues"):
            raise BadConfig(f"Issues are switched off in {name}.", remedy="Switch them on in its settings.")
        if row.get("archived"):
            raise BadConfig(
                f"{name} is archived, so nothing can be written.", remedy="Write another repository."
            )
        self._require_rights(row.get("permissions") or {})
        self._require_labels()
        for email, login in self._config.accounts.items():
            if not self._client.may_have(login):
                raise BadConfig(
                    f"Issues of {name} can't be assigned to {login} ({email}).",
                    remedy="Give that account access to the repository, or mend accounts.",
                )
        details["canary"] = self._canary()
        return f"writes issues into {name}; the newest issues: {details['canary']}"

    def _require_rights(self, rights: Mapping[str, Any]) -> None:
        needs = bool(self._config.labels or self._config.accounts)
        if rights and needs and not any(rights.get(role) for role in ("triage", "push", "maintain", "admin")):
            raise PermissionDenied(
                "GitHub would drop labels and assignees without a word.",
                missing="the role Triage",
                remedy="Give the token's account the role Triage or Write, or take labels and accounts out.",
            )

    def _require_labels(self) -> None:
        if not self._config.labels:
            return
        there = {str(label.get("name")).casefold() for label in self._client.labels()}
        for label in self._config.labels:
            if label.casefold() not in there:
                raise BadConfig(
                    f"{self._config.repository} has no label {label}.",
                    remedy="Make it there, or take it out of labels.",
                )

    def _canary(self) -> str:
        """What the newest issues say of us: which copy is there, and that its labels are."""
        for row in self._client.issues(1, newest_first=True):
            seen = self._seen(row) if mapping.is_issue(row) else None
            if seen and seen.identity:
                return f"{seen.key} is a copy"
        return "no copy is among them"

    def _unchanged(self, seen: Seen) -> tuple[Seen, str]:
        """As `_now`. Raises Changed if it was moved since."""
        now, path = self._now(seen)
        if now.standing is not seen.standing:
            raise Changed(f"{seen.key} was changed on GitHub since it was read.")
        return now, path

    def _now(self, seen: Seen) -> tuple[Seen, str]:
        """Return what it is just now, and its path. Raises Rejected for one that is not there."""
        row, path = self._client.issue(seen.ref)
        return self._seen(row, seen.ref), path

    def _seen(self, row: Row, ref: str = "") -> Seen:
        return understood(GITHUB, "an issue", lambda: mapping.seen(row, self._config, ref))

    def _is_genuine(self, call: InboundCall, secret: SecretStr) -> bool:
        return is_signed(call, SIGNATURE, secret, "sha256", "sha256=")

    def _id_of(self, call: InboundCall) -> str:
        return call.headers.get(DELIVERY, "")

    def _events(self, body: Mapping[str, Any]) -> Sequence[Event]:
        """An issue that changed; a ping, or anything else that is signed, speaks of none."""
        issue = body.get("issue")
        return [Event("", None, (str(int(issue["number"])),))] if issue else []


def _number(row: Row) -> int:
    return understood(GITHUB, "an issue", lambda: int(row["number"]))
