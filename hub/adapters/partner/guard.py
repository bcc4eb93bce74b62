"""Decides which addresses the hub may call: public ones, or such as the operator allowed.

A name is looked up anew at every attempt, and the connection goes to the very address that was
judged: a name that answers differently a moment later gains nothing.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx2

from hub.errors import InvalidInputError, UnavailableError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""(name, port) -> addresses as text; raises OSError where there are none."""

PORTS = {"https": 443, "http": 80}
PUBLIC_PORTS = frozenset({443, 8443})
MAX_ADDRESSES = 3
LOOK_UP_S = 5.0

# Said here, because what `ipaddress` calls global differs between versions of Python.
# Source: IANA special-purpose address registries, 2025.
_CLOSED: tuple[Network, ...] = tuple(
    ip_network(one)
    for one in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
_OPEN6 = IPv6Network("2000::/3")
"""All that is handed out of IPv6; the rest is private, link-local, multicast or reserved."""
_CLOSED6: tuple[Network, ...] = tuple(
    ip_network(one) for one in ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20")
)
_HOST = re.compile(r"[A-Za-z0-9._-]+\Z|[0-9A-Fa-f:.]+\Z", re.ASCII)
"""A name, IDNA-encoded, or an address as a URL has it without its brackets."""
_METADATA: frozenset[Address] = frozenset(
    ip_address(one)
    for one in (
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)
"""Where clouds answer to a machine of theirs, credentials included: never, whatever is allowed."""
_EMBEDDING: tuple[tuple[IPv6Network, int], ...] = (
    (IPv6Network("::ffff:0:0/96"), 0),
    (IPv6Network("::ffff:0:0:0/96"), 0),
    (IPv6Network("::/96"), 0),
    (IPv6Network("64:ff9b::/96"), 0),
    (IPv6Network("64:ff9b:1::/48"), 0),
    (IPv6Network("2002::/16"), 80),
)
"""IPv6 networks that carry an IPv4 address, and how many bits follow it."""


class ForbiddenAddressError(InvalidInputError):
    """The hub does not call there; the operator can allow the network."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the service's address must not be called: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where one attempt may go."""

    url: httpx2.URL
    addresses: tuple[str, ...]
    """Judged, in the order of the look-up; nothing else is connected to."""


async def look_up(name: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


class Guard:
    def __init__(
        self, *, allowed_networks: Iterable[Network] = (), resolve: Resolve = look_up
    ) -> None:
        """`allowed_networks` may be called though they are private, also over http, at any port."""
        self._allowed = tuple(allowed_networks)
        self._resolve = resolve

    async def destination(self, address: str) -> Destination:
        """Judge an address as it stands now.

        Raises:
            ForbiddenAddressError: it is malformed, or leads where the hub must not go.
            UnavailableError: its name cannot be looked up.
        """
        url = _parsed(address)
        port = url.port or PORTS[url.scheme]
        found = await self._found(url.host, port)
        for one in found:
            self._judge(one, scheme=url.scheme, port=port)
        return Destination(url=url, addresses=tuple(map(str, found[:MAX_ADDRESSES])))

    async def _found(self, name: str, port: int) -> list[Address]:
        try:
            async with asyncio.timeout(LOOK_UP_S):
                written = await self._resolve(name, port)
        except (OSError, UnicodeError):
            message = f"{name} cannot be looked up"
            raise UnavailableError(message) from None
        found = [_plain(one) for one in dict.fromkeys(written)]
        if not found:
            message = f"{name} has no address"
            raise UnavailableError(message)
        return found

    def _judge(self, address: Address, *, scheme: str, port: int) -> None:
        meant = (address, *_within(address))
        if _METADATA.intersection(meant):
            reason = f"{address} is a cloud's own"
            raise ForbiddenAddressError(reason)
        if any(one in network for one in meant for network in self._allowed):
            return
        if not all(map(_public, meant)):
            reason = f"{address} is not public, and not in the allowed networks"
            raise ForbiddenAddressError(reason)
        if scheme != "https" or port not in PUBLIC_PORTS:
            reason = f"{scheme} to port {port}; outside the allowed networks it is https to 443"
            raise ForbiddenAddressError(reason)


def _parsed(address: str) -> httpx2.URL:
    try:
        url = httpx2.URL(address)
    except (httpx2.InvalidURL, UnicodeError):
        reason = "it is not a URL"
        raise ForbiddenAddressError(reason) from None
    if url.scheme not in PORTS or not _HOST.match(url.raw_host.decode()):
        reason = "it is neither https:// nor http:// and a host"
        raise ForbiddenAddressError(reason)
    if url.userinfo:
        reason = "it has a user name or password in it"
        raise ForbiddenAddressError(reason)
    if url.query or url.fragment:
        reason = "it has a query or a fragment"
        raise ForbiddenAddressError(reason)
    return url


def _plain(written: str) -> Address:
    if "%" in written:
        reason = "it is on a link of this machine's"
        raise ForbiddenAddressError(reason)
    return ip_address(written)


def _within(address: Address) -> tuple[Address, ...]:
    """Return the IPv4 address that an IPv6 one carries, if any."""
    if isinstance(address, IPv4Address):
        return ()
    for network, behind in _EMBEDDING:
        if address in network:
            return (IPv4Address((int(address) >> behind) & 0xFFFFFFFF),)
    return ()


def _public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED)
    if _within(address):
        return True  # judged by the address it carries
    return address in _OPEN6 and not any(address in network for network in _CLOSED6)
