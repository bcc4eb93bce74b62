"""What is in the fridge: put in, taken out, counted; hostile data changes nothing."""

from collections.abc import Mapping
from datetime import date

import pytest

from hub.flow import Draft
from hub.model import MAX_STOCK, StockItem
from tests.unit.full_home import committed, full_home, happened
from tests.unit.small_home import HOME, T0, the_only

MILK: dict[str, object] = {
    "item": "it-1",
    "name": "우유 Milk",
    "quantity": 900,
    "unit": "mL",
    "expires": "2026-12-01",
}


def after(*events: tuple[str, Mapping[str, object]], seen: Draft | None = None) -> Draft:
    """Return what is there after these events, each in a commit of its own."""
    seen = seen or full_home()
    for number, (kind, data) in enumerate(events):
        seen = committed(seen)
        seen.run(happened("f-1", kind, data, name=f"e-{number}-{kind}", at_ms=T0 + number))
    return seen


def stock(seen: Draft) -> dict[str, float]:
    return {one.item: one.quantity for one in seen.kept_in(StockItem, HOME)}


def test_what_is_put_in_is_there_with_its_date() -> None:
    seen = after(("stock_added", MILK))
    assert the_only(list(seen.kept_in(StockItem, HOME))) == StockItem(
        id="f-1:it-1",
        household=HOME,
        device="f-1",
        item="it-1",
        name="우유 Milk",
        quantity=900.0,
        unit="mL",
        expires=date(2026, 12, 1),
        added_ms=T0,
    )
    assert seen.dead_letters == []


def test_more_of_a_thing_is_added_to_it() -> None:
    assert stock(after(("stock_added", MILK), ("stock_added", MILK))) == {"it-1": 1800.0}


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        pytest.param({"quantity": 300}, {"it-1": 600.0}, id="some"),
        pytest.param({"quantity": 900}, {}, id="all"),
        pytest.param({"quantity": 2000}, {}, id="more than there was"),
        pytest.param({}, {}, id="without a quantity"),
    ],
)
def test_what_is_taken_out_is_gone(taken: dict[str, object], left: dict[str, float]) -> None:
    seen = after(("stock_added", MILK), ("stock_taken", {"item": "it-1", **taken}))
    assert stock(seen) == left
    assert seen.dead_letters == []


def test_nothing_is_left_of_what_was_taken_in_parts() -> None:
    parts = [("stock_taken", {"item": "it-1", "quantity": 0.1})] * 3
    assert stock(after(("stock_added", MILK | {"quantity": 0.3}), *parts)) == {}


def test_a_thing_that_nobody_put_in_is_noted_when_it_is_taken() -> None:
    seen = after(("stock_taken", {"item": "it-9", "quantity": 1}))
    letter = the_only(seen.dead_letters)
    assert (letter.device, letter.source, letter.reason) == (
        "f-1",
        "stock",
        "takes out what nobody put in",
    )


def test_a_count_takes_the_place_of_all_that_was_there() -> None:
    eggs = {"item": "it-2", "name": "Eggs", "quantity": 6, "unit": "{piece}", "expires": None}
    counted = {"items": [MILK | {"quantity": 250}, eggs]}
    old = MILK | {"item": "it-0", "name": "Forgotten"}
    seen = after(("stock_added", MILK), ("stock_added", old), ("stock_counted", counted))
    assert stock(seen) == {"it-1": 250.0, "it-2": 6.0}
    milk = seen.kept(StockItem, "f-1:it-1")
    assert milk is not None
    assert milk.added_ms == T0


def test_the_good_ones_of_a_count_stand_and_what_is_unreadable_stays_as_it_was() -> None:
    torn = MILK | {"expires": "2026-02-30"}
    good = MILK | {"item": "it-2"}
    again = MILK | {"item": "it-2", "quantity": 1}
    seen = after(
        ("stock_added", MILK), ("stock_counted", {"items": [torn, good, again, "x", None]})
    )
    assert stock(seen) == {"it-1": 900.0, "it-2": 900.0}
    assert [one.reason.partition(":")[0] for one in seen.dead_letters] == [
        "items[0]",
        "items[2]",
        "items[3]",
        "items[4]",
    ]
    assert len({one.id for one in seen.dead_letters}) == 4


@pytest.mark.parametrize(
    "flaw",
    [
        {"item": ""},
        {"item": "a/b"},
        {"item": "a" * 65},
        {"item": 7},
        {"name": ""},
        {"name": "  "},
        {"name": "x" * 81},
        {"name": "a\nb"},
        {"name": "\u202elluf"},
        {"name": "\ud800"},
        {"name": None},
        {"quantity": 0},
        {"quantity": -1},
        {"quantity": 1e7},
        {"quantity": True},
        {"quantity": "3"},
        {"quantity": float("nan")},
        {"quantity": float("inf")},
        {"unit": ""},
        {"unit": "two words"},
        {"unit": "x" * 17},
        {"unit": "㎖"},
        {"expires": "2026-13-01"},
        {"expires": "2026-02-30"},
        {"expires": "tomorrow"},
        {"expires": "0001-01-01"},
        {"expires": 20261201},
        {"expires": "2026-12-01T00:00:00"},
    ],
    ids=ascii,
)
def test_hostile_data_is_noted_and_changes_nothing(flaw: dict[str, object]) -> None:
    seen = after(("stock_added", MILK | flaw))
    assert stock(seen) == {}
    letter = the_only(seen.dead_letters)
    assert "\n" not in letter.reason
    assert letter.excerpt == ""


@pytest.mark.parametrize("items", [None, {}, "x", 3, [{}] * (MAX_STOCK + 1)], ids=range(5))
def test_a_count_that_is_none_changes_nothing(items: object) -> None:
    seen = after(("stock_added", MILK), ("stock_counted", {"items": items}))
    assert stock(seen) == {"it-1": 900.0}
    assert len(seen.dead_letters) == 1


def test_another_unit_is_another_thing() -> None:
    seen = after(("stock_added", MILK), ("stock_added", MILK | {"unit": "g"}))
    assert stock(seen) == {"it-1": 900.0}
    assert len(seen.dead_letters) == 1


def test_a_full_fridge_takes_no_more() -> None:
    full = {"items": [MILK | {"item": f"it-{n}"} for n in range(MAX_STOCK)]}
    seen = after(("stock_counted", full), ("stock_added", MILK | {"item": "one-more"}))
    assert len(stock(seen)) == MAX_STOCK
    assert the_only(seen.dead_letters).reason == "500 things are in it already"


def test_a_fridge_speaks_of_its_own_stock_only() -> None:
    seen = after(("stock_added", MILK))
    seen = committed(seen)
    other = seen.kept(StockItem, "f-1:it-1")
    assert other is not None
    seen.run(happened("x-1", "stock_counted", {"items": []}, name="washer"))
    assert stock(seen) == {"it-1": 900.0}
