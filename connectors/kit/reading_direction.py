"""Which way a language runs. Apart from `text`, which processes of their own load without Babel. Pure."""

from __future__ import annotations

import re

from babel import Locale, UnknownLocaleError

_EXTENSION = re.compile(
    r"-[0-9A-Za-z]-"
)  # a singleton, and what it begins: the digits to write, and the like


def is_rtl(language: str) -> bool:
    """True if the language (BCP 47) is written from right to left; an unknown one is not."""
    try:
        return Locale.parse(_EXTENSION.split(language)[0], sep="-").text_direction == "rtl"
    except (UnknownLocaleError, ValueError):
        return False
