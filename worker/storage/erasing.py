"""Erase a person: their record, links, and every name, number or address of theirs in tickets and messages.

The journal has only ids, so its chain stays valid.
"""

from __future__ import annotations

import json

import sqlalchemy as sa

from worker.domain.controls.conversations import CHECKLIST, as_details, from_details
from worker.domain.controls.others import CONVERSATIONS as CONTROL
from worker.domain.controls.others import STATEMENT_CONTROLS
from worker.domain.evidence.explained import ERASED
from worker.domain.identity.ties import surely_same
from worker.domain.kinds import CONVERSATIONS
from worker.domain.model import AccountKey
from worker.storage.episodes import AGAIN
from worker.storage.erased_actors import erase_as_actor
from worker.storage.erased_assignees import Known, erase_as_assignee, known_of
from worker.storage.erased_links import erase_from_questions, erase_handles
from worker.storage.erased_texts import (
    blank,
    blank_in_lists,
    erase_from_reasons,
    erase_from_texts,
    is_one_of,
    names_one_of,
)
from worker.storage.left_out import SOURCES_TAKEN_OUT
from worker.storage.outbox_sending import let_go_of_reserved
from worker.storage.saved_lists import erase_from_lists
from worker.storage.sql.tables import (
    attestation,
    attestation_person,
    bad_message,
    census_candidate,
    census_mention,
    chat_group,
    cohort_person,
    cohort_subject,
    consent_subject,
    episode,
    expected,
    group_link,
    handle_tie,
    interaction,
    left_by_themself,
    link,
    mirror_told,
    outbox,
    person,
    person_key,
    seal,
    seal_custody,
    silence,
    ticket,
    undo,
)
from worker.storage.ties import around, ties_around


def erase_person(connection: sa.Connection, key: AccountKey) -> None:
    """Remove one person's data; idempotent."""
    known = known_of(connection, key)
    texts = _texts_about(connection, key, known)
    handles = _handles_of(connection, key) - known.shared | known.own
    erase_as_assignee(connection, key, known)
    erase_from_lists(connection, texts)
    erase_from_texts(connection, key, texts)
    _erase_from_seals(connection, key, texts)
    _erase_from_census(connection, key, texts)
    _erase_from_silences(connection, key, texts)
    own = texts - known.of_others
    _erase_from_reports(connection, own)
    _erase_from_waiting(connection, key, own)
    _erase_as_declarer(connection, key, own)
    _erase_as_owner(connection, own)
    erase_from_reasons(connection, own)
    erase_as_actor(connection, _names_of_actor(key, own), texts)
    blank(connection, link.c.decided_by, is_one_of(_names_of_actor(key, own)), ERASED)
    mine = (ticket.c.person_source == key.source) & (ticket.c.person_id == key.person_id)
    numbers = sa.select(ticket.c.id).where(mine)
    connection.execute(
        sa.update(outbox).where(outbox.c.ticket_id.in_(numbers)).values(title=ERASED, body="{}", name="")
    )
    erased_handle = sa.literal(f"{ERASED}:") + sa.cast(ticket.c.id, sa.Text)
    connection.execute(
        sa.update(ticket)
        .where(mine)
        .values(
            person_name=ERASED,
            member_name=sa.case((ticket.c.member_name == "", ""), else_=ERASED),
            handle=sa.case((ticket.c.handle == "", ""), else_=erased_handle),
            reason=ERASED,
            reason_words=None,
            search="",
        )
    )
    _erase_checklists(connection, key)
    connection.execute(sa.delete(undo).where(undo.c.ticket_id.in_(numbers)))
    for table in (person, person_key, episode, cohort_person):
        where = (table.c.source == key.source) & (table.c.person_id == key.person_id)
        connection.execute(sa.delete(table).where(where))
    _erase_from_held_plans(connection, key)
    _erase_from_attestations(connection, key)
    tied = _erase_ties(connection, key, handles)
    erase_from_questions(connection, key)
    for table in (link, expected, group_link, left_by_themself, consent_subject):
        where = (table.c.person_source == key.source) & (table.c.person_id == key.person_id)
        connection.execute(sa.delete(table).where(where))
    erase_handles(connection, tied)
    let_go_of_reserved(connection)


def _erase_checklists(connection: sa.Connection, key: AccountKey) -> None:
    """What was written in reviews of the person's conversations goes; what was done stays."""
    t = ticket.c
    mine = (t.kind == CONVERSATIONS.value) & (t.person_source == key.source) & (t.person_id == key.person_id)
    for row in connection.execute(sa.select(t.id, t.details).where(mine)).all():
        details = json.loads(row.details)
        if CHECKLIST in details:
            details[CHECKLIST] = as_details(from_details(details).without_words())
            connection.execute(sa.update(ticket).where(t.id == row.id).values(details=json.dumps(details)))


def _erase_from_held_plans(connection: sa.Connection, key: AccountKey) -> None:
    """What controls had found about the person goes; how much each part had found stays. Groups have ids, too."""
    s = cohort_subject.c
    about = (s.subject == key.person_id) | s.subject.startswith(f"{key.person_id}{AGAIN}", autoescape=True)
    of_people = s.cohort_id.in_(sorted({*STATEMENT_CONTROLS, CONTROL.id}))
    connection.execute(sa.delete(cohort_subject).where(s.source == key.source, about, of_people))


def _erase_from_attestations(connection: sa.Connection, key: AccountKey) -> None:
    """What somebody said stays counted, by version and date, and is nobody's."""
    a, ap = attestation.c, attestation_person.c
    mine = (a.person_source == key.source) & (a.person_id == key.person_id)
    nobody = {"person_source": None, "person_id": None, "reason": "", "initials": "", "came_from": ""}
    connection.execute(sa.update(attestation).where(mine).values(nobody))
    connection.execute(
        sa.delete(attestation_person).where(ap.person_source == key.source, ap.person_id == key.person_id)
    )


def _erase_from_reports(connection: sa.Connection, own: set[str]) -> None:
    """Delete what was reported in words that name the person, or that somebody wrote of them.

    A report that only has a name that somebody else has, too, may be about them: whoever handles it has to read it.
    """
    b = bad_message.c
    blank(connection, b.words, names_one_of(own), None)
    blank(connection, b.outcome_words, names_one_of(own), "")


def _erase_from_waiting(connection: sa.Connection, key: AccountKey, own: set[str]) -> None:
    """Erase the person from what was done in trackers and channels and has no effect here yet.

    What a tracker told stays its word then, as if it had not shown whose account it was.
    """
    t, i, is_named = mirror_told.c, interaction.c, names_one_of(own)
    blank(connection, t.by, is_one_of(_names_of_actor(key, own)), "")
    blank(connection, t.note, is_named, "")
    for number, written in connection.execute(sa.select(i.id, i.body).where(i.body != "")).all():
        body = json.loads(written)
        given = {name: ERASED if is_named(said) else said for name, said in body["given"].items()}
        if given != body["given"]:
            after = json.dumps({**body, "given": given}, ensure_ascii=False)
            connection.execute(sa.update(interaction).where(i.id == number, i.body != "").values(body=after))


def _erase_from_seals(connection: sa.Connection, key: AccountKey, texts: set[str]) -> None:
    """Erase the person from seals: as the subject of the ticket, in what was said, and as who had the file.

    A file of another ticket may be named after them, too. Hash, size and instants stay.
    """
    s, k, t = seal.c, seal_custody.c, ticket.c
    theirs = sa.select(t.id).where(t.person_source == key.source, t.person_id == key.person_id)
    connection.execute(sa.update(seal).where(s.ticket_id.in_(theirs)).values(name=ERASED))
    for column in (s.name, s.how, k.taker):
        blank(connection, column, names_one_of(texts), ERASED)
    for column in (s.made_by, k.giver):
        blank(connection, column, is_one_of(_names_of_actor(key, texts)), ERASED)


def _erase_from_census(connection: sa.Connection, key: AccountKey, texts: set[str]) -> None:
    """What they named stays counted and is nobody's; what others wrote of them is deleted."""
    m = census_mention.c
    mine = (m.person_source == key.source) & (m.person_id == key.person_id)
    nobody = {"person_source": None, "person_id": None, "admin": ""}
    connection.execute(sa.update(census_mention).where(mine).values(nobody))
    blank(connection, m.admin, names_one_of(texts), "")
    blank(connection, census_candidate.c.decided_by, is_one_of(_names_of_actor(key, texts)), ERASED)


def _erase_from_silences(connection: sa.Connection, key: AccountKey, texts: set[str]) -> None:
    """Erase the person from silences: as who was told nothing, from why, and as who made them.

    One that was for them alone is for nobody then: without anybody in it, it would be for everybody.
    """
    s, are_they = silence.c, is_one_of(_names_of_actor(key, texts))
    blank_in_lists(connection, s.people, are_they)
    blank(connection, s.reason, names_one_of(texts), ERASED)
    blank(connection, s.by, are_they, ERASED)


def _names_of_actor(key: AccountKey, texts: set[str]) -> set[str]:
    """The names under which the person may have acted."""
    return {*texts, key.person_id, "/".join(key)}


def _texts_about(connection: sa.Connection, key: AccountKey, known: Known) -> set[str]:
    """What somebody may have searched for to find the person, and no address that somebody else has by now."""
    k, t = link.c, ticket.c
    queries = (
        sa.select(k.handle).where(k.person_source == key.source, k.person_id == key.person_id),
        sa.select(t.person_name, t.handle).where(t.person_source == key.source, t.person_id == key.person_id),
    )
    found = {text for query in queries for row in connection.execute(query) for text in row if text}
    return (found - known.shared) | known.names | known.own


def _handles_of(connection: sa.Connection, key: AccountKey) -> set[str]:
    """The handles and numbers of members who are or were this person."""
    k, t = link.c, ticket.c
    queries = (
        sa.select(k.handle, k.phone_key).where(k.person_source == key.source, k.person_id == key.person_id),
        sa.select(t.handle).where(t.person_source == key.source, t.person_id == key.person_id),
    )
    return {one for query in queries for row in connection.execute(query) for one in row if one}


def _erase_ties(connection: sa.Connection, key: AccountKey, handles: set[str]) -> set[str]:
    """Erase what ties the person's handles to others, and these to theirs: former numbers, and their accounts.

    Return the handles, and those that they were tied to.
    """
    t, tied = handle_tie.c, set(handles)
    connection.execute(
        sa.delete(handle_tie).where(t.person_source == key.source, t.person_id == key.person_id)
    )
    for one in sorted(handles):
        found = around(one, ties_around(connection, [one], with_weak=True))
        theirs = {one, *surely_same(one, found)}
        for tie in found:
            if {tie.handle, tie.other} & theirs:
                tied |= {tie.handle, tie.other}
                this = (t.source == tie.source) & (t.kind == tie.kind.value) & (t.handle == tie.handle)
                connection.execute(sa.delete(handle_tie).where(this, t.other == tie.other))
    return tied


def _erase_as_declarer(connection: sa.Connection, key: AccountKey, own: set[str]) -> None:
    """Erase the person's marks from rosters that they may have declared, and from links that they made for others."""
    is_theirs = is_one_of({key.person_id, *own})
    blank_in_lists(connection, chat_group.c.declared_by, is_theirs)
    blank_in_lists(connection, group_link.c.made_by, is_theirs)


def _erase_as_owner(connection: sa.Connection, own: set[str]) -> None:
    """Erase the person as the owner of groups of which no source says any more who owns them."""
    g = chat_group.c
    is_told_no_more = (g.is_gone == 1) | g.source.in_(SOURCES_TAKEN_OUT)
    blank(connection, g.owner_email, is_one_of(own), None, is_told_no_more)
