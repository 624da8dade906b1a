"""Invented names in twelve locales: as a directory writes them, and as people write themselves in a chat."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Locale:
    """`number` gives the shape of a mobile number: its places are filled with digits, and no number is anybody's.

    `respelled` is the other spelling in which a messenger may show it. `own` are the names in the locale's own script,
    in the order of `first` and `last`; empty where that is Latin.
    """

    code: str
    number: str
    first: tuple[str, ...]
    last: tuple[str, ...]
    own: tuple[str, ...] = ()
    respelled: str = ""
    is_surname_first: bool = False

    def name(self, at: int) -> tuple[str, str]:
        """The first and the last name of a person in the directory, by any number."""
        return self.first[at % len(self.first)], self.last[at // len(self.first) % len(self.last)]

    def shown(self, at: int) -> str:
        """What a person calls themself in a chat: the whole name, turned round, in their script, or a pet name."""
        first, last = self.name(at)
        whole = f"{last} {first}" if self.is_surname_first else f"{first} {last}"
        own = self._own(at)
        return (whole, f"{last}, {first}", own or first, f"{first[:3]} ✨")[at // 7 % 4]

    def _own(self, at: int) -> str:
        if not self.own:
            return ""
        first = self.own[at % len(self.first)]
        last = self.own[len(self.first) + at // len(self.first) % len(self.last)]
        return f"{last}{first}" if self.is_surname_first else f"{first} {last}"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


LOCALES = (
    Locale("en-GB", "+4477{:08d}", _words("Emily Jack Holly Lucy Harry"), _words("Ashworth Barlow Denby Tolley")),
    Locale("de-DE", "+49151{:08d}", _words("Jürgen Anke Björn Heike Sören Ute"), _words("Müller Schröder Weiß Krüger")),
    Locale("fr-FR", "+336{:08d}", _words("Élodie Jérôme Chloé Noé Rémi"), _words("Lefèvre Diallo Girard Roussel")),
    Locale("pl-PL", "+485{:08d}", _words("Łukasz Żaneta Paweł Michał Ewa"), _words("Wójcik Pawlak Mazur Dąbek")),
    Locale("tr-TR", "+905{:09d}", _words("Işıl Çağla Ömer Şule Gökhan Ayşe"), _words("Yıldız Öztürk Şahin Güneş")),
    Locale(
        "pt-BR", "+551199{:07d}", _words("Inês João Tiago Marta Duarte Conceição"),
        _words("Moreira Antunes Figueira Gonçalves"), respelled="+55119{:07d}",
    ),
    Locale(
        "es-MX", "+5255{:08d}", _words("Ángela Raúl Itzel Julián Ximena Óscar"),
        _words("Núñez Ibáñez Peña Montaño"), respelled="+52155{:08d}",
    ),
    Locale(
        "es-AR", "+54911{:08d}", _words("Agustín Malena Facundo Lucía Ramiro Sofía"),
        _words("Ferrari Bianchi Quiroga Peralta"), respelled="+5411{:08d}",
    ),
    Locale(
        "ar-EG", "+2010{:08d}", _words("Layla Karim Nadia Youssef Dalia Omar"), _words("Mansour Khalil Farouk Nasser"),
        own=_words("ليلى كريم نادية يوسف داليا عمر منصور خليل فاروق ناصر"),
    ),
    Locale(
        "hi-IN", "+919{:09d}", _words("Priya Arjun Meera Rohan Anjali Vikram"), _words("Menon Iyer Reddy Sharma"),
        own=_words("प्रिया अर्जुन मीरा रोहन अंजलि विक्रम मेनन अय्यर रेड्डी शर्मा"),
    ),
    Locale(
        "zh-CN", "+8613{:09d}", _words("Mei Wei Xin Jun Ling Hao"), _words("Zhang Huang Zhou Lin"),
        own=_words("美 伟 欣 军 玲 浩 张 黄 周 林"), is_surname_first=True,
    ),
    Locale(
        "uk-UA", "+38067{:07d}", _words("Oksana Taras Yuliia Andrii Olha Serhii"), _words("Shevchuk Kovalenko Tkach"),
        own=_words("Оксана Тарас Юлія Андрій Ольга Сергій Шевчук Коваленко Ткач"),
    ),
)  # fmt: skip
