"""What one garment can bear: its label and its fibres, the stricter of the two at each point."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hub.model.care import (
    WASH_PROFILES,
    DryCourse,
    Fibre,
    Ironing,
    Process,
    StylerCourse,
    Tumbling,
    WashCourse,
)
from hub.model.garments import Garment

Words = Mapping[str, str]
"""One sentence by language: `ko`, `en`."""

ANY_WASH = frozenset(WashCourse)
ANY_TUMBLE = frozenset(DryCourse) - {DryCourse.NONE, DryCourse.TIME, DryCourse.WOOL_BASKET}
ANY_STEAM = frozenset(StylerCourse) - {StylerCourse.NONE}
GENTLE_WASH = frozenset({WashCourse.DELICATES, WashCourse.WOOL, WashCourse.HAND_WASH})
NO_STEAM = frozenset({StylerCourse.GENTLE_DRY})
LITTLE_STEAM = frozenset({StylerCourse.FINE, StylerCourse.GENTLE_DRY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What one thing about a garment allows, and why."""

    why: Words
    washes: frozenset[WashCourse] = ANY_WASH
    max_temperature_c: int = 95
    max_spin_per_min: int = 1400
    tumbles: frozenset[DryCourse] = ANY_TUMBLE
    styles: frozenset[StylerCourse] = ANY_STEAM


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Everything a garment can bear."""

    garment: Garment
    bounds: tuple[Bound, ...]

    @property
    def washes(self) -> frozenset[WashCourse]:
        return ANY_WASH.intersection(*(bound.washes for bound in self.bounds))

    @property
    def max_temperature_c(self) -> int:
        return min(bound.max_temperature_c for bound in self.bounds)

    @property
    def max_spin_per_min(self) -> int:
        return min(bound.max_spin_per_min for bound in self.bounds)

    @property
    def tumbles(self) -> frozenset[DryCourse]:
        tumbles = frozenset.intersection(*(bound.tumbles for bound in self.bounds))
        # The basket is wool's own: other pieces would take its place and dry badly.
        basket = frozenset({DryCourse.WOOL_BASKET})
        return basket if tumbles and _woollen(self.garment) else tumbles

    @property
    def styles(self) -> frozenset[StylerCourse]:
        return ANY_STEAM.intersection(*(bound.styles for bound in self.bounds))

    @property
    def known(self) -> bool:
        return self.garment.label is not None

    def why_not_washed(self) -> Words:
        return next(bound.why for bound in self.bounds if not bound.washes)

    def why_not_tumbled(self) -> Words:
        return next(bound.why for bound in self.bounds if not bound.tumbles)

    def why_not_steamed(self, course: StylerCourse) -> Words:
        return next(bound.why for bound in self.bounds if course not in bound.styles)

    def strictest_wash(self) -> Words:
        """Return why it allows no more than it does."""
        return min(
            self.bounds,
            key=lambda bound: (len(bound.washes), bound.max_temperature_c, bound.max_spin_per_min),
        ).why


def limits(garment: Garment) -> Limits:
    return Limits(garment=garment, bounds=(*_label_bounds(garment), *_fibre_bounds(garment)))


_WOOL = (Fibre.WOOL, Fibre.CASHMERE, Fibre.MOHAIR)
WOOLLEN_FROM = 20
"""Percent of wool from which a piece felts like wool; chosen here."""

_FIBRE_BOUNDS: tuple[tuple[tuple[Fibre, ...], int, Bound], ...] = (
    (
        (Fibre.LEATHER, Fibre.FUR),
        1,
        Bound(
            why={
                "ko": "가죽과 모피는 물과 열에 상해요",
                "en": "leather and fur are spoilt by water and heat",
            },
            washes=frozenset(),
            tumbles=frozenset(),
            styles=frozenset(),
        ),
    ),
    (
        _WOOL,
        WOOLLEN_FROM,
        Bound(
            why={
                "ko": "울은 뜨거운 물과 마찰에 줄어들어요",
                "en": "wool felts and shrinks when it is hot or rubbed",
            },
            washes=frozenset({WashCourse.WOOL, WashCourse.HAND_WASH}),
            max_temperature_c=40,
            max_spin_per_min=800,
            styles=frozenset({StylerCourse.WOOL, *LITTLE_STEAM}),
        ),
    ),
    (
        (Fibre.SILK,),
        10,
        Bound(
            why={
                "ko": "실크는 마찰과 열에 약해요",
                "en": "silk bears neither rubbing nor heat",
            },
            washes=GENTLE_WASH,
            max_temperature_c=30,
            max_spin_per_min=600,
            tumbles=frozenset(),
            styles=LITTLE_STEAM,
        ),
    ),
    (
        (Fibre.ACETATE,),
        30,
        Bound(
            why={
                "ko": "아세테이트는 젖으면 약해지고 열에 녹아요",
                "en": "acetate is weak when wet and melts when hot",
            },
            washes=GENTLE_WASH,
            max_temperature_c=40,
            max_spin_per_min=600,
            tumbles=frozenset(),
            styles=LITTLE_STEAM,
        ),
    ),
    (
        (Fibre.ELASTANE,),
        5,
        Bound(
            why={
                "ko": "스판덱스는 열에 늘어나요",
                "en": "elastane loses its stretch in the heat",
            },
            max_temperature_c=40,
            max_spin_per_min=1000,
            tumbles=ANY_TUMBLE - {DryCourse.COTTONS},
        ),
    ),
    (
        (Fibre.DOWN,),
        1,
        Bound(
            why={
                "ko": "다운은 충분히 헹구고 속까지 말려야 해요",
                "en": "down needs much rinsing, and to dry to the core",
            },
            washes=frozenset({WashCourse.DOWN, WashCourse.HAND_WASH}),
            max_temperature_c=40,
            max_spin_per_min=800,
            tumbles=frozenset({DryCourse.DOWN}),
        ),
    ),
)
"""(fibres, percent from which, what they allow): the hub's own caution on top of the label."""


def _woollen(garment: Garment) -> bool:
    return garment.fibres is not None and garment.fibres.share(*_WOOL) >= WOOLLEN_FROM


def _fibre_bounds(garment: Garment) -> Iterator[Bound]:
    if garment.fibres is not None:
        for fibres, percent, bound in _FIBRE_BOUNDS:
            if garment.fibres.share(*fibres) >= percent:
                yield bound


UNKNOWN = Bound(
    why={
        "ko": "라벨을 몰라 섬세 의류로 다뤄요",
        "en": "its label is not known, so it is treated as delicate",
    },
    washes=GENTLE_WASH,
    max_temperature_c=30,
    max_spin_per_min=600,
    tumbles=frozenset(),
    styles=NO_STEAM,
)


def _label_bounds(garment: Garment) -> Iterator[Bound]:
    label = garment.label
    if label is None:
        yield UNKNOWN
        return
    process = label.washing.process
    yield Bound(
        why=_WASHING_WORDS[process],
        washes=frozenset(c for c, profile in WASH_PROFILES.items() if profile.process <= process),
        max_temperature_c=label.washing.max_temperature_c,
    )
    gentle = process <= Process.VERY_MILD and label.tumbling is Tumbling.NORMAL
    tumbling = Tumbling.LOW if gentle else label.tumbling
    yield Bound(why=_TUMBLING_WORDS[tumbling], tumbles=_tumbles(tumbling, process=process))
    yield Bound(why=_IRONING_WORDS[label.ironing], styles=_styles(label.ironing))


def _tumbles(tumbling: Tumbling, *, process: Process) -> frozenset[DryCourse]:
    """Return the courses whose air is cool enough; a gently washed piece is tumbled gently too."""
    if tumbling is Tumbling.NONE:
        return frozenset()
    if process <= Process.VERY_MILD:
        return frozenset({DryCourse.DELICATES, DryCourse.DOWN})
    return ANY_TUMBLE if tumbling is Tumbling.NORMAL else ANY_TUMBLE - {DryCourse.COTTONS}


def _styles(ironing: Ironing) -> frozenset[StylerCourse]:
    """Return what the iron's symbol tells of heat and steam; there is none for the styler."""
    match ironing:
        case Ironing.HIGH | Ironing.MEDIUM:
            return ANY_STEAM
        case Ironing.LOW:
            return LITTLE_STEAM
        case Ironing.NONE:
            return NO_STEAM


_WASHING_WORDS: Mapping[Process, Words] = {
    Process.NOT_AT_ALL: {
        "ko": "라벨에 물세탁 금지라고 되어 있어요",
        "en": "the label says not to wash it",
    },
    Process.HAND: {"ko": "라벨에 손세탁만 하라고 되어 있어요", "en": "the label says hand wash"},
    Process.VERY_MILD: {
        "ko": "라벨에 아주 약한 세탁만 하라고 되어 있어요",
        "en": "the label allows a very mild wash only",
    },
    Process.MILD: {
        "ko": "라벨에 약한 세탁만 하라고 되어 있어요",
        "en": "the label allows a mild wash only",
    },
    Process.NORMAL: {
        "ko": "라벨이 더 높은 온도를 허용하지 않아요",
        "en": "the label allows no hotter wash",
    },
}

_TUMBLING_WORDS: Mapping[Tumbling, Words] = {
    Tumbling.NONE: {
        "ko": "라벨에 건조기 금지라고 되어 있어요",
        "en": "the label says not to tumble dry it",
    },
    Tumbling.LOW: {
        "ko": "라벨에 낮은 온도로만 말리라고 되어 있어요",
        "en": "the label allows a cool dryer only",
    },
    Tumbling.NORMAL: {
        "ko": "라벨이 건조기를 허용해요",
        "en": "the label allows the dryer",
    },
}

_IRONING_WORDS: Mapping[Ironing, Words] = {
    Ironing.NONE: {
        "ko": "라벨에 다림질 금지라고 되어 있어 스팀을 피해요",
        "en": "the label says not to iron it, so no steam",
    },
    Ironing.LOW: {
        "ko": "라벨이 스팀에 상할 수 있다고 해요",
        "en": "the label warns that steam may spoil it",
    },
    Ironing.MEDIUM: {"ko": "라벨이 스팀을 허용해요", "en": "the label allows steam"},
    Ironing.HIGH: {"ko": "라벨이 스팀을 허용해요", "en": "the label allows steam"},
}
