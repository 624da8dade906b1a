"""Names of people, lists of them, and names of groups in file names. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from pathlib import PurePosixPath

from connectors.kit.text import one_line
from connectors.kit.whatsapp_export.events import Who
from connectors.kit.whatsapp_export.text import NAME_MAX, folded, tidy
from worker.domain.identity.phones import to_e164

SUBJECTS_MAX = 1024  # members of one group
EXPORTER = Who(is_exporter=True)
_ANY = "GB"  # numbers of exports have their country code


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


YOU = _words("""
    you du dich dir vous tú te usted ustedes você tu ti lei je jij jou u أنت انت آپ आप siz sizi sen seni ty cię ciebie
""")
_OTHERS = _words("""
    other others weitere andere anderer autre autres otro otros otras outro outros outras altri altre altro anderen
    diğer kişi innych inne آخرون آخرين अन्य
""")
_COUNT = re.compile(r"[0-9]{1,4}")
# What WhatsApp puts before (or after) the name of a chat, by language
_BEFORE = (
    "WhatsApp Chat with ", "WhatsApp Chat - ", "WhatsApp chat with ", "WhatsApp Chat mit ", "WhatsApp-Chat mit ",
    "Discussion WhatsApp avec ", "Chat de WhatsApp con ", "Conversa do WhatsApp com ", "Conversa WhatsApp com ",
    "Chat WhatsApp con ", "WhatsApp-chat met ", "WhatsApp Chat met ", "Czat WhatsApp z ", "Czat w WhatsApp z ",
    "دردشة واتساب مع ", "محادثة واتساب مع ", "محادثة WhatsApp مع ", "دردشة WhatsApp مع ",
)  # fmt: skip
_AFTER = (" के साथ WhatsApp चैट", " ile WhatsApp Sohbeti", " ile WhatsApp sohbeti")
_COPY = re.compile(r"\s?\([0-9]{1,3}\)$")
_SLUG_MAX, _HASH_MAX = 40, 8


@lru_cache(maxsize=8192)
def who(text: str) -> Who | None:
    """Return the person that a text names; None if it is no name."""
    name = tidy(text).removeprefix("~").strip()
    if not name or len(name) > NAME_MAX:
        return None
    if name.casefold() in YOU:
        return EXPORTER
    phone = to_e164(name, _ANY) if name.startswith("+") else None
    return Who(phone=phone) if phone else Who(name=one_line(name))


def key(person: Who) -> str:
    """Return what a person is known by within one export."""
    return person.phone or f"name:{folded(person.name)}"


def people(
    text: str, conjunctions: tuple[str, ...], is_sure: Callable[[Who], bool]
) -> tuple[tuple[Who, ...], bool]:
    """Return the people of a list, "A, B and C", and whether all are named.

    A text without an "and" is one name, since names may have commas. A text with one may be a name, too ("Salt and
    Sons"): it is a list only if `is_sure` of each part. Empty if a part is no name.
    """
    pieces = _pieces(text, conjunctions)
    named = [piece for piece in pieces if not _is_others(piece)]
    found = [who(piece) for piece in named]
    is_whole = len(named) == len(pieces)
    if len(found) > 1 and not all(one and is_sure(one) for one in found):
        found = [who(text)]
    if len(found) > SUBJECTS_MAX or not all(found):
        return (), is_whole
    return tuple(dict.fromkeys(one for one in found if one)), is_whole


def _pieces(text: str, conjunctions: tuple[str, ...]) -> list[str]:
    for conjunction in conjunctions:
        rest, between, last = text.rpartition(conjunction)
        if between:
            return [*(piece.strip() for piece in rest.rstrip(" ,").split(", ")), last.strip()]
    return [text]


def _is_others(piece: str) -> bool:
    words = piece.split()
    return any(map(_COUNT.fullmatch, words)) and any(word.casefold() in _OTHERS for word in words)


def group_in(file_name: str) -> str:
    """Return the name of the group in a file's name; "" if it has none."""
    stem = _COPY.sub("", tidy(PurePosixPath(file_name).stem))
    for before in _BEFORE:
        if stem.startswith(before):
            return group_name(stem.removeprefix(before).removeprefix(": "))
    for after in _AFTER:
        if stem.endswith(after):
            return group_name(stem.removesuffix(after))
    return "" if stem in {"_chat", "chat"} else group_name(stem)


def group_name(text: str) -> str:
    """Return a group's name on one line, of limited length."""
    return one_line(tidy(text))[:NAME_MAX]


def group_id(name: str) -> str:
    """Return the id of a group that has none: a readable part, and a hash of the name's letters and digits.

    A file's name lacks what file systems don't allow, so case, spaces, punctuation and pictures don't count:
    "Ward 7: Nights" and "ward 7 nights" are one group, `ward-7-nights-` and eight hex digits. A name of pictures alone
    counts as it is. Two groups of one name are one; a group that is renamed is another.
    """
    letters = "".join(character for character in folded(name) if character.isalnum()) or folded(name)
    digest = hashlib.sha256(letters.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_MAX]
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    slug = "-".join("".join(c if c.isalnum() else " " for c in plain).split())[:_SLUG_MAX].strip("-")
    return f"{slug or 'group'}-{digest}"
