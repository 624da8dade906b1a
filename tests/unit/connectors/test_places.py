"""Where somebody is, as directories state it."""

from __future__ import annotations

import pytest

from connectors.kit.places import places
from worker.domain.model import AccountFacts


@pytest.mark.parametrize("country, timezone, stated", [
    ("gb", "Europe/London", ("GB", "Europe/London")),
    (" PL ", None, ("PL", None)),
    ("Great Britain", "GMT Standard Time", (None, None)),
    ("\u0130N", "Mars/Olympus", (None, None)),
    (None, " Asia/Kolkata", (None, "Asia/Kolkata")),
    ("", "", (None, None)),
])  # fmt: skip
def test_only_a_country_s_code_and_a_zone_s_name_count(
    country: str | None, timezone: str | None, stated: tuple[str | None, str | None]
) -> None:
    facts = AccountFacts("a", "Ann", attributes=places(country, timezone))
    assert (facts.country, facts.timezone) == stated
