"""Pieces offered at a market, and the deals about them."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from hub.cli.account import Account, at, signed_in
from hub.errors import InvalidInputError

group = typer.Typer(no_args_is_help=True, help="What you offer at a market (docs/orders.md).")

Listing = Annotated[str, typer.Argument(help="Its id, as `hub listings list` shows it.")]
Deal = Annotated[str, typer.Argument(help="Which deal; may be left out where there is but one.")]


@group.command("list")
@signed_in
def list_listings(
    account: Account,
    *,
    is_open: Annotated[bool, typer.Option("--open", help="Only what is on offer.")] = False,
) -> None:
    """List what you offer, newest first, and the deals about it.

    Example: hub listings list --open
    """
    found = account.listed("/listings?open=true" if is_open else "/listings")
    _say(found, found, account)


@group.command("offer")
@signed_in
def offer_piece(  # noqa: PLR0913 - the options of a command line
    account: Account,
    garment: Annotated[str, typer.Argument(help="Its id, as `hub garments list` shows it.")],
    *,
    mode: Annotated[Literal["swap", "sell", "rent"], typer.Option(help="How.")] = "swap",
    area: Annotated[str, typer.Option(help="Part of town; no address ever leaves the hub.")],
    nickname: Annotated[str, typer.Option(help="What others see instead of your name.")],
    price: Annotated[str, typer.Option(help="Of what is sold or lent: 12000 KRW.")] = "",
    market: Annotated[str, typer.Option(help="Its id; the only one if left out.")] = "",
) -> None:
    """Offer a piece at a market.

    Example: hub listings offer gm_7f3a --area Seongsu-dong --nickname mina_s
    """
    wish = {
        "service": market or _market(account),
        "household": account.get(at("garments", garment))["household"],
        "garment": garment,
        "mode": mode,
        "price": _price(price) if price else None,
        "area": area,
        "nickname": nickname,
    }
    found = account.call("POST", "/listings", wish)
    _say(found, [found], account)


@group.command("withdraw")
@signed_in
def withdraw_listing(account: Account, listing: Listing) -> None:
    """Take an offer back; once a deal is agreed it is too late.

    Example: hub listings withdraw li_7f3a
    """
    found = account.call("POST", at("listings", listing, "withdraw"))
    _say(found, [found], account)


@group.command("accept")
@signed_in
def accept_deal(account: Account, listing: Listing, deal: Deal = "") -> None:
    """Say yes to a deal; it is agreed once both sides did.

    Example: hub listings accept li_7f3a dl-1
    """
    _answer(account, listing, deal, "accept")


@group.command("decline")
@signed_in
def decline_deal(account: Account, listing: Listing, deal: Deal = "") -> None:
    """Say no to a deal.

    Example: hub listings decline li_7f3a dl-1
    """
    _answer(account, listing, deal, "decline")


@group.command("hand-over")
@signed_in
def hand_over(account: Account, listing: Listing, deal: Deal = "") -> None:
    """Say that the piece changed hands.

    Example: hub listings hand-over li_7f3a dl-1
    """
    _answer(account, listing, deal, "hand-over")


def _answer(account: Account, listing: str, deal: str, answer: str) -> None:
    chosen = deal or _only_deal(account.get(at("listings", listing))["deals"])
    found = account.call("POST", at("listings", listing, "deals", chosen, answer))
    _say(found, [found], account)


def _only_deal(deals: Sequence[Mapping[str, Any]]) -> str:
    alive = [one for one in deals if one["status"] in {"open", "agreed"}]
    if len(alive) == 1:
        return str(alive[0]["deal"])
    which = ", ".join(f"{one['deal']} ({one['other']})" for one in alive)
    message = f"say which deal: {which}" if alive else "there is no deal about it yet"
    raise InvalidInputError(message)


def _market(account: Account) -> str:
    markets = [one for one in account.listed("/services") if one["kind"] == "market"]
    if len(markets) == 1:
        return str(markets[0]["id"])
    which = ", ".join(f"{one['id']} ({one['name']})" for one in markets)
    message = f"say which with --market: {which}" if markets else "this hub knows no market"
    raise InvalidInputError(message)


def _price(typed: str) -> dict[str, str]:
    found = re.fullmatch(r"([0-9.]+) ?([A-Z]{3})", typed)
    if found is None:
        message = f"--price {typed}: write amount and currency, like 12000 KRW"
        raise InvalidInputError(message)
    return {"amount": found[1], "currency": found[2]}


def _say(answer: object, found: Sequence[Mapping[str, Any]], account: Account) -> None:
    account.say(answer, lambda: _listings(found, account), lambda: _deals(found, account))


def _listings(found: Sequence[Mapping[str, Any]], account: Account) -> Table | None:
    speech, pieces = account.speech, account.names("/garments?gone=true")
    rows = [
        (
            one["id"],
            pieces.get(one["garment"], one["garment"]),
            speech.word(one["mode"]),
            f"{one['price']['amount']} {one['price']['currency']}" if one["price"] else "",
            speech.word(one["status"]),
            one["nickname"],
            one["reason"],
        )
        for one in found
    ]
    columns = ("id", "piece", "mode", "price", "status", "nickname", "reason")
    return speech.table(columns, rows)


def _deals(found: Sequence[Mapping[str, Any]], account: Account) -> Table | None:
    speech = account.speech
    rows = [
        (
            one["id"],
            deal["deal"],
            deal["other"],
            deal["other_area"],
            deal["terms"],
            deal["ours"],
            deal["theirs"],
            speech.word(deal["status"]),
        )
        for one in found
        for deal in one["deals"]
    ]
    columns = ("listing", "deal", "with", "area", "terms", "you said", "they said", "status")
    return speech.table(columns, rows)
