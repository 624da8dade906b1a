"""The desk's address as it is configured, and as browsers write it."""

import pytest

from worker.desk.services import Place


@pytest.mark.parametrize(
    "url, host",
    [
        ("https://whosleft.example.org", "whosleft.example.org"),
        ("https://Whosleft.Example.ORG", "whosleft.example.org"),
        ("https://whosleft.example.org:443", "whosleft.example.org"),
        ("http://whosleft.example.org:80", "whosleft.example.org"),
        ("https://whosleft.example.org:80", "whosleft.example.org:80"),
        ("http://whosleft.example.org:8080", "whosleft.example.org:8080"),
        ("https://Prüfung.example", "xn--prfung-4ya.example"),
        ("https://who_is_left.example", "who_is_left.example"),
        ("https://☃\u0338..example", "☃\u0338..example"),
        ("http://[2001:DB8::1]:8080", "[2001:db8::1]:8080"),
    ],
)
def test_its_host_is_written_as_browsers_write_it(url: str, host: str) -> None:
    assert Place("St Mary's", "Europe/London", "GB", url).host == host


@pytest.mark.parametrize(
    "url, is_https", [("HTTPS://whosleft.example.org", True), ("http://whosleft.example.org", False)]
)
def test_its_scheme_may_have_capitals(url: str, is_https: bool) -> None:
    assert Place("St Mary's", "Europe/London", "GB", url).is_https is is_https
