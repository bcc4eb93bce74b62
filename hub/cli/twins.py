"""What a device says it is, what it is asked to be, and what it told."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from hub.cli.account import Account, Last, at, signed_in
from hub.cli.devices import Device
from hub.cli.kinds import title
from hub.cli.speech import Speech
from hub.errors import InvalidInputError

Wishes = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="name=value, as often as you like; null takes one back, '\"7\"' is text."
    ),
]


@signed_in
def twin(
    account: Account,
    device: Device,
    *,
    wishes: Wishes = None,
    revision: Annotated[
        int | None, typer.Option(min=0, help="The one you saw; a newer one is not overwritten.")
    ] = None,
    history: Annotated[bool, typer.Option("--history", help="What it was asked to be.")] = False,
) -> None:
    """Show a device's twin, or ask the device to be different.

    It is told at once, or when it comes back.

    Example: hub devices twin f-19ac --set target=3 --set mode=eco
    """
    path = at("devices", device, "twin")
    change: dict[str, object] = {"desired": wished(wishes or [])}
    if revision is not None:
        change["revision"] = revision
    found = account.call("PATCH", path, change) if wishes else account.get(path)
    if history:
        changes = account.listed(f"{path}/history", most=100)
        account.say(changes, lambda: _history(changes, account))
        return
    account.say(
        found,
        lambda: account.speech.facts(
            {"connection": account.speech.word(found["connection"]), "revision": found["revision"]}
        ),
        lambda: _twin(found, _titles(account, device), account.speech),
    )


@signed_in
def events(account: Account, device: Device, *, last: Last = 20) -> None:
    """List what a device told happened, newest first.

    Example: hub devices events f-19ac --last 5
    """
    found = account.listed(at("devices", device, "events"), most=last)
    account.say(
        found,
        lambda: account.speech.table(
            ("when", "event", "data"),
            [
                (
                    account.speech.time(one["at"]),
                    one["type"],
                    json.dumps(one["data"], ensure_ascii=False),
                )
                for one in found
            ],
        ),
    )


def wished(wishes: Sequence[str]) -> dict[str, object]:
    """Return desired values as they were typed: JSON where it is some, text where not.

    Raises:
        InvalidInputError: one is not `name=value`.
    """
    desired: dict[str, object] = {}
    for wish in wishes:
        name, equals, value = wish.partition("=")
        if not name or not equals:
            message = f"--set {wish}: write name=value, like --set target=3"
            raise InvalidInputError(message)
        desired[name] = _value(value)
    return desired


def _value(typed: str) -> object:
    try:
        return json.loads(typed)
    except ValueError:
        return typed


def _titles(account: Account, device: str) -> dict[str, str]:
    kind = account.get(at("kinds", account.get(at("devices", device))["kind"]))
    return {
        one["name"]: title(one, account.speech)
        for capability in kind["capabilities"]
        for one in capability["properties"]
    }


def _twin(found: Mapping[str, Any], titles: Mapping[str, str], speech: Speech) -> Table | None:
    reported, desired = found["reported"], found["desired"]
    rows = [
        (
            name,
            titles.get(name, ""),
            reported.get(name, {}).get("value"),
            speech.time(reported.get(name, {}).get("at")),
            desired.get(name),
            speech.time(found["desired_at"].get(name)),
            name in found["pending"] or None,
        )
        for name in sorted({*reported, *desired})
    ]
    columns = ("property", "title", "reported", "reported at", "asked", "asked at", "pending")
    return speech.table(columns, rows)


def _history(changes: list[dict[str, Any]], account: Account) -> Table | None:
    speech = account.speech
    rows = [
        (
            one["revision"],
            speech.time(one["at"]),
            one.get("link") or account.people.get(one["author"], one["author"]),
            ", ".join(f"{name}={speech.value(value)}" for name, value in one["values"].items()),
        )
        for one in changes
    ]
    return speech.table(("revision", "when", "by", "values"), rows)
