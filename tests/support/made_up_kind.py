"""A kind of ticket that the worker does not have: people are asked for a phone number where the directory has none.

It proves that a kind about people is a file and a line. Use the fixture `asks_for_phones`.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from worker.domain import kinds
from worker.domain.kinds.finding import Finding
from worker.domain.kinds.kind import Asks, Choice, Contradiction, InPerson, Kind, Mark, Sees, Turn
from worker.domain.kinds.person_case import PersonCase
from worker.domain.model import Standing
from worker.domain.text.reason import Reason, because
from worker.domain.text.tongue import Tongue
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.sight import Sight
from worker.domain.tickets.subject import About, one_person
from worker.domain.tickets.ticket import Reopened, Ticket, TicketKey, TicketKind


def _made_up() -> TicketKind:
    code = str.__new__(TicketKind, "give_phone")
    code._name_, code._value_ = "GIVE_PHONE", "give_phone"
    return code


GIVE_PHONE = _made_up()


def _why(_ticket: Ticket, _timezone: str, _tongue: Tongue, names: Mapping[str, str]) -> str:
    return f"The directory has no phone number of {names['person']}."


def _steps(_ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    return ("Ask {person} for a phone number, and write it into the directory.",)


def _find(case: PersonCase) -> list[Finding]:
    facts = case.account.facts
    if case.account.standing is Standing.LEFT or facts.phones or facts.department != "Theatre":
        return []
    key = TicketKey(GIVE_PHONE, one_person(case.key), "phones:2026")
    return [
        Finding(key, because("{person} has no phone number", person=facts.display_name), person=case.account)
    ]


def _why_over(_ticket: Ticket, case: PersonCase) -> Reason | None:
    return because("the person has left") if case.account.standing is Standing.LEFT else None


def _is_done_in(sight: Sight, _admins_min: int) -> bool:
    return sight.account is not None and bool(sight.account.facts.phones)


KIND = Kind(
    code=GIVE_PHONE,
    about=About.PERSON,
    word="phone number",
    title="Ask {person} for a phone number",
    why=_why,
    steps=_steps,
    row=None,
    plea=None,
    asks=Asks.NOBODY,
    answers=(Answer.OTHER,),
    creator_kind=None,
    is_of_creator=False,
    choice=Choice.NOTHING,
    mark=Mark.PLUS,
    turn=Turn.LAST,
    is_exposure=False,
    found=InPerson(_find, _why_over),
    waits=None,
    again=Reopened.NEEDED_AGAIN,
    is_news_at_once=True,
    sees=Sees.ACCOUNT,
    is_done_in=_is_done_in,
    contradiction=Contradiction(needs_full=True, text="marked done, but not in {roster}"),
    deed=None,
    control="",
)


@pytest.fixture
def asks_for_phones(monkeypatch: pytest.MonkeyPatch) -> TicketKind:
    """Give the worker this kind for one test."""
    monkeypatch.setitem(TicketKind._value2member_map_, "give_phone", GIVE_PHONE)
    assert isinstance(kinds.KINDS, dict)
    monkeypatch.setitem(kinds.KINDS, GIVE_PHONE, KIND)
    return GIVE_PHONE
