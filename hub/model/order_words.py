"""What a person is told of an order or a listing, in Korean and English."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub.model.home import Moment
from hub.model.links import derived_id
from hub.model.orders import Listing, Order

HOUR_MS = 3_600_000
SAID_FOR_MS = 12 * HOUR_MS
"""A word that could not be shown for so long is old."""

_TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "proposed": (
            "{piece}은(는) 집에서 세탁할 수 없어요. 세탁소 수거 견적을 받아 볼까요?",
            "{piece} cannot be cleaned at home. Shall I ask the cleaner for a quote?",
        ),
        "quoted": (
            "{price}, 수거 {slot}, {promised}까지 돌아와요. 맡길까요?",
            "{price}, picked up {slot}, back by {promised}. Shall I place the order?",
        ),
        "details": (
            "앱에서 수거 시간과 주소를 골라 주세요.",
            "Please choose the pick-up time and address in the app.",
        ),
        "placed": (
            "주문했어요. 수거 {slot}, {promised}까지 돌아와요.",
            "It is ordered: picked up {slot}, back by {promised}.",
        ),
        "picked_up": ("수거했어요. {promised}까지 돌아와요.", "Picked up; back by {promised}."),
        "out_for_delivery": ("배송 중이에요.", "On its way to you."),
        "delivered": ("도착했어요.", "Delivered."),
        "refused": ("세탁소가 주문을 받지 않았어요.", "The cleaner declined."),
        "cancelled": ("주문이 취소되었어요.", "The order is cancelled."),
        "garment_gone": (
            "옷이 없어져서 주문을 취소했어요.",
            "The piece is gone, so the order is cancelled.",
        ),
        "washed_at_home": (
            "집에서 이미 세탁해서 주문을 취소했어요.",
            "It was washed at home, so the order is cancelled.",
        ),
        "too_late_to_cancel": (
            "이미 수거되어 취소할 수 없어요. 주문은 그대로 진행돼요.",
            "It is too late to cancel: the order goes on.",
        ),
        "failed": (
            "세탁소에 연결할 수 없어 주문하지 못했어요.",
            "The cleaner could not be reached; nothing was ordered.",
        ),
        "unsure": (
            "세탁소의 확인을 받지 못했어요. 중복되지 않게 취소를 요청해요.",
            "The cleaner never confirmed. I am cancelling, so that nothing comes twice.",
        ),
        "cancel_unanswered": (
            "취소 요청에 답이 없어요. 세탁소에 직접 확인해 주세요.",
            "The cleaner did not answer the cancellation. Please ask them yourself.",
        ),
        "slipped": (
            "약속한 {promised}보다 늦어져요. 새 예정은 {expected}이에요.",
            "It will be later than promised ({promised}). New time: {expected}.",
        ),
        "at_risk": (
            "약속한 {promised}에 맞추지 못할 수 있어요. 아직 다음 단계에 이르지 않았어요.",
            "It may miss the promised {promised}: it is not as far as it should be.",
        ),
        "no_news": (
            "세탁소에서 소식이 없어요. {promised} 약속을 지킬지 알 수 없어요.",
            "No news from the cleaner: I cannot say whether {promised} will be kept.",
        ),
        "in_time": (
            "다시 제시간에 와요: {promised}.",
            "It is in time again: {promised}.",
        ),
        "interest": (
            "{other}님이 {piece}을(를) 원해요. 받아들일까요?",
            "{other} would like {piece}. Do you accept?",
        ),
        "agreed": ("{other}님과 거래가 성사됐어요.", "The deal with {other} is agreed."),
        "off": ("{other}님과의 거래가 무산됐어요.", "The deal with {other} is off."),
        "handed_over": ("물건을 넘겼어요.", "It has changed hands."),
        "returned": ("빌려준 물건이 돌아왔어요.", "What you lent is back."),
        "listing_refused": ("장터가 등록을 받지 않았어요.", "The market declined."),
        "listing_failed": ("장터에 연결할 수 없어요.", "The market could not be reached."),
        "too_late": (
            "이미 늦었어요. 장터의 상태를 따라요.",
            "Too late: what the market says holds.",
        ),
    }
)
_ENTRIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "proposed": ("제안했어요", "Proposed"),
        "asked": ("요청했어요", "Asked for"),
        "quoted": ("견적을 받았어요", "Quoted"),
        "accepted": ("수락했어요", "Accepted"),
        "declined": ("거절했어요", "Declined"),
        "lapsed": ("기한이 지났어요", "Lapsed"),
        "placed": ("주문됐어요", "Placed"),
        "picked_up": ("수거했어요", "Picked up"),
        "cleaning": ("세탁 중이에요", "Being cleaned"),
        "ready": ("세탁이 끝났어요", "Ready"),
        "out_for_delivery": ("배송 중이에요", "Out for delivery"),
        "delivered": ("도착했어요", "Delivered"),
        "refused": ("파트너가 거절했어요", "The partner declined"),
        "cancel_asked": ("취소를 요청했어요", "Cancellation asked for"),
        "cancelled": ("취소됐어요", "Cancelled"),
        "too_late_to_cancel": ("취소하기에 늦었어요", "Too late to cancel"),
        "cancel_unanswered": ("취소 요청에 답이 없어요", "The cancellation was not answered"),
        "failed": ("연결하지 못했어요", "The partner could not be reached"),
        "unsure": ("확인받지 못했어요", "Never confirmed"),
        "slipped": ("늦어진다고 알렸어요", "You were told that it will be late"),
        "at_risk": ("늦을 수 있다고 알렸어요", "You were told that it may be late"),
        "no_news": ("소식이 없다고 알렸어요", "You were told that there is no news"),
        "in_time": ("다시 제시간이라고 알렸어요", "You were told that it is in time again"),
        "sent_again": ("다시 보냈어요", "Sent again"),
        "offered": ("올렸어요", "On offer"),
        "interest": ("관심을 보였어요", "Somebody is interested"),
        "answered": ("답이 있었어요", "One side answered"),
        "accept_said": ("수락한다고 했어요", "You accepted"),
        "decline_said": ("거절한다고 했어요", "You declined"),
        "hand_over_said": ("넘겼다고 했어요", "You said that it changed hands"),
        "agreed": ("거래가 성사됐어요", "Agreed"),
        "reserved": ("예약됐어요", "Reserved"),
        "off": ("거래가 무산됐어요", "The deal is off"),
        "withdrawal_asked": ("내리기를 요청했어요", "Withdrawal asked for"),
        "withdrawn": ("내렸어요", "Withdrawn"),
        "handed_over": ("넘겼어요", "Handed over"),
        "returned": ("돌아왔어요", "Returned"),
        "too_late": ("너무 늦었어요", "Too late"),
        "unanswered": ("답이 없어요", "Not answered"),
    }
)
"""What a timeline calls its entries."""
ASKED = frozenset({"proposed", "quoted", "interest"})
"""These ask for yes or no."""


def entry_text(what: str) -> dict[str, str]:
    """Return what an entry of a timeline is called, by language."""
    korean, english = _ENTRIES.get(what, (what, what))
    return {"ko": korean, "en": english}


def word(  # noqa: PLR0913 - whom, what, about what, when
    about: Order | Listing,
    what: str,
    *,
    now_ms: int,
    zone: str,
    occasion: object = "",
    until_ms: int | None = None,
    **facts: str,
) -> Moment:
    """Return the moment; `occasion` parts two of the same kind, `facts` fill its words."""
    texts = dict(zip(("ko", "en"), _TEXTS[what], strict=True))
    return Moment(
        id=derived_id("mo", about.id, what, occasion),
        household=about.household,
        person=about.person,
        text={
            language: text.format_map({**_times(about, zone, language), **facts})
            for language, text in texts.items()
        },
        cause=about.id,
        at_ms=now_ms,
        expires_ms=until_ms or now_ms + SAID_FOR_MS,
        ask=what in ASKED,
    )


def _times(about: Order | Listing, zone: str, language: str) -> dict[str, str]:
    if isinstance(about, Listing):
        return {}
    quote = about.quote
    slot = about.slot or (quote.slots[0] if quote and quote.slots else None)
    price = about.price
    promised_ms = about.promised_ms or (quote.promised_ms if quote else None)
    return {
        "price": f"{price.amount} {price.currency}" if price else "",
        "slot": local(slot.start_ms if slot else None, zone=zone, language=language),
        "promised": local(promised_ms, zone=zone, language=language),
        "expected": local(about.expected_ms, zone=zone, language=language),
    }


def local(at_ms: int | None, *, zone: str, language: str) -> str:
    """Return the time as people of this language write it, in that zone."""
    if at_ms is None:
        return "?"
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        place = ZoneInfo("UTC")
    at = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(place)
    if language == "ko":
        return f"{at.month}월 {at.day}일 {at:%H:%M}"
    return f"{at.day} {at:%b %H:%M}"
