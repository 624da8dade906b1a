"""Messages that every notifier is sent, ordinary, long, crowded and hostile ones; and the context it is built with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from worker.domain.messages.event import FeedEvent, event_paragraph
from worker.domain.messages.message import CHANNEL, Message, Paragraph, Recipient, RecipientKind, feed_of
from worker.ports import (
    ConnectorContext,
)

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
AMINA = Recipient(RecipientKind.PERSON, "amina.yusuf@example.org", "Amina Yusuf")
NOBODY = Recipient(RecipientKind.PERSON, "nobody@example.org", "Nobody Atall")
MESSAGE = Message(
    key="T-000123/step-1/0",
    to=CHANNEL,
    title="Remove Sam Okafor from Ward 7 nights",
    paragraphs=(
        Paragraph(
            headline="T-000123 is overdue",
            text="Sam left on 20 November and is still in the group.",
            facts=(("Group", "Ward 7 nights"), ("Phone", "+447700900123")),
            steps=("Open the group.", "Tap the name.", "Tap Remove."),
            link="https://whosleft.example.org/t/T-000123?s=a&b=c",
        ),
    ),
)
TO_AMINA = replace(MESSAGE, to=AMINA)
EVENT = FeedEvent(
    seq=17,
    kind="ticket.escalated",
    at=NOW,
    source="https://whosleft.example.org",
    subject="T-000123",
    link="https://whosleft.example.org/tickets/T-000123",
    data={"state": "open", "group": "wards/120@g.us"},
)
TO_A_FEED = Message(key="event-17", to=feed_of("soc"), title=EVENT.kind, paragraphs=(event_paragraph(EVENT),))


def context(name: str = "soc") -> ConnectorContext:
    return ConnectorContext(
        name=name,
        base_dir=Path(),
        default_region="GB",
        timezone="Europe/London",
        language="en",
        now=lambda: NOW,
    )


END = "THE-END"
LONG = {
    "title": replace(MESSAGE, title="START " + "long title " * 60 + END),
    "text": replace(MESSAGE, paragraphs=(Paragraph("START", "& long <text> " * 900 + END),)),
    "headline": replace(MESSAGE, paragraphs=(Paragraph("START " + "h" * 4000 + " " + END),)),
    "facts": replace(MESSAGE, paragraphs=(Paragraph("START", facts=(("L" * 500, "v" * 2500 + END),) * 11),)),
    "many facts": replace(MESSAGE, paragraphs=(Paragraph("START", facts=(("Name", "x" * 99 + END),) * 700),)),
    "steps": replace(
        MESSAGE, paragraphs=(Paragraph("START", steps=("Do <this> & that. " * 9,) * 80 + (END,)),)
    ),
    "beyond the BMP": replace(MESSAGE, title="START " + "👩🏽‍⚕️" * 150 + END),
}
STEERING = {chr(n) for n in (*range(0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0))} | set(
    "\u202a\u202b\u202c\u202d\u202e\u2028\u2029"
)
HOSTILE = (
    "<!channel>",
    "<!here|here>",
    "<!everyone>",
    "<@U0AMINA01>",
    "<!subteam^S0NURSES1>",
    "@channel @here @everyone",
    "*bold*",
    "~struck~ _slanted_ `code`",
    "```\nblock\n```",
    "> quoted\n>>> more",
    ":rotating_light: :+1:",
    "<https://evil.example.org|Ward 7 nights>",
    "&lt;!channel&gt;",
    "\x1b[31mred\x1b[0m\x1b]0;title\a",
    "\x9b31m",
    "\u202eesrever\u202c \u2066isolate\u2069",
    "\u2067not closed",
    "closed\u2069 before\u2068",
    "Ward 7\r\nTo: Everybody\u2028To: All",
    "half a pair \ud83d",
)


def _crowd(word: str, *, facts: int = 2, steps: int = 2, size: int = 80) -> tuple[Paragraph, ...]:
    """As many tickets as one bad day makes for one reader."""
    return tuple(
        Paragraph(
            headline=f"Remove {word} from Ward {number}",
            text=word,
            facts=(("Ticket", f"T-{number:06}"), *((("Group", word),) * facts)),
            steps=(word,) * steps,
            link=f"https://whosleft.example.org/t/T-{number:06}?s=a&b=c",
        )
        for number in range(size)
    )


CROWDS = {
    "plain": _crowd("Sam Okafor"),
    "long texts": _crowd("& long <text> " * 400, size=20),
    "many facts": _crowd("Sam", facts=60),
    "facts without end": _crowd("Sam Okafor " * 20, facts=400, size=3),
    "many steps": _crowd("Tap the name of the group.", steps=90),
    "beyond the BMP": _crowd("👩🏽‍⚕️" * 150, size=20),
    "right to left": _crowd("قسم \u2068Ward\u2069 الطوارئ " * 60, size=20),
    "escapes": _crowd('"&\\<' * 400, size=20),
    "texts to paste": tuple(
        replace(one, pasted=(("Rules", "Be kind.\n" * 95),)) for one in _crowd("Sam", size=20)
    ),
    "tiny": tuple(Paragraph("", link=f"https://x.example.org/{number}") for number in range(80)),
}
NOTED = replace(
    MESSAGE, note="That was the last for today.", repeat_note="You may have read this before, sorry."
)
