"""Each kind of ticket says everything about itself, and nothing else in the worker names one."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from builders import NOW, group, rules, ticket
from worker.domain.groups.case import MemberView
from worker.domain.identity.matching import Identity, IdentityState
from worker.domain.kinds import KINDS, codes, is_waited_for, kind_of
from worker.domain.kinds.kind import Asks, Choice, Kind
from worker.domain.messages.plea import plea
from worker.domain.messengers import MESSENGERS, messenger
from worker.domain.model import Member
from worker.domain.reconcile.engine import reconcile_group
from worker.domain.text.reason import Reason
from worker.domain.text.tongue import ENGLISH
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import TicketKind

WORKER = Path(__file__).parents[3] / "worker"
CODES = [kind.value for kind in TicketKind]
# The enumeration itself, controls, which say what kind asks for them, what was true when a migration was written, and
# the demo, which tells of five kinds
MAY_NAME = (
    "domain/kinds/",
    "domain/controls/",
    "domain/tickets/ticket.py",
    "storage/candidates/",
    "storage/migrations/",
    "demo/",
    "program.py",  # `whosleft attest` is a command
)
EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.code.value)


def test_every_code_has_its_kind() -> None:
    assert KINDS.keys() == set(TicketKind)
    assert all(code is kind.code for code, kind in KINDS.items())


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in sorted(WORKER.rglob("*"))
        if path.suffix in {".py", ".html", ".js"}
        and not path.relative_to(WORKER).as_posix().startswith(MAY_NAME)
    ],
    ids=lambda path: path.relative_to(WORKER).as_posix(),
)
def test_no_code_outside_their_folder_names_a_kind(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = set(re.findall(rf"\b(?:{'|'.join(CODES)})\b", text))
    if path.suffix == ".py":
        named = {code for code in named if any(re.search(rf"\b{code}\b", said) for said in _texts(text))}
        named |= set(re.findall(r"TicketKind\.[A-Z_]+", text))

    assert named == set()


def _texts(code: str) -> Iterator[str]:
    """Every text of a module but its docstrings."""
    tree = ast.parse(code)
    documented = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documented:
            yield node.value


@EVERY
@pytest.mark.parametrize("app", [*MESSENGERS, "pigeon"])
def test_steps_name_the_group_or_the_member(kind: Kind, app: str) -> None:
    work = ticket(kind=kind.code, messenger=app)
    for aid in (None, Help(), Help(admins=("Dee",)), Help(text="Please")):
        told = " ".join(
            ENGLISH.say(step, person="Ann", member="Ann", group="Ward 7", messenger="App", admins="Dee")
            for step in kind.steps(work, aid)
        )
        on_its_page = kind.choice in {
            Choice.STATEMENT,
            Choice.ROWS,
            Choice.CHECKLIST,
        }  # which names what it is about
        assert "Ward 7" in told or on_its_page or (kind.about is About.HANDLE and "Ann" in told)
        assert "{" not in told


def test_steps_are_the_messenger_s_own() -> None:
    for kind in (KINDS[code] for code in TicketKind if KINDS[code].mark is not None):
        told = {kind.steps(ticket(kind=kind.code, messenger=app), None) for app in (*MESSENGERS, "pigeon")}
        assert len(told) > 1 or kind.is_of_creator, kind.code


@EVERY
def test_what_waits_and_what_becomes_of_it_are_kinds_of_their_own(kind: Kind) -> None:
    assert (kind.creator_kind is not None) is (Answer.CREATOR in kind.answers)
    assert kind.waits is None or KINDS[kind.waits.for_].turn.value < kind.turn.value
    assert is_waited_for(ticket(kind=kind.code)) is any(
        other.waits is not None and other.waits.for_ is kind.code for other in KINDS.values()
    )


@EVERY
def test_only_who_has_to_be_asked_gets_a_text(kind: Kind) -> None:
    said = plea(ticket(kind=kind.code, person_name="Ann"), "", ENGLISH)

    assert bool(said) is (kind.asks is not Asks.NOBODY)
    assert "{" not in said


def test_codes_are_those_that_fit() -> None:
    exposing = codes(lambda kind: kind.is_exposure)
    assert exposing == ("creator_must_leave", "remove_member")
    assert all(kind_of(ticket(kind=TicketKind(code))).is_exposure for code in exposing)
    assert messenger("whatsapp").can_remove_creator is False


def calls_for(members: int) -> int:
    """How many functions are called to reconcile a group of so many unknown people, at first and again."""
    unknown = tuple(
        MemberView(
            Member(f"+44770{n:07d}", f"N {n}"),
            Identity(IdentityState.UNMATCHED, "f", why=Reason("nobody fits")),
        )
        for n in range(members)
    )
    ward, calls = replace(group(), members=unknown, size=members), 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        opened = reconcile_group(ward, rules(), NOW)
        kept = reconcile_group(replace(ward, tickets=tuple(one.ticket for one in opened)), rules(), NOW)
    finally:
        sys.setprofile(None)
    assert (len(opened), kept) == (members, ())
    return calls


def test_the_work_of_a_group_goes_with_its_size() -> None:
    assert calls_for(400) < 2.1 * calls_for(200)
