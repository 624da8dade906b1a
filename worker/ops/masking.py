"""Mask values for the log: it never shows a secret, and of people only enough to tell two of them apart.

By key (`name`, `email`, `password` …) and, in any text, by shape: phone numbers in any script's digits,
e-mail addresses, tokens, passwords in URLs. Instants, UUIDs and IP addresses look like numbers and are kept.
A person's name in running text cannot be recognised: log it under its key.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, time, timedelta
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from worker.domain.identity import phones

HIDDEN = "•••"
REDACTED = "[redacted]"
DIGITS_MIN = 7  # the shortest national numbers
DIGITS_SHOWN_FROM = 10  # of a shorter number even the last three digits say too much
TEXT_MAX = 4000
ITEMS_MAX = 50
DEPTH_MAX = 6

_PERSONAL_KEY = re.compile(
    r"(?:.*_)?(?:e_?mail|mail|phone|mobile|telephone|handle|username|login|lid)s?"
    r"|(?:(?:display|person|member|full|first|last|given|family|user|assignee|manager)_?)?names?|surname"
    r"|users?|native_id|address|recipients?|assignee|accountable|manager|person|people|members?"
)
PLAIN_KEYS = frozenset({"holder"})  # a host's name and a process number
COUNTED_KEYS = frozenset({"members", "people"})  # with a number: how many
_SECRET_WORDS = "|".join(  # noqa: FLY002  the linter takes one text for a password
    (
        "tokens?|passwords?|passwd|pwd|secrets?|authorization|credentials?",
        "cookies?|api_?keys?|private_?key|signature",
    )
)
_SECRET_KEY = re.compile(rf"(?:^|[_\-. ])(?:{_SECRET_WORDS})(?:$|[_\-. ])", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

_SEPARATOR = r"[\s.\-/()\u2010-\u2015\u2212\u00ad\u200b-\u200f\u202a-\u202e\u2066-\u2069]"
_INSTANT = r"""(?:
    (?<![\d-]) (?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])
    (?:[T ][0-9]{2}:[0-9]{2} (?::[0-9]{2}(?:\.[0-9]+)?)? (?:Z|[+-][0-9]{2}:?[0-9]{2})? )? (?![\d-])
)"""
_UUID = r"(?: (?<![\w-]) [0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12} (?![\w-]) )"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"""(?:
    (?<![\d.]) (?!(?:[0-9]{{2}}\.){{3}}[0-9]{{2}}(?![\d.]))  # 12.34.56.78 is a Danish number
    (?:{_OCTET}\.){{3}}{_OCTET} (?!\d|\.\d)
)"""
_NUMBERS = re.compile(
    rf"""
    (?P<kept> {_UUID} | {_INSTANT} | {_IPV4} )
    | (?P<number> (?:[+＋]\s?)? [(]? \d
          (?: (?!{_SEPARATOR}+{_INSTANT}) {_SEPARATOR}{{0,3}}\d ){{{DIGITS_MIN - 1},}} )
    """,
    re.VERBOSE,
)
_EMAIL = re.compile(r"[\w.+%'-]{1,64}@(?P<host>[\w-]+(?:\.[\w-]+)+)")
_NAMED = rf"""
    ( [\w-]{{0,40}}(?:{_SECRET_WORDS})["']?\s*=\s* | ["'][\w-]{{0,40}}(?:{_SECRET_WORDS})["']\s*:\s* )
    (?: "[^"]*" | '[^']*' | [^\s&,;"']+ )
"""
_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bxox[a-z][.-][\w.-]+|\bxapp-[\w-]+"), REDACTED),  # Slack
    (re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"), REDACTED),  # a JSON web token
    (
        # But not "basic authentication": a plain word is no credential
        re.compile(r"(?i)\b(bearer|basic)\s+(?=[\w.~+/=-]*[\d=._~+/-]|\w{16})[\w.~+/=-]{8,}"),
        rf"\1 {REDACTED}",
    ),
    (re.compile(r"(?<=://)([^\s:/@]*):[^\s/]*@"), rf"\1:{REDACTED}@"),  # user:password in a URL
    (re.compile(_NAMED, re.VERBOSE | re.IGNORECASE), rf"\1{REDACTED}"),
    # The part of a database error that quotes the refused row
    (re.compile(r"\[parameters: .*?(?=\(Background on|\Z)", re.DOTALL), f"[parameters: {HIDDEN}] "),
    (re.compile(r"(Failing row contains |Key \([^)]*\)=)\(.*?(?=\n[A-Z\[]|\Z)", re.DOTALL), rf"\1({HIDDEN})"),
)


def mask_text(text: str) -> str:
    """The text with secrets, e-mail addresses and phone numbers hidden. Idempotent; at most TEXT_MAX long."""
    whole = len(text)
    text = text[: 2 * TEXT_MAX]
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    text = _EMAIL.sub(_masked_email, text)
    text = _NUMBERS.sub(_masked_number, text)
    return text if whole <= TEXT_MAX else f"{text[:TEXT_MAX]}… ({whole} characters)"


def mask(value: Any, key: str = "", depth: int = 0) -> Any:
    """A value as the log's JSON shows it under `key`: text, numbers, lists and dicts with text keys.

    Objects of unknown classes are shown only by their class, since their repr may say anything.
    """
    if value is None or isinstance(value, bool):
        return value
    if is_secret_key(key):
        return REDACTED
    if key in COUNTED_KEYS and isinstance(value, int):
        return value
    if is_personal_key(key) and not isinstance(value, Mapping):
        return _masked_personal(value, key, depth)
    if key in PLAIN_KEYS and isinstance(value, str):
        return value
    if isinstance(value, Enum):
        return mask(value.value, key, depth)
    if isinstance(value, int | float):
        return value
    if depth >= DEPTH_MAX:
        return "…"
    return _mask_compound(value, key, depth)


def _mask_compound(value: Any, key: str, depth: int) -> Any:
    if isinstance(value, Mapping):
        pairs = list(value.items())[:ITEMS_MAX]
        return {mask_text(str(name)): mask(item, str(name), depth + 1) for name, item in pairs}
    if isinstance(value, (Sequence, AbstractSet)) and not isinstance(
        value, str | bytes | bytearray | memoryview
    ):
        shown = [mask(item, key, depth + 1) for item in list(value)[:ITEMS_MAX]]
        return [*shown, f"… {len(value) - ITEMS_MAX} more"] if len(value) > ITEMS_MAX else shown
    return mask_text(_as_text(value))


def is_secret_key(key: str) -> bool:
    """True if values under this key are never shown, such as `bot_token` or `clientSecret`."""
    return bool(_SECRET_KEY.search(_CAMEL.sub("_", key)))


def is_personal_key(key: str) -> bool:
    """True if values under this key name a person."""
    plain = _CAMEL.sub("_", key).lower().replace("-", "_")
    return bool(_PERSONAL_KEY.fullmatch(plain))


def _as_text(value: Any) -> str:
    if isinstance(value, date | time):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g} s"
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    if isinstance(value, str | PurePath | UUID):
        return str(value)
    return f"<{type(value).__qualname__}>"


def _masked_personal(value: Any, key: str, depth: int) -> Any:
    if isinstance(value, (Sequence, AbstractSet)) and not isinstance(value, str | bytes | bytearray):
        return [_masked_personal(item, key, depth + 1) for item in list(value)[:ITEMS_MAX]]
    if isinstance(value, str | int):
        text = mask_text(str(value))
        if text != str(value) and HIDDEN[0] in text and not any(map(str.isspace, text)):
            return text  # an address or number, already masked as in any text
    return HIDDEN


def _masked_email(found: re.Match[str]) -> str:
    return f"{found[0][0]}{HIDDEN}@{found['host']}"


def _masked_number(found: re.Match[str]) -> str:
    if found["kept"]:
        return found[0]
    digits = "".join(str(unicodedata.decimal(c)) for c in found["number"] if c.isdecimal())
    if found["number"][0] in "+＋":
        return phones.mask(f"+{digits}")
    return f"{HIDDEN}{digits[-phones.MASK_SHOWN :]}" if len(digits) >= DIGITS_SHOWN_FROM else HIDDEN
