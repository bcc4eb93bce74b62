"""How the adapter treats answers, names and certificates, over real sockets."""

import asyncio
import contextlib
import json
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.adapters.clock.system import SystemClock
from hub.adapters.partner.contract import MAX_DOCUMENT
from hub.adapters.partner.guard import Guard
from hub.adapters.partner.http import MAX_RETRY_AFTER_S, DeclinedError, PartnerHttp
from hub.adapters.partner.partners import http_partners
from hub.errors import InvalidInputError, RefusedError, UnavailableError
from hub.model import Operation, OrderUpdate, ServiceKind
from tests.contracts.partner_sites import (
    LOOPBACK,
    TIMEOUT_S,
    SandboxSite,
    a_call,
    a_service,
    sandbox_site,
)

ORDER = {"order": "or_1", "version": 3, "stage": "cleaning", "at": "2026-11-23T09:00:00Z"}
STATUS = a_call(Operation.STATUS, order="or_1")


class Server:
    """Answers every connection with the same bytes, and keeps what it was sent."""

    def __init__(self, answer: bytes, *, stall: bool = False) -> None:
        self._answer = answer
        self._stall = stall
        self._handlers: set[asyncio.Task[None]] = set()
        self.requests: list[bytes] = []
        self.url = ""

    async def end(self) -> None:
        """Return when every connection has been seen to its end."""
        await asyncio.gather(*self._handlers)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self._answer)
            await writer.drain()
            if self._stall:
                await reader.read()
        writer.close()


@contextlib.asynccontextmanager
async def answering(
    answer: bytes, *, stall: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    server = Server(answer, stall=stall)
    listening = await asyncio.start_server(server.take, "127.0.0.1", 0, ssl=tls)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        yield server
        await server.end()


def http(
    status: int, body: bytes = b"", *, kind: str = "application/json", **headers: str
) -> bytes:
    named = {"content-type": kind, "content-length": str(len(body)), "connection": "close"}
    lines = "".join(
        f"{name.replace('_', '-')}: {value}\r\n" for name, value in (named | headers).items()
    )
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + body


def problem(status: int, code: object) -> bytes:
    body = json.dumps({"status": status, "code": code, "title": "Mina, Wausan-ro 1"}).encode()
    return http(status, body, kind="application/problem+json")


async def ask(
    url: str, *, guard: Guard | None = None, tls: ssl.SSLContext | None = None
) -> OrderUpdate:
    client = PartnerHttp(
        guard or Guard(allowed_networks=LOOPBACK),
        clock=SystemClock(),
        timeout_s=TIMEOUT_S,
        tls=tls,
    )
    partners = http_partners(client, clock=SystemClock())
    try:
        update = await partners.send(a_service(ServiceKind.DRY_CLEANER, url), STATUS)
    finally:
        await partners.close()
    assert isinstance(update, OrderUpdate)
    return update


async def outcome(answer: bytes, *, stall: bool = False) -> OrderUpdate:
    async with answering(answer, stall=stall) as server:
        return await ask(server.url)


GOOD = http(200, json.dumps(ORDER).encode())


async def test_a_good_answer_is_understood() -> None:
    assert (await outcome(GOOD)).stage == "cleaning"


async def test_a_request_carries_key_signature_and_no_more_than_it_must() -> None:
    async with answering(GOOD) as server:
        await ask(server.url + "/api/")
    (request,) = server.requests
    line, *lines = request.decode().strip().split("\r\n")
    headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in lines)}
    assert line == "GET /api/orders/or_1 HTTP/1.1"
    assert headers["idempotency-key"] == headers["webhook-id"] == STATUS.id
    assert headers["user-agent"] == "connected-experience-hub"
    assert headers["host"] == server.url.removeprefix("http://")
    assert set(headers) == {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "user-agent",
        "idempotency-key",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    }


@pytest.mark.parametrize("status", [402, 403, 404, 409, 410, 422])
async def test_a_problem_with_its_code_is_a_refusal(status: int) -> None:
    with pytest.raises(DeclinedError, match="too_late") as caught:
        await outcome(problem(status, "too_late"))
    assert (caught.value.status, caught.value.code) == (status, "too_late")
    assert "Mina" not in str(caught.value)


@pytest.mark.parametrize("code", [None, 7, "Too late!", "x" * 60, ["too_late"]])
async def test_a_code_that_is_no_word_is_left_out(code: object) -> None:
    with pytest.raises(DeclinedError, match="HTTP 409"):
        await outcome(problem(409, code))


@pytest.mark.parametrize("status", [403, 404, 409])
async def test_a_gateways_own_page_is_not_the_partners_word(status: int) -> None:
    with pytest.raises(InvalidInputError):
        await outcome(http(status, b"<html>no</html>", kind="text/html"))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_such_an_answer_means_come_again(status: int) -> None:
    with pytest.raises(UnavailableError):
        await outcome(http(status))


@pytest.mark.parametrize("status", [204, 400, 401, 405, 415, 418])
async def test_an_answer_outside_the_contract_is_for_a_person_to_see(status: int) -> None:
    with pytest.raises(InvalidInputError):
        await outcome(http(status))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 300])
async def test_a_redirect_is_named_and_not_followed(status: int) -> None:
    async with answering(GOOD) as elsewhere, answering(http(status, location=elsewhere.url)) as one:
        with pytest.raises(InvalidInputError, match=f"HTTP {status}"):
            await ask(one.url)
        assert not elsewhere.requests


@pytest.mark.parametrize(
    ("written", "waited_s"),
    [
        ("7", 7),
        ("0", 1),
        ("999999999999", MAX_RETRY_AFTER_S),
        ("-5", 1),
        ("soon", 1),
        ("", 1),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1),
        ("Wed, 21 Oct 2199 07:28:00 GMT", MAX_RETRY_AFTER_S),
    ],
)
async def test_retry_after_is_heeded_within_bounds(written: str, waited_s: float) -> None:
    with pytest.raises(UnavailableError) as caught:
        await outcome(http(503, retry_after=written))
    assert caught.value.retry_after_s == waited_s


async def test_retry_after_may_be_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    with pytest.raises(UnavailableError) as caught:
        await outcome(http(503, retry_after=date))
    assert 90 < caught.value.retry_after_s <= 100


async def test_an_answer_that_is_too_large_is_not_read_to_its_end() -> None:
    whole = json.dumps({**ORDER, "reason": "x" * MAX_DOCUMENT}).encode()
    with pytest.raises(InvalidInputError, match="larger"):
        await outcome(http(200, whole))


@pytest.mark.parametrize(
    "answer",
    [
        http(200, b"<html>", kind="text/html"),
        http(200, json.dumps(ORDER).encode(), content_encoding="gzip"),
        http(200, b"{"),
        http(200, json.dumps({**ORDER, "order": "or_2"}).encode()),
        http(200, json.dumps({**ORDER, "version": "3"}).encode()),
    ],
    ids=["html", "gzip", "torn", "another", "types"],
)
async def test_an_answer_that_makes_no_sense_is_for_a_person_to_see(answer: bytes) -> None:
    with pytest.raises(InvalidInputError):
        await outcome(answer)


@pytest.mark.parametrize(
    "answer",
    [b"", GOOD[:30], b"SSH-2.0-x\r\n", GOOD[:-5]],
    ids=["nothing", "half_its_head", "not_http", "half_its_body"],
)
async def test_a_connection_that_breaks_means_come_again(answer: bytes) -> None:
    with pytest.raises(UnavailableError):
        await outcome(answer)


@pytest.mark.parametrize("answer", [b"", GOOD[:-5]], ids=["silent", "half"])
async def test_an_answer_that_never_ends_is_given_up_in_time(answer: bytes) -> None:
    with pytest.raises(UnavailableError):
        await outcome(answer, stall=True)


async def test_nobody_at_the_address_means_come_again() -> None:
    async with answering(GOOD) as server:
        gone = server.url
    with pytest.raises(UnavailableError):
        await ask(gone)


async def test_the_environments_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with answering(GOOD) as proxy, answering(GOOD) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        await ask(server.url)
        assert (len(proxy.requests), len(server.requests)) == (0, 1)


async def test_secrets_addresses_and_bodies_are_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with sandbox_site(ServiceKind.DRY_CLEANER) as site:
        call = a_call(
            Operation.QUOTE, order="or_1", garments=[{"garment": "gm_secret"}], area="Mapo-gu"
        )
        await site.partner.send(site.service, call)
    for word in ("whsec_", "gm_secret", "Mapo-gu", site.service.secret):
        assert word not in caplog.text


# ------------------------------------------------------------------------------ names, addresses


def at(port: int, *answers: Sequence[str]) -> tuple[Guard, Callable[[], int]]:
    """Return a guard whose names resolve to these in turn, and how often it looked up."""
    asked: list[str] = []

    async def resolve(name: str, _port: int) -> Sequence[str]:
        assert _port == port
        asked.append(name)
        return answers[len(asked) - 1]

    return Guard(allowed_networks=LOOPBACK, resolve=resolve), lambda: len(asked)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


async def test_a_name_that_turns_private_is_caught_at_the_next_attempt() -> None:
    async with answering(GOOD) as server:
        port = port_of(server.url)
        guard, looked_up = at(port, ["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1"])
        url = f"http://turns.example:{port}"
        client = PartnerHttp(guard, clock=SystemClock(), timeout_s=TIMEOUT_S)
        partners = http_partners(client, clock=SystemClock())
        service = a_service(ServiceKind.DRY_CLEANER, url)
        await partners.send(service, STATUS)
        with pytest.raises(InvalidInputError, match=r"10\.0\.0\.1"):
            await partners.send(service, STATUS)
        await partners.send(service, STATUS)
        await partners.close()
    assert (looked_up(), len(server.requests)) == (3, 2)
    assert b"host: turns.example" in server.requests[0]


async def test_the_next_address_of_a_name_is_tried_where_nobody_answers() -> None:
    async with answering(GOOD) as server:
        port = port_of(server.url)
        guard, looked_up = at(port, ["127.9.9.9", "127.0.0.1"])
        await ask(f"http://two.example:{port}", guard=guard)
    assert (looked_up(), len(server.requests)) == (1, 1)


async def test_a_private_address_is_never_connected_to() -> None:
    async with answering(GOOD) as server:
        with pytest.raises(InvalidInputError):
            await ask(server.url, guard=Guard())
        assert not server.requests


# ----------------------------------------------------------------------------------- certificates


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of its own making for `cleaner.example`, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cleaner.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("cleaner.example")]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    plain = serialization.PrivateFormat.PKCS8
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, plain, serialization.NoEncryption())
    )
    return path


@pytest.mark.parametrize(
    ("name", "trusted", "answers"),
    [
        ("cleaner.example", True, True),
        ("other.example", True, False),
        ("cleaner.example", False, False),
    ],
    ids=["right", "another_name", "unknown_issuer"],
)
async def test_a_certificate_must_be_the_names_and_trusted(
    certificate: Path, name: str, *, trusted: bool, answers: bool
) -> None:
    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_tls.load_cert_chain(certificate)
    client_tls = ssl.create_default_context(cafile=str(certificate) if trusted else None)
    async with answering(GOOD, tls=server_tls) as server:
        port = port_of(server.url)
        guard, _ = at(port, ["127.0.0.1"])
        url = f"https://{name}:{port}"
        if answers:
            assert (await ask(url, guard=guard, tls=client_tls)).stage == "cleaning"
            return
        with pytest.raises(UnavailableError):
            await ask(url, guard=guard, tls=client_tls)
        assert not server.requests


# ------------------------------------------------------------------- the sandbox, badly behaved


@pytest.fixture
async def site() -> AsyncIterator[SandboxSite]:
    async with sandbox_site(ServiceKind.DRY_CLEANER) as site:
        yield site


QUOTE = a_call(Operation.QUOTE, order="or_1", garments=[{"garment": "gm_1"}], area="Mapo-gu")


@pytest.mark.parametrize(
    "variant", ["garbage", "types", "stage", "other", "page", "huge", "redirect"]
)
async def test_a_wrong_answer_is_for_a_person_to_see_and_comes_right(
    site: SandboxSite, variant: str
) -> None:
    await site.mode("wrong", variant=variant)
    with pytest.raises(InvalidInputError):
        await site.partner.send(site.service, QUOTE)
    await site.mode("ok")
    update = await site.partner.send(site.service, QUOTE)
    assert update.version == 1


async def test_an_error_after_it_was_done_does_it_once(site: SandboxSite) -> None:
    await site.mode("wrong", variant="error_after")
    with pytest.raises(UnavailableError):
        await site.partner.send(site.service, QUOTE)
    await site.mode("ok")
    assert (await site.partner.send(site.service, QUOTE)).version == 1
    assert [one["replayed"] for one in (await site.ledger())["requests"]] == [False, True]


async def test_a_slow_partner_is_waited_for(site: SandboxSite) -> None:
    await site.mode("slow")
    assert (await site.partner.send(site.service, QUOTE)).version == 1


async def test_the_sandbox_refuses_what_the_hub_did_not_sign(site: SandboxSite) -> None:
    stranger = replace(site.service, secret="whsec_" + "A" * 40)
    with pytest.raises(InvalidInputError, match="401"):
        await site.partner.send(stranger, QUOTE)
    assert not isinstance(await site.partner.send(site.service, QUOTE), RefusedError)
