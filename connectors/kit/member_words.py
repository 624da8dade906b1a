"""Words of a list of members that are nobody's name: "You", "and 12 others", "Group admin". Pure."""

from __future__ import annotations

import re

_COUNTED = re.compile(r"\+?(?:[0-9]{1,5}|[0-9]{1,3}[.'\u2019][0-9]{3})\+?(?:人|名|位|명)?")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.casefold().split())


# "You": of the second row only at the start or the end, since these are names or titles, too
YOU = _words("you vous você أنت آپ आप siz вы ви 你 您 あなた 自分 나 당신 คุณ bạn εσείς εσύ אתה את sinä wewe")
YOU_AT_AN_END = _words("du sie tú tu usted lei je jij u sen ty te ön dvs ni dig kamu anda")
# After a number: "12 others". Of these, the second set may stand before it, too: "e mais 12"; "More 3" is a name
_OTHERS = _words(
    "other others more additional weitere weiterer weiteren andere anderer anderen mehr autre autres plus más otro "
    "otros otra otras outro outros outra outras mais altri altre altro altra meer overige andra andre fler flere "
    "till til innych inne inni więcej daha diğer kişi آخرون آخرين آخر أخرى إضافيين مزید دیگر اور بیشتر अन्य और अधिक "
    "ещё еще других другие інших інші ще ακόμη ακόμα άλλοι άλλα további másik dalších další ďalších alți alţi alte "
    "muuta muut lisää khác nữa lainnya lagi lain נוספים אחרים 더 更多 人 名 wengine zaidi"
)
_OTHERS_BEFORE = _words(
    "other another weitere autres outro outros outra outras mais más otros otras altri altre noch nog jeszcze ещё "
    "еще ще других інших ακόμη άλλοι még további dalších další încă alți alţi alte diğer دیگر مزید ועוד עוד أخرى "
    "plus + 他 他に 其他 另 另外 还有 還有 その他 ほか 等 외"
)
_AND = _words(
    "and und et y e i і en ve و ו और и і та oraz og och ja dan ed & και és și şi và اور 和 及 與 与 と"
)
_LED = _AND | _words("a the les los las os as gli le de")  # before a number only, since "A" is part of names
_PEOPLE = _words(
    "people person persons contacts personen personnes personne personas persona pessoas pessoa persone mensen "
    "personer osób osoby شخص أشخاص افراد نفر लोग व्यक्ति человек людей осіб άτομα fő osob lidí persoane henkilöä người "
    "orang személy אנשים de"
)
_UNCOUNTED = _words("others autres otros outros altri weitere anderen innych diğerleri")
_PHRASES = (
    "view all | see all | show all | view more | see more | show more | alle anzeigen | alle ansehen | "
    "mehr anzeigen | mehr ansehen | voir tout | tout afficher | tout voir | afficher tout | voir plus | "
    "ver todos | ver todo | ver más | mostrar todos | mostrar todo | mostrar más | ver tudo | ver mais | "
    "mostrar tudo | mostrar mais | zobacz wszystkie | zobacz wszystkich | pokaż wszystkie | pokaż więcej | "
    "pokaż wszystkich | wyświetl wszystkie | wyświetl wszystkich | tümünü gör | tümünü göster | "
    "tümünü görüntüle | hepsini gör | hepsini göster | عرض الكل | عرض المزيد | سب دیکھیں | تمام دیکھیں | "
    "مزید دیکھیں | सभी देखें | सब देखें | और देखें | mostra tutti | mostra tutto | vedi tutti | vedi tutto | "
    "alles weergeven | alle weergeven | alles bekijken | alle bekijken | visa alla | vis alle | se alle | "
    "показать все | показать всех | просмотреть все | посмотреть все | показати всі | переглянути всі | "
    "näytä kaikki | zobrazit vše | προβολή όλων | lihat semua | xem tất cả | הצגת הכול | مشاهده همه | 查看全部 | "
    "すべて表示 | 모두 보기"
)
_ALL = tuple([*one.split()] for one in _PHRASES.split("|"))
_MARKS = "()[]{}<>\uff08\uff09\u3010\u3011:.\u00b7"
_WORDS_MAX = 8  # of a count
# "و12", "ו-12", "Bob等12人", "ועוד12": a word that is written in one with the number
_JOINED = re.compile(
    r"(?:(?<!\S)([و\u05d5])-?|(他に|其他|另外|还有|還有|その他|ほか|他|另|等|ועוד|외)\s*)(?=[0-9])"
)
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
_BEFORE, _AFTER = _LED | _OTHERS_BEFORE, _LED | _OTHERS | _PEOPLE | _TITLE


def before_count(piece: str) -> str | None:
    """Return what stands before "and 12 others" or "View all (12 more)" at the end of a part; None without it."""
    words = _JOINED.sub(r" \1\2 ", piece.replace("\u2026", "\u2026 ").replace("\uff08", " (")).split()
    at = next((n for n in range(max(0, len(words) - _WORDS_MAX), len(words)) if is_count(words[n:])), None)
    return None if at is None else " ".join(words[:at]).rstrip(" ([")


def is_count(words: list[str]) -> bool:
    """Whether words only say that there are more, or how many: "and 12 others", "View all (12 more)"."""
    if len(words) > _WORDS_MAX:
        return False
    bare = [bare for word in words if (bare := word.casefold().strip(_MARKS))]
    numbers = [at for at, word in enumerate(bare) if _COUNTED.fullmatch(word)]
    phrase = next((one for one in _ALL if bare[: len(one)] == one), None)
    if phrase:
        rest = (word for at, word in enumerate(bare) if at not in numbers and at >= len(phrase))
        return (_BEFORE | _AFTER).issuperset(rest)
    if not numbers:  # "and others"
        return len(bare) > 1 and bare[0] in _AND and _UNCOUNTED.issuperset(bare[1:])
    before, number, after = bare[: numbers[0]], bare[numbers[0]], bare[numbers[0] + 1 :]
    if not (_BEFORE.issuperset(before) and _AFTER.issuperset(after)):
        return False
    is_led = bool(before) and before[0] in _AND
    return (
        number.startswith("+")
        or not _OTHERS_BEFORE.isdisjoint(before)
        or not _OTHERS.isdisjoint(after)
        or (is_led and bool(after))  # "and 12 people"
    )


def is_noise(piece: str) -> bool:
    """Whether a part is what the app writes beside a member, or above the list: "Group admin", "12 members"."""
    words = piece.casefold().split()
    if len(words) == 2 and words[1] in _TITLE and words[0].isdecimal():  # noqa: PLR2004  "12 members"
        return True
    return bool(words) and words[-1] in _NOISE and all(word in _NOISE_BEFORE for word in words[:-1])
