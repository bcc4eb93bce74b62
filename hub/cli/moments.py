"""What the hub said, and what people answer."""

from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from hub.cli.account import Account, Last, at, signed_in

group = typer.Typer(no_args_is_help=True, help="What the hub said to you and your home.")


@group.command("list")
@signed_in
def list_moments(
    account: Account,
    *,
    is_open: Annotated[bool, typer.Option("--open", help="What waits for an answer.")] = False,
    last: Last = 20,
) -> None:
    """List what the hub said to you and your homes, newest first.

    Example: hub moments list --open
    """
    found = account.listed("/moments?open=true" if is_open else "/moments", most=last)
    account.say(found, lambda: _moments(found, account))


@group.command("answer")
@signed_in
def answer_moment(
    account: Account,
    moment: Annotated[str, typer.Argument(help="Its id, as `hub moments list` shows it.")],
    answer: Annotated[Literal["yes", "no"], typer.Argument(help="The first answer counts.")],
) -> None:
    """Say yes or no to what the hub asked.

    Example: hub moments answer mo_7f3a yes
    """
    found = account.call("POST", at("moments", moment, "answer"), {"answer": answer})
    account.say(found, lambda: _moments([found], account))


def _moments(found: list[dict[str, Any]], account: Account) -> Table | None:
    speech = account.speech
    rows = [
        (
            one["id"],
            speech.time(one["at"]),
            speech.word("me" if one["person"] else "home"),
            speech.text(one["text"]),
            _answer(one, account),
        )
        for one in found
    ]
    return speech.table(("id", "when", "for", "text", "answer"), rows)


def _answer(moment: dict[str, Any], account: Account) -> str:
    speech = account.speech
    if moment["answer"] is not None:
        return speech.word(moment["answer"])
    until = speech.time(moment["expires_at"])
    open_until = {"en": f"yes or no, until {until}", "ko": f"예 또는 아니요, {until}까지"}
    return speech.text(open_until) if moment["ask"] else ""
