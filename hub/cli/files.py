"""What a person wrote in a file, to be sent to the hub."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.errors import InvalidInputError

STDIN = "-"
JsonFile = Annotated[str, typer.Argument(help="A JSON file; - reads standard input.")]


def read_object(file: str) -> dict[str, Any]:
    """Return the JSON object in the file.

    Raises:
        InvalidInputError: it cannot be read, or holds something else.
    """
    try:
        found = json.loads(sys.stdin.read() if file == STDIN else Path(file).read_text("utf-8"))
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}"
        raise InvalidInputError(message) from None
    except ValueError as error:
        message = f"{file} is not JSON in UTF-8: {error}"
        raise InvalidInputError(message) from None
    if not isinstance(found, dict):
        message = f"{file} holds no JSON object; put it in braces: {{…}}"
        raise InvalidInputError(message)
    return found


def read_bytes(file: Path) -> bytes:
    """Return what is in the file.

    Raises:
        InvalidInputError: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}"
        raise InvalidInputError(message) from None


def make_private(file: Path) -> None:
    """Make the file, for its owner alone, before there is a secret to lose.

    Raises:
        InvalidInputError: it cannot be written there.
    """
    try:
        file.touch(mode=0o600)
        file.chmod(0o600)
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror}"
        raise InvalidInputError(message) from None
