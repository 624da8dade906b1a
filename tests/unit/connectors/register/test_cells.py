from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.inventory.register.formats.table import Value, letters
from connectors.inventory.register.meaning.cells import (
    Ambiguous,
    Seen,
    emails_in,
    is_nothing,
    item,
    items_of,
    max_role,
    messenger_of,
    name_key,
    phones_in,
    role_of,
    slug,
    yes_or_no,
)
from connectors.inventory.register.meaning.words import plain
from worker.domain.model import Role

A, B = "+447700900101", "+447700900102"


@pytest.mark.parametrize(
    "cell, numbers, has_more",
    [
        (447700900101.0, [A], False),
        (447700900101, [A], False),
        (7700900101, [A], False),
        ("447700900101.0", [A], False),
        ("4.47700900101E+11", [A], False),
        ("4.47701E+11", [], True),
        ("07700 900101", [A], False),
        ("'+447700900101", [A], False),
        ("٠٧٧٠٠٩٠٠١٠١", [A], False),
        ("\u202a+44\u00a07700\u00a0900101\u202c", [A], False),
        (f"{A} / {B}", [A, B], False),
        (f"{A}\n{B}", [A, B], False),
        (f"{A} or {A}", [A], False),
        (f"{A} / ask the ward", [A], False),
        (f"{A} / 12 / {B}", [A, B], True),
        ("n/a", [], False),
        ("–", [], False),
        ("keine", [], False),
        ("", [], False),
        ("123", [], True),
        ("ask the ward", [], True),
    ],
)
def test_phone_cells(cell: Value, numbers: list[str], has_more: bool) -> None:
    assert phones_in(cell, "GB") == (numbers, has_more)


@pytest.mark.parametrize(
    "text, seen",
    [
        (f"Amy Ash {A}", Seen("Amy Ash", A)),
        ("Amy Ash +44 (0)7700 900101", Seen("Amy Ash", A)),
        (f"Amy Ash (admin) {A}", Seen("Amy Ash", A, role=Role.ADMIN)),
        (f"{A} Amy Ash [Group owner]", Seen("Amy Ash", A, role=Role.CREATOR)),
        (f"Amy Ash ({A})", Seen("Amy Ash", A)),
        ("Amy Ash (+44) 7700 900101", Seen("Amy Ash", A)),
        (f"Amy Ash - Administratorin: {A}", Seen("Amy Ash", A, role=Role.ADMIN)),
        (f"أمينة يوسف (مشرفة) {A}", Seen("أمينة يوسف", A, role=Role.ADMIN)),
        ("Amy Ash <Amy@Example.org>", Seen("Amy Ash", email="amy@example.org")),
        ('"Ash, Amy" <amy@example.org>', Seen("Ash, Amy", email="amy@example.org")),
        (f"Amy mailto:amy@example.org {A}", Seen("Amy", A, "amy@example.org")),
        (A, Seen("", A)),
        ("07700 900101", Seen("", A)),
        ("amy@example.org", Seen("", email="amy@example.org")),
        ("Amy Ash", Seen("Amy Ash")),
        ("Amy (Ward 7)", Seen("Amy (Ward 7)")),
        ("Jean-Luc", Seen("Jean-Luc")),
        (f"Jean-Luc {A}", Seen("Jean-Luc", A)),
        ("Ward phone 2", Seen("Ward phone 2")),
        ("Amy +99 12345678", Seen("Amy", is_phone_unread=True)),
        ("Amy 07700 900 1O2", Seen("Amy", is_phone_unread=True)),
        ("Amy 07700 900 *** (admin)", Seen("Amy", role=Role.ADMIN, is_phone_unread=True)),
        ("Amy 07700 900 12O Bo", Seen("Amy Bo", is_phone_unread=True)),
        ("Amy 07700 900101 ext 4", Seen("Amy ext 4", A)),
        ("07700 900101Oli", Seen("Oli", A)),
        ("Amy 07700 900101 o 07700 900102", Seen("Amy o", A)),
    ],
)
def test_items(text: str, seen: Seen) -> None:
    assert item(text, "GB") == seen


@pytest.mark.parametrize(
    "cell, items",
    [
        ("Amy\nBen", ["Amy", "Ben"]),
        ("Amy; Ben;", ["Amy", "Ben"]),
        ("Ash, Amy; Bay, Ben", ["Ash, Amy", "Bay, Ben"]),
        ("Ash, Amy;", ["Ash, Amy"]),
        ("1) Amy\n2) Ben\n\n", ["Amy", "Ben"]),
        ("- Amy\n- Ben", ["Amy", "Ben"]),
        (f"Amy {A}، Ben {B}", [f"Amy {A}", f"Ben {B}"]),
        ("Amy Ash, Ben Bay, Cem Cole", ["Amy Ash", "Ben Bay", "Cem Cole"]),
        ("", []),
    ],
)
def test_cells_with_several(cell: str, items: list[str]) -> None:
    assert items_of(cell) == items


@pytest.mark.parametrize(
    "cell", ["Ash, Amy", f"Ash, Amy {A}", "Amy Ash, Ben Bay", "Amy, Ben, Cem", f"{A}, Amy"]
)
def test_ambiguous_commas(cell: str) -> None:
    with pytest.raises(Ambiguous):
        items_of(cell)


@pytest.mark.parametrize(
    "word, role",
    [
        ("ADMIN", Role.ADMIN), ("Administrator/in", Role.ADMIN), ("مشرف", Role.ADMIN), ("مديرة", Role.ADMIN),
        ("administrateur", Role.ADMIN), ("Administrador", Role.ADMIN), ("Group admin", Role.ADMIN),
        ("Owner", Role.CREATOR), ("منشئ", Role.CREATOR), ("Ersteller", Role.CREATOR),
        ("Créateur", Role.CREATOR),
        ("creador", Role.CREATOR), ("Criadora", Role.CREATOR), ("super-admin", Role.CREATOR),
        ("عضو", Role.MEMBER), ("Mitglied", Role.MEMBER), ("miembro", Role.MEMBER), ("membro", Role.MEMBER),
        ("Admin, Creator", Role.CREATOR), ("member / admin", Role.ADMIN), ("unknown", Role.UNKNOWN),
        ("left", None), ("Admin?? ask Ben", None), ("admin / boss", None), (1.0, None),
    ],
)  # fmt: skip
def test_roles(word: Value, role: Role | None) -> None:
    assert role_of(word) is role


def test_the_highest_role_wins() -> None:
    assert max_role(None, Role.UNKNOWN) is Role.UNKNOWN
    assert max_role(Role.UNKNOWN, Role.MEMBER) is Role.MEMBER
    assert max_role(Role.CREATOR, Role.ADMIN, None) is Role.CREATOR


@pytest.mark.parametrize(
    "cell, said",
    [(True, True), (False, False), ("X", True), ("sí", True), ("✔", True), ("tak", True),
     ("Hayır", False), (1.0, True), (0, False),
     ("لا", False),
     ("não", False), ("", False), ("-", False), ("Amy Ash", None), ("2026", None)],
)  # fmt: skip
def test_ticks(cell: Value, said: bool | None) -> None:
    assert yes_or_no(cell) is said


def test_a_surname_that_means_nothing_elsewhere_is_a_name() -> None:
    assert is_nothing("Na")  # in a column of numbers
    assert item("Na", "GB").handle == "name:na"


@pytest.mark.parametrize(
    "seen, handle",
    [
        (Seen("Amy", A, "a@example.org", "E1"), A),
        (Seen("Amy", None, "a@example.org", "E1"), "email:a@example.org"),
        (Seen("Amy", None, None, "E1"), "employee:E1"),
        (Seen("  AMY \u200e Ash "), "name:amy ash"),
        (Seen("12345"), None),
        (Seen("--"), None),
        (Seen(""), None),
    ],
)
def test_handles(seen: Seen, handle: str | None) -> None:
    assert seen.handle == handle


@pytest.mark.parametrize(
    "cell, key",
    [
        ("WhatsApp", ("whatsapp", True)),
        ("واتساب", ("whatsapp", True)),
        ("MS Teams", ("teams", True)),
        ("Zom Bee", ("zom-bee", False)),
    ],
)
def test_messengers(cell: str, key: tuple[str, bool]) -> None:
    assert messenger_of(cell) == key


def test_addresses_in_a_cell() -> None:
    assert emails_in("Amy <A@Example.org>; b@example.org; c@nothing") == ["a@example.org", "b@example.org"]
    assert emails_in("a@straße.example; b@_straße.example") == ["a@xn--strae-oqa.example"], (
        "not strasse.example"
    )


@pytest.mark.parametrize(
    "column, name", [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16383, "XFD")]
)
def test_columns_have_excels_letters(column: int, name: str) -> None:
    assert letters(column) == name


@given(st.text(max_size=40))
def test_the_forms_that_names_are_compared_in_are_stable(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert name_key(name_key(text)) == name_key(text)
    assert slug(f" {text} ") == slug(text)


@given(st.text(max_size=60))
def test_no_text_breaks_an_item(text: str) -> None:
    seen = item(text, "GB")
    assert "\n" not in seen.name
