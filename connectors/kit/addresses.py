"""Where a request may go: the addresses behind a name, all of them judged before one is connected to.

    | the address | goes there? |
    |---|---|
    | global | yes |
    | this machine, where the URL itself says so (localhost, 127.0.0.1, ::1) | yes, by http too |
    | link-local, a cloud's metadata service, unspecified, multicast | never |
    | any other (private, this machine by another name) | where `allows_private` |

An IPv4 address within an IPv6 one (mapped, NAT64, 6to4) is judged as itself. The caller connects to an address that is
returned, so that a name that changes its mind meanwhile leads nowhere else.
"""

from __future__ import annotations

import ipaddress
import socket
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from worker.ports import BadConfig, NotDone

Address = IPv4Address | IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Of clouds that have it neither at a link-local address nor elsewhere than in a private network
_METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")))
_IPV4_MASK = (1 << 32) - 1


def addresses_of(host: str, port: int, *, is_plain: bool, allows_private: bool) -> list[Address]:
    """The addresses behind a host, if a request may go to every one of them; at least one.

    `is_plain`: the request is not encrypted, so it must stay on this machine. Raises NotDone for a name that can't be
    resolved, BadConfig for an address where nothing may go.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in found]
    except (OSError, UnicodeError, ValueError) as error:
        raise NotDone(
            f"The name {host} can't be resolved ({type(error).__name__}).",
            remedy="Check url and the name server; it is tried again by itself.",
        ) from error
    for address in addresses:
        _require_allowed(host, address, is_plain=is_plain, allows_private=allows_private)
    return list(dict.fromkeys(addresses))


def names_this_machine(host: str) -> bool:
    """True for a host of a URL that is this machine by its own words; nothing is resolved."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".").casefold() == "localhost"


def may_go_plainly(address: Address, *, allows_private: bool) -> bool:
    """Whether a credential may go there over plain HTTP: to this machine, or to a private address where allowed."""
    return address.is_loopback or (allows_private and address.is_private and not address.is_unspecified)


def require_safe_literal(url: str, *, allows_private: bool = False) -> None:
    """Raise ValueError for plain HTTP to an IP address where no credential may go. Names are judged as they resolve."""
    parts = urlsplit(url)
    try:
        address = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return
    if parts.scheme != "https" and not may_go_plainly(address, allows_private=allows_private):
        raise ValueError("would send the credential in the clear; write https:")


def _require_allowed(host: str, address: Address, *, is_plain: bool, allows_private: bool) -> None:
    inner = _inner(address)
    if inner.is_link_local or inner.is_unspecified or inner.is_multicast or inner in _METADATA:
        raise BadConfig(
            f"{host} is {address}, where nothing is ever sent: it is link-local, a cloud's metadata service or no "
            "single machine.",
            remedy="Give the receiver's own address in url.",
        )
    if inner.is_loopback and names_this_machine(host):
        return
    if is_plain:
        raise BadConfig(
            f"{host} is {address}: plain http is only for this machine, as localhost or 127.0.0.1.",
            remedy="Write https: in url.",
        )
    if not inner.is_global and not allows_private:
        raise BadConfig(
            f"{host} is {address}, a private address.",
            remedy="If the receiver is in your own network, write allow_private: true.",
        )


def _inner(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & _IPV4_MASK)
    return address.ipv4_mapped or address.sixtofour or address
