"""Every event of the journal has words; what nobody can name stays as it is."""

from __future__ import annotations

import re

import pytest

from builders import NOW
from worker.desk.console.histories import NO_NAMES, KnownNames, Thing, line_of, who
from worker.desk.words import WORDS
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry
from worker.domain.model import AccountKey, GroupKey
from worker.domain.text.tongue import ENGLISH

ANN, WARD = AccountKey("corp", "ann"), GroupKey("wards", "w/7")
NAMES = KnownNames({ANN: "Ann"}, {WARD: "Ward 7"}, {"ann@corp.example": ANN}, {"a/b"})


def test_every_event_has_words_and_every_noun_a_heading() -> None:
    listed = {value for name, value in vars(events).items() if re.fullmatch(r"[A-Z][A-Z_]*", name)}
    assert WORDS["event"].keys() == listed
    assert list(WORDS["noun"]) == list(dict.fromkeys(kind.partition(".")[0] for kind in WORDS["event"]))


@pytest.mark.parametrize("subject, thing", [
    ("ticket:T-000001", Thing("T-000001", "/tickets/T-000001")),
    ("plan:P-000001", Thing("P-000001", "/plans/P-000001")),
    ("source:a/b", Thing("a/b", "/sources/a%2Fb")),
    ("source:trainings.csv", Thing("trainings.csv")),  # an imported list has no page
    ("silence:S-000001", Thing("S-000001", "/silences#S-000001")),
    ("person:corp/ann", Thing("Ann", person=ANN)),
    ("person:corp/zoe", Thing("corp/zoe")),
    ("group:wards/w/7", Thing("Ward 7", group=WARD)),
    ("group:wards/none", Thing("wards/none")),
    ("rota:nights", Thing("nights")),
    ("desk:console", Thing("")),
    ("audit:pack", Thing("")),
])  # fmt: skip
def test_a_subject_is_a_thing_with_its_page(subject: str, thing: Thing) -> None:
    assert line_of(Entry(NOW, "sam", events.TICKET_DONE, subject), NAMES, ENGLISH).about == thing


@pytest.mark.parametrize("assignee, said", [
    ("corp/ann", "Assigned to Ann"),
    ("Ann@corp.example", "Assigned to Ann"),
    ("kim@corp.example", "Assigned to kim@corp.example"),
    ("corp/zoe", "Ticket assigned"),
    (None, "Ticket assigned"),
])  # fmt: skip
def test_a_sentence_names_whom_it_can(assignee: str | None, said: str) -> None:
    entry = Entry(NOW, "corp/ann", events.TICKET_ASSIGNED, "ticket:T-000001", data={"assignee": assignee})
    assert line_of(entry, NAMES, ENGLISH).what == said


@pytest.mark.parametrize("data, said", [
    ({"step": 2, "repeat": 0, "policy": "standard", "told": 1}, "Escalated: step 2 of standard"),
    ({"step": 1, "repeat": 0, "policy": "standard", "told": 0}, "Escalated: step 1 of standard reached nobody"),
    ({"step": 1}, "Escalated"),
])  # fmt: skip
def test_an_escalation_says_which_step_it_took(data: dict[str, object], said: str) -> None:
    assert (
        line_of(Entry(NOW, "whosleft", events.TICKET_ESCALATED, "x", data=data), NAMES, ENGLISH).what == said
    )


def test_an_actor_is_named_only_if_known() -> None:
    assert who("corp/ann", NAMES) == Thing("Ann", person=ANN)
    assert who("corp/ann", NO_NAMES) == Thing("corp/ann")
    assert who("sam@corp.example", NAMES) == Thing("sam@corp.example")


def test_an_event_of_another_release_is_shown_as_it_is_called() -> None:
    assert (
        line_of(Entry(NOW, "sam", "of.another_release", "x"), NO_NAMES, ENGLISH).what == "of.another_release"
    )
