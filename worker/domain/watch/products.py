"""Which products a messenger is, by the names that advisories use. A table: no product is named elsewhere.

CPE names are those of the National Vulnerability Database, vendors' and products' names those of KEV and of CVE
records, all read 2026-11. No CPE was found for Slack's apps and for Element. XMPP has too many apps to name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class CpeName:
    """A product's name in CPE 2.3. `part`: a (app) or o (system). `platform` is what it runs on, where it tells."""

    part: str
    vendor: str
    product: str
    platform: str = ""
    is_business: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """What a messenger, or a system of phones, is called.

    key       the messenger's; a system has one of its own
    title     its name, for people
    cpes      its names in CPE
    vendors   the first words of its vendors' names, in lower case; they go with `names`
    names     words of a product's name, of which one is enough
    phrases   words of a description that mean this product and no other
    searched  words by which to search descriptions
    known_for only an exploited record counts, and only if that has been known for no longer; None: all count
    """

    key: str
    title: str
    cpes: tuple[CpeName, ...] = ()
    vendors: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    known_for: timedelta | None = None


_RECENT = timedelta(days=120)
_MESSENGERS = (
    Product(
        "whatsapp",
        "WhatsApp",
        (
            CpeName("a", "whatsapp", "whatsapp"),
            CpeName("a", "whatsapp", "whatsapp_business", is_business=True),
            CpeName("a", "whatsapp", "whatsapp_for_desktop", "desktop"),
            CpeName("a", "whatsapp", "whatsapp_desktop", "desktop"),
        ),
        ("facebook", "meta", "whatsapp"),
        ("WhatsApp",),
        ("WhatsApp",),
        ("WhatsApp",),
    ),
    Product(
        "signal",
        "Signal",
        (
            CpeName("a", "signal", "signal"),
            CpeName("a", "signal", "private_messenger"),
            CpeName("a", "signal", "signal-desktop", "desktop"),
        ),
        ("signal", "signalapp"),
        ("Signal",),
        # The word alone means too much else
        ("Signal Desktop", "Signal Private Messenger", "Signal Messenger", "Signal for Android", "Signal for iOS",
         "Signal Android", "Signal iOS"),
        ("Signal",),
    ),
    Product(
        "telegram",
        "Telegram",
        (CpeName("a", "telegram", "telegram"), CpeName("a", "telegram", "telegram_desktop", "desktop")),
        ("telegram",),
        ("Telegram",),
        ("Telegram",),
        ("Telegram",),
    ),
    Product(
        "teams",
        "Microsoft Teams",
        (CpeName("a", "microsoft", "teams"),),
        ("microsoft",),
        ("Teams",),
        ("Microsoft Teams",),
        ("Microsoft Teams",),
    ),
    Product(
        "slack",
        "Slack",
        (),
        ("slack", "salesforce"),
        ("Slack",),
        ("Slack Desktop", "Slack for Android", "Slack for iOS", "Slack for Mac", "Slack for Windows",
         "Slack for Linux", "Slack app"),
        ("Slack",),
    ),
    Product(
        "matrix",
        "Element",
        (),
        ("element", "element-hq", "vector-im", "vector"),
        ("Element", "element-android", "element-ios", "element-web", "element-desktop", "element-x-android",
         "element-x-ios", "riot-android", "riot-ios"),
        ("Element Android", "Element iOS", "Element Web", "Element Desktop", "Element X"),
        ("Element",),
    ),
)  # fmt: skip
_SYSTEMS = (
    Product(
        "ios",
        "Apple iOS",
        (CpeName("o", "apple", "iphone_os", "ios"), CpeName("o", "apple", "ipados", "ios")),
        ("apple",),
        ("iOS", "iPadOS", "Multiple Products"),
        known_for=_RECENT,
    ),
    Product(
        "android",
        "Android",
        (CpeName("o", "google", "android", "android"),),
        ("google", "android"),
        ("Android", "Framework", "Kernel", "Pixel"),
        known_for=_RECENT,
    ),
)
MESSENGERS_WATCHED = frozenset(one.key for one in _MESSENGERS)
_BY_KEY = {one.key: one for one in (*_MESSENGERS, *_SYSTEMS)}


def is_known(messenger: str) -> bool:
    """Whether the table says what a messenger's products are called, in any case; a system is no messenger."""
    return messenger.casefold() in MESSENGERS_WATCHED


def title_of(key: str) -> str:
    """A messenger's or system's name for people; its key if the table has none."""
    return _BY_KEY[key].title if key in _BY_KEY else key


def products_of(messengers: Collection[str], *, has_systems: bool) -> tuple[Product, ...]:
    """The products of these messengers, and of phones' systems if wanted, in the table's order."""
    wanted = {one.casefold() for one in messengers}
    found = tuple(one for one in _MESSENGERS if one.key in wanted)
    return (*found, *_SYSTEMS) if has_systems else found


def asked_text(products: Sequence[Product]) -> str:
    """What a feed is asked for, as one word that changes with it: the keys, and a hash of all their names."""
    keys = "+".join(one.key for one in products)
    return f"{keys}:{hashlib.sha256(repr(tuple(products)).encode()).hexdigest()[:16]}"


def keys_asked(text: str) -> frozenset[str]:
    """The keys in such a word; none in the bare hash that earlier releases kept."""
    return frozenset(text.rpartition(":")[0].split("+")) - {""}
