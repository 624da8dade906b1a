"""Jira behind the tracker port: what it answers (client), as what it means (mapping), and the moves that lead there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from connectors.kit.calls import Calls, is_signed
from connectors.kit.rest import Refusal
from connectors.kit.text import one_line
from connectors.kit.tracker_rest import FEW, IDENTITY, Worried, each_apart, read_back
from connectors.kit.trackers import configured_place
from connectors.tracker.jira import mapping
from connectors.tracker.jira.checking import RENEWAL, checked
from connectors.tracker.jira.client import PAGE, JiraClient, Row, refused_fields
from connectors.tracker.jira.config import JiraConfig
from connectors.tracker.jira.forms import Form, read_form
from connectors.tracker.jira.mapping import Place
from connectors.tracker.jira.markup import document, plain, summary, wiki
from connectors.tracker.jira.moves import Way, way_to
from worker.domain.mirror.outside import SHOWS, CopyGone, CopyUnread, Draft, Goal, LastMove, Seen
from worker.ports import Changed, CheckResult, Concern, ConnectorContext, ConnectorError, Rejected
from worker.ports.connectors.base import Passive
from worker.ports.connectors.tracker import TrackerAbilities

LAG = timedelta(minutes=5)  # of the search; Cloud promises nothing, and is mostly there within seconds
OWN_FOR = timedelta(minutes=10)  # how long our last key stands for the newest of the project
FORM_FOR = timedelta(hours=1)
WALK_MAX = 50  # pages of keys that are looked through, 5,000 issues
SIGNATURE, CALL_ID = "x-hub-signature", "x-atlassian-webhook-identifier"
INTERNAL = {"key": "sd.public.comment", "value": {"internal": True}}  # not for the customer of a request
_GONE = "deleted or hidden"


class JiraTracker(Worried, Passive):
    """One project of one Jira."""

    def __init__(self, config: JiraConfig, context: ConnectorContext) -> None:
        super().__init__()
        self.name = context.name
        self.place = configured_place(config.url, config.project)
        self.can = TrackerAbilities(goals=config.states.goals, lag=LAG)
        self._config = config
        self._now = context.now
        self._client = JiraClient(config, context)
        self._calls = calls_of(config, context)
        self.calls = () if self._calls is None else (self._calls,)
        self._where: Place | None = None
        self._form: tuple[Form, datetime] | None = None
        self._own: tuple[int, datetime] | None = None  # the number in the key of our last issue

    def close(self) -> None:
        self._client.close()
        self._where = self._form = None

    def news(self) -> frozenset[str]:
        return frozenset() if self._calls is None else self._calls.news()

    def check(self) -> CheckResult:
        """Look for all that copies need: rights, fields, statuses, and the moves of the newest copy."""
        self.close()
        details: dict[str, str] = {}
        try:
            found = checked(self._client, self._config, details, self._now().date())
        except ConnectorError as error:
            remedy = error.remedy or "See the README."
            return CheckResult(ok=False, message=error.message, remedy=remedy, details=details)
        if lost := self._concerns.get(IDENTITY):
            return replace(found, ok=False, message=lost.message, remedy=lost.remedy)
        return found

    def concerns(self) -> Sequence[Concern]:
        """Those of all trackers, and the end of the token, if it is configured."""
        ends_on = self._config.token_expires_on
        if ends_on is None:
            return super().concerns()
        ends_at = datetime(ends_on.year, ends_on.month, ends_on.day, tzinfo=UTC)
        return (
            *super().concerns(),
            Concern("the token", "Copies are made with this token.", RENEWAL, ends_at),
        )

    def mark(self) -> str:
        """Return the highest number of a key that is known."""
        if self._own is not None and self._now() - self._own[1] < OWN_FOR:
            return str(self._own[0])
        rows = self._client.search(f'project = "{self._config.project}" ORDER BY key DESC', 1)
        return str(max((mapping.number_in(row.get("key")) for row in rows), default=0))

    def create(self, draft: Draft, _mark: str, /) -> Seen:
        """Make an issue. What Jira dropped of it is for `check`: it is there, and refusing it would make a second."""
        form = self._new_form()
        body = {"fields": self._fields(draft, form), "properties": [mapping.property_of(draft.identity)]}
        try:
            made = self._client.create(body)
        except Rejected:
            self._form = None  # the screen may have changed
            raise
        ref, key = made["id"], one_line(str(made.get("key") or made["id"]))
        self._own = (mapping.number_in(made.get("key")), self._now())
        row = read_back(lambda: self._client.issue(ref))
        place = read_back(self._place)
        if row is None:
            remedy = "Give the account Browse Projects, and the security level of new issues."
            return self._unread(draft, ref, key, mapping.page_of(place, key), remedy)
        self._done(IDENTITY)
        return read_back(lambda: mapping.seen(row, place, self._config.states))

    def find(self, identity: str, mark: str, /) -> Sequence[Seen]:
        """Look through the keys after the mark (Cloud: that is never behind), then search for the label."""
        rows = list(self._walked(mark)) if self._client.is_cloud else []
        found = self._client.search(f'labels = "{_quoted(identity)}" ORDER BY key')
        known = {mapping.number_of(row) for row in rows}
        refs = [str(number) for row in found if (number := mapping.number_of(row)) not in known]
        rows += self._now_of(refs)
        place = self._place()
        return [mapping.seen(row, place, self._config.states) for row in mapping.of_identity(rows, identity)]

    def read(self, refs: Collection[str], /) -> Iterator[Seen | CopyGone | CopyUnread]:
        """Yield what each is; by hundreds. Where some are missing, the project has to be there, or nothing is."""
        wanted = list(dict.fromkeys(refs))
        is_sure = False
        for start in range(0, len(wanted), PAGE):
            part = wanted[start : start + PAGE]
            place = self._place()
            rows = {str(mapping.number_of(row)): row for row in self._page(part)}
            read = partial(mapping.seen, place=place, states=self._config.states)
            found = {one.ref: one for one in each_apart(rows, read)}
            for ref in part:
                if ref in found:
                    self._read(ref)
                    yield found[ref]
                    continue
                if not is_sure:
                    self._client.project(self._config.project)
                    is_sure = True
                yield CopyGone(ref, _GONE)

    def last_move(self, seen: Seen, /) -> LastMove:
        if self._seen(seen.ref).standing is not seen.standing:
            raise Changed(f"{seen.key} was changed in Jira since it was read.")
        if not self._client.is_cloud:
            row = self._client.issue(seen.ref, {"expand": "changelog"})
            changes = (row or {}).get("changelog")
            histories = changes.get("histories") if isinstance(changes, dict) else None
            return mapping.last_move(histories if isinstance(histories, list) else []) or LastMove()
        rows, total = self._client.changes(seen.ref, 0)
        start = total
        while start > PAGE:  # the newest are on the last page
            start = max(PAGE, start - PAGE)
            later, _ = self._client.changes(seen.ref, start)
            if found := mapping.last_move(later):
                return found
        return mapping.last_move(rows) or LastMove()

    def move(self, seen: Seen, goal: Goal, note: str, /) -> Seen:
        """Take the move that leads there now. What is there already, gets the note if it hasn't got it."""
        here = self._seen(seen.ref)
        if here.standing in SHOWS[goal]:
            self._note_after(here, lambda: self._note_once(seen.ref, note))
            return here
        status = self._config.states.status(goal)
        values = self._config.states.fields if goal is Goal.DONE else {}
        way = way_to(self._client.transitions(seen.ref), here.status, status, values)
        before = {str(comment.get("id")) for comment in self._client.comments(seen.ref)}
        self._take(seen.ref, way, note)
        now = read_back(lambda: self._seen(seen.ref))
        # An old resolution that the move could not change says nothing of the move
        if now.standing not in SHOWS[goal] and now.status.casefold() != status.casefold():
            raise Rejected(
                f"Jira took the move of {now.key} to {status!r}, but its status is {now.status!r}.",
                remedy="Look at the workflow's post functions and at automation rules in Jira.",
            )
        self._note_after(now, lambda: self._note_once(seen.ref, note, before))
        return now

    def note(self, seen: Seen, text: str, /) -> None:
        self._client.comment(seen.ref, self._comment(text))

    def assign(self, seen: Seen, email: str, /) -> Seen:
        users = self._client.assignable(self._config.project, email)
        user = mapping.the_one(users, email)
        account = mapping.id_of(user, is_cloud=self._client.is_cloud)
        if account is None:
            raise Rejected(
                f"Jira shows not exactly one account for the assignee of {seen.key}, among {len(users)} found.",
                remedy="The person needs an active account with the right Assignable User in the project.",
            )
        self._client.assign(seen.ref, account)
        row = read_back(lambda: self._row(seen.ref))
        now = mapping.id_of(mapping.fields_of(row).get("assignee"), is_cloud=self._client.is_cloud)
        if now != account:
            raise Rejected(
                f"Jira took the assignee of {seen.key}, but it is another one.",
                remedy="Look at the automation rules of the project, and at the right Assign Issues.",
            )
        return mapping.seen(row, self._place(), self._config.states)

    def attach(self, seen: Seen, name: str, data: bytes, /) -> None:
        """Add a file, unless one of this name and size is there."""
        row = self._client.issue(seen.ref, {"fields": "attachment"})
        files = mapping.fields_of(row or {}).get("attachment")
        for file in files if isinstance(files, list) else []:
            if isinstance(file, dict) and (file.get("filename"), file.get("size")) == (name, len(data)):
                return
        self._client.attach(seen.ref, name, data)

    def update(self, seen: Seen, _draft: Draft, /) -> Seen:
        """Do nothing: it is read, and calls nobody."""
        return seen

    def _fields(self, draft: Draft, form: Form) -> Row:
        """Return the fields of a new issue; its due day only where the screen takes one."""
        write = document if self._client.is_cloud else wiki
        labels = dict.fromkeys((*self._config.labels, draft.identity))
        fields: Row = {
            **self._config.fields,
            "project": {"key": self._config.project},
            "issuetype": {"id": form.type_id},
            "summary": summary(draft.title),
            "description": write(draft.paragraphs, draft.url),
            "labels": list(labels),
        }
        if draft.due_on is not None and "duedate" in form.fields:
            fields.setdefault("duedate", draft.due_on.isoformat())
        if form.request_field:
            fields[form.request_field] = self._config.request_type
        return fields

    def _take(self, ref: str, way: Way, note: str) -> None:
        """Make a move, with the note in the same write unless there is no screen: then Jira would drop it."""
        body: Row = {"transition": {"id": way.move_id}}
        if way.fields:
            body["fields"] = dict(way.fields)
        if way.has_screen is False:
            self._client.transition(ref, body)
            return
        try:
            self._client.transition(ref, body | {"update": {"comment": [{"add": self._comment(note)}]}})
        except Rejected as error:
            if "comment" not in refused_fields(Refusal.behind(error)):
                raise
            self._client.transition(ref, body)

    def _note_once(self, ref: str, text: str, before: Collection[str] = ()) -> None:
        """Add a comment, unless one of the latest that were not there `before` has this text."""
        ours = self._comment(text)
        latest = [comment for comment in self._client.comments(ref) if str(comment.get("id")) not in before]
        if plain(ours["body"]) not in {plain(comment.get("body")) for comment in latest}:
            self._client.comment(ref, ours)

    def _comment(self, text: str) -> Row:
        body: Any = document([text]) if self._client.is_cloud else wiki([text])
        return {"body": body} | ({"properties": [INTERNAL]} if self._config.request_type else {})

    def _seen(self, ref: str) -> Seen:
        return mapping.seen(self._row(ref), self._place(), self._config.states)

    def _row(self, ref: str) -> Row:
        row = self._client.issue(ref)
        if row is None:
            raise Rejected(
                "The issue is deleted or hidden from this account.",
                remedy="Look for it in Jira's audit log; whosleft trackers again makes a new one.",
            )
        return row

    def _page(self, refs: Sequence[str]) -> list[Row]:
        """Return those of a page of issues that are there.

        Data Center's search shows no property, so that an issue without its label is asked for alone. If it finds
        none of them, nor any of the first few alone, none is there.
        """
        if self._client.is_cloud:
            return self._client.issues(refs)
        rows = {str(mapping.number_of(row)): row for row in self._client.search(f"id in ({', '.join(refs)})")}
        told = {ref: row for ref, row in rows.items() if mapping.identity_of(row)}
        alone = [ref for ref in refs if ref not in told]
        few = self._one_by_one(alone[:FEW])
        if not rows and not few:
            return []
        return [*told.values(), *few, *self._one_by_one(alone[FEW:])]

    def _now_of(self, refs: Sequence[str]) -> list[Row]:
        """Return issues that a search found, as they are now and with their properties."""
        if not refs:
            return []
        return self._client.issues(refs) if self._client.is_cloud else self._one_by_one(refs)

    def _one_by_one(self, refs: Sequence[str]) -> list[Row]:
        return [row for ref in refs if (row := self._client.issue(ref)) is not None]

    def _walked(self, mark: str) -> Iterator[Row]:
        """Yield the issues whose keys come after the mark, until a whole page has none."""
        number = mapping.number_in(f"-{mark}")
        for _ in range(WALK_MAX):
            keys = [f"{self._place().project_key}-{number + one}" for one in range(1, PAGE + 1)]
            rows = self._client.issues(keys)
            yield from rows
            if not rows:
                return
            number += PAGE

    def _place(self) -> Place:
        if self._where is None:
            project = self._client.project(self._config.project)
            address = self._client.deployment().address
            self._where = Place(str(project.get("id")), str(project.get("key")), address)
        return self._where

    def _new_form(self) -> Form:
        if self._form is None or self._now() - self._form[1] > FORM_FOR:
            self._form = (read_form(self._client, self._config), self._now())
        return self._form[0]


def calls_of(config: JiraConfig, context: ConnectorContext) -> Calls | None:
    """Return what takes Jira's webhooks; None where they are not configured."""
    calls = config.calls
    if calls is None:
        return None
    return Calls(
        calls,
        context.name,
        "Jira",
        context.now,
        lambda call: is_signed(call, SIGNATURE, calls.secret, "sha256", "sha256="),
        mapping.events,
        id_of=lambda call: call.headers.get(CALL_ID, ""),
    )


def _quoted(text: str) -> str:
    """Return a text for within the quotes of JQL."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
