"""people, groups, links: show the known data, and answer questions of identity."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from worker.app.acts.looking_up import one_group, one_person
from worker.app.reads.group import listed_groups, whole_group
from worker.app.reads.person import history_of, whole_person
from worker.cli.common import (
    ByOption,
    ConfigOption,
    JsonOption,
    NowOption,
    ReasonOption,
    act_time,
    actor,
    clock_at,
    local_time,
    need_reason,
    opened,
    out,
    print_facts,
    print_link,
    print_list,
    print_shape,
    print_table,
    shown_link,
)
from worker.cli.group_facts import fact_lines
from worker.contract.groups import GroupShape, GroupShownShape, PairShape
from worker.contract.links import HandleLinkShape
from worker.contract.people import PersonShape, PersonShownShape
from worker.contract.tickets import DeadLinkShape, LinkShape
from worker.domain.escalation.calendar import last_day
from worker.domain.groups.case import account_line
from worker.domain.groups.pairing import Difference
from worker.domain.identity.matching import Identity, IdentityState
from worker.domain.model import Account, Standing
from worker.domain.people.persons import Person
from worker.domain.tickets.ticket import ticket_label
from worker.ports.state.groups import GroupRow
from worker.ports.state.identities import HandleIdentity
from worker.settings import Settings

PAGE = 1000

people = typer.Typer(no_args_is_help=True, help="Look at people.")
groups = typer.Typer(no_args_is_help=True, help="Look at groups.")
links = typer.Typer(no_args_is_help=True, help="Say who is behind a member.")


# --- people -----------------------------------------------------------------------------------------------


@people.command("list")
def people_list(config: ConfigOption, json: JsonOption = False, now: NowOption = None) -> None:
    """List everybody whom the directories know."""
    with opened(config, now) as worker, worker.store.reading() as uow:
        found: list[Account] = []
        while page := uow.people.page(found[-1].key if found else None, PAGE):
            found += page
        when = worker.settings
    if json:
        print_list([PersonShape.of(person) for person in found])
        return
    rows = [
        (f"{p.key.source}/{p.key.person_id}", p.facts.display_name, p.facts.email, p.standing.value,
         p.evidence.value if p.evidence else None, local_time(p.left_at, when))
        for p in found
    ]  # fmt: skip
    print_table(
        "", ("id", "name", "e-mail", "standing", "evidence", "left"), rows, "Nobody is known yet: poll first."
    )


@people.command("show")
def people_show(
    who: Annotated[str, typer.Argument(metavar="ID_OR_EMAIL")],
    config: ConfigOption,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Show one person: evidence, groups, tickets and history."""
    with opened(config, now) as worker, worker.store.reading() as uow:
        person = one_person(uow, who)
        whole = whole_person(uow, person)
        history = history_of(uow, whole)
        keeps = worker.keeps.of(uow, whole.keys)
        absent = uow.people.absent(person.key.source)
        missed_since = next((one.since for one in absent if one.person.key == person.key), None)
        when = worker.settings
    if json:
        print_shape(PersonShownShape.of(whole, history, keeps))
        return
    facts, accounts, tickets = person.facts, whole.human.accounts, whole.tickets
    print_facts([
        ("person", f"{facts.display_name} ({person.key.source}/{person.key.person_id})"),
        ("e-mail", facts.email),
        ("phones", ", ".join(facts.phones)),
        ("place", ", ".join(filter(None, (facts.title, facts.department, facts.office)))),
        ("standing", person.standing.value),
        ("evidence", _evidence(person, when)),
        ("accounts", "; ".join(map(account_line, accounts)) if len(accounts) > 1 else ""),
        ("counts as", _counts_as(whole.human)),
        ("not listed since", local_time(missed_since, when) if missed_since else ""),
        ("source read", local_time(whole.directories[person.key.source].last_success_at, when)),
    ])  # fmt: skip
    rows = [(g.name, m.role.value, g.key.source) for g, m in whole.groups]
    print_table("\nGroups", ("group", "role", "inventory"), rows, "\nIn no group.")
    if keeps:
        kept = [
            (one.name, one.data_class or None, local_time(one.from_at, when), local_time(one.until_at, when))
            for one in keeps
        ]
        print_table("\nCould read", ("group", "class", "from", "until"), kept, "")
    if tickets:
        print_table(
            "\nTickets", ("ticket", "state", "why"), [(t.label, t.state.value, t.reason) for t in tickets], ""
        )
    if history:
        events = [(act_time(e.entry, when), e.entry.actor, e.entry.event) for e in history]
        print_table("\nHistory", ("when", "by", "what"), events, "")


def _evidence(one: Account, settings: Settings) -> str:
    """What says that somebody left and since when, or that they leave and their last day."""
    if one.evidence is None:
        return ""
    if (ends_at := one.leaves_at) is not None:
        return f"{one.evidence.value}, last day {last_day(ends_at, settings.organisation.timezone)}"
    return f"{one.evidence.value}, {local_time(one.left_at, settings)}"


def _counts_as(human: Person) -> str:
    """How the person counts, if their accounts don't agree."""
    standings = {one.standing is Standing.LEFT for one in human.accounts}
    if len(standings) == 1:
        return ""
    if human.person.standing is Standing.LEFT:
        is_known = any(one.facts.is_in_scope for one in human.accounts if one.standing is not Standing.LEFT)
        why = " (leaver.accounts: either)" if is_known else ""
        return f"left, by {human.person.key.source}{why}"
    return f"still here, by {human.person.key.source}"


@people.command("erase")
def people_erase(
    who: Annotated[str, typer.Argument(metavar="ID")],
    config: ConfigOption,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Forget the personal data of somebody who left and has no live ticket, under all accounts that have left."""
    at = clock_at(now)
    with opened(config, now) as worker:
        erased = worker.desk.erase(who, actor(by, worker.settings), reason, at)
    for key in erased.accounts:
        out.print(
            Text(
                f"{'/'.join(key)} is erased. The journal keeps the id, what was typed after --reason and --by, "
                "and the names under which they acted."
            )
        )
    for key in erased.kept:
        out.print(Text(f"{'/'.join(key)} is kept: this account of theirs has not left."))
    if erased.copies:
        out.print(
            Text(
                "Copies in trackers stay as they are. Delete there those that name the person, or give them away:"
            )
        )
    print_facts(
        [(f"{one.tracker}  {ticket_label(one.ticket)}", f"{one.key} {one.url}") for one in erased.copies]
    )


# --- groups -----------------------------------------------------------------------------------------------


@groups.command("list")
def groups_list(config: ConfigOption, json: JsonOption = False, now: NowOption = None) -> None:
    """List groups with size, admins and the age of what is known."""
    with opened(config, now) as worker, worker.store.reading() as uow:
        found = uow.rosters.groups()
        listed = listed_groups(uow, found, worker.witnesses) if json else []
        when = worker.settings
    if json:
        print_list([GroupShape.of(one) for one in listed])
        return
    rows = [
        (g.name, f"{g.key.source}/{g.key.group_id}", g.messenger, g.size, _admins(g, when.groups.admins_max),
         "gone" if g.is_gone else g.coverage.value, local_time(g.taken_at, when))
        for g in found
    ]  # fmt: skip
    headings = ("group", "id", "messenger", "members", "admins", "coverage", "as of")
    print_table("", headings, rows, "No groups are known yet: take an inventory first.")


_DIFFERENCES = {
    Difference.UNREGISTERED: "no register has this group",
    Difference.NOT_SEEN: "no source that reads its messenger shows this group",
    Difference.MEMBERS: "its sources list different members",
}


def _admins(group: GroupRow, most: int) -> str:
    return f"{group.admins} (more than {most})" if group.admins > most else str(group.admins)


@groups.command("show")
def groups_show(
    which: Annotated[str, typer.Argument(metavar="ID_OR_NAME")],
    config: ConfigOption,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Show one group: its members, who they are, and its tickets."""
    with opened(config, now) as worker:
        with worker.store.reading() as uow:
            group = one_group(uow, which)
            whole = whole_group(uow, group, worker.witnesses)
        when = worker.settings
        report_url = worker.reporting.url(group.key, clock_at(now))
    if json:
        print_shape(GroupShownShape.of(whole, worker.witnesses, report_url))
        return
    print_facts([
        ("group", f"{group.name} ({group.key.source}/{group.key.group_id}, {group.messenger})"),
        ("owner", group.owner_email),
        ("coverage", "gone" if group.is_gone else group.coverage.value),
        ("as of", f"{local_time(group.taken_at, when)}, read {local_time(group.read_at, when)}"),
        ("warning", group.warning),
        ("differences", "; ".join(_DIFFERENCES[one] for one in whole.differences)),
        *fact_lines(group, when),
        ("reports", report_url and shown_link(report_url, when)),
    ])  # fmt: skip
    rows = [
        (m.display_name, m.handle, m.role.value, _behind(link, person),
         person.standing.value if person else None)
        for m, link, person in whole.members
    ]  # fmt: skip
    print_table("\nMembers", ("shown as", "handle", "role", "person", "standing"), rows, "\nNo members.")
    if whole.tickets:
        print_table(
            "\nTickets",
            ("ticket", "state", "why"),
            [(t.label, t.state.value, t.reason) for t in whole.tickets],
            "",
        )


@groups.command("link")
def groups_link(
    which: Annotated[str, typer.Argument(metavar="GROUP")],
    config: ConfigOption,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Make all links to it that were given out dead.")
    ] = False,
    by: ByOption = None,
    reason: ReasonOption = "",
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Print a link by which the group's first active admin declares who is in it, and write that down."""
    with opened(config, now) as worker:
        act = worker.declaring.revoke if revoke else worker.declaring.link
        done = act(which, actor(by, worker.settings), clock_at(now), reason)
    if not isinstance(done, str):
        group, ended = done
        if json:
            print_shape(DeadLinkShape())
        else:
            out.print(Text(f"{group.name}: links that open nothing any more: {ended}"))
    elif json:
        print_shape(LinkShape(url=done))
    else:
        print_link(done, worker.settings)


@groups.command("pairs")
def groups_pairs(config: ConfigOption, json: JsonOption = False, now: NowOption = None) -> None:
    """List groups that two sources show: pairs that are sure, those that people have to answer, and answers."""
    with opened(config, now) as worker, worker.store.reading() as uow:
        found = uow.pairs.all()
    if json:
        print_list([PairShape.of(pair) for pair in found])
        return
    rows = [("/".join(one.a), "/".join(one.b), one.state.value, one.why, one.by) for one in found]
    print_table("", ("group", "the same as", "state", "why", "by"), rows, "No group is shown by two sources.")


@groups.command("pair")
def groups_pair(
    one: Annotated[str, typer.Argument(metavar="GROUP")],
    other: Annotated[str, typer.Argument(metavar="GROUP")],
    config: ConfigOption,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Say that two groups of two sources (SOURCE/ID) are one: the better witness leads."""
    with opened(config, now) as worker:
        pair = worker.pairs.pair(one, other, actor(by, worker.settings), reason, clock_at(now))
    out.print(Text(f"{'/'.join(pair.a)} is followed in {'/'.join(pair.b)}."))


@groups.command("unpair")
def groups_unpair(
    one: Annotated[str, typer.Argument(metavar="GROUP")],
    other: Annotated[str, typer.Argument(metavar="GROUP")],
    config: ConfigOption,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Say that two groups of two sources (SOURCE/ID) are two; they are not paired by themselves again."""
    with opened(config, now) as worker:
        pair = worker.pairs.unpair(one, other, actor(by, worker.settings), reason, clock_at(now))
    out.print(Text(f"{'/'.join(pair.a)} and {'/'.join(pair.b)} are two groups."))


def _behind(link: Identity | None, person: Account | None) -> str:
    if person is not None:
        return person.facts.display_name
    return link.state.value if link else "not matched yet"


# --- links ------------------------------------------------------------------------------------------------


@links.command("list")
def links_list(
    config: ConfigOption,
    everything: Annotated[bool, typer.Option("--all", help="Answered ones too.")] = False,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """List questions of identity: members whom nobody or several people could be."""
    states = list(IdentityState) if everything else [IdentityState.AMBIGUOUS, IdentityState.UNMATCHED]
    with opened(config, now) as worker, worker.store.reading() as uow:
        found: list[HandleIdentity] = []
        while page := uow.identities.page(states, found[-1].key if found else None, PAGE):
            found += page
    if json:
        print_list([HandleLinkShape.of(key, link) for key, link in found])
        return
    rows = [
        (f"{key.source}/{key.handle}", link.state.value, link.why,
         "/".join(link.person) if link.person else "",
         ", ".join(f"{s.name} ({s.key.source}/{s.key.person_id})" for s in link.suggestions))
        for key, link in found
    ]  # fmt: skip
    print_table("", ("link", "state", "why", "person", "perhaps"), rows, "No open questions.")


@links.command("confirm")
def links_confirm(
    link: Annotated[str, typer.Argument(metavar="LINK", help="wards/+44…, the handle, or the ticket's id.")],
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Id, e-mail address or employee id.")],
    config: ConfigOption,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Say who a member is; never asked again until the number changes."""
    at = clock_at(now)
    with opened(config, now) as worker:
        key, one = worker.identifying.confirm(link, person, actor(by, worker.settings), at, reason)
    out.print(
        Text(f"{key.source}/{key.handle} is {one.facts.display_name} ({one.key.source}/{one.key.person_id}).")
    )


@links.command("reject")
def links_reject(
    link: Annotated[str, typer.Argument(metavar="LINK", help="wards/+44…, the handle, or the ticket's id.")],
    config: ConfigOption,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Take back a link; for an open question: it is nobody of the directory."""
    at = clock_at(now)
    with opened(config, now) as worker:
        key, person = worker.identifying.reject(link, actor(by, worker.settings), need_reason(reason), at)
    if person is None:
        out.print(Text(f"{key.source}/{key.handle} is nobody of the directory; it is not asked again."))
    else:
        out.print(
            Text(f"{key.source}/{key.handle} is not {person.source}/{person.person_id}; it is asked again.")
        )
