"""What people call a unit."""

import pytest

from worker.domain.people.units import unit_name


@pytest.mark.parametrize(
    "unit, name",
    [
        ("OU=Reception,OU=People,DC=corp,DC=example", "Reception"),
        ("ou = Night desk , DC=corp", "Night desk"),
        (r"OU=Theatres\, A\+E,DC=corp", "Theatres, A+E"),
        (r"CN=Zo\C3\AB,DC=corp", "Zoë"),
        (r"OU=\FF,DC=corp", "\N{REPLACEMENT CHARACTER}"),
        ("OU=,DC=corp", "OU=,DC=corp"),
        ("DC=corp,DC=example", "DC=corp,DC=example"),
        ("Ward 7", "Ward 7"),
        ("", ""),
    ],
)
def test_a_unit_is_called_by_its_own_name(unit: str, name: str) -> None:
    assert unit_name(unit) == name
