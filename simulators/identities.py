"""Who the watches are: from a file, by hand, or claimed at a hub."""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hub.errors import InvalidInputError, RefusedError, UnavailableError

ANSWER_S = 10.0
CREDENTIALS_FILE = "watch-credentials.jsonl"


class Broker(msgspec.Struct, frozen=True):
    url: str


class Credential(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a credential file."""

    device: str
    base: str
    token: str | None = None
    broker: Broker | None = None
    kind: str = ""
    home: int = 0
    """Counted from 1, of a world of homes."""
    person: str = ""
    """Whose it is in that home, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line says of who is to be worn; empty where it says nothing."""

    credentials: str = ""
    device: str = ""
    token: str = ""
    base: str = ""
    hub: str = ""
    code: str = ""
    count: int = 1


def identities(wish: Wish) -> Sequence[Credential]:
    """Return as many credentials as were wished for.

    With a claim code one is claimed and kept in the credential file.

    Raises:
        InvalidInputError: the file has fewer, or is no credential file.
        RefusedError: the hub does not take the claim code.
        UnavailableError: the hub does not answer.
    """
    if wish.hub or wish.code:
        claimed = claim(wish.hub, wish.code)
        keep_credential(claimed, Path(wish.credentials or CREDENTIALS_FILE))
        return [claimed]
    if wish.credentials:
        found = read_credentials(wish.credentials)
        if len(found) < wish.count:
            message = f"{wish.count} watches, but {len(found)} credentials"
            raise InvalidInputError(message)
        return found[: wish.count]
    if wish.device:
        base = wish.base or f"cx/1/main/{wish.device}"
        return [Credential(device=wish.device, base=base, token=wish.token or None)]
    return nameless(wish.count)


def nameless(count: int) -> Sequence[Credential]:
    """Return identities for a broker that asks nobody who they are."""
    names = [f"watch-{number:04}" for number in range(1, count + 1)]
    return [Credential(device=name, base=f"cx/1/main/{name}") for name in names]


def read_credentials(path: str) -> Sequence[Credential]:
    """Return the credentials of a file of JSON lines; `-` reads standard input.

    Raises:
        InvalidInputError: the file cannot be read, or a line is not a credential.
    """
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except OSError as error:
        message = f"the credentials cannot be read: {error}"
        raise InvalidInputError(message) from error
    return [
        _credential(line, f"{path}, line {number}")
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip()
    ]


def _credential(text: str | bytes, where: str) -> Credential:
    try:
        return msgspec.json.decode(text, type=Credential)
    except msgspec.DecodeError as error:
        # The line itself may hold a token and stays out of the message.
        message = f'{where} is not {{"device", "token", "base"}}: {error}'
        raise InvalidInputError(message) from None


def claim(hub_url: str, code: str) -> Credential:
    """Return a new watch's credential for a claim code, which the hub then forgets.

    Raises:
        InvalidInputError: the address is not of a hub.
        RefusedError: the hub does not take the code.
        UnavailableError: the hub does not answer.
    """
    if not hub_url.startswith(("http://", "https://")):
        message = f"{hub_url!r} is no hub; give http://host:port"
        raise InvalidInputError(message)
    request = urllib.request.Request(  # noqa: S310 - only http and https get here
        f"{hub_url.rstrip('/')}/api/v1/devices/claim",
        data=json.dumps({"code": code}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310 - as above
            return _credential(answer.read(), "the hub's answer")
    except urllib.error.HTTPError as error:
        message = f"the hub does not take the claim code: {reason_of(error)}"
        raise RefusedError(message) from None
    except OSError as error:
        message = f"no hub answers at {hub_url}: {error}"
        raise UnavailableError(message) from None


def reason_of(error: urllib.error.HTTPError) -> str:
    """Return the detail of a problem document, or the bare status."""
    try:
        problem = json.loads(error.read())
    except ValueError:
        return f"{error.code} {error.reason}"
    return str(problem.get("detail") or problem.get("title") or error.code)


def keep_credential(credential: Credential, path: Path) -> None:
    """Add the credential to a file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(msgspec.json.encode(credential) + b"\n")
