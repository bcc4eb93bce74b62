"""What the hub can speak to."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table

from hub.cli.account import Account, at, signed_in
from hub.cli.speech import Speech

group = typer.Typer(no_args_is_help=True, help="What the hub can speak to.")


@group.command("list")
@signed_in
def list_kinds(account: Account) -> None:
    """List the kinds of device; those that a device described itself are marked.

    Example: hub kinds list
    """
    found = account.listed("/kinds")
    account.say(found, lambda: _kinds(found, account.speech))


@group.command("show")
@signed_in
def show_kind(
    account: Account, kind: Annotated[str, typer.Argument(help="As `hub kinds list` names it.")]
) -> None:
    """Show what a kind of device measures, takes, says and does.

    Example: hub kinds show fridge
    """
    found = account.get(at("kinds", kind))
    account.say(
        found,
        lambda: account.speech.facts(_facts(found, account.speech)),
        lambda: _properties(found, account.speech),
    )


def title(named: Mapping[str, Any], speech: Speech) -> str:
    """Return what a kind or property is called."""
    return speech.text({"en": named["title_en"], "ko": named["title_ko"]})


def _kinds(found: list[dict[str, Any]], speech: Speech) -> Table | None:
    rows = [
        (
            kind["name"],
            title(kind, speech),
            "●" if kind["described"] else "",
            ", ".join(capability["name"] for capability in kind["capabilities"]),
        )
        for kind in found
    ]
    return speech.table(("kind", "title", "described", "capabilities"), rows)


def _facts(kind: Mapping[str, Any], speech: Speech) -> Mapping[str, object]:
    capabilities = kind["capabilities"]
    commands = [one for capability in capabilities for one in capability["commands"]]
    return {
        "kind": kind["name"],
        "title": title(kind, speech),
        "described": kind["described"],
        "events": ", ".join(name for one in capabilities for name in one["events"]),
        "commands": "\n".join(f"{one['name']}: {one['description']}" for one in commands),
    }


def _properties(kind: Mapping[str, Any], speech: Speech) -> Table | None:
    rows = [
        (
            capability["name"],
            one["name"],
            title(one, speech),
            one["type"],
            one["unit"],
            _bounds(one),
            one["settable"],
        )
        for capability in kind["capabilities"]
        for one in capability["properties"]
    ]
    columns = ("capability", "property", "title", "type", "unit", "values", "settable")
    return speech.table(columns, rows)


def _bounds(spec: Mapping[str, Any]) -> str:
    if spec["choices"]:
        return ", ".join(spec["choices"])
    low, high = spec["minimum"], spec["maximum"]
    if low is None and high is None:
        return ""
    return f"{'' if low is None else f'{low:g}'} … {'' if high is None else f'{high:g}'}"
