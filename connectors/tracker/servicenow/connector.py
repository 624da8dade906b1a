"""ServiceNow behind the tracker port.

There is no precondition for a write: what was changed since it was seen is told by `sys_mod_count`, read just before.
A write of a field that access rules close to us succeeds without doing it, so each one is read back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from connectors.kit.calls import Event
from connectors.kit.tracker_rest import (
    HttpTracker,
    asked_alone,
    each_apart,
    has_token,
    read_back,
    understood,
)
from connectors.kit.trackers import configured_place
from connectors.tracker.servicenow import mapping
from connectors.tracker.servicenow.check import Check
from connectors.tracker.servicenow.client import PAGE, SERVICENOW, Row, ServicenowClient, plain, rest_of
from connectors.tracker.servicenow.config import ServicenowConfig
from connectors.tracker.servicenow.people import People
from worker.domain.mirror.outside import SHOWS, CopyGone, CopyUnread, Draft, Goal, LastMove, Seen
from worker.ports import (
    Changed,
    ConnectorContext,
    InboundCall,
    PermissionDenied,
    Rejected,
    Transient,
)
from worker.ports.connectors.tracker import TrackerAbilities

TOKEN = "x-whosleft-token"  # noqa: S105  the header's name


class ServicenowTracker(HttpTracker):
    """The records of one table whose `correlation_id` is ours."""

    server = SERVICENOW

    def __init__(self, config: ServicenowConfig, context: ConnectorContext) -> None:
        rest = rest_of(config, context)
        super().__init__(config, context, rest, configured_place(config.url, config.table))
        self._config = config
        self._client = ServicenowClient(rest)
        self._people = People(self._client, config.group)

    @property
    def can(self) -> TrackerAbilities:
        return TrackerAbilities(goals=self._config.states.goals, refs_recur=False)

    def mark(self) -> str:
        """Nothing: it is found in the database itself, at once."""
        return ""

    def create(self, draft: Draft, mark: str, /) -> Seen:
        wanted = mapping.record(draft, self._config, self._people.group())
        made = self._client.create(self._config.table, wanted, mapping.FIELDS, "a new record")
        sys_id = mapping.value(made, "sys_id")
        fields = tuple(dict.fromkeys((*mapping.FIELDS, *wanted)))
        if not sys_id:
            raise Transient(
                "ServiceNow made a record, and does not say which.", remedy="It is looked for again."
            )
        row = read_back(lambda: self._client.row(self._config.table, sys_id, fields, "a record"))
        if row is None:
            number, url = mapping.value(made, "number") or sys_id, mapping.page_of(self._config, sys_id)
            return self._unread(draft, sys_id, number, url, f"Let the account read {self._config.table}.")
        self._watch_identity(
            f"ServiceNow made {mapping.value(row, 'number')} without its correlation_id",
            f"Let the account read and write {self._config.table}.correlation_id.",
            is_shown=mapping.value(row, "correlation_id") == draft.identity,
        )
        for field, text in wanted.items():
            if field not in _TEXTS and field != "correlation_id":
                self._watch(row, field, text)
        return read_back(lambda: self._seen(row))

    def _watch(self, row: Row, field: str, text: str) -> None:
        """The record is there and can be found, so a field that it does not have is told, and is no failure."""
        try:
            self._require_taken(row, field, text)
        except Rejected as error:
            self._worry(field, error.message, error.remedy)
            self._forget()
        else:
            self._done(field)

    def _require_taken(self, row: Row, field: str, text: str) -> None:
        if text not in {mapping.value(row, field), mapping.display(row, field)}:
            raise Rejected(
                f"ServiceNow took {field} for {mapping.value(row, 'number')} without setting it.",
                remedy=f"Let the account write {field}, or look whether {self._config.table} has it; "
                "it takes values (numbers, sys_ids), not what people see.",
            )

    def find(self, identity: str, mark: str, /) -> Sequence[Seen]:
        query = f"correlation_id={plain(identity)}^ORDERBYsys_created_on^ORDERBYsys_id"
        found = []
        for row in self._client.rows(self._config.table, query, mapping.FIELDS, "a record by our id"):
            given = mapping.value(row, "correlation_id")
            if given.casefold() != identity.casefold():
                raise Rejected(
                    "ServiceNow returned records with another correlation_id than it was asked for.",
                    remedy=f"Let the account read {self._config.table}.correlation_id: a part of a query that it may "
                    "not read is ignored.",
                )
            if given == identity:
                found.append(self._seen(row))
        return sorted(found, key=lambda one: (str(one.opened_at or ""), one.ref))

    def read(self, refs: Collection[str], /) -> Iterator[Seen | CopyGone | CopyUnread]:
        wanted = sorted(refs)
        for start in range(0, len(wanted), PAGE):
            some = wanted[start : start + PAGE]
            asked = frozenset(some)
            query = f"sys_idIN{','.join(map(plain, some))}^ORDERBYsys_created_on^ORDERBYsys_id"
            found = {}
            for row in self._client.rows(self._config.table, query, mapping.FIELDS, "records"):
                ref = mapping.value(row, "sys_id")
                if ref not in asked:
                    raise Transient(
                        "ServiceNow returned records that it was not asked for.",
                        remedy="Nothing is changed by it; they are read again.",
                    )
                found[ref] = row
                self._read(ref)
            yield from each_apart(found, self._seen)
            # A limit counts before access rules
            yield from asked_alone(sorted(asked - found.keys()), self._one, is_dark=not found)

    def _one(self, ref: str) -> Seen | CopyGone:
        row = self._client.row(self._config.table, ref, mapping.FIELDS, "a record")
        return (
            CopyGone(ref, "deleted, or hidden from us: ServiceNow does not tell")
            if row is None
            else self._seen(row)
        )

    def last_move(self, seen: Seen, /) -> LastMove:
        row = self._row(seen)
        if self._seen(row).standing is not seen.standing:
            raise Changed(f"{seen.key} was changed in ServiceNow since it was read.")
        return mapping.last_move(row, self._config)

    def move(self, seen: Seen, goal: Goal, note: str, /) -> Seen:
        row = self._unchanged(seen)
        here = self._seen(row)
        if here.standing in SHOWS[goal]:
            self._note_after(seen, lambda: self._note_once(seen, row, note))
            return here
        # A state that access rules close to us is dropped without a word; a note beside it would stand there alone
        moved = self._moved(seen, goal, note)
        noted = self._note_after(seen, lambda: self._noted(seen, moved, note))
        return read_back(lambda: self._seen(noted or moved))

    def _moved(self, seen: Seen, goal: Goal, note: str) -> Row:
        status = self._config.states.status(goal)
        sent = {"state": status, **self._closing(goal, status, note)}
        self._client.change(self._config.table, seen.ref, sent, mapping.FIELDS, "a new state")
        row = read_back(lambda: self._row(seen))
        if mapping.value(row, "state") != status:
            raise Rejected(
                f"ServiceNow took state {status} for {seen.key} without setting it: it is "
                f"{mapping.display(row, 'state')} ({mapping.value(row, 'state')}).",
                remedy="Let the account write state, and look which states can follow which in this table.",
            )
        return row

    def _closing(self, goal: Goal, status: str, note: str) -> dict[str, str]:
        """What is sent along: where it is cancelled by a state of its own, nothing says that it was solved."""
        close, states, sent = self._config.close, self._config.states, {}
        if close and status in states.done:
            sent = {"close_code": close.close_code, "close_notes": close.close_notes or note}
        if goal is Goal.DONE:
            sent |= {key: str(given) for key, given in states.fields.items()}
        return sent

    def note(self, seen: Seen, text: str, /) -> None:
        self._noted(seen, self._row(seen), text)

    def _note_once(self, seen: Seen, before: Row, text: str) -> None:
        """Write a note, unless the record shows it."""
        fields = (*mapping.FIELDS, "work_notes")
        shown = self._client.row(self._config.table, seen.ref, fields, "the work notes")
        if shown is None or mapping.noted(text) not in mapping.display(shown, "work_notes"):
            self._noted(seen, before, text)

    def _noted(self, seen: Seen, before: Row, text: str) -> Row:
        """The value of a journal field reads as empty, so what proves a note is that the record was changed."""
        sent = {"work_notes": mapping.noted(text)}
        self._client.change(self._config.table, seen.ref, sent, mapping.FIELDS, "a work note")
        row = read_back(lambda: self._row(seen))
        if _count(row) <= _count(before):
            raise Rejected(
                f"ServiceNow took a work note for {seen.key} without writing it.",
                remedy="Let the account write work_notes.",
            )
        return row

    def assign(self, seen: Seen, email: str, /) -> Seen:
        person = self._people.known(email)
        self._unchanged(seen)
        sent = {"assigned_to": person}
        self._client.change(self._config.table, seen.ref, sent, mapping.FIELDS, "a new assignee")
        row = read_back(lambda: self._row(seen))
        self._require_taken(row, "assigned_to", person)
        return self._seen(row)

    def attach(self, seen: Seen, name: str, data: bytes, /) -> None:
        """Add it, unless a file of this name and size is there."""
        table = self._config.table
        sizes = {str(row.get("size_bytes")) for row in self._client.files(table, seen.ref, name)}
        if str(len(data)) in sizes:
            return
        made = self._client.attach(table, seen.ref, name, data)
        if made.get("table_sys_id") != seen.ref:
            raise Transient("ServiceNow took a file, and does not show it.", remedy="It is looked for again.")

    def _forget(self) -> None:
        self._people.forget()

    def _checked(self, details: dict[str, str]) -> str:
        return Check(self._client, self._config, self._people, self.find).run(details)

    def _row(self, seen: Seen) -> Row:
        row = self._client.row(self._config.table, seen.ref, mapping.FIELDS, "a record")
        if row is None:
            raise Rejected(
                f"{seen.key} is not there in ServiceNow, or hidden from the account.",
                remedy="It is looked for at the next read.",
            )
        return row

    def _unchanged(self, seen: Seen) -> Row:
        """Return what it is just now. Raises Changed if it isn't what was seen."""
        row = self._row(seen)
        if seen.revision and self._seen(row).revision != seen.revision:
            raise Changed(f"{seen.key} was changed in ServiceNow since it was read.")
        return row

    def _seen(self, row: Row) -> Seen:
        if fields := mapping.absent(row):
            raise PermissionDenied(
                f"ServiceNow did not show {', '.join(fields)} of {mapping.value(row, 'number') or 'a record'}.",
                missing=f"reading {self._config.table}.{fields[0]}",
                remedy="Let the account read these fields, and look whether table is one that extends Task.",
            )
        return understood(SERVICENOW, "a record", lambda: mapping.seen(row, self._config))

    def _is_genuine(self, call: InboundCall, secret: SecretStr) -> bool:
        return has_token(call, TOKEN, secret)

    def _events(self, body: Mapping[str, Any]) -> Sequence[Event]:
        return [Event("", None, (str(body["sys_id"]),))]


_TEXTS = frozenset({"short_description", "description"})  # an instance may shorten them


def _count(row: Row) -> int:
    return understood(SERVICENOW, "sys_mod_count", lambda: int(mapping.value(row, "sys_mod_count")))
