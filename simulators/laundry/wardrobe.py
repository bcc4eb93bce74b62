"""Wardrobes that could hang in any home: garments with fibres, labels, colours and names."""

from dataclasses import dataclass
from random import Random

from hub.model.care import (
    Bleaching,
    CareLabel,
    Colour,
    Composition,
    DryCleaning,
    Fibre,
    Ironing,
    NaturalDrying,
    Tumbling,
    Washing,
    WetCleaning,
)
from simulators.laundry.plan import GarmentPlan

UNREAD = 0.06
"""Share of garments whose label nobody read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pattern:
    """One sort of garment, of which a wardrobe has a few."""

    ko: str
    en: str
    fibres: str
    """`cotton 95 elastane 5`."""
    care: str
    """Washing, tumbling, natural drying, ironing, dry cleaning, wet cleaning; `-` is no symbol."""
    colours: str
    grams: int
    few: int = 1
    """How many a person has at most."""
    tags: str = ""


_PATTERNS = (
    _Pattern(
        ko="면 티셔츠",
        en="cotton T-shirt",
        fibres="cotton 100",
        care="40 low line medium none -",
        colours="white light dark bright",
        grams=160,
        few=5,
    ),
    _Pattern(
        ko="셔츠",
        en="shirt",
        fibres="cotton 100",
        care="60 normal line high P -",
        colours="white light",
        grams=230,
        few=4,
    ),
    _Pattern(
        ko="혼방 셔츠",
        en="easy-care shirt",
        fibres="cotton 60 polyester 40",
        care="40_mild low line medium P -",
        colours="light dark",
        grams=220,
        few=2,
    ),
    _Pattern(
        ko="청바지",
        en="jeans",
        fibres="cotton 98 elastane 2",
        care="40 low line medium P -",
        colours="dark",
        grams=650,
        few=3,
    ),
    _Pattern(
        ko="후드티",
        en="hoodie",
        fibres="cotton 80 polyester 20",
        care="40_mild low line medium none -",
        colours="light dark bright",
        grams=520,
        few=2,
    ),
    _Pattern(
        ko="속옷",
        en="underwear",
        fibres="cotton 95 elastane 5",
        care="60 low line medium none -",
        colours="white dark",
        grams=70,
        few=6,
    ),
    _Pattern(
        ko="양말",
        en="socks",
        fibres="cotton 78 polyamide 20 elastane 2",
        care="40 low line low none -",
        colours="white dark",
        grams=55,
        few=6,
    ),
    _Pattern(
        ko="수건",
        en="towel",
        fibres="cotton 100",
        care="60 normal line high - -",
        colours="white dark",
        grams=380,
        few=4,
    ),
    _Pattern(
        ko="침대보",
        en="bed sheet",
        fibres="cotton 100",
        care="95 normal line high - -",
        colours="white light",
        grams=800,
        few=2,
    ),
    _Pattern(
        ko="잠옷",
        en="pyjamas",
        fibres="cotton 100",
        care="40 normal line medium none -",
        colours="light",
        grams=340,
        few=2,
    ),
    _Pattern(
        ko="러닝 셔츠",
        en="running shirt",
        fibres="polyester 92 elastane 8",
        care="30_mild none line none none -",
        colours="bright dark",
        grams=120,
        few=2,
        tags="sport",
    ),
    _Pattern(
        ko="러닝 타이츠",
        en="running tights",
        fibres="polyamide 80 elastane 20",
        care="30_mild none line none none -",
        colours="dark",
        grams=200,
        tags="sport",
    ),
    _Pattern(
        ko="운동 반바지",
        en="gym shorts",
        fibres="polyester 100",
        care="40_mild low line low none -",
        colours="dark bright",
        grams=140,
        few=2,
        tags="sport",
    ),
    _Pattern(
        ko="블라우스",
        en="blouse",
        fibres="polyester 100",
        care="30_mild none line low P -",
        colours="light bright",
        grams=130,
        few=2,
    ),
    _Pattern(
        ko="비스코스 원피스",
        en="viscose dress",
        fibres="viscose 100",
        care="30_very_mild none line medium P -",
        colours="bright dark",
        grams=290,
    ),
    _Pattern(
        ko="리넨 셔츠",
        en="linen shirt",
        fibres="linen 100",
        care="40_mild none line high P -",
        colours="white light",
        grams=210,
    ),
    _Pattern(
        ko="울 스웨터",
        en="wool sweater",
        fibres="wool 100",
        care="30_very_mild none flat medium P -",
        colours="dark light bright",
        grams=420,
        few=2,
    ),
    _Pattern(
        ko="메리노 내의",
        en="merino base layer",
        fibres="wool 100",
        care="40_very_mild low flat medium P -",
        colours="dark",
        grams=190,
    ),
    _Pattern(
        ko="캐시미어 니트",
        en="cashmere sweater",
        fibres="cashmere 100",
        care="hand none flat medium P -",
        colours="light dark",
        grams=280,
    ),
    _Pattern(
        ko="실크 재킷",
        en="silk jacket",
        fibres="silk 100",
        care="none none line_shade low P -",
        colours="dark bright",
        grams=350,
    ),
    _Pattern(
        ko="실크 블라우스",
        en="silk blouse",
        fibres="silk 100",
        care="hand none line_shade low P -",
        colours="light",
        grams=110,
    ),
    _Pattern(
        ko="정장 재킷",
        en="suit jacket",
        fibres="wool 100",
        care="none none line medium P -",
        colours="dark",
        grams=750,
    ),
    _Pattern(
        ko="정장 바지",
        en="suit trousers",
        fibres="wool 98 elastane 2",
        care="none none line medium P -",
        colours="dark",
        grams=420,
    ),
    _Pattern(
        ko="울 코트",
        en="wool coat",
        fibres="wool 80 polyamide 20",
        care="none none line medium F -",
        colours="dark light",
        grams=1600,
    ),
    _Pattern(
        ko="다운 재킷",
        en="down jacket",
        fibres="polyamide 60 down 40",
        care="30_mild low drip_line none none -",
        colours="dark bright",
        grams=700,
    ),
    _Pattern(
        ko="플리스",
        en="fleece",
        fibres="polyester 100",
        care="30_mild low line none none -",
        colours="bright light",
        grams=330,
    ),
    _Pattern(
        ko="레이스 브라",
        en="lace bra",
        fibres="polyamide 85 elastane 15",
        care="hand none flat none none -",
        colours="white dark",
        grams=60,
    ),
    _Pattern(
        ko="주름 원피스",
        en="pleated dress",
        fibres="polyester 100",
        care="none none line low none W_mild",
        colours="bright",
        grams=320,
    ),
    _Pattern(
        ko="가죽 재킷",
        en="leather jacket",
        fibres="leather 100",
        care="none none - none none none",
        colours="dark",
        grams=1700,
    ),
)

_SHADES = {
    Colour.WHITE: (("흰", "white", "#f7f7f4"), ("미색", "cream", "#f3ecdc")),
    Colour.LIGHT: (
        ("하늘색", "pale blue", "#bcd3e8"),
        ("베이지", "beige", "#d9c8a9"),
        ("연회색", "light grey", "#c9ccd0"),
    ),
    Colour.DARK: (
        ("검은", "black", "#1d1d20"),
        ("남색", "navy", "#1f2a44"),
        ("진회색", "charcoal", "#3a3d42"),
    ),
    Colour.BRIGHT: (
        ("빨간", "red", "#c2272d"),
        ("초록", "green", "#2f7d4f"),
        ("주황", "orange", "#e0782f"),
    ),
}


def make_wardrobe(rng: Random) -> list[GarmentPlan]:
    """Return the garments of one person, some of each sort; another wardrobe for each seed."""
    plans: list[GarmentPlan] = []
    for pattern in _PATTERNS:
        # Of what people have one of, not everybody has one.
        least = 0 if pattern.few == 1 else 1
        plans += [_make(pattern, rng) for _ in range(rng.randint(least, pattern.few))]
    return plans


def _make(pattern: _Pattern, rng: Random) -> GarmentPlan:
    colour = Colour(rng.choice(pattern.colours.split()))
    shade_ko, shade_en, rgb = rng.choice(_SHADES[colour])
    return GarmentPlan(
        names={"ko": f"{shade_ko} {pattern.ko}", "en": f"{shade_en} {pattern.en}"},
        fibres=_fibres(pattern.fibres),
        label=_label(pattern.care, colour),
        colour=colour,
        rgb=rgb,
        mass_kg=round(pattern.grams / 1000 * rng.uniform(0.85, 1.2), 3),
        tags=tuple(pattern.tags.split()),
        labelled=rng.random() >= UNREAD,
    )


def _fibres(text: str) -> Composition:
    words = text.split()
    pairs = zip(words[::2], words[1::2], strict=True)
    return Composition.of({Fibre(fibre): int(percent) for fibre, percent in pairs})


def _label(text: str, colour: Colour) -> CareLabel:
    washing, tumbling, natural, ironing, dry, wet = text.split()
    white = colour is Colour.WHITE and Washing(washing).max_temperature_c >= 60  # noqa: PLR2004 - °C
    return CareLabel(
        washing=Washing(washing),
        bleaching=Bleaching.OXYGEN if white else Bleaching.NONE,
        tumbling=Tumbling(tumbling),
        natural_drying=None if natural == "-" else NaturalDrying(natural),
        ironing=Ironing(ironing),
        dry_cleaning=None if dry == "-" else DryCleaning(dry),
        wet_cleaning=None if wet == "-" else WetCleaning(wet),
    )
