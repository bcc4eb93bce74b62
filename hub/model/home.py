"""What the hub knows of a home besides its devices: who is there, what it told whom, the stock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from hub.model.devices import DeviceKind, Value

SOMEONE = "someone"
"""What a shared device says of a person it does not know."""
UNANSWERED = "none"
"""The answer of a question that nobody answered in time."""
MAX_STOCK = 500
"""Things in one fridge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Whether a person is at home, as their phone or they themselves said last."""

    id: str
    """`{household}:{person}`."""
    household: str
    person: str
    at_home: bool
    since_ms: int
    """When it last changed."""
    source: str
    """The device that said it, or `person`."""
    said_ms: int = 0
    """Of the newest word that said something new."""
    words: Mapping[str, bool] = field(default_factory=dict)
    """What each device said last: a phone left at home that goes on saying so says nothing new."""

    @property
    def open(self) -> bool:
        return True


def presence_id(household: str, person: str) -> str:
    return f"{household}:{person}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing worth telling a person, and what they said to it."""

    id: str
    household: str
    person: str | None
    """None: whoever is at home."""
    text: Mapping[str, str]
    """By language: `ko`, `en`."""
    cause: str
    """The link's run, order or listing it is about."""
    at_ms: int
    expires_ms: int
    private: bool = True
    """Never on a device that others can see, unless the person alone is in front of it."""
    ask: bool = False
    """Whether it asks for yes or no."""
    answer: str = ""
    """`yes`, `no`, `none` where nobody answered in time, or empty while unanswered."""
    answered_ms: int | None = None
    devices: tuple[str, ...] = ()
    """Where it was shown."""

    @property
    def open(self) -> bool:
        """Whether an answer is waited for."""
        return self.ask and not self.answer


@dataclass(frozen=True, slots=True, kw_only=True)
class StockItem:
    """Something in a fridge."""

    id: str
    """`{device}:{item}`."""
    household: str
    device: str
    item: str
    name: str
    quantity: float
    unit: str
    """UCUM code: `g`, `mL`, `{piece}`."""
    expires: date | None
    added_ms: int

    @property
    def open(self) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinChange:
    """One change of a device's desired state, for its history."""

    id: str
    """`{device}:{revision}`."""
    household: str
    device: str
    revision: int
    at_ms: int
    author: str
    """A person's id, `link:{run}`, or `hub`."""
    values: Mapping[str, object]
    """What was set; None: taken back."""

    @property
    def open(self) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedKind:
    """A kind that a device described while the hub ran."""

    id: str
    """The kind's name."""
    household: str
    """Whose device described it first."""
    kind: DeviceKind
    fingerprint: str
    """SHA-256 of the description in canonical form, hexadecimal."""
    at_ms: int
    shared: bool = False
    """Devices of other homes are of it too: it can no longer be changed from one of them."""

    @property
    def open(self) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a body needs after a workout or a night; every number says what it was made of."""

    energy_kcal: float | None = None
    protein_g: float | None = None
    fluid_ml: float | None = None
    rest: str = ""
    """`short`, `usual` or `long`, of the last night; empty: not known."""
    made_of: Mapping[str, Value] | None = None
    """The figures it came from, by name."""
