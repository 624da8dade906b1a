"""The only module that uses ldap3: it signs in over our socket, and parses the filters that people write.

ldap3's own errors don't leave it: a broken connection is a ConnectionError, an unusable filter a ValueError.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyasn1.error import PyAsn1Error

from worker.ports import BadConfig

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # ldap3's last release reads old names of pyasn1
    import ldap3
    from ldap3.core.exceptions import LDAPExceptionError, LDAPPackageUnavailableError
    from ldap3.operation.search import compile_filter, parse_filter
    from ldap3.utils.asn1 import encode  # type: ignore[attr-defined]  # its stubs leave it out

_START_TLS = "1.3.6.1.4.1.1466.20037"  # RFC 4511 4.14
_ATTRIBUTE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.;-]*")
_SHOWN_MAX = 200  # characters of a filter in an error


class KerberosRefused(Exception):
    """Kerberos gave no ticket, or the server refused it; the text is the Kerberos library's."""


class Session:
    """ldap3's connection over our own socket; it opens none itself, and follows no referral.

    With a keytab it signs in by Kerberos for the service ldap/`host`, else by password.
    """

    def __init__(
        self, sock: Any, host: str, port: int | None, user: str, password: str, keytab: Path | None
    ) -> None:
        who: dict[str, Any] = {"authentication": ldap3.SIMPLE, "password": password}
        if keytab is not None:
            who = {
                "authentication": ldap3.SASL,
                "sasl_mechanism": ldap3.KERBEROS,
                "sasl_credentials": (host,),
                "cred_store": {"client_keytab": str(keytab), "ccache": f"MEMORY:{keytab}"},
            }
        self._ldap: Any = ldap3.Connection(
            ldap3.Server(host, port=port, get_info=ldap3.NONE),
            user=user,
            client_strategy=ldap3.SYNC,
            auto_referrals=False,
            check_names=False,
            **who,
        )
        self._ldap.socket, self._ldap.closed, self._ldap.listening = sock, False, True
        self._ldap.strategy._outstanding = {}  # noqa: SLF001  its own open() does this, too

    def start_tls(self) -> tuple[int, str]:
        """Ask for StartTLS; return the result's code and its name. Raises OSError."""
        try:
            self._ldap.extended(_START_TLS)
        except LDAPExceptionError as error:
            raise ConnectionError(str(error)) from error
        return self._ldap.result["result"], self._ldap.result["description"]

    def bind(self) -> tuple[int, str]:
        """Sign in; return the result's code and the server's text. Raises OSError, KerberosRefused, BadConfig."""
        try:
            self._ldap.bind()
        except LDAPPackageUnavailableError as error:
            raise BadConfig(
                "Kerberos needs the package gssapi, which is not installed.",
                remedy="Install whosleft[kerberos] (it needs the Kerberos libraries of the system).",
            ) from error
        except LDAPExceptionError as error:
            raise ConnectionError(str(error)) from error
        except Exception as error:  # gssapi is optional, so its errors can't be named here
            if type(error).__module__.partition(".")[0] != "gssapi":
                raise
            raise KerberosRefused(str(error)) from error
        return self._ldap.result["result"], self._ldap.result["message"]

    def who_am_i(self) -> str:
        """Our name for the server (RFC 4532). Raises OSError."""
        try:
            return str(self._ldap.extend.standard.who_am_i() or "nobody")
        except LDAPExceptionError as error:
            raise ConnectionError(str(error)) from error


def encode_filter(text: str) -> bytes:
    r"""Return a filter as RFC 4511 encodes it, from the text that RFC 4515 describes.

    A backslash without two hexadecimal digits after it stands for itself, as in `\,` of a DN.
    Raises ValueError with a text that quotes the filter and says what is wrong with it.
    """
    try:
        node = _parsed(text)
        for name in _attribute_names(node):
            if not _ATTRIBUTE.fullmatch(name):
                raise ValueError(_refusal(text, f"{name!r} is no name of an attribute"))
        encoded: bytes = encode(compile_filter(node))  # type: ignore[no-untyped-call]
    except LDAPExceptionError as error:
        raise ValueError(_refusal(text, str(error))) from None
    except (
        PyAsn1Error,
        AttributeError,
        IndexError,
        RecursionError,
    ):  # what ldap3 lets through its own checks
        raise ValueError(_refusal(text, "it is malformed")) from None
    return encoded


def _parsed(text: str) -> Any:
    """Let ldap3 parse a filter, without its optional schema and escaping."""
    root: Any = parse_filter(text, None, False, False, None, False)  # type: ignore[no-untyped-call]  # noqa: FBT003
    return root.elements[0]


def _attribute_names(node: Any) -> Iterator[str]:
    """Yield the attributes that a parsed filter compares; a matching rule may stand without one."""
    if node.assertion and node.assertion["attr"] is not False:
        yield node.assertion["attr"]
    for element in node.elements:
        yield from _attribute_names(element)


def _refusal(text: str, why: str) -> str:
    shown = text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + "…"
    return f"The filter {shown!r} cannot be used: {why}. Compare it with (&(objectClass=user)(employeeID=*))."
