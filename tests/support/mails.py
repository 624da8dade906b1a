"""A message about one late ticket, as the worker says it in each language; names run both ways."""

from dataclasses import replace

from builders import NOW, ticket
from harness import TIMEZONE
from worker.domain.messages.message import Message, Recipient, RecipientKind
from worker.domain.messages.paragraphs import escalation_paragraph
from worker.domain.messages.sentences import digest, last_today, may_be_repeat, open_ticket
from worker.domain.tickets.ticket import Assignee, AssigneeWhy
from worker.languages import BabelLanguages

LINK = "https://whosleft.example.org/t/Zk3T9cQ4?from=mail"


def late_ticket(language: str, address: str = "amina.yusuf@example.org", key: str = "") -> Message:
    """What the assignee of an overdue ticket gets, with everything that a message can have."""
    tongue = BabelLanguages("en").of(language)
    to = Recipient(RecipientKind.PERSON, address, "Amina Yusuf", language)
    late = ticket(
        id=123,
        group_name="Ward 7 قسم nights",
        member_name="Ann O'Neill",
        assignee=Assignee(address, "Amina Yusuf", AssigneeWhy.ADMIN),
        due_at=NOW,
    )
    body = escalation_paragraph(late, to, TIMEZONE, NOW, tongue=tongue)
    body = replace(body, ticket=late.label, link=LINK)
    message = digest(
        key or f"late-{language}",
        to,
        [(body.headline, body)],
        last_today(3, tongue),
        is_urgent=True,
        tongue=tongue,
    )
    return replace(message, repeat_note=may_be_repeat(tongue), link_label=open_ticket(tongue))
