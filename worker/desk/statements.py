"""The page on which one person answers all statements that they are asked for: `/t/<token>` of such a ticket."""

from __future__ import annotations

from starlette.responses import Response

from worker.app.acts.statements import DueForPerson, StatementAnswer, StatementDue
from worker.app.refused import Refused
from worker.desk.calls import Call, language_names, number_in
from worker.desk.markdown import as_html
from worker.domain.controls.census import ADMIN_MAX, MEMBERS_MAX, NAME_MAX, ROWS, CensusRow
from worker.domain.controls.statements import COMPLETE, DEVICE_ITEMS, AttestAnswer, ItemAnswer, Statement
from worker.domain.kinds.attest import topic_of
from worker.domain.messages.sentences import ticket_title, why_line
from worker.domain.messages.versions import app_text
from worker.domain.messengers import MESSENGERS
from worker.domain.text.tongue import N_
from worker.domain.watch.versions import Fix

MISSING = "missing"  # the answer of somebody who found that something of a provider is not there
NONE_KNOWN = "none"  # the answer to a census of somebody who knows of no group
INCOMPLETE = 422
RECORDS = {  # what is recorded of a provider, by the field's name
    "contract": N_("Contract"),
    "dpa": N_("Data processing agreement"),
    "breach_notice": N_("Their duty to tell of a breach"),
    "backup": N_("Backup"),
}


def statements_page(call: Call, token: str, refused: str = "") -> Response:
    """Show every statement that is due, with its text in full; a form that was refused comes back as it was typed."""
    found = call.services.attesting.look(token, call.now)
    call.language = found.language
    return call.page(
        "statements.html",
        {
            "token": token,
            "form_token": call.token_for(token),
            "found": found,
            "title": ticket_title(found.ticket, call.tongue),
            "due": [_shown(call, one) for one in found.due],
            "kept": [_shown(call, one) for one in found.kept],
            "undo_until": min(
                (one.can_undo_until for one in found.answered if one.can_undo_until), default=None
            ),
            "items": DEVICE_ITEMS,
            "refused": refused or call.query("refused"),
            "typed": {name: call.text(name) for name in call.form} if refused else {},
            **census_values(),
        },
        status=INCOMPLETE if refused else 200,
    )


def census_values() -> dict[str, object]:
    """What the rows of a census need."""
    apps = {key: one.name for key, one in MESSENGERS.items()}
    return {"rows": ROWS, "apps": apps, "name_max": NAME_MAX, "admin_max": ADMIN_MAX}


def census_rows(call: Call, number: int) -> tuple[CensusRow, ...]:
    """The rows of a census in which something is written. `number` tells several forms of a page apart."""
    return tuple(row for at in range(ROWS) if (row := _row(call, f"{number}-{at}")) is not None)


def _row(call: Call, at: str) -> CensusRow | None:
    name, admin = call.text(f"name-{at}", NAME_MAX), call.text(f"admin-{at}", ADMIN_MAX)
    app, members = call.text(f"messenger-{at}"), number_in(call.text(f"members-{at}"))
    if not (name or admin or members):
        return None
    is_likely = members is not None and 0 < members <= MEMBERS_MAX
    return CensusRow(
        " ".join(name.split()),
        app if app in MESSENGERS else "",
        " ".join(admin.split()),
        members if is_likely else None,
    )


def _shown(call: Call, one: StatementDue) -> dict[str, object]:
    topic = topic_of(one.ticket, call.tongue)
    return {
        "due": one,
        "topic": topic[:1].upper() + topic[1:],
        "why": why_line(one.ticket, call.services.place.timezone, call.tongue),
        "html": as_html(one.text) if one.text else "",
        "changed": one.changed,
        "language": language_names().get(one.language, one.language)
        if one.text and not one.is_theirs
        else "",
        "apps": [_app(call, name, fix) for name, fix in one.rule.fixes.items()],
        "records": [(call.tongue.say(RECORDS[name]), said) for name, said in one.rule.records.items()],
    }


def _app(call: Call, name: str, fix: Fix) -> dict[str, str]:
    """One item of an update: where an app runs, and what somebody says who has the version."""
    have = (
        N_("I have a version newer than {version}")
        if fix.is_newer
        else N_("I have version {version} or newer")
    )
    return {
        "item": name,
        "where": app_text(name, call.tongue),
        "have": call.tongue.say(have, version=fix.version),
    }


def answers_of(call: Call, found: DueForPerson) -> dict[int, StatementAnswer]:
    """What the form says, by ticket; what has no answer is left out. Raises Refused for a word that is none."""
    every = (*found.due, *found.kept)
    said = {one.ticket.id: answer for one in every if (answer := _answer(call, one)) is not None}
    if not said:
        raise Refused("Choose an answer.")
    return said


def _answer(call: Call, one: StatementDue) -> StatementAnswer | None:
    number = one.ticket.id
    given = call.text(f"answer-{number}")
    if one.rule.statement is Statement.CENSUS:
        return _census_answer(call, number, given)
    if not given:
        return None
    if one.rule.statement is Statement.PROVIDER:
        return _provider_answer(call, number, given)
    if given not in set(AttestAnswer):
        raise Refused("Choose an answer.")
    asked = {name: call.text(f"item-{number}-{name}") for name in one.rule.items}
    return StatementAnswer(
        AttestAnswer(given),
        call.text(f"text-{number}"),
        {name: ItemAnswer(word) for name, word in asked.items() if word in set(ItemAnswer)},
        call.text(f"initials-{number}"),
        call.text(f"words-{number}"),
    )


def _provider_answer(call: Call, number: int, given: str) -> StatementAnswer:
    if given not in {AttestAnswer.ACCEPTED, MISSING}:
        raise Refused("Choose an answer.")
    is_complete = ItemAnswer.NO if given == MISSING else ItemAnswer.YES
    text, words = call.text(f"text-{number}"), call.text(f"words-{number}")
    return StatementAnswer(AttestAnswer.ACCEPTED, text, {COMPLETE: is_complete}, words=words)


def _census_answer(call: Call, number: int, given: str) -> StatementAnswer | None:
    """Rows without an answer are one, too: nobody fills in a row to say nothing."""
    rows, has_more = census_rows(call, number), bool(call.text(f"more-{number}"))
    if not given and not rows and not has_more:
        return None
    if given == AttestAnswer.DECLINED:
        return StatementAnswer(AttestAnswer.DECLINED, "", words=call.text(f"words-{number}"))
    return StatementAnswer(
        AttestAnswer.ACCEPTED,
        "",
        words=call.text(f"words-{number}"),
        groups=rows,
        is_none=given == NONE_KNOWN and not has_more,
        has_more=has_more,
    )
