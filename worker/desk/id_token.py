"""Check an ID token, and read the person and the roles from it.

Pure. msal (1.38 and later) hardly validates an ID token: of the checks in OpenID Connect Core 3.1.3.7, it only
compares the nonce. The others are here, except for the signature: the token comes directly from the provider's token
endpoint over verified TLS, and for this case the chapter's point 6 does not require it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from sys import float_info
from typing import Any, Protocol

from worker.desk.refusals import SignInRefused, misconfigured, odd, words
from worker.desk.roles import DeskRole
from worker.domain.text.mail_domains import foldable
from worker.domain.text.tongue import N_

SKEW = timedelta(minutes=5)  # between the two clocks
_NAME_MAX = 200
_SUBJECT_MAX = 255  # OpenID Connect Core 2
_EMAIL_MAX = 254
_NAMES = ("email", "preferred_username", "upn")  # claims that may tell whose account it is
_JOINERS = "\u200c\u200d"  # invisible, but a part of names in Persian and in Indian scripts


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person who has signed in.

    `subject`: the provider's stable id for the account; `issuer` names the provider. For Entra ID it is the object id,
    which is also a directory's person id. `name` and `email` are only for showing: people can change them, so neither
    is a key or gives a right. `known_as` are the addresses and user names of the token, verified or not, folded: they
    only tell whom else the person may be. `roles` is never empty.
    """

    issuer: str
    subject: str
    name: str
    email: str | None
    roles: frozenset[DeskRole]
    known_as: frozenset[str] = frozenset()


class RoleRules(Protocol):
    """The rules for roles; see `worker.desk.sign_in.Rules`."""

    @property
    def is_entra(self) -> bool: ...

    @property
    def claim(self) -> str: ...

    @property
    def role_values(self) -> Mapping[str, tuple[str, ...]]: ...


def check(claims: Mapping[str, Any], *, issuer: str, client_id: str, host: str, now: datetime) -> None:
    """Refuse a token of another issuer, for another client, or for another time. Raises SignInRefused."""
    if claims.get("iss") != issuer:
        raise odd(host, "it names another issuer")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences:
        raise odd(host, "it is for another client")
    # Core 3.1.3.7, 4 and 5: it may be for others as well, but it must have been issued to us
    party = claims.get("azp")
    if party != client_id and (party is not None or len(audiences) > 1):
        raise odd(host, "it was given to another client")
    _check_times(claims, host, now)


def _check_times(claims: Mapping[str, Any], host: str, now: datetime) -> None:
    at_s, skew_s = now.timestamp(), SKEW.total_seconds()
    ends_s, given_s = _seconds(claims.get("exp")), _seconds(claims.get("iat"))
    starts_s = _seconds(claims.get("nbf", claims.get("iat")))
    if ends_s is None or given_s is None or starts_s is None:
        raise odd(host, "it says not for how long it is good")
    if ends_s <= at_s - skew_s:
        raise SignInRefused(words(N_("What {host} answered had expired when it came."), host=host), _CLOCKS)
    if max(given_s, starts_s) > at_s + skew_s:
        raise SignInRefused(words(N_("What {host} answered is not good yet."), host=host), _CLOCKS)


_CLOCKS = words(
    N_("Sign in again. If it stays, tell the people who run Whosleft to compare the server's clock.")
)


def _seconds(value: Any) -> float | None:
    """An instant of a JWT (RFC 7519 2: a number of seconds); None for anything else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and abs(value) <= float_info.max else None


def identity(claims: Mapping[str, Any], rules: RoleRules, host: str) -> SignedIn:
    """The person it is about. Raises SignInRefused if it names nobody, or a person without a role."""
    subject = (claims.get("oid") if rules.is_entra else None) or claims.get("sub")
    if not isinstance(subject, str) or not subject or len(subject) > _SUBJECT_MAX:
        raise odd(host, "it names nobody")
    email = _email(claims, is_entra=rules.is_entra)
    name = _line(claims.get("name")) or _line(claims.get("preferred_username")) or email or subject
    known_as = frozenset(filter(None, (foldable(_line(claims.get(claim))).casefold() for claim in _NAMES)))
    return SignedIn(str(claims["iss"]), subject, name, email, _roles(claims, rules), known_as)


def _email(claims: Mapping[str, Any], *, is_entra: bool) -> str | None:
    if claims.get("email_verified") in (False, "false"):  # no set: it may be unhashable, such as a list
        return None
    for given in (claims.get("email"), claims.get("preferred_username") if is_entra else None):
        email = _line(given)
        if "@" in email and " " not in email and len(email) <= _EMAIL_MAX:
            return email
    return None


def _line(value: Any) -> str:
    """A value as one line of limited length; "" if it is no text."""
    if not isinstance(value, str):
        return ""
    return " ".join("".join(c if c.isprintable() or c in _JOINERS else " " for c in value).split())[
        :_NAME_MAX
    ]


def _roles(claims: Mapping[str, Any], rules: RoleRules) -> frozenset[DeskRole]:
    held = values_of(claims, rules.claim)
    if held is None:
        raise _without_claim(claims, rules)
    is_by_id = rules.is_entra and rules.claim == "groups"  # object ids are case-insensitive
    found = {value.casefold() for value in held} if is_by_id else held
    roles = {
        DeskRole(role)
        for role, values in rules.role_values.items()
        if any((value.casefold() if is_by_id else value) in found for value in values)
    }
    if not roles:
        message = N_("Your account has no role in Whosleft: its '{claim}' names none of {wanted}.")
        remedy = N_("Ask the people who run Whosleft for a role, then sign in again.")
        raise SignInRefused(words(message, claim=rules.claim, wanted=_wanted(rules)), words(remedy))
    return frozenset(roles)


def _wanted(rules: RoleRules) -> str:
    return ", ".join(sorted({value for values in rules.role_values.values() for value in values}))


def values_of(claims: Mapping[str, Any], name: str) -> frozenset[str] | None:
    """The texts of a claim; None if there is no such claim.

    If no claim has the whole name, the name is used as a path: `realm_access.roles`.
    """
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if found is None:
        return None
    given = found if isinstance(found, list) else [found]
    return frozenset(value for value in given if isinstance(value, str))


def _without_claim(claims: Mapping[str, Any], rules: RoleRules) -> SignInRefused:
    elsewhere = claims.get("_claim_names")
    is_over = isinstance(elsewhere, Mapping) and rules.claim in elsewhere
    if rules.is_entra and rules.claim == "groups" and (is_over or claims.get("hasgroups")):
        return misconfigured(
            "Your account is in more groups than Entra ID puts into a sign-in, so it named none.",
            "use app roles (claim: roles), or 'Groups assigned to the application' in the token configuration.",
        )
    where = (
        "assign the account to an app role" if rules.is_entra else "let the provider put it in the ID token"
    )
    return misconfigured(
        f"Your sign-in had no '{rules.claim}', so you have no role in Whosleft.",
        f"{where}, with one of {_wanted(rules)}.",
    )
