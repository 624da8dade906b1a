"""Request Tracker behind the tracker port.

A copy is found by what it refers to, in RT's database, at once. RT says yes to whatever it is asked, so each write is
read back; it takes a status or an owner only for a ticket that still has the ETag which was read just before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
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
from connectors.tracker.request_tracker import mapping
from connectors.tracker.request_tracker.check import checked
from connectors.tracker.request_tracker.client import (
    FORBIDDEN,
    NOT_FOUND,
    PAGE,
    RT,
    RequestTrackerClient,
    Row,
    rest_of,
)
from connectors.tracker.request_tracker.config import RequestTrackerConfig
from worker.domain.mirror.outside import SHOWS, CopyGone, CopyUnread, Draft, Goal, LastMove, Seen
from worker.ports import (
    Changed,
    ConnectorContext,
    ConnectorError,
    InboundCall,
    PermissionDenied,
    Rejected,
)
from worker.ports.connectors.tracker import TrackerAbilities

TOKEN = "x-whosleft-token"  # noqa: S105  the header's name


class RequestTracker(HttpTracker):
    """The tickets of one queue that refer to ours."""

    server = RT

    def __init__(self, config: RequestTrackerConfig, context: ConnectorContext) -> None:
        rest = rest_of(config, context)
        super().__init__(config, context, rest, configured_place(config.url, config.queue))
        self._config = config
        self._client = RequestTrackerClient(rest)
        self._queue_id = ""  # asked for once

    @property
    def can(self) -> TrackerAbilities:
        return TrackerAbilities(goals=self._config.states.goals, shows_identity=False)

    def mark(self) -> str:
        """Nothing: it is found in the database itself, at once."""
        return ""

    def create(self, draft: Draft, mark: str, /) -> Seen:
        queue_id, field = self._queue(), self._config.field
        try:
            ref = self._client.create(mapping.ticket(draft, queue_id, field))
        except (Rejected, PermissionDenied):
            self._forget()
            raise
        row = read_back(lambda: self._shown(ref, links=True))
        if row is None:
            url = mapping.page_of(self._config.url, ref)
            remedy = "Give our account the rights SeeQueue and ShowTicket."
            return self._unread(draft, ref, f"#{ref}", url, remedy)
        self._watch_identity(
            f"{RT} made #{ref}, and does not show what it refers to",
            "Let our account see links: the right ShowTicket, and no extension that hides RefersTo.",
            is_shown=draft.identity in mapping.identities(row, field),
        )
        if field:
            self._look_at(field, ref, is_taken=draft.identity in mapping.custom_fields(row).get(field, ()))
        return self._seen(row, draft.identity)

    def _look_at(self, field: str, ref: str, *, is_taken: bool) -> None:
        """The link finds it anyway, so a field that was left out is no error: that would make a second copy."""
        if is_taken:
            self._done(field)
        else:
            self._worry(
                field,
                f"{RT} left the custom field {field} of #{ref} empty.",
                f"Give our account the right ModifyCustomField for {field}.",
            )

    def find(self, identity: str, mark: str, /) -> Sequence[Seen]:
        field = self._config.field
        rows = self._client.search(mapping.found_by(identity, field), "a ticket by our id", links=True)
        return [
            replace(self._seen(row, identity), is_merged=self._is_merged(row["id"]))
            for row in sorted(rows, key=lambda row: int(row["id"]))
            if identity in mapping.identities(row, field)
        ]

    def _is_merged(self, ref: str) -> bool:
        """Whether others were merged into it. It has their links then, and RT does not say which are its own."""
        return bool(self._client.search(mapping.merged_into(ref), "what was merged into a ticket"))

    def read(self, refs: Collection[str], /) -> Iterator[Seen | CopyGone | CopyUnread]:
        """See the port. What they refer to isn't asked for, so that a hundred take one second: no identity is said."""
        wanted = sorted(refs, key=int)
        for start in range(0, len(wanted), PAGE):
            some = wanted[start : start + PAGE]
            asked = frozenset(some)
            self._queue()  # what is wrong with it is wrong with all
            query = " OR ".join(f"id = {int(ref)}" for ref in some)
            rows = {row["id"]: row for row in self._client.search(query, "tickets") if row["id"] in asked}
            for ref in rows:
                self._read(ref)
            yield from each_apart(rows, self._seen)
            yield from asked_alone(sorted(asked - rows.keys(), key=int), self._missing, is_dark=not rows)

    def last_move(self, seen: Seen, /) -> LastMove:
        self._unchanged(seen)
        history = self._client.history(seen.ref)
        return understood(RT, "a ticket's history", lambda: mapping.last_move(history, seen.status))

    def move(self, seen: Seen, goal: Goal, note: str, /) -> Seen:
        row, etag = self._unchanged(seen)
        if seen.standing in SHOWS[goal]:
            history = self._client.history(seen.ref)
            if not understood(RT, "a ticket's history", lambda: mapping.has_note(history, seen.status)):
                self._note_after(seen, lambda: self._client.comment(seen.ref, note))
            return read_back(lambda: self._seen(self._found(seen.ref)))
        if goal is Goal.DONE:
            etag = self._fields(seen, etag)
        status = self._config.states.status(goal)
        if mapping.is_allowed(row, status):
            return self._moved(seen, row, status, self._client.comment(seen.ref, note, status=status))
        # What RT offers is no list of what it allows, so that is found out by trying, before anything is noted
        moved = self._moved(seen, row, status, self._client.change(seen.ref, {"Status": status}, etag))
        self._note_after(seen, lambda: self._client.comment(seen.ref, note))
        return moved

    def _moved(self, seen: Seen, row: Row, status: str, said: str) -> Seen:
        after = read_back(lambda: self._seen(self._found(seen.ref)))
        if after.status.casefold() != status.casefold():
            offered = ", ".join(mapping.moves(row)) or "no other status"
            raise Rejected(
                f"{RT} left {seen.key} at Status {after.status}; it should be {status}. It said: {said}.",
                remedy="Give our account the right ModifyTicket, and look at the queue's lifecycle: from here it "
                f"offers {offered}.",
            )
        return after

    def _fields(self, seen: Seen, etag: str) -> str:
        """Set what is configured to go along with closing, before it is closed; return the new ETag."""
        fields = {name: str(value) for name, value in self._config.states.fields.items()}
        if not fields:
            return etag
        said = self._client.change(seen.ref, {"CustomFields": fields}, etag)
        row, etag = read_back(lambda: self._client.ticket(seen.ref))
        there = mapping.custom_fields(row)
        for name, value in fields.items():
            if value not in there.get(name, ()):
                raise Rejected(
                    f"{RT} left the custom field {name} of {seen.key} without {value}. It said: {said or 'nothing'}.",
                    remedy=f"Apply {name} to the queue, with this value, and give our account the right "
                    "ModifyCustomField; or take it out of states.fields.",
                )
        return etag

    def note(self, seen: Seen, text: str, /) -> None:
        self._client.comment(seen.ref, text)

    def assign(self, seen: Seen, email: str, /) -> Seen:
        names = self._client.users(email)
        if len(names) != 1:
            raise Rejected(
                f"{RT} has {len(names)} enabled accounts with the address {email}, not one account.",
                remedy="Make one, give it the right OwnTicket for the queue, or give the ticket to somebody by hand.",
            )
        _row, etag = self._unchanged(seen)
        said = self._client.change(seen.ref, {"Owner": names[0]}, etag)
        row = read_back(lambda: self._found(seen.ref))
        if str(row["Owner"]["id"]).casefold() != names[0].casefold():
            raise Rejected(
                f"{RT} did not make {email} the Owner of {seen.key}. It said: {said}.",
                remedy="Give them the right OwnTicket for the queue, and our account ReassignTicket.",
            )
        return read_back(lambda: self._seen(row, seen.identity))

    def attach(self, seen: Seen, name: str, data: bytes, /) -> None:
        """Add it, unless a file of this name and size is there."""
        if not mapping.has_file(self._client.files(seen.ref), name, len(data)):
            self._client.comment(seen.ref, name, [(name, data)])

    def _checked(self, details: dict[str, str]) -> str:
        return checked(self._client, self._config, details)

    # --- what is there ---------------------------------------------------------------------------

    def _forget(self) -> None:
        self._queue_id = ""

    def _queue(self) -> str:
        queue_id = self._queue_id or str(self._client.queue(self._config.queue)["id"])
        self._queue_id = queue_id  # asked for once; another thread may forget it
        return queue_id

    def _seen(self, row: Row, identity: str = "") -> Seen:
        queue_id, config = self._queue(), self._config
        return understood(
            RT, "a ticket", lambda: mapping.seen(row, config.url, config.states, queue_id, identity)
        )

    def _shown(self, ref: str, *, links: bool = False) -> Row | None:
        rows = self._client.search(f"id = {int(ref)}", "a ticket", links=links)
        return next((row for row in rows if row["id"] == ref), None)

    def _found(self, ref: str) -> Row:
        row = self._shown(ref)
        if row is None:
            raise Changed(f"#{ref} is there no longer.", remedy="It is read again.")
        return row

    def _unchanged(self, seen: Seen) -> tuple[Row, str]:
        row, etag = self._client.ticket(seen.ref)
        if row["id"] != seen.ref or str(row.get("Status")) != seen.status:
            raise Changed(f"{seen.key} was changed since it was read.", remedy="It is read again.")
        return row, etag

    def _missing(self, ref: str) -> Seen | CopyGone:
        """Say why a search did not show a ticket."""
        try:
            row, _etag = self._client.ticket(ref)
        except ConnectorError as error:
            status = Refusal.behind(error).status
            if status not in {FORBIDDEN, NOT_FOUND}:
                raise
            return CopyGone(ref, "deleted" if status == NOT_FOUND else "hidden")
        if row["id"] != ref:
            return CopyGone(ref, f"merged into #{row['id']}")
        if row.get("Status") == mapping.DELETED:
            return CopyGone(ref, "deleted")
        return self._seen(self._found(ref))  # it came back meanwhile

    # --- calls in --------------------------------------------------------------------------------

    def _is_genuine(self, call: InboundCall, secret: SecretStr) -> bool:
        return has_token(call, TOKEN, secret)

    def _events(self, body: Mapping[str, Any]) -> Sequence[Event]:
        return [Event("", None)]
