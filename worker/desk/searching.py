"""What people type to find a ticket, in the ways in which a ticket has it. Pure."""

from __future__ import annotations

import re

from worker.domain.identity.phones import to_e164
from worker.domain.tickets.ticket import DIGITS_MAX, ticket_label

_LABEL = re.compile(rf"[Tt]-([0-9]{{1,{DIGITS_MAX}}})")


def spellings(text: str, region: str) -> tuple[str, ...]:
    """A text with single blanks, and as the ticket's id or the phone number that it may be; empty for an empty text.

    `region` (ISO 3166 alpha-2) is the dial plan of a number without a country code.
    """
    plain = " ".join(text.split())
    label = _LABEL.fullmatch(plain)
    number = to_e164(plain, region)
    read = (text, plain, ticket_label(int(label[1])) if label else "", number or "")
    return tuple(dict.fromkeys(one for one in read if one))
