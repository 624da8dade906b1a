"""Words of a list of members that are nobody's name: "You", "and 12 others", "Group admin". Pure."""

from __future__ import annotations

import re

_COUNTED = re.compile(r"\+?[0-9]{1,5}\+?")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.casefold().split())


# "You": of the second row only at the start or the end, since these are names or titles, too
YOU = _words("you vous você أنت آپ आप siz вы ви 你 您 あなた 自分 나 당신 คุณ bạn εσείς εσύ אתה את sinä wewe")
YOU_AT_AN_END = _words("du sie tú tu usted lei je jij u sen ty te ön dvs ni dig kamu anda")
_OTHERS = _words(
    "other others more weitere weiterer andere autre autres más otros otras outro outros outras mais altri altre altro "
    "anderen meer آخرون آخرين أخرى अन्य kişi daha diğer innych inne ещё еще других інших muut andra andre lainnya 人 名"
)
_AND = _words("and und et y e i en ve و और и і oraz og och ja dan ed &")
LAST_TWO = (
    *("and", "und", "et", "y", "en", "ve"),
    *("و", "और", "и", "oraz", "og", "och", "&"),
)  # not "e": Costa e Silva
_NOISE = _words(
    "admin administrator beheerder administrador administradora amministratore yönetici مشرف مسؤول एडमिन"
)
_NOISE_BEFORE = _words("group community gruppen de du del do di der groupe grupo gruppo grup المجموعة ग्रुप -")
_TITLE = _words(
    "members participants mitglieder teilnehmer membres participantes membri partecipanti leden deelnemers miembros "
    "membros أعضاء सदस्य üye katılımcı członków uczestników"
)


def is_count(words: list[str]) -> bool:
    """Whether words only say that there are so many more."""
    rest = [word for word in words if word not in _AND]
    numbers = [word for word in rest if _COUNTED.fullmatch(word)]
    others = [word for word in rest if word in _OTHERS]
    is_plus = len(rest) == 1 and rest[0].startswith("+")
    return len(numbers) == 1 and len(numbers) + len(others) == len(rest) and (bool(others) or is_plus)


def is_noise(piece: str) -> bool:
    """Whether a part is what the app writes beside a member, or above the list: "Group admin", "12 members"."""
    words = piece.casefold().split()
    if len(words) == 2 and words[1] in _TITLE and words[0].isdecimal():  # noqa: PLR2004  "12 members"
        return True
    return bool(words) and words[-1] in _NOISE and all(word in _NOISE_BEFORE for word in words[:-1])
