"""Redmine behind the tracker port.

Redmine ignores what it does not know or may not do: a filter, a status, a field, a comment. So every hit is compared,
a move is asked for before it is made, and each write is read back. It has no precondition that we could use: whether a
copy was changed since it was seen is looked at just before it is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from connectors.kit.calls import Event
from connectors.kit.rest import Refusal
from connectors.kit.tracker_rest import (
    HttpTracker,
    asked_alone,
    each_apart,
    has_token,
    read_back,
    understood,
)
from connectors.kit.trackers import configured_place
from connectors.tracker.redmine import mapping
from connectors.tracker.redmine.check import checked, place_of, require_filter, require_open
from connectors.tracker.redmine.client import (
    FORBIDDEN,
    NOT_FOUND,
    PAGE,
    REDMINE,
    RIGHTS,
    RedmineClient,
    Row,
    rest_of,
)
from connectors.tracker.redmine.config import RedmineConfig
from connectors.tracker.redmine.hold import hold_of
from connectors.tracker.redmine.people import People
from worker.domain.mirror.outside import SHOWS, CopyGone, CopyUnread, Draft, Goal, LastMove, Seen
from worker.ports import (
    Changed,
    ConnectorContext,
    ConnectorError,
    InboundCall,
    PermissionDenied,
    Rejected,
    Transient,
)
from worker.ports.connectors.tracker import TrackerAbilities

FIELDS = "fields"
TOKEN = "x-whosleft-token"  # noqa: S105  the header's name


class RedmineTracker(HttpTracker):
    """The issues of one project whose custom field is ours."""

    server = REDMINE

    def __init__(self, config: RedmineConfig, context: ConnectorContext) -> None:
        rest = rest_of(config, context)
        super().__init__(config, context, rest, configured_place(config.url, config.project))
        self._config = config
        self._client = RedmineClient(rest)
        self._people = People(self._client, config.accounts)
        self._where: mapping.Place | None = None  # asked for once
        self._own_id = 0  # our account's number, asked for once

    @property
    def can(self) -> TrackerAbilities:
        return TrackerAbilities(goals=self._config.states.goals)

    def mark(self) -> str:
        """Nothing: it is found in the database itself, at once."""
        return ""

    def create(self, draft: Draft, mark: str, /) -> Seen:
        where = self._place()
        try:
            ref = self._client.create(mapping.issue(draft, where, formatting=self._config.formatting))
        except (Rejected, PermissionDenied):
            self._require_open()
            raise
        row = read_back(lambda: self._shown(ref))
        if isinstance(row, CopyGone):
            url = mapping.page_of(self._config.url, ref)
            return self._unread(draft, ref, f"#{ref}", url, f"{RIGHTS} It lacks View issues.")
        seen = read_back(lambda: self._seen(row))
        field = self._config.field
        self._watch_identity(
            f"{REDMINE} made {seen.key} without its {field}",
            f"Let the tracker have the field {field}, and our role see and change it.",
            is_shown=seen.identity == draft.identity,
        )
        read_back(lambda: understood(REDMINE, "an issue", lambda: self._look_at(row, seen.key)))
        return seen

    def _look_at(self, row: Row, key: str) -> None:
        """With another tracker it is a copy all the same: an error would make a second one."""
        name = str(row["tracker"]["name"])
        if int(row["tracker"]["id"]) == self._place().tracker_id:
            self._done("tracker")
        else:
            self._worry(
                "tracker",
                f"{REDMINE} made {key} with the tracker {name}, not {self._config.tracker}.",
                f"Let our role add issues of the tracker {self._config.tracker}.",
            )

    def find(self, identity: str, mark: str, /) -> Sequence[Seen]:
        where = self._place()
        rows = self._client.issues("an issue by our id", {f"cf_{where.field_id}": identity})
        require_filter(rows, where, identity, self._config.field)
        return [self._seen(row) for row in sorted(rows, key=lambda row: int(row["id"]))]

    def read(self, refs: Collection[str], /) -> Iterator[Seen | CopyGone | CopyUnread]:
        wanted = sorted(refs, key=int)
        self._people.ask_again()
        for start in range(0, len(wanted), PAGE):
            some = wanted[start : start + PAGE]
            asked, found = frozenset(some), {}
            self._place()  # what is wrong with it is wrong with all
            for row in self._client.issues("issues", {"issue_id": ",".join(some)}):
                if row["id"] not in asked:
                    raise Transient(
                        f"{REDMINE} returned issues that it was not asked for.",
                        remedy="Nothing is changed by it; they are read again.",
                    )
                found[str(row["id"])] = row
                self._read(row["id"])
            yield from each_apart(found, self._seen)
            left_out = sorted(asked - found.keys(), key=int)
            yield from asked_alone(left_out, self._missing, is_dark=not found)

    def last_move(self, seen: Seen, /) -> LastMove:
        row = self._unchanged(seen)
        return understood(REDMINE, "an issue's history", lambda: mapping.last_move(row, self._people.address))

    def move(self, seen: Seen, goal: Goal, note: str, /) -> Seen:
        self._us()
        row = self._unchanged(seen)
        here = self._seen(row)
        if here.standing in SHOWS[goal]:
            text = self._text(note)
            if not understood(REDMINE, "the comments", lambda: mapping.has_note(row, text, self._us())):
                self._note_after(seen, lambda: self._noted(seen, note))
            return here
        states, where = self._config.states, self._place()
        wanted = states.status(goal)
        status_id = self._allowed(row, wanted)
        fields = states.fields if goal is Goal.DONE else {}
        text = self._text(note)
        sent = {"status_id": status_id, "notes": text, **mapping.closing(fields, where)}
        self._change(seen.ref, sent)
        after = read_back(lambda: self._client.issue(seen.ref))
        moved = read_back(lambda: self._seen(after))
        if understood(REDMINE, "an issue", lambda: int(after["status"]["id"])) != status_id:
            raise Rejected(
                f"{REDMINE} left {seen.key} at status {moved.status}; it should be {wanted}.",
                remedy=f"Look at the workflow. {RIGHTS}",
            )
        untaken = understood(REDMINE, "an issue", lambda: mapping.not_taken(after, fields, where))
        if untaken:
            # It is closed: after an error, our own close would look like somebody's
            self._worry(
                FIELDS,
                f"{REDMINE} made {seen.key} {moved.status} without setting {', '.join(untaken)}.",
                "Let our role change it in this status, or take it out of states.fields.",
            )
        elif fields:
            self._done(FIELDS)
        self._note_after(seen, lambda: self._require_noted(after, seen, text))
        return moved

    def _allowed(self, row: Row, wanted: str) -> int:
        """Return the number of a status that we may give an issue now. Raises Rejected for another one."""
        allowed = understood(REDMINE, "the statuses that we may set", lambda: mapping.allowed(row))
        for status_id, name in allowed.items():
            if name.casefold() == wanted.casefold():
                return status_id
        now = row["status"]["name"]
        others = ", ".join(name for name in allowed.values() if name != now) or "none"
        allow = f"Allow it for our role and the tracker {self._config.tracker} in Administration, Workflow."
        hold = hold_of(self._client, row["id"])
        raise Rejected(
            f"{REDMINE} does not let us move #{row['id']} from status {now} to {wanted}; it lets us: {others}.",
            remedy=f"{hold} If that does not help: {allow}" if hold else allow,
        )

    def note(self, seen: Seen, text: str, /) -> None:
        self._noted(seen, text)

    def _noted(self, seen: Seen, note: str) -> Row:
        self._us()
        text = self._text(note)
        self._change(seen.ref, {"notes": text})
        row = read_back(lambda: self._client.issue(seen.ref))
        self._require_noted(row, seen, text)
        return row

    def _require_noted(self, row: Row, seen: Seen, text: str) -> None:
        if not understood(REDMINE, "the comments", lambda: mapping.has_note(row, text, self._us())):
            raise Rejected(
                f"{REDMINE} left the notes for {seen.key} out.", remedy=f"{RIGHTS} It lacks Add notes."
            )

    def assign(self, seen: Seen, email: str, /) -> Seen:
        user_id = self._people.number(email)
        self._unchanged(seen)
        try:
            self._change(seen.ref, {"assigned_to_id": user_id})
        except Rejected as error:
            raise Rejected(
                f"{REDMINE} does not give {seen.key} to {email}: {error.message}",
                remedy="Make them a member of the project, in a role that issues can be assigned to.",
            ) from error.__cause__
        row = read_back(lambda: self._client.issue(seen.ref))
        owner_id = understood(REDMINE, "an issue", lambda: int((row.get("assigned_to") or {"id": 0})["id"]))
        if owner_id != user_id:
            raise Rejected(
                f"{REDMINE} left the assignee of {seen.key} as it was, and not {email}.",
                remedy="Let our role change the assignee in this status (Administration, Workflow).",
            )
        return read_back(lambda: self._seen(row))

    def attach(self, seen: Seen, name: str, data: bytes, /) -> None:
        """Add it, unless a file of this name and size is there."""
        if self._has_file(seen, name, data):
            return
        token = self._client.upload(name, data)
        self._change(seen.ref, {"uploads": [{"token": token, "filename": name}]})
        if not read_back(lambda: self._has_file(seen, name, data)):
            raise Rejected(f"{REDMINE} left the file {name} of {seen.key} out.", remedy=RIGHTS)

    def _has_file(self, seen: Seen, name: str, data: bytes) -> bool:
        row = self._client.issue(seen.ref)
        return understood(REDMINE, "the files", lambda: mapping.has_file(row, name, len(data)))

    def _checked(self, details: dict[str, str]) -> str:
        return checked(self._client, self._config, details)

    # --- what is there ---------------------------------------------------------------------------

    def _forget(self) -> None:
        self._where, self._own_id = None, 0

    def _place(self) -> mapping.Place:
        where = self._where or place_of(self._client, self._config)
        self._where = where  # asked for once; another thread may forget it
        return where

    def _require_open(self) -> None:
        """Say of what was refused that its project is closed, if it is. Raises BadConfig."""
        self._forget()
        require_open(self._place(), self._config)

    def _change(self, ref: str, issue: Row) -> None:
        try:
            self._client.change(ref, issue)
        except Rejected:
            self._require_open()
            raise

    def _us(self) -> int:
        """Return our account's number. Asked for before a write: after one, a failure would say that none was made."""
        own_id = self._own_id
        if not own_id:
            account = self._client.account()
            own_id = self._own_id = understood(REDMINE, "our account", lambda: int(account["id"]))
        return own_id

    def _text(self, note: str) -> str:
        return mapping.text((note,), "", formatting=self._config.formatting)

    def _seen(self, row: Row) -> Seen:
        where, config = self._place(), self._config
        return understood(
            REDMINE,
            "an issue",
            lambda: mapping.seen(row, config.url, config.states, where, self._people.address),
        )

    def _unchanged(self, seen: Seen) -> Row:
        row = self._client.issue(seen.ref)
        if self._seen(row).status != seen.status:
            raise Changed(f"{seen.key} was changed since it was read.", remedy="It is read again.")
        return row

    def _missing(self, ref: str) -> Seen | CopyGone:
        """Say why a list did not show an issue."""
        row = self._shown(ref)
        return row if isinstance(row, CopyGone) else self._seen(row)

    def _shown(self, ref: str) -> Row | CopyGone:
        try:
            return self._client.issue(ref)
        except ConnectorError as error:
            status = Refusal.behind(error).status
            if status not in {FORBIDDEN, NOT_FOUND}:
                raise
            return CopyGone(ref, "deleted" if status == NOT_FOUND else "hidden")

    # --- calls in --------------------------------------------------------------------------------

    def _is_genuine(self, call: InboundCall, secret: SecretStr) -> bool:
        return has_token(call, TOKEN, secret)

    def _events(self, body: Mapping[str, Any]) -> Sequence[Event]:
        return [Event("", None)]
