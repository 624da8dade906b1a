"""Phone numbers as people and machines write them, in E.164; their variants; a mask for the log.

    text -> digits as written -> the readings that the dial plans allow -> "+447700900123" or nothing

Pure; `phonenumbers` knows the dial plans. `worker.domain.identity.matching` decides who a number belongs to. Here,
two variants only mean that a messenger may show one account under both.
"""

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)

TEXT_MAX = 250  # what phonenumbers itself reads at most
EXTENSION_DIGITS_MAX = 6  # more digits than this after the number are a second number
LOCAL_MIN = 7  # a number of fewer digits is known only with its country code
MASK_SHOWN = 3
MESSAGE_SHOWN = 4  # enough to find the member in a list that shows the whole number
MASK_HIDDEN_MIN = 4  # fewer hidden digits than this could be guessed: then the last ones are hidden too
CACHE_SIZE = 1 << 12  # a megabyte; most numbers are clean, and read as quickly as they are found here

_NOTHING = re.compile(r"(?!)")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_CODES = {str(code): regions[0] for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()}
_WHATSAPP_HOSTS = frozenset({"c.us", "s.whatsapp.net"})
_WHATSAPP_USER = re.compile(r"\+?([0-9]+)(?::[0-9]+)?")  # "447700900123:7" is that account's seventh device
_MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})

# Not "possible" any more for phonenumbers, and still the ids of living WhatsApp accounts: Mexico with the
# mobile 1 (dropped in 2019) and Ivory Coast with eight digits (ten since 2021).
_RETIRED_BUT_SHOWN = re.compile(r"\+521[2-9][0-9]{9}|\+225[0-9]{8}")

_SEPARATOR = r"\s().\-/"
_REMARK = r"\s*\((?![0-9oil\s]*\))[^()]*[^\W\d_]"  # such as "(24h)"
# The digits are taken to the last one, possessively: a number must not end where it goes on with a letter
_WRITTEN = re.compile(
    rf"(?P<before>[^0-9+]*[^0-9+\w])?(?P<number>\+?[{_SEPARATOR}]*[0-9](?:(?!{_REMARK})[{_SEPARATOR}]*[0-9])*+)"
    r"(?P<rest>(?:\W|x|ext).*)?",
    re.IGNORECASE | re.DOTALL,
)
_MARK = "[*•●∙·×█■#?_x]"
_HIDDEN = rf"(?:{_MARK}(?:[{_SEPARATOR}]*{_MARK})+|…)"  # in place of digits: `***`, `xxx`, `•• ••`
_LOOK_ALIKE = r"[oil]{1,2}(?![^\W\d_])"  # letters that look like digits, and no word's beginning
_GOES_ON = re.compile(
    rf"(?:{_LOOK_ALIKE}|[{_SEPARATOR}]*(?:{_HIDDEN}|\.\.|[oil]+[0-9]|oo+(?![^\W\d_])))[\w*•…]*"
    rf"|[{_SEPARATOR}]*x\W*\Z",
    re.IGNORECASE,
)
_ANOTHER = re.compile(r"[^\w#(]*[0-9]")  # digits after a mark that names no extension
_BEGAN_BEFORE = re.compile(rf"(?<![^\W_]){_HIDDEN}[{_SEPARATOR}]*\Z", re.IGNORECASE)
_SPREADSHEET_FLOAT = re.compile(r"(\+?[0-9]{5,})[.,]0+")
_SPREADSHEET_EXPONENT = re.compile(r"([0-9])(?:[.,]([0-9]+))?E\+?([0-9]{1,2})", re.IGNORECASE)
_PLAIN = {
    "\uff0b": "+",
    "\uff20": "@",
    "\uff08": "(",
    "\uff09": ")",
    "\uff0e": ".",
    "\u066b": ".",
    "\u2212": "-",
}

_BRAZIL = re.compile(r"(?P<head>\+55[1-9][1-9])9?(?P<tail>[6-9][0-9]{7})")
_MEXICO = re.compile(r"(?P<head>\+52)1?(?P<tail>[2-9][0-9]{9})")
_ARGENTINA = re.compile(r"(?P<head>\+54)9?(?P<tail>[1-3][0-9]{9})")
# Pattern, then what may stand between its head and tail: first the form that stands for all of them.
_SHAPES = ((_BRAZIL, ("9", "")), (_MEXICO, ("", "1")), (_ARGENTINA, ("9", "")))


def to_e164(raw: str, default_region: str) -> str | None:
    """Return the number that ``raw`` shows, as ``+`` and 7 to 15 digits; None unless it surely shows one.

    ``default_region`` (ISO 3166 alpha-2, e.g. ``GB``) is the dial plan of a number without ``+``. A number
    has to be *possible*, not valid: test and drama ranges and brand-new blocks are never "valid". In order:

    ===============================================  =====================================================
    ``…@c.us``, ``…@s.whatsapp.net``                 the digits are an international number
    any other ``@`` (``…@lid``, ``…@g.us``, e-mail)  None, before any parsing: a LID may parse as a number
    ``447700900123.0``, ``4.47700900123E+11``        a spreadsheet's; None if the exponent lost digits
    ``+44 (0)7700 900123``, ``0044 7700…``           international, also where ``00`` isn't the exit code
    ``07700 900123 ext 5``, ``… (ward)``             the region's plan; extension and remark are dropped
    ``7700900123``, ``447700900123``                 lost its zero or plus: the region's plan; but its
                                                     country code first if that gives a valid mobile
                                                     number, a mobile abroad if the plan has no such number
    two numbers, letters inside, local part only     None
    ``07700 900 ***``, ``07700 9001O2``              None: some of its digits are hidden, or no digits
    ===============================================  =====================================================

    Digits of any script, bidi marks and odd spaces and dashes are read. ``+521…`` (Mexico) and eight-digit
    ``+225…`` (Ivory Coast) are kept as they are, though no longer possible. Idempotent: a result reads as
    itself in any region. Raises ValueError for an unknown region, but never because of ``raw``. Facts:
    phonenumbers 9.0.42, inventory.md section 7.

    Measured on one core, CPython 3.13: some 500,000 distinct clean numbers a second, which need no parsing
    (70,000 by the library alone), 80,000 mixed ones, 40,000 national ones; 7 million of those seen lately.
    """
    if default_region not in phonenumbers.SUPPORTED_REGIONS:
        upper = default_region.upper()
        remedy = f"write {upper!r}" if upper in phonenumbers.SUPPORTED_REGIONS else "use for example 'GB'"
        raise ValueError(f"default region {default_region!r}: is no ISO 3166 code of two capitals; {remedy}")
    return _to_e164(raw, default_region)


def variants(e164: str) -> frozenset[str]:
    """Return every form under which a messenger may show the account of ``e164``, itself included.

    Brazil with and without the ninth digit (mobile numbers only: a landline, local part 2 to 5, never gets
    a 9), Mexico 52 and 521, Argentina 54 and 549. Any other text has no other form. Symmetric and transitive:
    the sets are classes, named by `canonical`. `to_e164` handles an Argentine ``15``, not this function.
    Rules: inventory.md section 7.
    """
    return frozenset(_forms(e164))


def canonical(e164: str) -> str:
    """Return the one form that stands for all `variants`: equal exactly when two numbers are variants.

    For an index and look-ups; it needn't be the form that can be dialled.
    """
    return _forms(e164)[0]


def is_e164(text: str) -> bool:
    """True if this is a number as `to_e164` writes it. The number need not exist."""
    return bool(_E164.fullmatch(text))


def stands_in(e164: str, text: str) -> bool:
    """True if the number stands in a text, with or without its country code, however its digits are spaced."""
    national = e164.removeprefix(f"+{_country_code(e164)}")
    return (national if len(national) >= LOCAL_MIN else e164[1:]) in re.sub(r"[^0-9]", "", _plain(text))


def unread_digits(after: str) -> int:
    """Return how many characters at the start of what follows a number stand for digits of it; 0 if it is whole.

    Hidden ones (``***``, ``xxx``), and letters that were typed for digits (``O`` for 0, ``l`` for 1).
    """
    found = _GOES_ON.match(after)
    return found.end() if found else 0


def mask(e164: str) -> str:
    """Return the number for a log: country code and last three digits, ``+44•••••••123``.

    Of a very short number the last digits are hidden too. A text that isn't E.164 is hidden completely, even
    its length.
    """
    if not is_e164(e164):
        return "•••"
    code = _country_code(e164)
    hidden = len(e164) - 1 - len(code) - MASK_SHOWN
    if hidden < MASK_HIDDEN_MIN:
        return f"+{code}{'•' * (hidden + MASK_SHOWN)}"
    return f"+{code}{'•' * hidden}{e164[-MASK_SHOWN:]}"


def masked_number(written: str) -> str:
    """Return an international number, with any spacing, as others may read it: ``+44 •••• ••0123``.

    A short number keeps only the digits of its country; a text that is no number keeps nothing.
    """
    e164 = "+" + re.sub(r"[^0-9]", "", written)
    if not _E164.fullmatch(e164):
        return "•••"
    code = _country_code(e164)
    local = e164.removeprefix(f"+{code}")
    shown = local[-MESSAGE_SHOWN:] if len(local) >= MESSAGE_SHOWN + MASK_HIDDEN_MIN else ""
    return f"+{code} •••• ••{shown}"


def _forms(e164: str) -> tuple[str, ...]:
    for pattern, infixes in _SHAPES:
        if match := pattern.fullmatch(e164):
            return tuple(f"{match['head']}{infix}{match['tail']}" for infix in infixes)
    return (e164,)


@lru_cache(maxsize=CACHE_SIZE)
def _to_e164(raw: str, region: str) -> str | None:
    if _is_verbatim(raw):
        return raw
    if len(raw) > TEXT_MAX:
        return None
    text = _plain(raw)
    user, at, host = text.partition("@")
    if at:
        account = _WHATSAPP_USER.fullmatch(user)
        known = account is not None and host.casefold() in _WHATSAPP_HOSTS
        return _international(account[1]) if account and known else None
    written = _WRITTEN.fullmatch(_without_float(text))
    if written is None or not _is_whole(written["before"] or "", written["rest"] or ""):
        return None
    digits = re.sub(r"[^0-9]", "", written["number"])
    if written["number"].startswith("+"):
        return _international(digits.removeprefix("00"))
    return _by_plan(digits, region)


def _is_whole(before: str, rest: str) -> bool:
    """Tell by what stands around it that a number is neither cut nor hidden in part, and the only one."""
    if unread_digits(rest) or _ANOTHER.match(rest) or _BEGAN_BEFORE.search(before):
        return False
    return sum(map(str.isdigit, rest)) <= EXTENSION_DIGITS_MAX


def _plain(raw: str) -> str:
    return (raw if raw.isascii() else "".join(map(_plain_character, raw))).strip()


@lru_cache(maxsize=1024)
def _plain_character(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(character)
    if category == "Cf":  # bidi marks, zero-width characters, soft hyphens
        return ""
    return {"Pd": "-", "Zs": " "}.get(category) or _PLAIN.get(character, character)


def _without_float(text: str) -> str:
    """Undo what a spreadsheet does to a number; "" when it threw digits away."""
    if plain := _SPREADSHEET_FLOAT.fullmatch(text):
        return plain[1]
    if scientific := _SPREADSHEET_EXPONENT.fullmatch(text):
        digits, size = scientific[1] + (scientific[2] or ""), int(scientific[3]) + 1
        return digits[:size] if len(digits) >= size and not digits[size:].strip("0") else ""
    return text


def _international(digits: str) -> str | None:
    e164 = f"+{digits}"
    return e164 if _is_verbatim(e164) else _settled(_parsed(e164, None))


def _by_plan(digits: str, region: str) -> str | None:
    """Read digits without a plus: by the region's plan, unless only an international number makes sense."""
    if digits.startswith("00") and (abroad := _international(digits[2:])):
        return abroad
    home = _settled(_parsed(digits, region))
    international = None if digits.startswith("0") else _parsed(f"+{digits}", None)
    if international is None or phonenumbers.number_type(international) not in _MOBILE:
        return home
    # "4915112345678" in Germany is a fine landline in Leer (0491) too; chat groups are joined with mobiles.
    is_own_code = international.country_code == phonenumbers.country_code_for_region(region)
    return _settled(international) if is_own_code or home is None else home


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _settled(number: PhoneNumber | None) -> str | None:
    """Return E.164 of a possible number that reads as itself: "+49 00…" would lose a zero each time."""
    if number is None:
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if _RETIRED_BUT_SHOWN.fullmatch(e164) or _is_verbatim(e164):
        return e164
    possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    return e164 if possible and _E164.fullmatch(e164) and _parsed(e164, None) == number else None


def _is_verbatim(text: str) -> bool:
    """Tell without parsing that ``text`` is E.164 already: a possible length, no trunk prefix to strip."""
    if not _E164.fullmatch(text):
        return False
    code = _country_code(text)
    lengths, trunk_prefix = _dial_plan(code)
    national = text[1 + len(code) :]
    return len(national) in lengths and not trunk_prefix.match(national)


@lru_cache(maxsize=512)
def _dial_plan(code: str) -> tuple[frozenset[int], re.Pattern[str]]:
    """Return a code's possible national lengths, and what the library may strip or rewrite at the start."""
    region = _CODES.get(code)
    metadata = region and PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)
    if not metadata or metadata.general_desc is None:
        return frozenset(), _NOTHING
    prefix = metadata.national_prefix_for_parsing
    trunk_prefix = (
        re.compile(f"(?:{prefix})(?!^)") if prefix else _NOTHING
    )  # many prefixes may be empty: no strip
    return frozenset(metadata.general_desc.possible_length), trunk_prefix


def _country_code(e164: str) -> str:
    return next((e164[1:end] for end in (2, 3, 4) if e164[1:end] in _CODES), "")
