"""Orders at partners: what they cost, where they are, when they come."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from hub.cli.account import Account, at, signed_in
from hub.cli.speech import Speech
from hub.cli.timeline import picture
from hub.errors import InvalidInputError

group = typer.Typer(no_args_is_help=True, help="What partners do for you (docs/orders.md).")

Order = Annotated[str, typer.Argument(help="Its id, as `hub orders list` shows it.")]
ENDED = frozenset({"delivered", "cancelled", "refused", "lapsed", "failed"})


@group.command("list")
@signed_in
def list_orders(
    account: Account,
    *,
    is_open: Annotated[bool, typer.Option("--open", help="Only those under way.")] = False,
) -> None:
    """List your orders, newest first.

    Example: hub orders list --open
    """
    found = account.listed("/orders?open=true" if is_open else "/orders")
    account.say(found, lambda: _orders(found, account))


@group.command("show")
@signed_in
def show_order(account: Account, order: Order) -> None:
    """Show an order: each stage with its time and place, the promise, and whether it slips.

    Example: hub orders show or_7f3a
    """
    found = account.get(at("orders", order))
    timeline = account.get(at("orders", order, "timeline"))
    account.say(
        found | {"timeline": timeline["entries"]},
        lambda: account.speech.facts(_facts(found, account)),
        lambda: picture(timeline, account.speech, ended=found["status"] in ENDED),
    )


@group.command("accept")
@signed_in
def accept_order(
    account: Account,
    order: Order,
    *,
    slot: Annotated[
        int | None, typer.Option(min=1, help="Which of the quote's; the first if left out.")
    ] = None,
    address: Annotated[str, typer.Option(help="Where it is picked up; for a quote.")] = "",
    area: Annotated[str, typer.Option(help="Part of town; for a proposal.")] = "",
) -> None:
    """Accept a proposal, for which a quote is then asked, or a quote, which places the order.

    Example: hub orders accept or_7f3a --slot 2 --address "Seongsu-ro 12"
    """
    wish: dict[str, object] = {"address": address, "area": area}
    if slot is not None:
        wish["slot"] = _slot(account.get(at("orders", order))["slots"], slot)
    found = account.call("POST", at("orders", order, "accept"), wish)
    account.say(found, lambda: _orders([found], account))


@group.command("cancel")
@signed_in
def cancel_order(
    account: Account,
    order: Order,
    *,
    reason: Annotated[str, typer.Option(help="The partner is told it.")] = "",
) -> None:
    """Take an order back; the partner may find it too late, and the timeline says so.

    Example: hub orders cancel or_7f3a
    """
    found = account.call("POST", at("orders", order, "cancel"), {"reason": reason})
    account.say(found, lambda: _orders([found], account))


def _slot(slots: Sequence[object], number: int) -> object:
    if number > len(slots):
        offered = f"its quote offers {len(slots)}" if slots else "there is no quote to choose from"
        message = f"there is no slot {number}: {offered}; see `hub orders show`"
        raise InvalidInputError(message)
    return slots[number - 1]


def _orders(found: Sequence[Mapping[str, Any]], account: Account) -> Table | None:
    speech, partners = account.speech, account.names("/services")
    pieces = account.names("/garments")
    rows = [
        (
            one["id"],
            partners.get(one["service"], one["service"]),
            ", ".join(pieces.get(piece, piece) for piece in one["garments"]),
            speech.word(one["status"]),
            one["place"],
            speech.time(one["promised_at"]),
            speech.time(one["expected_at"]),
        )
        for one in found
    ]
    columns = ("id", "partner", "garments", "status", "place", "promised", "expected")
    return speech.table(columns, rows)


def _facts(order: Mapping[str, Any], account: Account) -> Mapping[str, object]:
    speech = account.speech
    price = order["price"]
    pieces = account.names("/garments")
    return {
        "id": order["id"],
        "partner": account.names("/services").get(order["service"], order["service"]),
        "garments": ", ".join(pieces.get(piece, piece) for piece in order["garments"]),
        "status": speech.word(order["status"]),
        "reason": order["reason"],
        "price": f"{price['amount']} {price['currency']}" if price else "",
        "slot": _slots(order, speech),
        "until": speech.time(order["valid_until"]),
        "reference": order["reference"],
        "place": order["place"],
    }


def _slots(order: Mapping[str, Any], speech: Speech) -> str:
    """Return when it is picked up; of a quote all times that it offers, numbered for `--slot`."""
    if order["slot"]:
        return _span(order["slot"], speech)
    offered = enumerate(order["slots"], start=1)
    return "\n".join(f"{number}: {_span(one, speech)}" for number, one in offered)


def _span(slot: Mapping[str, str], speech: Speech) -> str:
    return f"{speech.time(slot['start'])} … {speech.time(slot['end'])}"
