"""Every error as an RFC 9457 problem document; the family decides the status, in one table."""

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from hub.errors import (
    HubError,
    InvalidInputError,
    MisconfiguredError,
    NotPermittedError,
    RefusedError,
    UnavailableError,
    UnknownError,
)

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class SignInError(RefusedError):
    """Who asks did not say who they are, or it does not hold any more."""


class TooManyTriesError(UnavailableError):
    """Too many wrong tries from there; later again."""

    def __init__(self, *, retry_after_s: float) -> None:
        super().__init__("too many tries; wait before the next one", retry_after_s=retry_after_s)


class TooLargeError(InvalidInputError):
    def __init__(self, *, limit: int) -> None:
        self.limit = limit
        super().__init__(f"the body is larger than {limit} bytes")


STATUSES: tuple[tuple[type[HubError], HTTPStatus, str], ...] = (
    (SignInError, HTTPStatus.UNAUTHORIZED, "sign-in"),
    (TooManyTriesError, HTTPStatus.TOO_MANY_REQUESTS, "too-many-tries"),
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large"),
    (UnknownError, HTTPStatus.NOT_FOUND, "unknown"),
    (InvalidInputError, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-input"),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"),
    (NotPermittedError, HTTPStatus.FORBIDDEN, "not-permitted"),
    (RefusedError, HTTPStatus.CONFLICT, "refused"),
    (MisconfiguredError, HTTPStatus.INTERNAL_SERVER_ERROR, "misconfigured"),
    (HubError, HTTPStatus.INTERNAL_SERVER_ERROR, "failed"),
)
"""The first family that fits decides."""

MEANINGS: Mapping[int, str] = {
    401: "Not signed in, or the sign-in does not hold any more.",
    403: "This person may not do this.",
    404: "There is no such thing, or none that this person may know of.",
    409: "Understood and declined; trying again as it is changes nothing.",
    413: "The body is too large.",
    422: "Something in the request must change; `errors` says what.",
    429: "Too many tries; `Retry-After` says when to try again.",
    503: "A part of the hub is away; `Retry-After` says when to try again.",
}


def problem(
    status: HTTPStatus,
    *,
    slug: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return the problem document as a response."""
    body: dict[str, Any] = {
        "type": f"urn:hub:problem:{slug}",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return JSONResponse(body, status.value, headers, MEDIA_TYPE)


def of_error(error: HubError) -> JSONResponse:
    """Return the problem document of one of our errors."""
    status, slug = next((s, slug) for family, s, slug in STATUSES if isinstance(error, family))
    headers = {}
    if isinstance(error, UnavailableError):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    if isinstance(error, SignInError):
        headers["WWW-Authenticate"] = "Bearer"
    return problem(status, slug=slug, detail=str(error), headers=headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI's `responses` for these statuses and those that any route may answer."""
    return {
        status: {
            "description": MEANINGS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*statuses, 413, 422, 503})
    }


SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457: what went wrong, for a program (`type`) and for a person (`detail`).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:hub:problem:unknown"]},
        "title": {"type": "string", "examples": ["Not Found"]},
        "status": {"type": "integer", "examples": [404]},
        "detail": {"type": "string", "examples": ["there is no device 'w-7f3a'"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def install(app: FastAPI) -> None:
    """Let every error of the app, the framework's own too, become a problem document."""
    app.add_exception_handler(HubError, _hub_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(Exception, _bug)


async def _hub_error(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HubError):
        raise error
    return of_error(error)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    """Say where and what, but never repeat what was sent: it may be a password."""
    if not isinstance(error, RequestValidationError):
        raise error
    errors = [
        {
            "pointer": "/" + "/".join(str(part) for part in found["loc"]),
            "detail": str(found["msg"]),
        }
        for found in error.errors()[:20]
    ]
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        slug="invalid-input",
        detail=f"{errors[0]['pointer']}: {errors[0]['detail']}",
        errors=errors,
    )


async def _framework(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.BAD_REQUEST:
        # Only ever a body that cannot be parsed, which is invalid input like any other.
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = status.phrase.lower().replace(" ", "-")
    return problem(status, slug=slug, detail=str(error.detail), headers=error.headers)


async def _bug(_: Request, __: Exception) -> JSONResponse:
    """Answer a bug without telling about it; the server logs the exception itself."""
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, slug="failed", detail="the hub made a mistake")
