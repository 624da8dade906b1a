"""Put the groups of the register together from the rows of all tables. Pure.

    rows -> one draft per group (rows with its id, else with its name) -> admins that are named -> Roster

A group without an id is known by its name, so a renamed group is a new group. A row that names no group may belong
to any group of its table, so none of these can prove that somebody is absent; nor can those whose name a row without an
id has, if there are several.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors.inventory.register.meaning.about import both_said
from connectors.inventory.register.meaning.cells import (
    Ambiguous,
    Seen,
    item,
    items_of,
    max_role,
    merged,
    name_key,
    one_line,
    slug,
)
from connectors.inventory.register.meaning.dates import Dating, instant
from connectors.inventory.register.meaning.rows import Problem, Row, Showing
from connectors.kit.text import listed, quoted
from worker.domain.model import NOTHING_SAID, Coverage, Group, GroupFacts, Member, RegisterFacts, Role, Roster

FUTURE = "the date of the register lies in the future, so it counts for nothing"
FUTURE_REMEDY = "Write the day on which the groups were last looked at."
WARNINGS_MAX = 20  # of one group; the rest is counted


@dataclass(frozen=True, slots=True)
class TableFacts:
    """Facts of one table, from its header: its label, whether it has roles, admins and members, and its date."""

    label: str
    has_roles: bool
    names_admins: bool
    has_members: bool
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Context:
    """The settings for reading: default messenger and region, how days are dated, the tables."""

    messenger: str
    region: str
    dating: Dating
    tables: Sequence[TableFacts]


_Handles = defaultdict[str, dict[str, None]]


@dataclass(slots=True)
class _Draft:
    """A group while its rows are collected; members are keyed by handle, in the order of the register."""

    group_id: str
    name: str = ""
    messenger: str = ""
    owner_email: str | None = None
    link_sha256: str | None = None
    said: RegisterFacts = NOTHING_SAID
    tables: dict[int, None] = field(default_factory=dict)
    members: dict[str, Showing] = field(default_factory=dict)
    seen_in: dict[str, set[int]] = field(default_factory=dict)
    named: dict[tuple[str, Role], str] = field(default_factory=dict)
    as_of: list[datetime] = field(default_factory=list)
    warnings: dict[str, None] = field(default_factory=dict)
    is_spoilt: bool = False

    def warn(self, text: str) -> None:
        self.warnings[text] = None


def rosters_of(rows: list[Row], context: Context) -> tuple[list[Roster], list[Problem]]:
    """Return the groups in the order of their ids, and all problems in the order of the rows. Empties `rows`."""
    ids = ids_by_name(rows)
    drafts: dict[str, _Draft] = {}
    problems: list[Problem] = []
    spoilt_tables: set[int] = set()
    spoilt_groups: set[str] = set()
    inline = {row.table for row in rows for showing in row.members if showing.seen.role is not None}
    rows.reverse()
    while rows:
        row = rows.pop()
        problems += row.problems
        if not row.has_group:
            problems += _without_group(row)
            spoilt_tables.add(row.table)
            continue
        group_id, *others = group_ids_of(row, ids, context.messenger)
        if others:
            problems.append(_of_several(row, [group_id, *others]))
            spoilt_groups |= {group_id, *others}
            continue
        draft = drafts.setdefault(group_id, _Draft(group_id))
        _add(draft, row)
        problems += _date(draft, row, context.dating)
    rosters = []
    for group_id in sorted(drafts):
        draft = drafts.pop(group_id)
        problems += _appoint(draft, context.region)
        draft.is_spoilt = draft.is_spoilt or group_id in spoilt_groups
        rosters.append(_roster(draft, context, inline, spoilt_tables))
    return rosters, problems


def ids_by_name(rows: Iterable[Row]) -> dict[str, set[str]]:
    """Return the ids that each name has, since perhaps only a sheet of groups has the ids."""
    found: dict[str, set[str]] = {}
    for row in rows:
        if row.group_id and row.group_name:
            found.setdefault(name_key(row.group_name), set()).add(row.group_id)
    return found


def group_ids_of(row: Row, ids: Mapping[str, Collection[str]], default: str) -> list[str]:
    """Return the group that a row is about; several where it has no id, and its name has several."""
    if row.group_id:
        return [row.group_id]
    if known := ids.get(name_key(row.group_name)):
        return sorted(known)
    own = slug(row.group_name) or row.group_name
    return [own if row.messenger in {"", default} else f"{row.messenger}:{own}"]


def _of_several(row: Row, group_ids: Sequence[str]) -> Problem:
    return Problem(
        row.place,
        f"names {quoted(row.group_name)} without an id, and that is the name of {len(group_ids)} groups: "
        f"{listed(group_ids)}",
        "Write the group's id in the row.",
        spoils=True,
    )


def _without_group(row: Row) -> Iterator[Problem]:
    if not row.is_group_broken:
        yield Problem(
            row.place,
            "names no group, and neither does a row above it",
            "Write the group's name in the row, or delete the row.",
            spoils=True,
        )


def _add(draft: _Draft, row: Row) -> None:
    draft.tables[row.table] = None
    if draft.name and row.group_name and name_key(draft.name) != name_key(row.group_name):
        draft.warn(f"{row.place}: the group is also called {quoted(row.group_name)}; the first name is used")
    draft.name = draft.name or row.group_name
    if draft.messenger and row.messenger not in {"", draft.messenger}:
        draft.warn(f"{row.place}: the group is also said to be on {row.messenger}; the first is used")
    draft.messenger = draft.messenger or row.messenger
    if draft.owner_email and row.owner_email not in {None, draft.owner_email}:
        draft.warn(f"{row.place}: another owner is named, too; the first is used")
    draft.owner_email = draft.owner_email or row.owner_email
    draft.link_sha256 = draft.link_sha256 or row.link_sha256
    draft.said, differing = both_said(draft.said, row.said)
    for meaning in differing:
        draft.warn(f"{row.place}: {meaning.words} is said in another way, too; the first is used")
    draft.is_spoilt = draft.is_spoilt or any(problem.spoils for problem in row.problems)
    for note in row.notes:
        draft.warn(note)
    for showing in row.members:
        _show(draft, showing, row.table)
    for text, role, place in row.named:
        draft.named.setdefault((text, role), place)


def _date(draft: _Draft, row: Row, dating: Dating) -> Iterator[Problem]:
    """Take a row's own date for its group: of several the earliest counts, and a future one does not count."""
    if row.as_of is None:
        return
    at = dating.taken_at(row.as_of)
    if at is not None:
        draft.as_of.append(at)
    else:
        yield Problem(row.place, FUTURE, FUTURE_REMEDY)


def _show(draft: _Draft, showing: Showing, table: int) -> None:
    handle = showing.seen.handle
    if handle is None:
        return
    draft.seen_in.setdefault(handle, set()).add(table)
    known = draft.members.get(handle)
    if known is None:
        draft.members[handle] = showing
        return
    seen = merged(known.seen, showing.seen)
    what = "has the number of somebody else" if seen.is_shared else "is already"
    how = "somebody has to say whose it is" if seen.is_shared else "the higher role counts"
    draft.warn(f"{showing.place}: {what} in this group ({known.place}); {how}")
    draft.members[handle] = replace(known, seen=seen, joined=known.joined or showing.joined)


# --- Admins and creators that are named in a column of their own ----------------------------------


def _appoint(draft: _Draft, region: str) -> Iterator[Problem]:
    """Give the named people their role. A person who is no member yet, by number, address or name, is added."""
    if not draft.named:
        return
    handles: _Handles = defaultdict(dict)  # of the members, by name
    for handle, showing in draft.members.items():
        handles[name_key(showing.seen.name)][handle] = None
    for (text, role), place in draft.named.items():
        try:
            named = _named(draft, text, region, handles)
        except Ambiguous as why:
            draft.is_spoilt = True
            yield Problem(
                place,
                f"can be read in two ways: {why}",
                "Put each name on a line of the cell (Alt+Enter), or divide them with semicolons.",
                spoils=True,
            )
            continue
        for seen in named:
            yield from _appoint_one(draft, replace(seen, role=max_role(seen.role, role)), place, handles)


def _named(draft: _Draft, text: str, region: str, handles: _Handles) -> list[Seen]:
    """Read a cell of names. A cell that equals one member's name is that member, even with commas in it."""
    if handles.get(name_key(text)):
        return [Seen(one_line(text))]
    whole = item(text.strip(), region)
    known = draft.members.get(whole.handle or "")
    if known and name_key(known.seen.name) == name_key(whole.name):
        return [whole]
    parts = [part.strip() for part in text.replace("،", ",").split(",") if part.strip()]
    if parts and all(handles.get(name_key(part)) for part in parts):
        return [Seen(one_line(part)) for part in parts]
    return [item(part, region) for part in items_of(text)]


def _appoint_one(draft: _Draft, seen: Seen, place: str, handles: _Handles) -> Iterator[Problem]:
    handle = seen.handle
    if handle is None:
        draft.is_spoilt = True
        yield Problem(
            place,
            "names an admin without a name or a phone number that can be read",
            "Write the name as in the list of members, or the number with the country code.",
            spoils=True,
        )
        return
    if handle not in draft.members and not seen.phone and not seen.email:
        same = list(handles.get(name_key(seen.name), ()))
        if len(same) > 1:
            yield Problem(
                place,
                f"names an admin by a name that {len(same)} members of the group have",
                "Write the phone number of the one who is meant after the name.",
            )
            return
        handle = same[0] if same else handle
    known = draft.members.get(handle)
    if known is None:
        draft.warn(f"{place}: names an admin who is not in the list of members")
        draft.members[handle] = Showing(seen, place)
    else:
        handles[name_key(known.seen.name)].pop(handle)
        draft.members[handle] = replace(known, seen=merged(known.seen, seen))
    handles[name_key(draft.members[handle].seen.name)][handle] = None


# --- The roster -----------------------------------------------------------------------------------


def _roster(draft: _Draft, context: Context, inline: set[int], spoilt_tables: set[int]) -> Roster:
    tables = [context.tables[number] for number in draft.tables]
    if len(draft.tables) > 1:
        draft.warn(f"is in {' and '.join(table.label for table in tables)}; the members of all are counted")
    names_admins = any(table.names_admins for table in tables)
    with_roles = {n for n in draft.tables if names_admins or context.tables[n].has_roles or n in inline}
    if not any(table.has_members for table in tables):
        draft.warn("no column shows its members, so nobody can be told to be absent from it")
        draft.is_spoilt = True
    members = tuple(
        _member(handle, showing, context, has_role=bool(with_roles & draft.seen_in.get(handle, with_roles)))
        for handle, showing in draft.members.items()
    )
    is_partial = draft.is_spoilt or not spoilt_tables.isdisjoint(draft.tables)
    return Roster(
        group=Group(
            draft.group_id,
            draft.name or draft.group_id,
            draft.messenger or context.messenger,
            draft.owner_email,
        ),
        members=members,
        taken_at=min(draft.as_of or [table.taken_at for table in tables]),
        coverage=Coverage.PARTIAL if is_partial else Coverage.FULL,
        warnings=_bounded(draft.warnings),
        facts=GroupFacts(link_sha256=draft.link_sha256),
        registered=draft.said,
    )


def _member(handle: str, showing: Showing, context: Context, *, has_role: bool) -> Member:
    seen = showing.seen
    return Member(
        handle=handle,
        display_name=seen.name,
        role=seen.role or (Role.MEMBER if has_role else Role.UNKNOWN),
        phone=None if seen.is_shared else seen.phone,
        email=seen.email,
        employee_id=seen.employee_id,
        joined_at=None if showing.joined is None else instant(showing.joined, context.dating.timezone),
    )


def _bounded(warnings: Iterable[str]) -> tuple[str, ...]:
    shown = list(warnings)
    more = len(shown) - WARNINGS_MAX
    return tuple(shown) if more <= 0 else (*shown[:WARNINGS_MAX], f"and {more} more")
