"""A market: other people take an interest, say yes, say no; it alone says which deal is agreed."""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from simulators.chance import chance
from simulators.partners.business import Business, Change, Request, Step
from simulators.partners.market_forms import (
    Deal,
    DealRequest,
    InterestRequest,
    Listing,
    ListingRequest,
    OfferRequest,
    Turn,
)
from simulators.partners.wire import Problem, rfc3339

HOUR_MS = 3_600_000
EAGER = 0.5
"""Share of the others who say yes with their first word."""
WILLING = 0.8
"""Share of the rest who say yes once they are wanted."""
OTHERS = ("haneul", "bora", "jun", "mirae", "sol", "dami")
AREAS = ("Mapo-gu", "Seongsu-dong", "Eunpyeong-gu", "Yongsan-gu")


@dataclass(frozen=True, slots=True)
class _Word:
    """One side's yes or no; the hub's side hears of its own in the answer."""

    at_ms: int
    _: KW_ONLY
    ours: bool
    yes: bool


class Market(Business[Listing]):
    subject = "listing"
    record = Listing

    def __init__(self, *, seed: int, others: int = 3) -> None:
        """`others`: at most so many people show interest by themselves, for each listing."""
        super().__init__()
        self._seed = seed
        self._others = others

    @property
    def steps(self) -> tuple[Step, ...]:
        base, deal = "/listings/{listing}", "/listings/{listing}/deals/{deal}"
        return (
            Step(method="PUT", path=base, body=OfferRequest, act=self._offer),
            Step(method="GET", path=base, body=ListingRequest, act=self._status),
            Step(method="POST", path=f"{base}/withdraw", body=ListingRequest, act=self._withdraw),
            Step(method="POST", path=f"{deal}/accept", body=DealRequest, act=self._accept),
            Step(method="POST", path=f"{deal}/decline", body=DealRequest, act=self._decline),
            Step(method="POST", path=f"{deal}/hand-over", body=DealRequest, act=self._hand_over),
        )

    @property
    def scripts(self) -> Mapping[str, tuple[type[Request], Callable[[Any, int], str]]]:
        return {
            "interest": (InterestRequest, self._interest),
            "accept": (DealRequest, self._they_accept),
            "withdraw": (DealRequest, self._they_withdraw),
            "return": (DealRequest, self._return),
        }

    def document(self, subject: str) -> dict[str, object]:
        listing = self._known(subject)
        return {
            "listing": listing.id,
            "version": listing.version,
            "status": listing.status,
            "at": rfc3339(listing.at_ms),
            "reference": f"MK-{listing.id}",
            "deals": [_deal_document(deal) for deal in listing.deals],
        }

    def truth(self, subject: str) -> dict[str, object]:
        listing = self._known(subject)
        agreed = [one.deal for one in listing.deals if one.status not in {"open", "off"}]
        return {"listing": listing.id, "status": listing.status, "agreed": agreed}

    def run_until(self, now_ms: int) -> None:
        acts = {"accept": self._say_theirs, "withdraw": self._say_theirs, "return": self._back}
        for listing in self.records.values():
            while listing.turns and listing.turns[0].at_ms <= now_ms:
                turn = listing.turns.pop(0)
                try:
                    if turn.what == "interest":
                        self._appear(listing, turn)
                    else:
                        acts[turn.what](listing, turn)
                except Problem:
                    continue  # they came too late

    def next_due_ms(self) -> int | None:
        return min((one.turns[0].at_ms for one in self.records.values() if one.turns), default=None)

    # -------------------------------------------------------------------------- what is asked of it

    def _offer(self, asked: OfferRequest, now_ms: int) -> str:
        if asked.mode != "swap" and asked.price is None:
            raise Problem(422, "no_price", "what is sold or rented has a price")
        listing = self.records.get(asked.listing)
        if listing is None:
            listing = Listing(
                id=asked.listing, version=0, at_ms=now_ms, status="offered", mode=asked.mode
            )
            self.records[listing.id] = listing
            self._plan_interest(listing, now_ms)
        if listing.status != "offered":
            raise Problem(409, listing.status, "it is not on offer any more")
        listing.mode = asked.mode
        self._changed(listing, now_ms, tell=False)
        return listing.id

    def _status(self, asked: ListingRequest, _now_ms: int) -> str:
        return self._known(asked.listing).id

    def _withdraw(self, asked: ListingRequest, now_ms: int) -> str:
        listing = self._known(asked.listing)
        if listing.status == "withdrawn":
            return listing.id
        if listing.status != "offered":
            raise Problem(409, listing.status, "a deal is agreed")
        listing.status, listing.turns = "withdrawn", []
        for deal in listing.deals:
            deal.status = "off"
        self._changed(listing, now_ms, tell=False)
        return listing.id

    def _accept(self, asked: DealRequest, now_ms: int) -> str:
        listing, deal = self._found(asked)
        if deal.ours is not True:
            self._say(listing, deal, _Word(now_ms, ours=True, yes=True))
            self._plan_answer(listing, deal, now_ms)
        elif deal.status == "off":
            raise Problem(409, "off", "the deal is off")
        return listing.id

    def _decline(self, asked: DealRequest, now_ms: int) -> str:
        listing, deal = self._found(asked)
        if deal.status != "off":
            self._say(listing, deal, _Word(now_ms, ours=True, yes=False))
        return listing.id

    def _hand_over(self, asked: DealRequest, now_ms: int) -> str:
        listing, deal = self._found(asked)
        if deal.status == "handed_over":
            return listing.id
        if deal.status != "agreed":
            raise Problem(409, deal.status, "the deal is not agreed")
        deal.status = listing.status = "handed_over"
        if listing.mode == "rent" and self._others:
            listing.turns = [Turn(at_ms=now_ms + 72 * HOUR_MS, what="return", deal=deal.deal)]
        self._changed(listing, now_ms, tell=False)
        return listing.id

    # ------------------------------------------------------------------------------- what others do

    def _interest(self, asked: InterestRequest, now_ms: int) -> str:
        listing = self._known(asked.listing)
        if any(deal.deal == asked.deal for deal in listing.deals):
            raise Problem(409, "known", "this deal is there already")
        deal = Deal(deal=asked.deal, other=asked.other, terms=asked.terms)
        self._join(listing, deal, now_ms)
        return listing.id

    def _they_accept(self, asked: DealRequest, now_ms: int) -> str:
        listing, deal = self._found(asked)
        self._say(listing, deal, _Word(now_ms, ours=False, yes=True))
        return listing.id

    def _they_withdraw(self, asked: DealRequest, now_ms: int) -> str:
        listing, deal = self._found(asked)
        self._say(listing, deal, _Word(now_ms, ours=False, yes=False))
        return listing.id

    def _return(self, asked: DealRequest, now_ms: int) -> str:
        listing, _ = self._found(asked)
        self._back(listing, Turn(at_ms=now_ms, what="return", deal=asked.deal))
        return listing.id

    def _plan_interest(self, listing: Listing, now_ms: int) -> None:
        rng = chance(self._seed, "listing", listing.id)
        count = rng.randint(0, self._others)
        times = sorted(now_ms + round(rng.uniform(0.5, 12) * HOUR_MS) for _ in range(count))
        listing.turns = [
            Turn(at_ms=at_ms, what="interest", deal=f"dl-{listing.id}-{number}")
            for number, at_ms in enumerate(times, start=1)
        ]

    def _appear(self, listing: Listing, turn: Turn) -> None:
        rng = chance(self._seed, "other", turn.deal)
        deal = Deal(
            deal=turn.deal,
            other=rng.choice(OTHERS),
            area=rng.choice(AREAS),
            rating=round(rng.uniform(3, 5), 1),
        )
        self._join(listing, deal, turn.at_ms)
        if rng.random() < EAGER:
            self._plan_turn(listing, "accept", deal.deal, turn.at_ms + HOUR_MS // 2)

    def _plan_answer(self, listing: Listing, deal: Deal, now_ms: int) -> None:
        if deal.theirs is not None or not self._others or deal.status != "open":
            return
        rng = chance(self._seed, "answer", deal.deal)
        what = "accept" if rng.random() < WILLING else "withdraw"
        at_ms = now_ms + round(rng.uniform(0.2, 2) * HOUR_MS)
        self._plan_turn(listing, what, deal.deal, at_ms)

    def _plan_turn(self, listing: Listing, what: str, deal: str, at_ms: int) -> None:
        listing.turns.append(Turn(at_ms=at_ms, what=what, deal=deal))
        listing.turns.sort(key=lambda turn: turn.at_ms)

    def _say_theirs(self, listing: Listing, turn: Turn) -> None:
        _, deal = self._found(DealRequest(listing=listing.id, deal=turn.deal))
        word = _Word(turn.at_ms, ours=False, yes=turn.what == "accept")
        self._say(listing, deal, word)

    def _back(self, listing: Listing, turn: Turn) -> None:
        _, deal = self._found(DealRequest(listing=listing.id, deal=turn.deal))
        if listing.mode != "rent" or deal.status != "handed_over":
            raise Problem(409, deal.status, "it is not out on rent")
        deal.status = listing.status = "returned"
        self._changed(listing, turn.at_ms, tell=True)

    # -------------------------------------------------------------------------------------- records

    def _known(self, listing: str) -> Listing:
        if listing not in self.records:
            raise Problem(404, "unknown", "there is no such listing")
        return self.records[listing]

    def _found(self, asked: DealRequest) -> tuple[Listing, Deal]:
        listing = self._known(asked.listing)
        for deal in listing.deals:
            if deal.deal == asked.deal:
                return listing, deal
        raise Problem(404, "unknown_deal", "there is no such deal")

    def _join(self, listing: Listing, deal: Deal, at_ms: int) -> None:
        if listing.status != "offered":
            raise Problem(409, listing.status, "it is not on offer any more")
        listing.deals.append(deal)
        self._changed(listing, at_ms, tell=True)

    def _say(self, listing: Listing, deal: Deal, word: "_Word") -> None:
        """Record one side's word; the second yes agrees it and ends all others, in this step."""
        if deal.status != "open":
            raise Problem(409, deal.status, f"the deal is {deal.status}")
        deal.ours = word.yes if word.ours else deal.ours
        deal.theirs = deal.theirs if word.ours else word.yes
        if False in {deal.ours, deal.theirs}:
            deal.status = "off"
        elif deal.ours and deal.theirs:
            for other in listing.deals:
                other.status = "off"
            deal.status, listing.status, listing.turns = "agreed", "reserved", []
        self._changed(listing, word.at_ms, tell=not word.ours)

    def _changed(self, listing: Listing, at_ms: int, *, tell: bool) -> None:
        listing.version, listing.at_ms = listing.version + 1, at_ms
        self.changes.append(Change(listing.id, tell))


def _deal_document(deal: Deal) -> dict[str, object]:
    said: dict[str, object] = {
        "deal": deal.deal,
        "other": deal.other,
        "other_area": deal.area,
        "terms": deal.terms,
        "status": deal.status,
    }
    optional = {"other_rating": deal.rating, "ours": deal.ours, "theirs": deal.theirs}
    return said | {name: value for name, value in optional.items() if value is not None}
