"""Which texts are the same: line ends are no part of them, whatever an earlier release kept of them."""

from __future__ import annotations

from hashlib import sha256

import pytest

from worker.domain.controls.statements import Statement, StatementRule, TextSeen, text_hash
from worker.domain.controls.switch import ControlSwitch, Mode

LF = "# Chats\n\nNo names of patients.\n"
CRLF = LF.replace("\n", "\r\n")
MIXED = LF.replace("\n", "\r\n", 1)


def rule(text: str) -> StatementRule:
    return StatementRule(
        Statement.POLICY, "policy", ControlSwitch(Mode.REPORT), "chats", "3", texts={"en": text}
    )


def kept(raw: str, *, is_raw: bool) -> TextSeen:
    """What was kept of a text; `is_raw`: by a release whose hashes are of the bytes as they are."""
    found = sha256(raw.encode()).hexdigest() if is_raw else text_hash(raw)
    return TextSeen("policy:chats", "3", "en", found)


@pytest.mark.parametrize("text, before, is_raw, is_other", [
    (LF, CRLF, False, False),
    (CRLF, LF, False, False),
    (LF, LF, True, False),
    (LF, CRLF, True, False),
    (CRLF, CRLF, True, False),
    (CRLF, LF, True, False),
    (MIXED, MIXED, True, False),
    (LF + "!", LF, False, True),
    (LF + "!", CRLF, True, True),
])  # fmt: skip
def test_line_ends_change_no_text(text: str, before: str, is_raw: bool, is_other: bool) -> None:
    assert rule(text).differs_from([kept(before, is_raw=is_raw)]) is is_other
