"""A small client of the companion API, for the hub's own command line."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from hub.errors import (
    HubError,
    InvalidInputError,
    NotPermittedError,
    RefusedError,
    UnavailableError,
)

TIMEOUT_S = 60.0
FAMILIES: Mapping[int, type[HubError]] = {
    401: NotPermittedError,
    403: NotPermittedError,
    409: RefusedError,
    503: UnavailableError,
}


class Client:
    """Signs in once and calls; blocking, as a command line is."""

    def __init__(self, url: str, *, email: str, password: str) -> None:
        self._url = url.rstrip("/")
        self._token = ""
        answer = self.call("POST", "/auth/token", {"email": email, "password": password})
        self._token = answer["access_token"]

    def call(
        self, method: str, path: str, body: object = None, *, content_type: str = "application/json"
    ) -> Any:  # noqa: ANN401 - JSON, or text where the answer is none
        """Return the answer's JSON, its text where it is another type, None where it is empty.

        Raises:
            UnavailableError: the hub does not answer.
            HubError: it refused, with its reason.
        """
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = body if isinstance(body, bytes) else None
        if body is not None and data is None:
            data = json.dumps(body).encode()
        try:
            request = Request(  # noqa: S310 - the address is the user's own choice
                f"{self._url}/api/v1{path}", data=data, method=method, headers=headers
            )
        except ValueError:
            message = f"{self._url!r} is no address of a hub; write http://127.0.0.1:8080"
            raise InvalidInputError(message) from None
        try:
            with urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310 - as above
                return _content(response.read(), response.headers)
        except HTTPError as error:
            raise _refusal(error) from None
        except (URLError, OSError) as error:
            message = f"no hub answers at {self._url} ({error}); start one with `hub run`"
            raise UnavailableError(message) from None


def _content(body: bytes, headers: Mapping[str, str]) -> Any:  # noqa: ANN401 - as `Client.call`
    if not body:
        return None
    kind = headers.get("Content-Type", "")
    return json.loads(body) if kind.startswith("application/json") else body.decode()


def _refusal(error: HTTPError) -> Exception:
    try:
        problem = json.loads(error.read())
        detail = problem.get("detail") or error.reason
        more = problem.get("errors", [])[1:]
    except (ValueError, AttributeError):
        detail, more = error.reason, []
    detail = "; ".join([str(detail), *(f"{one['pointer']}: {one['detail']}" for one in more)])
    return FAMILIES.get(error.code, InvalidInputError)(detail)
