"""The companion API as a person who signed in with `CX_EMAIL` and `CX_PASSWORD`."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, wraps
from typing import Annotated, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import typer
from rich.console import RenderableType

from hub import main
from hub.cli.outcome import AsJson, attempt, plain_console, say
from hub.cli.speech import Speech, shown
from hub.errors import InvalidInputError

Where = Annotated[str, typer.Option("--hub", envvar="CX_HUB", help="Address of the hub.")]
Email = Annotated[str, typer.Option(envvar="CX_EMAIL", prompt=True, help="Sign in as.")]
Password = Annotated[
    str, typer.Option(envvar="CX_PASSWORD", prompt=True, hide_input=True, help="With.")
]
Last = Annotated[int, typer.Option("--last", min=1, max=10_000, help="So many, newest first.")]
Household = Annotated[str, typer.Option(help="Its id; yours where you have one.")]
HERE = "http://127.0.0.1:8080"
PAGE = 100
_OPTIONS = {"hub": (Where, HERE), "email": (Email, ...), "password": (Password, ...)}


class Account:
    """Calls the API; says answers in JSON, or in the person's own language and time."""

    def __init__(self, client: main.Client, *, as_json: bool) -> None:
        self._client = client
        self._as_json = as_json

    def call(
        self, method: str, path: str, body: object = None, *, content_type: str = "application/json"
    ) -> Any:  # noqa: ANN401 - whatever the API answers
        return self._client.call(method, path, body, content_type=content_type)

    def get(self, path: str) -> Any:  # noqa: ANN401 - whatever the API answers
        return self.call("GET", path)

    def listed(self, path: str, *, most: int | None = None) -> list[dict[str, Any]]:
        """Return all of a paged list, or so many of its first."""
        items: list[dict[str, Any]] = []
        cursor = ""
        join = "&" if "?" in path else "?"
        while most is None or len(items) < most:
            page = self.get(f"{path}{join}limit={PAGE}{cursor}")
            items += page["items"]
            if not page.get("next_cursor"):
                break
            cursor = f"&cursor={quote(page['next_cursor'], safe='')}"
        return items[:most]

    def names(self, path: str) -> dict[str, str]:
        """Return what people call the things of a list, by id."""
        return {one["id"]: one["name"] for one in self.listed(path)}

    @cached_property
    def me(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/me")
        return found

    @cached_property
    def speech(self) -> Speech:
        return Speech(language=self.me["language"], zone=ZoneInfo(self.me["time_zone"]))

    @cached_property
    def people(self) -> dict[str, str]:
        """Names of those whom the person lives with, by id; a guest is told only their own."""
        homes = [home["id"] for home in self.me["households"] if home["role"] != "guest"]
        members = [
            one for home in homes for one in self.get(at("households", home, "members"))["items"]
        ]
        return {one["person"]: one["name"] for one in members} | {self.me["id"]: self.me["name"]}

    def household(self, wished: str = "") -> str:
        """Return the wished household, or the person's only one.

        Raises:
            InvalidInputError: they have none, or must say which.
        """
        homes: list[dict[str, str]] = self.me["households"]
        if wished:
            return wished
        if len(homes) == 1:
            return homes[0]["id"]
        if not homes:
            message = "you belong to no household; make one with POST /households"
            raise InvalidInputError(message)
        which = ", ".join(f"{home['id']} ({shown(home['name'])})" for home in homes)
        message = f"say which household: {which}"
        raise InvalidInputError(message)

    def say(self, answer: object, *human: Callable[[], RenderableType | None]) -> None:
        """Print the answer in JSON, or each of these for a person, made only then."""
        say(answer, as_json=self._as_json, human=lambda: self._print(human))

    def tell(self, answer: Mapping[str, object], *names: str) -> None:
        """Print the answer in JSON, or these of its members for a person."""
        chosen = {name: answer[name] for name in names or answer}
        self.say(answer, lambda: self.speech.facts(chosen))

    def _print(self, human: Sequence[Callable[[], RenderableType | None]]) -> None:
        found = [one for one in (make() for make in human) if one is not None]
        nothing = {"en": "There is nothing.", "ko": "아무것도 없어요."}
        for one in found or ([self.speech.text(nothing)] if human else []):
            plain_console().print(one)


def at(*parts: str) -> str:
    """Return the path to a thing, whatever somebody typed as its id.

    Raises:
        InvalidInputError: an id is empty.
    """
    if not all(part.strip(".") for part in parts):
        message = "an id is missing; the `list` command beside this one shows them"
        raise InvalidInputError(message)
    return "/" + "/".join(quote(part, safe="") for part in parts)


def signed_in(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--hub`, `--email`, `--password` and `--json`, and an account to work with."""
    signature = inspect.signature(command)
    (_, *own) = signature.parameters.values()

    @wraps(command)
    def signed(*, hub: str, email: str, password: str, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - the command's own
        def work() -> None:
            client = main.Client(hub, email=email, password=password)
            command(Account(client, as_json=as_json), **given)

        attempt(work)

    keyword = inspect.Parameter.KEYWORD_ONLY
    options = [
        inspect.Parameter(name, keyword, annotation=annotation)
        if default is ...
        else inspect.Parameter(name, keyword, annotation=annotation, default=default)
        for name, (annotation, default) in (_OPTIONS | {"as_json": (AsJson, False)}).items()
    ]
    every = [*(one.replace(kind=keyword) for one in own), *options]
    signed.__signature__ = signature.replace(parameters=every)  # type: ignore[attr-defined]  # where Typer looks
    signed.__annotations__ = {one.name: one.annotation for one in every}
    return signed
