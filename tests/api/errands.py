"""Alice's errands, planted: an order and a listing under way, and what partners know of her."""

from hub.model import (
    Call,
    CallStatus,
    DealUpdate,
    Disclosure,
    Listing,
    ListingMode,
    ListingStatus,
    Operation,
    Order,
    OrderStatus,
    Service,
    ServiceKind,
)
from tests.api.world import NOW_MS, World

SECRET = "whsec_" + "QUFB" * 11  # gitleaks:allow
SERVICE = Service(
    id="sv_clean",
    kind=ServiceKind.DRY_CLEANER,
    name="Cleaner",
    url="https://clean.test",
    secret=SECRET,
)


async def add_errands(world: World) -> None:
    """Plant them without a word to any partner."""
    order = Order(
        id="or_alice",
        household="h_home",
        person="p_alice",
        service=SERVICE.id,
        garments=("gm_alice",),
        status=OrderStatus.PLACED,
        made_ms=NOW_MS,
        place="PLANTED-PLACE",
    )
    listing = Listing(
        id="li_alice",
        household="h_home",
        person="p_alice",
        service=SERVICE.id,
        garment="gm_alice",
        mode=ListingMode.SWAP,
        status=ListingStatus.OFFERED,
        made_ms=NOW_MS,
        nickname="PLANTED-NICKNAME",
        deals=(DealUpdate(deal="dl-1", other="PLANTED-OTHER"),),
    )
    call = Call(
        id="ca_alice",
        service=SERVICE.id,
        household="h_home",
        person="p_alice",
        key=order.id,
        operation=Operation.PLACE,
        fields={"address": "PLANTED-ADDRESS"},
        queued_ms=NOW_MS,
        expires_ms=NOW_MS,
        status=CallStatus.DONE,
    )
    known = Disclosure(
        id="di_alice",
        household="h_home",
        person="p_alice",
        service=SERVICE.id,
        subject=order.id,
        purpose="place",
        field="address",
        value="PLANTED-ADDRESS",
        at_ms=NOW_MS,
    )
    await world.worker.keep(SERVICE, order, listing, call, known)
