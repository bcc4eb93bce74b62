"""Reads requests, and writes what declines them."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulators.partners.business import Step
from simulators.partners.wire import Problem


def decoded(step: Step, request: Request, body: bytes) -> Any:  # noqa: ANN401 - of `step.body`
    """Return the body, which must say the same as the path."""
    named: dict[str, str] = request.path_params
    try:
        asked = (
            msgspec.convert(named, type=step.body)
            if step.method == "GET"
            else msgspec.json.decode(body, type=step.body)
        )
    except msgspec.DecodeError as error:
        raise Problem(422, "not_in_contract", str(error)) from None
    if any(getattr(asked, name) != value for name, value in named.items()):
        raise Problem(422, "not_in_contract", "path and body speak of different things")
    return asked


def problem_document(problem: Problem) -> dict[str, object]:
    return {
        "title": problem.detail,
        "status": problem.status,
        "code": problem.code,
    }


def refusal(problem: Problem) -> Response:
    return JSONResponse(
        problem_document(problem), status_code=problem.status, media_type="application/problem+json"
    )


def field_paths(body: bytes) -> list[str]:
    """Return the paths of all values in a body, `garments.0.fibres.wool`."""
    try:
        return sorted(_paths(json.loads(body), ""))
    except ValueError:
        return []


def _paths(value: object, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _paths(one, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _paths(one, f"{path}.{number}")
    else:
        yield path
