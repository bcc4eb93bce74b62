"""One attempt over HTTP: guarded, signed, bounded in time and size, and never repeated here."""

import asyncio
import contextlib
import json
import re
import ssl
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx2

from hub.adapters.partner.contract import MAX_DOCUMENT, Question
from hub.adapters.partner.guard import Destination, Guard
from hub.adapters.partner.signature import sign
from hub.errors import InvalidInputError, RefusedError, UnavailableError
from hub.model import Service
from hub.ports import Clock

RETRY_AFTER_S = 1.0
MAX_RETRY_AFTER_S = 3600.0
PROBLEM = "application/problem+json"
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_DECLINED = frozenset(
    {
        HTTPStatus.PAYMENT_REQUIRED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.GONE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""Only with a problem document: a gateway's own page says nothing of the order."""
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,39}\Z")


class DeclinedError(RefusedError):
    """The partner understood and declined, in the contract's own form."""

    def __init__(self, service: str, *, status: int, code: str) -> None:
        self.status = status
        self.code = code
        """The contract's word for why, such as `too_late`; empty where it gave none."""
        super().__init__(f"{service} declined: {code or f'HTTP {status}'}")


class PartnerHttp:
    """The one HTTP client to all partners; keeps no connection, so that each is judged anew."""

    def __init__(
        self,
        guard: Guard,
        *,
        clock: Clock,
        timeout_s: float = 15.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`timeout_s` is of real time and bounds the whole attempt, look-up included."""
        self._guard = guard
        self._clock = clock
        self._timeout_s = timeout_s
        self._client = httpx2.AsyncClient(
            verify=tls or ssl.create_default_context(),
            http2=False,
            follow_redirects=False,
            trust_env=False,
            timeout=httpx2.Timeout(timeout_s, connect=min(timeout_s, 5.0)),
            limits=httpx2.Limits(max_connections=100, max_keepalive_connections=0),
            headers={"user-agent": "connected-experience-hub"},
        )

    async def ask(self, service: Service, question: Question, *, key: str) -> bytes:
        """Return the body of a good answer.

        Raises:
            UnavailableError: no answer in time, or one that says to come again.
            DeclinedError: the partner declined.
            InvalidInputError: the address must not be called, or the answer is none of the
                contract's.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                destination = await self._guard.destination(service.url.rstrip("/") + question.path)
                return await self._exchanged(service, question, destination, key=key)
        except TimeoutError:
            message = f"{service.id} does not answer within {self._timeout_s:g} s"
            raise UnavailableError(message) from None
        except httpx2.RequestError as error:
            message = f"{service.id} does not answer: {type(error).__name__}"
            raise UnavailableError(message) from None

    async def close(self) -> None:
        await self._client.aclose()

    async def _exchanged(
        self, service: Service, question: Question, destination: Destination, *, key: str
    ) -> bytes:
        headers = self._headers(service, question, destination.url, key=key)
        last = len(destination.addresses) - 1
        for number, address in enumerate(destination.addresses):
            request = self._client.build_request(
                question.method,
                destination.url.copy_with(host=address),
                content=question.body or None,
                headers=headers,
                extensions={"sni_hostname": destination.url.raw_host.decode()},
            )
            try:
                answer = await self._client.send(request, stream=True)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                # Nothing was sent: another address of the same name is the same attempt.
                if number == last:
                    raise
                continue
            try:
                return await self._read(service, answer)
            finally:
                await answer.aclose()
        raise AssertionError(destination)

    def _headers(
        self, service: Service, question: Question, url: httpx2.URL, *, key: str
    ) -> dict[str, str]:
        signed = sign(service.secret, message=key, at_ms=self._clock.now_ms(), body=question.body)
        plain = {
            "host": url.netloc.decode(),
            "idempotency-key": key,
            "accept": "application/json, application/problem+json",
            "accept-encoding": "identity",
        }
        if question.body:
            plain["content-type"] = "application/json"
        return plain | signed

    async def _read(self, service: Service, answer: httpx2.Response) -> bytes:
        if answer.is_redirect or answer.has_redirect_location:
            message = f"{service.id} redirects (HTTP {answer.status_code}); give its new address"
            raise InvalidInputError(message)
        if answer.is_server_error or answer.status_code in _LATER:
            message = f"{service.id} answers HTTP {answer.status_code}"
            raise UnavailableError(message, retry_after_s=self._retry_after_s(answer.headers))
        if answer.status_code in _DECLINED and _media_type(answer) == PROBLEM:
            raise DeclinedError(service.id, status=answer.status_code, code=await _code(answer))
        if not answer.is_success:
            message = f"{service.id} answers HTTP {answer.status_code}, which is not its contract"
            raise InvalidInputError(message)
        if _media_type(answer) != "application/json" or _encoded(answer):
            message = f"{service.id} answers with something other than application/json"
            raise InvalidInputError(message)
        return await _body(answer)

    def _retry_after_s(self, headers: Mapping[str, str]) -> float:
        """Return what `Retry-After` says, within bounds: it is somebody else's word."""
        written = headers.get("retry-after", "")
        if written.isascii() and written.isdecimal():
            wished = float(written[:9])
        else:
            wished = self._until_s(written)
        return min(max(wished, RETRY_AFTER_S), MAX_RETRY_AFTER_S)

    def _until_s(self, date: str) -> float:
        try:
            moment = parsedate_to_datetime(date)
        except ValueError:
            return RETRY_AFTER_S
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - self._clock.now_ms() / 1000


async def _code(answer: httpx2.Response) -> str:
    """Return the problem document's `code`, if it is a plain word; never its prose."""
    try:
        problem = json.loads(await _body(answer))
    except (ValueError, RecursionError, InvalidInputError):
        return ""
    code = problem.get("code") if isinstance(problem, dict) else None
    return code if isinstance(code, str) and _CODE.match(code) else ""


def _media_type(answer: httpx2.Response) -> str:
    written: str = answer.headers.get("content-type", "")
    return written.partition(";")[0].strip().lower()


def _encoded(answer: httpx2.Response) -> bool:
    return answer.headers.get("content-encoding", "identity").lower() != "identity"


async def _body(answer: httpx2.Response) -> bytes:
    whole = bytearray()
    # Closed here: left to the garbage collector, the rest of the stream outlives the attempt.
    async with contextlib.aclosing(answer.aiter_raw()) as parts:
        async for part in parts:
            whole += part
            if len(whole) > MAX_DOCUMENT:
                message = f"the partner's answer is larger than {MAX_DOCUMENT} bytes"
                raise InvalidInputError(message)
    return bytes(whole)
