"""What the columns of an export tell, and what an export may lack."""

from __future__ import annotations

import pytest

from connectors.directory.file.columns import DATES, SHOWN_BY, csv_format
from connectors.directory.file.config import Format
from connectors.kit.words import read_bool
from worker.domain.people.joiners import PLACED_BY


@pytest.mark.parametrize(
    "header, expected",
    [
        ("DistinguishedName Enabled ObjectGUID", Format.AD_CSV),
        ("DN objectClass objectGUID userAccountControl", Format.AD_CSV),
        ("id userPrincipalName displayName accountEnabled", Format.ENTRA_CSV),
        ("Object_Id Block_credential", Format.ENTRA_CSV),
        ("Date Amount", None),
    ],
)
def test_the_columns_tell_the_kind_of_export(header: str, expected: Format | None) -> None:
    assert csv_format(header.split()) is expected


@pytest.mark.parametrize("word", ["", "?", "vr", "truefalse", "2", "none", "null", "N/A"])
def test_an_unknown_word_is_neither_true_nor_false(word: str) -> None:
    assert read_bool(word) is None


def test_all_that_places_people_and_all_their_dates_can_be_what_an_export_lacks() -> None:
    assert SHOWN_BY.keys() == {*PLACED_BY, *DATES}
