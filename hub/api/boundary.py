"""What holds for every request, whatever the route: size, headers, counting."""

import time

from fastapi import HTTPException
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.api.problems import TooLargeError, of_error

API = "/api/"
BASE = "/api/v1"
MAX_BODY = 1_000_000
MAX_BULK_BODY = 5_000_000
BULK_PATH = f"{BASE}/devices/claims/bulk"

POLICY = "default-src 'none'; frame-ancestors 'none'"


class Boundary:
    """Refuses bodies that are too large, sets what browsers must hold to, counts answers."""

    def __init__(self, app: ASGIApp, *, metrics: CollectorRegistry) -> None:
        self._app = app
        self._answers = Counter(
            "hub_http_answers",
            "Answers by route template and status",
            ["method", "route", "status"],
            registry=metrics,
        )
        self._seconds = Histogram(
            "hub_http_seconds", "Time from request to answer", ["route"], registry=metrics
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                _guard(scope["path"], MutableHeaders(scope=message))
                route = _template(scope)
                self._answers.labels(scope["method"], route, message["status"]).inc()
                self._seconds.labels(route).observe(time.perf_counter() - began)
            await send(message)

        limit = MAX_BULK_BODY if scope["path"] == BULK_PATH else MAX_BODY
        length = Headers(scope=scope).get("content-length", "")
        if length.isdecimal() and int(length[:20]) > limit:
            await of_error(TooLargeError(limit=limit))(scope, receive, answer)
            return
        await self._app(scope, _counted(receive, limit=limit), answer)


def _counted(receive: Receive, *, limit: int) -> Receive:
    taken = 0

    async def counting() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            # The framework lets only its own exception through while it reads a body.
            raise HTTPException(413, str(TooLargeError(limit=limit)))
        return message

    return counting


def _guard(path: str, headers: MutableHeaders) -> None:
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Content-Security-Policy", POLICY)
    if path.startswith(API):
        headers.setdefault("Cache-Control", "no-store")


def _template(scope: Scope) -> str:
    """Return the route's path with its parameters' names: never an id, of which there are many."""
    template = getattr(scope.get("route"), "path", None)
    if template is None:
        return "none"
    # An included route knows its own path without what its routers put before it.
    included = scope["path"].startswith(BASE) and not template.startswith(BASE)
    return f"{BASE}{template}" if included else str(template)
