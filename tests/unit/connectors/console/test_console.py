import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.notify.console import SPEC
from connectors.notify.console.config import ConsoleConfig
from connectors.notify.console.connector import ConsoleNotifier
from connectors.notify.console.mapping import render
from contracts.messages import AMINA, MESSAGE, TO_AMINA, context
from worker.domain.messages.message import CHANNEL, Message, Paragraph, Recipient, RecipientKind
from worker.ports import Transient


def test_a_message_to_a_person_reads_like_a_letter() -> None:
    message = replace(
        TO_AMINA,
        may_be_repeat=True,
        paragraphs=(
            *MESSAGE.paragraphs,
            Paragraph("T-000124", text="A second one.\nIn two lines."),
        ),
    )
    assert render(message, 60) == (
        "To: Amina Yusuf <amina.yusuf@example.org>\n"
        "Remove Sam Okafor from Ward 7 nights\n"
        "====================================\n"
        "  This may be a repeat: an earlier attempt to send it ended\n"
        "  without a clear answer.\n"
        "\n"
        "  T-000123 is overdue\n"
        "    Sam left on 20 November and is still in the group.\n"
        "    Group: Ward 7 nights\n"
        "    Phone: +447700900123\n"
        "    1. Open the group.\n"
        "    2. Tap the name.\n"
        "    3. Tap Remove.\n"
        "    https://whosleft.example.org/t/T-000123?s=a&b=c\n"
        "\n"
        "  T-000124\n"
        "    A second one.\n"
        "    In two lines.\n"
        "\n"
    )


@pytest.mark.parametrize(
    "to, line",
    [
        (CHANNEL, "To: the security channel"),
        (AMINA, "To: Amina Yusuf <amina.yusuf@example.org>"),
        (Recipient(RecipientKind.PERSON, "a@example.org"), "To: a@example.org"),
        (Recipient(RecipientKind.PERSON, name="Amina"), "To: Amina"),
        (Recipient(RecipientKind.PERSON, "a@example.org", "A\nTo: B"), "To: A To: B <a@example.org>"),
    ],
)
def test_the_first_line_says_whom_it_is_for(to: Recipient, line: str) -> None:
    assert render(Message("k", to, "Title"), 80).splitlines()[0] == line


def test_facts_are_in_a_column_and_long_values_hang_under_it() -> None:
    facts = (("Group", "Ward 7"), ("Phone number", "word " * 20), ("A label that is far too long", "x"))
    assert render(Message("k", CHANNEL, "T", (Paragraph("", facts=facts),)), 60).splitlines()[4:] == [
        "    Group:                   Ward 7",
        "    Phone number:            word word word word word word",
        "                             word word word word word word",
        "                             word word word word word word",
        "                             word word",
        "    A label that is far too long:",
        "                             x",
        "",
    ]


def test_a_link_is_never_broken_over_lines() -> None:
    link = "https://whosleft.example.org/t/T-1?" + "s=abc-def&" * 30
    assert link in render(Message("k", CHANNEL, "T", (Paragraph("", link=link),)), 40).replace("    ", "")


@pytest.mark.parametrize("columns, longest", [(1, 40), (60, 60), (500, 100)])
def test_lines_are_as_wide_as_the_terminal_within_reason(columns: int, longest: int) -> None:
    text = render(Message("k", CHANNEL, "T", (Paragraph("", text="word " * 200),)), columns)
    assert longest - 5 < max(map(len, text.splitlines())) <= longest


@given(st.text(max_size=80))
def test_text_from_outside_cannot_write_a_line_of_its_own_kind(text: str) -> None:
    paragraph = Paragraph(text, text=text, facts=((text, text),), steps=(text,), link=text)
    lines = render(Message("k", replace(AMINA, name=text), "T", (paragraph,)), 80).split("\n")
    assert [line for line in lines[3:] if line and not line.startswith("  ")] == []
    assert sum(line.startswith("To: ") for line in lines) == 1


def test_letters_that_the_stream_cannot_take_are_replaced() -> None:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii") as stream:
        ConsoleNotifier(context(), stream).send(replace(MESSAGE, title="قسم الطوارئ"))
        assert b"???" in raw.getvalue()


def test_it_writes_to_standard_error_and_leaves_standard_output_clean(
    capsys: pytest.CaptureFixture[str],
) -> None:
    SPEC.build(ConsoleConfig(), context()).send(MESSAGE)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("To: the security channel\n")


def test_a_closed_stream_is_tried_again_and_check_is_red() -> None:
    stream = io.StringIO()
    notifier = ConsoleNotifier(context(), stream)
    assert notifier.check().ok
    stream.close()
    with pytest.raises(Transient) as raised:
        notifier.send(MESSAGE)
    result = notifier.check()
    assert not result.ok
    assert result.remedy == raised.value.remedy


class BrokenPipe(io.StringIO):
    """A stream whose reader went away."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def test_a_reader_that_went_away_is_tried_again() -> None:
    with pytest.raises(Transient, match=r"cannot be written to: .*Broken pipe"):
        ConsoleNotifier(context(), BrokenPipe()).send(MESSAGE)
