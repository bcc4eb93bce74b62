"""Links: what sets something off, and what then happens."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from hub.cli.account import Account, Last, at, signed_in
from hub.cli.files import STDIN, JsonFile, read_object
from hub.cli.link_runs import NOT_RECORDED, rehearse, runs_table
from hub.cli.speech import Speech

group = typer.Typer(no_args_is_help=True, help="What sets what off (docs/links.md).")

Link = Annotated[str, typer.Argument(help="Its id, as `hub links list` shows it.")]


@group.command("list")
@signed_in
def list_links(account: Account) -> None:
    """List the links of your homes.

    Example: hub links list
    """
    found = account.listed("/links")
    account.say(found, lambda: _links(found, account.speech))


@group.command("show")
@signed_in
def show_link(account: Account, link: Link) -> None:
    """Show what sets a link off, what must hold, and what it gives to whom.

    Example: hub links show li_7f3a
    """
    found = account.get(at("links", link))
    account.say(found, lambda: account.speech.facts(_facts(found, account)))


@group.command("add")
@signed_in
def add_link(account: Account, file: JsonFile) -> None:
    """Make a link; where it names no household, in yours.

    Example: hub links add dry-what-was-washed.json
    """
    found = account.call("POST", "/links", _of_home(read_object(file), account))
    account.say(found, lambda: account.speech.facts(_facts(found, account)))


@group.command("on")
@signed_in
def switch_on(account: Account, link: Link) -> None:
    """Switch a link on, also one that the hub paused.

    Example: hub links on li_7f3a
    """
    found = account.call("POST", at("links", link, "on"))
    account.say(found, lambda: _links([found], account.speech))


@group.command("off")
@signed_in
def switch_off(account: Account, link: Link) -> None:
    """Switch a link off; what it waits for does not happen.

    Example: hub links off li_7f3a
    """
    found = account.call("POST", at("links", link, "off"))
    account.say(found, lambda: _links([found], account.speech))


@group.command("end")
@signed_in
def end_link(account: Account, link: Link) -> None:
    """End a link for ever.

    Example: hub links end li_7f3a
    """
    account.call("DELETE", at("links", link))
    account.tell({"id": link, "ended": True})


@group.command("runs")
@signed_in
def list_runs(account: Account, link: Link, *, last: Last = 20) -> None:
    """List what a link did and did not do, and why, newest first.

    Example: hub links runs li_7f3a --last 50
    """
    found = account.listed(at("links", link, "runs"), most=last)
    account.say(found, lambda: runs_table(found, account))


@group.command("try")
@signed_in
def try_link(
    account: Account,
    link: Annotated[str, typer.Argument(help="A JSON file, - for standard input, or an id.")],
    *,
    start: Annotated[str, typer.Option("--from", help="A week before the end.")] = "",
    end: Annotated[str, typer.Option("--to", help="Now. Your local time, or with a zone.")] = "",
) -> None:
    """Say what a link would have done in the past, and why not; nothing is sent.

    Example: hub links try dry-what-was-washed.json --from 2026-11-16 --to 2026-11-23
    """
    if link == STDIN or link.endswith(".json") or Path(link).is_file():
        wish: dict[str, object] = {"spec": _of_home(read_object(link), account)}
    else:
        wish = {"link": link}
    found = rehearse(account, wish, start=start, end=end)
    account.say(
        found,
        lambda: runs_table(found["runs"], account),
        lambda: _summary(found, account.speech),
    )


def _of_home(body: dict[str, Any], account: Account) -> dict[str, Any]:
    return body if "household" in body else {"household": account.household(), **body}


def _state(link: Mapping[str, Any], speech: Speech) -> str:
    if link["paused"]:
        return speech.text(link["paused"])
    return speech.word("on" if link["enabled"] else "off")


def _links(found: list[dict[str, Any]], speech: Speech) -> Table | None:
    rows = [
        (one["id"], one["name"], speech.text(one["set_off_by"]), _state(one, speech))
        for one in found
    ]
    return speech.table(("id", "name", "set off by", "state"), rows)


def _facts(link: Mapping[str, Any], account: Account) -> Mapping[str, object]:
    speech = account.speech
    return {
        "id": link["id"],
        "name": link["name"],
        "state": _state(link, speech),
        "by": account.people.get(link["author"], link["author"]),
        "since": speech.time(link["changed_at"]),
        "set off by": speech.text(link["set_off_by"]),
        "conditions": "\n".join(json.dumps(one, ensure_ascii=False) for one in link["conditions"]),
        "gives": "\n".join(speech.text(one) for one in link["gives"]),
    }


def _summary(found: Mapping[str, Any], speech: Speech) -> str:
    counts = ", ".join(f"{speech.word(one)} {n}" for one, n in found["outcomes"].items())
    seen = {
        "en": f"from {found['readings']} readings and {found['events']} events",
        "ko": f"측정값 {found['readings']}개와 이벤트 {found['events']}개로",
    }
    reached = f"{speech.time(found['from'])} … {speech.time(found['replayed_to'])}"
    unknown = [speech.text(NOT_RECORDED[one]) for one in found["unknown"] if one in NOT_RECORDED]
    return "\n".join([f"{counts or '0'}; {speech.text(seen)}, {reached}", *unknown])
