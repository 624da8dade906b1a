"""Nothing from outside steers a terminal: not in a line, a table, a bar, and not in JSON."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from worker import program
from worker.domain.text.direction import isolated
from worker.domain.text.steering import visible
from worker.ops.terminal import Terminal, json_text

STEERING = [
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
]
HARMLESS = {"\n", "\t"}


def printed(what: object, *, is_terminal: bool = False) -> str:
    file = io.StringIO()
    Terminal(
        file=file, force_terminal=is_terminal, color_system="standard" if is_terminal else None, width=60
    ).print(what)
    return file.getvalue()


@pytest.mark.parametrize("mark", [mark for mark in STEERING if mark not in HARMLESS], ids=ascii)
def test_a_name_with_a_mark_that_steers_is_shown_without_it(mark: str) -> None:
    name = f"Ward{mark}[2J 7"
    table = Table()
    table.add_column("group")
    table.add_row(Text(name))
    for what in (Text(name), table, name):
        text = printed(what)
        assert mark not in text.removesuffix("\n") or mark == "\n"
        assert "Ward" in text


def test_what_steers_is_shown_as_something_that_was_there() -> None:
    assert printed(Text("a\x1b[31mb\x9bc\u202ed")) == "a�[31mb�c�d\n"


def test_a_name_that_runs_the_other_way_stands_between_no_marks() -> None:
    name = "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}"
    assert (
        printed(Text(f"Remove {isolated(name, is_rtl=False)} from Ward 7")) == f"Remove {name} from Ward 7\n"
    )


def test_our_own_colours_stay() -> None:
    assert printed(Text("red", style="red"), is_terminal=True) == "\x1b[31mred\x1b[0m\n"


@given(st.text())
def test_what_can_be_read_stays_as_it_is(text: str) -> None:
    kept = "".join(mark if mark in HARMLESS or mark not in STEERING else "�" for mark in text)
    assert visible(text) == kept


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from(STEERING))))
def test_json_is_the_same_document_and_steers_nothing(text: str) -> None:
    document = json_text({"name": text}, indent=2)

    assert json.loads(document) == {"name": text}
    assert set(document) & set(STEERING) <= {"\n"}


def test_a_fault_of_ours_quotes_a_stranger_s_name_without_what_steers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing() -> None:
        raise ValueError("no such group: \x1b[2JWard")

    monkeypatch.setattr(program, "app", failing)

    with pytest.raises(SystemExit) as ended:
        program.run()

    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert "Traceback" in said
    assert said.endswith("ValueError: no such group: \N{REPLACEMENT CHARACTER}[2JWard\n")
