"""Care labels and courses: the textile care symbols as values, and what machines call their work.

Source: ISO 3758:2012 and GINETEX, "Textile care symbols". A symbol names the hardest treatment
that does no lasting harm; a milder one is always allowed. The symbols are trade marks of GINETEX;
here are their meanings only. The codes (the enums' values) are the hub's own, as the standard
gives none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType

from hub.errors import InvalidInputError


class Process(IntEnum):
    """Mechanical action, gentle to strong."""

    NOT_AT_ALL = 0
    HAND = 1
    VERY_MILD = 2
    """Two bars under the tub."""
    MILD = 3
    """One bar under the tub."""
    NORMAL = 4


class Washing(StrEnum):
    """The tub: highest temperature in °C and how hard."""

    W95 = "95"
    W70 = "70"
    W60 = "60"
    W60_MILD = "60_mild"
    W50 = "50"
    W50_MILD = "50_mild"
    W40 = "40"
    W40_MILD = "40_mild"
    W40_VERY_MILD = "40_very_mild"
    W30 = "30"
    W30_MILD = "30_mild"
    W30_VERY_MILD = "30_very_mild"
    HAND = "hand"
    NONE = "none"

    @property
    def process(self) -> Process:
        if self is Washing.NONE:
            return Process.NOT_AT_ALL
        if self is Washing.HAND:
            return Process.HAND
        if self.value.endswith("_very_mild"):
            return Process.VERY_MILD
        return Process.MILD if self.value.endswith("_mild") else Process.NORMAL

    @property
    def max_temperature_c(self) -> int:
        """The highest temperature of the water; 0 where it must not be washed."""
        if self is Washing.NONE:
            return 0
        if self is Washing.HAND:
            return 40
        return int(self.value.partition("_")[0])


class Bleaching(StrEnum):
    """The triangle."""

    ANY = "any"
    OXYGEN = "oxygen"
    """Only oxygen, no chlorine."""
    NONE = "none"


class Tumbling(StrEnum):
    """The circle in the square: the drum dryer."""

    NORMAL = "normal"
    """Two dots: air that leaves the drum has at most 80 °C."""
    LOW = "low"
    """One dot: at most 60 °C."""
    NONE = "none"

    @property
    def max_temperature_c(self) -> int:
        """The highest temperature of the air; 0 where it must not be tumbled."""
        return {Tumbling.NORMAL: 80, Tumbling.LOW: 60, Tumbling.NONE: 0}[self]


class NaturalDrying(StrEnum):
    """The square with lines."""

    LINE = "line"
    DRIP_LINE = "drip_line"
    FLAT = "flat"
    DRIP_FLAT = "drip_flat"
    LINE_SHADE = "line_shade"
    DRIP_LINE_SHADE = "drip_line_shade"
    FLAT_SHADE = "flat_shade"
    DRIP_FLAT_SHADE = "drip_flat_shade"


class Ironing(StrEnum):
    """The iron: highest temperature of its sole."""

    HIGH = "high"
    """Three dots, 200 °C."""
    MEDIUM = "medium"
    """Two dots, 150 °C."""
    LOW = "low"
    """One dot, 110 °C, and steam may do lasting harm."""
    NONE = "none"


class DryCleaning(StrEnum):
    """The circle with P or F: professional cleaning in a solvent."""

    P = "P"
    P_MILD = "P_mild"
    F = "F"
    F_MILD = "F_mild"
    NONE = "none"


class WetCleaning(StrEnum):
    """The circle with W: professional cleaning in water, which no washer at home can do."""

    W = "W"
    W_MILD = "W_mild"
    W_VERY_MILD = "W_very_mild"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class CareLabel:
    """What is sewn into a garment; a professional symbol that is not there is None."""

    washing: Washing
    bleaching: Bleaching = Bleaching.NONE
    tumbling: Tumbling = Tumbling.NONE
    natural_drying: NaturalDrying | None = None
    ironing: Ironing = Ironing.NONE
    dry_cleaning: DryCleaning | None = None
    wet_cleaning: WetCleaning | None = None

    @property
    def professional(self) -> bool:
        """Whether a cleaner's symbol is there that is not crossed out."""
        dry = self.dry_cleaning not in {None, DryCleaning.NONE}
        return dry or self.wet_cleaning not in {None, WetCleaning.NONE}


class Fibre(StrEnum):
    COTTON = "cotton"
    LINEN = "linen"
    HEMP = "hemp"
    VISCOSE = "viscose"
    MODAL = "modal"
    LYOCELL = "lyocell"
    WOOL = "wool"
    CASHMERE = "cashmere"
    MOHAIR = "mohair"
    SILK = "silk"
    ACETATE = "acetate"
    POLYESTER = "polyester"
    POLYAMIDE = "polyamide"
    ACRYLIC = "acrylic"
    ELASTANE = "elastane"
    DOWN = "down"
    """The filling, where it is what decides: down and feathers."""
    LEATHER = "leather"
    FUR = "fur"


HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Composition:
    """Fibres and their percentages by mass, largest first.

    Raises:
        InvalidInputError: nothing, a fibre twice, a share that is not positive, or a sum not 100.
    """

    shares: tuple[tuple[Fibre, int], ...]

    def __post_init__(self) -> None:
        fibres = [fibre for fibre, _ in self.shares]
        total = sum(percent for _, percent in self.shares)
        if len(set(fibres)) != len(fibres):
            message = "a composition names each fibre once"
            raise InvalidInputError(message)
        if total != HUNDRED or min(percent for _, percent in self.shares) <= 0:
            message = f"a composition's percentages are positive and add up to 100, not {total}"
            raise InvalidInputError(message)

    @classmethod
    def of(cls, shares: Mapping[Fibre, int]) -> "Composition":
        """Return the composition of such a mapping, `{Fibre.COTTON: 95, Fibre.ELASTANE: 5}`."""
        return cls(tuple(sorted(shares.items(), key=lambda share: -share[1])))

    def share(self, *fibres: Fibre) -> int:
        """Return the percentage of all these fibres together."""
        return sum(percent for fibre, percent in self.shares if fibre in fibres)


class Colour(StrEnum):
    """What runs into what in the wash."""

    WHITE = "white"
    LIGHT = "light"
    DARK = "dark"
    BRIGHT = "bright"

    @property
    def bleeds(self) -> bool:
        return self in {Colour.DARK, Colour.BRIGHT}


class WashCourse(StrEnum):
    COTTONS = "cottons"
    ECO = "eco"
    QUICK = "quick"
    SYNTHETICS = "synthetics"
    SPORTSWEAR = "sportswear"
    DOWN = "down"
    DELICATES = "delicates"
    WOOL = "wool"
    HAND_WASH = "hand_wash"


class DryCourse(StrEnum):
    COTTONS = "cottons"
    SYNTHETICS = "synthetics"
    SPORTSWEAR = "sportswear"
    DOWN = "down"
    DELICATES = "delicates"
    WOOL_BASKET = "wool_basket"
    """The wool lies still in a basket while the drum turns around it."""
    TIME = "time"
    NONE = "none"
    """Nothing of this load may go into the dryer."""


class Dryness(StrEnum):
    """How dry the dryer leaves a load."""

    EXTRA = "extra"
    NORMAL = "normal"
    LOW = "low"
    DAMP = "damp"
    """For the iron."""


class StylerCourse(StrEnum):
    REFRESH = "refresh"
    SANITARY = "sanitary"
    """Much steam, hot."""
    FINE = "fine"
    """Little steam, little movement."""
    WOOL = "wool"
    GENTLE_DRY = "gentle_dry"
    """Air at 40 °C, no steam."""
    NONE = "none"
    """Nothing of these garments may hang there."""


@dataclass(frozen=True, slots=True)
class Names:
    """The same words in both languages."""

    ko: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WashProfile:
    """What a course does to what is in the drum."""

    process: Process
    coolest_c: int
    hottest_c: int
    spin_per_min: int


WASH_PROFILES: Mapping[WashCourse, WashProfile] = MappingProxyType(
    {
        WashCourse.COTTONS: WashProfile(
            process=Process.NORMAL, coolest_c=20, hottest_c=95, spin_per_min=1400
        ),
        # Regulation (EU) 2019/2023: cotton for 40 and for 60 °C together.
        WashCourse.ECO: WashProfile(
            process=Process.NORMAL, coolest_c=40, hottest_c=40, spin_per_min=1400
        ),
        WashCourse.QUICK: WashProfile(
            process=Process.NORMAL, coolest_c=20, hottest_c=30, spin_per_min=800
        ),
        WashCourse.SYNTHETICS: WashProfile(
            process=Process.MILD, coolest_c=20, hottest_c=60, spin_per_min=1000
        ),
        WashCourse.SPORTSWEAR: WashProfile(
            process=Process.MILD, coolest_c=20, hottest_c=40, spin_per_min=800
        ),
        WashCourse.DOWN: WashProfile(
            process=Process.MILD, coolest_c=20, hottest_c=40, spin_per_min=800
        ),
        WashCourse.DELICATES: WashProfile(
            process=Process.VERY_MILD, coolest_c=20, hottest_c=40, spin_per_min=600
        ),
        WashCourse.WOOL: WashProfile(
            process=Process.VERY_MILD, coolest_c=20, hottest_c=30, spin_per_min=800
        ),
        WashCourse.HAND_WASH: WashProfile(
            process=Process.HAND, coolest_c=20, hottest_c=30, spin_per_min=400
        ),
    }
)

DRY_TEMPERATURE_C: Mapping[DryCourse, int] = MappingProxyType(
    {
        DryCourse.COTTONS: 80,
        DryCourse.SYNTHETICS: 60,
        DryCourse.SPORTSWEAR: 55,
        DryCourse.DOWN: 60,
        DryCourse.DELICATES: 50,
        DryCourse.WOOL_BASKET: 40,
        DryCourse.TIME: 60,
    }
)
"""Highest temperature of the air that leaves the drum."""

STEAM_C: Mapping[StylerCourse, int] = MappingProxyType(
    {
        StylerCourse.REFRESH: 60,
        StylerCourse.SANITARY: 80,
        StylerCourse.FINE: 50,
        StylerCourse.WOOL: 50,
        StylerCourse.GENTLE_DRY: 40,
    }
)
"""Highest temperature in the cabinet; chosen here, as makers do not publish theirs."""

WASH_NAMES: Mapping[WashCourse, Names] = MappingProxyType(
    {
        WashCourse.COTTONS: Names("면", "Cottons"),
        WashCourse.ECO: Names("에코 40-60", "Eco 40-60"),
        WashCourse.QUICK: Names("급속", "Quick"),
        WashCourse.SYNTHETICS: Names("합성섬유", "Synthetics"),
        WashCourse.SPORTSWEAR: Names("스포츠웨어", "Sportswear"),
        WashCourse.DOWN: Names("다운", "Down"),
        WashCourse.DELICATES: Names("섬세", "Delicates"),
        WashCourse.WOOL: Names("울", "Wool"),
        WashCourse.HAND_WASH: Names("손세탁", "Hand wash"),
    }
)
"""A table an enum: members of different `StrEnum`s with the same value are the same key."""

DRY_NAMES: Mapping[DryCourse, Names] = MappingProxyType(
    {
        DryCourse.COTTONS: Names("면", "Cottons"),
        DryCourse.SYNTHETICS: Names("합성섬유", "Synthetics"),
        DryCourse.SPORTSWEAR: Names("스포츠웨어", "Sportswear"),
        DryCourse.DOWN: Names("다운", "Down"),
        DryCourse.DELICATES: Names("섬세", "Delicates"),
        DryCourse.WOOL_BASKET: Names("울 바스켓", "Wool basket"),
        DryCourse.TIME: Names("시간 건조", "Timed"),
        DryCourse.NONE: Names("건조기 쓰지 않음", "No tumble drying"),
    }
)

STYLER_NAMES: Mapping[StylerCourse, Names] = MappingProxyType(
    {
        StylerCourse.REFRESH: Names("리프레시", "Refresh"),
        StylerCourse.SANITARY: Names("살균", "Sanitary"),
        StylerCourse.FINE: Names("섬세 의류", "Fine"),
        StylerCourse.WOOL: Names("울", "Wool"),
        StylerCourse.GENTLE_DRY: Names("저온 건조", "Gentle dry"),
        StylerCourse.NONE: Names("스타일러 쓰지 않음", "Not for the styler"),
    }
)
