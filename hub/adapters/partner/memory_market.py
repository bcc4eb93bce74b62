"""A market in memory: the one authority on which deal of a listing is agreed."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from hub.adapters.partner.memory_cleaner import UnknownHereError
from hub.errors import RefusedError
from hub.model import DealUpdate, ListingUpdate, Operation


def _refuse(message: str) -> RefusedError:
    return RefusedError(f"the market refuses: {message}")


class MemoryMarket:
    def __init__(self) -> None:
        self.listings: dict[str, ListingUpdate] = {}
        """The newest of each."""
        self._rented: set[str] = set()

    def carry_out(
        self, operation: Operation, fields: Mapping[str, object], *, now_ms: int
    ) -> ListingUpdate:
        listing, deal = str(fields["listing"]), str(fields.get("deal", ""))
        match operation:
            case Operation.OFFER:
                return self._offer(listing, fields, now_ms)
            case Operation.WITHDRAW:
                return self._withdraw(listing, now_ms)
            case Operation.ACCEPT:
                return self.say(listing, deal, ours=True, at_ms=now_ms)
            case Operation.DECLINE:
                return self.say(listing, deal, ours=False, at_ms=now_ms)
            case Operation.HAND_OVER:
                return self._hand_over(listing, deal, now_ms)
            case _:
                return self.known(listing)

    def known(self, listing: str) -> ListingUpdate:
        if listing not in self.listings:
            raise UnknownHereError(listing)
        return self.listings[listing]

    def show_interest(self, listing: str, deal: DealUpdate, *, at_ms: int) -> ListingUpdate:
        known = self.known(listing)
        if known.status != "offered":
            message = "it is not offered any more"
            raise _refuse(message)
        return self._put(replace(known, deals=(*known.deals, deal)), at_ms)

    def say(
        self,
        listing: str,
        deal: str,
        *,
        at_ms: int,
        ours: bool | None = None,
        theirs: bool | None = None,
    ) -> ListingUpdate:
        """Record one side's yes or no; with the second yes it is agreed and every other is off."""
        known = self.known(listing)
        found = self._deal(known, deal)
        said = replace(
            found,
            ours=found.ours if ours is None else ours,
            theirs=found.theirs if theirs is None else theirs,
        )
        if said == found and found.status != "off":
            return known
        if found.status != "open":
            if found.status == "off" and False in {ours, theirs}:
                return known
            message = f"the deal is {found.status}"
            raise _refuse(message)
        if said.ours is False or said.theirs is False:
            return self._put(_with(known, replace(said, status="off")), at_ms)
        if said.ours and said.theirs:
            return self._put(_agreed(known, replace(said, status="agreed")), at_ms)
        return self._put(_with(known, said), at_ms)

    def give_back(self, listing: str, *, at_ms: int) -> ListingUpdate:
        """Have the other side bring back what it rented."""
        known = self.known(listing)
        if known.status != "handed_over" or listing not in self._rented:
            message = "it is not out on rent"
            raise _refuse(message)
        deals = _move(known, "handed_over", "returned")
        return self._put(replace(known, status="returned", deals=deals), at_ms)

    def _offer(self, listing: str, fields: Mapping[str, object], now_ms: int) -> ListingUpdate:
        known = self.listings.get(listing)
        if known is not None and known.status != "offered":
            message = f"the listing is {known.status}"
            raise _refuse(message)
        if fields["mode"] == "rent":
            self._rented.add(listing)
        fresh = ListingUpdate(
            listing=listing, version=0, status="offered", at_ms=now_ms, reference=f"M-{listing}"
        )
        return self._put(known or fresh, now_ms)

    def _withdraw(self, listing: str, now_ms: int) -> ListingUpdate:
        known = self.known(listing)
        if known.status == "withdrawn":
            return known
        if known.status != "offered":
            message = f"the listing is {known.status}"
            raise _refuse(message)
        deals = _move(known, "open", "off")
        return self._put(replace(known, status="withdrawn", deals=deals), now_ms)

    def _hand_over(self, listing: str, deal: str, now_ms: int) -> ListingUpdate:
        known = self.known(listing)
        found = self._deal(known, deal)
        if found.status == "handed_over":
            return known
        if found.status != "agreed":
            message = f"the deal is {found.status}"
            raise _refuse(message)
        deals = _move(known, "agreed", "handed_over")
        return self._put(replace(known, status="handed_over", deals=deals), now_ms)

    def _deal(self, listing: ListingUpdate, deal: str) -> DealUpdate:
        for one in listing.deals:
            if one.deal == deal:
                return one
        raise UnknownHereError(deal)

    def _put(self, update: ListingUpdate, at_ms: int) -> ListingUpdate:
        newer = replace(update, version=update.version + 1, at_ms=at_ms)
        self.listings[update.listing] = newer
        return newer


def _each(
    listing: ListingUpdate, change: Callable[[DealUpdate], DealUpdate]
) -> tuple[DealUpdate, ...]:
    return tuple(change(one) for one in listing.deals)


def _with(listing: ListingUpdate, deal: DealUpdate) -> ListingUpdate:
    deals = _each(listing, lambda one: deal if one.deal == deal.deal else one)
    return replace(listing, deals=deals)


def _agreed(listing: ListingUpdate, deal: DealUpdate) -> ListingUpdate:
    deals = _each(
        listing, lambda one: deal if one.deal == deal.deal else replace(one, status="off")
    )
    return replace(listing, status="reserved", deals=deals)


def _move(listing: ListingUpdate, before: str, after: str) -> tuple[DealUpdate, ...]:
    return _each(listing, lambda one: replace(one, status=after) if one.status == before else one)
