"""True and false, as PowerShell and Excel write them in the administrator's language.

Only certain words count, since `Enabled` = false is evidence that somebody left. Any other word gives None.
"""

from __future__ import annotations

TRUE = frozenset(
    "true 1 yes y enabled on wahr ja vrai oui verdadero verdadeiro sí si sim vero sì waar sant sand sann "
    "tosi kyllä prawda tak pravda ano áno igaz igen adevărat doğru evet istina da αληθές ναι "
    "истина да правда істина так 真 是 はい 참 예 صحيح نعم אמת כן".casefold().split()
)
FALSE = frozenset(
    "false 0 no n disabled off falsch nein faux non falso não nao onwaar nee falskt falsk usann nej nei "
    "epätosi ei fałsz nie nepravda ne hamis nem fals nu yanlış yanliş hayır hayir neistina ψευδές όχι "
    "ложь нет хиба ні 假 否 偽 いいえ 거짓 아니요 خطأ لا שקר לא".casefold().split()
)


def read_bool(text: str) -> bool | None:
    """True, False, or None for an empty or unknown word."""
    word = text.strip().casefold()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    return None
