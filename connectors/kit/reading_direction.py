"""Which way a language runs. Apart from `text`, which processes of their own load without Babel. Pure."""

from __future__ import annotations

from babel import Locale, UnknownLocaleError


def is_rtl(language: str) -> bool:
    """True if the language (BCP 47) is written from right to left; an unknown one is not."""
    try:
        return Locale.parse(language, sep="-").text_direction == "rtl"
    except (UnknownLocaleError, ValueError):
        return False
