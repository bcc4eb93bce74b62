"""Where the hub may call, and where never."""

from collections.abc import Sequence
from ipaddress import ip_network

import pytest

from hub.adapters.partner.guard import ForbiddenAddressError, Guard, Resolve
from hub.errors import UnavailableError

PUBLIC = "93.184.215.14"


def answering(*addresses: str) -> Resolve:
    async def resolve(_name: str, _port: int) -> Sequence[str]:
        return addresses

    return resolve


async def judged(url: str, *addresses: str, allowed: Sequence[str] = ()) -> tuple[str, ...]:
    networks = [ip_network(one) for one in allowed]
    guard = Guard(allowed_networks=networks, resolve=answering(*addresses))
    return (await guard.destination(url)).addresses


@pytest.mark.parametrize(
    "address",
    [
        PUBLIC,
        "1.1.1.1",
        "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
        "64:ff9b::5db8:d70e",
        "::ffff:93.184.215.14",
        "2002:5db8:d70e::1",
    ],
)
async def test_calls_public_addresses(address: str) -> None:
    assert len(await judged("https://partner.example/api/orders", address)) == 1


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.1.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "100.100.100.200",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2002:c0a8:101::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
async def test_never_calls_what_is_not_public(address: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        await judged("https://partner.example", address)
    with pytest.raises(ForbiddenAddressError):
        await judged("https://partner.example", PUBLIC, address)


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example",
        "https://partner.example:22",
        "https://partner.example:8080",
        "https://user:secret@partner.example",
        "https://user@partner.example",
        "https://partner.example/?next=1",
        "https://partner.example/#x",
        "ftp://partner.example",
        "file:///etc/passwd",
        "gopher://partner.example",
        "//partner.example",
        "partner.example",
        "https://",
        "",
        "https://part ner.example",
        "https://partner.example:port",
    ],
)
async def test_never_calls_by_such_an_address_though_it_is_public(url: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        await judged(url, PUBLIC)


@pytest.mark.parametrize("url", ["https://partner.example", "https://partner.example:8443/api"])
async def test_calls_https_at_its_usual_ports(url: str) -> None:
    assert await judged(url, PUBLIC) == (PUBLIC,)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:9000/api", "127.0.0.1"),
        ("https://box.home", "10.1.2.3"),
        ("http://[::1]:9000", "::1"),
        ("http://mapped.home", "::ffff:127.0.0.1"),
    ],
)
async def test_calls_private_addresses_that_the_operator_allowed(url: str, address: str) -> None:
    allowed = ("127.0.0.0/8", "10.1.0.0/16", "::1/128")
    assert len(await judged(url, address, allowed=allowed)) == 1


@pytest.mark.parametrize("address", ["10.2.0.1", "192.168.0.1"])
async def test_an_allowed_network_opens_no_other(address: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        await judged("http://box.home", address, allowed=("10.1.0.0/16",))


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254"])
async def test_a_clouds_own_address_is_refused_whatever_is_allowed(address: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        await judged("http://x.example", address, allowed=("0.0.0.0/0", "::/0"))


@pytest.mark.parametrize(
    "url",
    [
        "https://2130706433",
        "https://0x7f000001",
        "https://127.1",
        "https://0177.0.0.1",
        "https://localhost",
    ],
)
async def test_the_systems_resolver_is_not_fooled_by_how_an_address_is_written(url: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        await Guard().destination(url)


async def test_a_name_is_looked_up_at_every_attempt() -> None:
    answers = [[PUBLIC], ["127.0.0.1"]]

    async def resolve(_name: str, _port: int) -> Sequence[str]:
        return answers.pop(0)

    guard = Guard(resolve=resolve)
    assert (await guard.destination("https://turns.example")).addresses == (PUBLIC,)
    with pytest.raises(ForbiddenAddressError):
        await guard.destination("https://turns.example")


async def test_a_name_without_an_address_may_have_one_later() -> None:
    async def resolve(_name: str, _port: int) -> Sequence[str]:
        message = "nothing"
        raise OSError(message)

    for guard in (Guard(resolve=resolve), Guard(resolve=answering())):
        with pytest.raises(UnavailableError):
            await guard.destination("https://later.example")
