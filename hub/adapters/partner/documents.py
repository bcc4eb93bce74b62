"""What both contracts are made of: times, money, names, and how a document is read.

Strict about what is there, and patient with fields that the contract does not name: a partner may
say more than it promised.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    model_validator,
)

from hub.errors import InvalidInputError
from hub.model import Price, Slot

EARLIEST_MS = 946_684_800_000
LATEST_MS = 7_258_118_400_000
MAX_VERSION = 2**31 - 2
NEVER_KNOWN = 0
"""The version of what is said of a thing the partner never had: it has no place in its count."""

_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})\Z",
    re.ASCII,
)


def rfc3339(at_ms: int) -> str:
    """Return the time in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def from_rfc3339(text: object) -> int:
    """Return ms since 1970 of a time with its zone, in 2000 to 2200."""
    if not isinstance(text, str) or not _RFC3339.match(text):
        message = "a time of RFC 3339 with its zone"
        raise ValueError(message)
    since = datetime.fromisoformat(text.upper()) - datetime(1970, 1, 1, tzinfo=UTC)
    at_ms = round(since.total_seconds() * 1000)
    if not EARLIEST_MS <= at_ms <= LATEST_MS:
        message = "a time in 2000 to 2200"
        raise ValueError(message)
    return at_ms


Instant = Annotated[int, BeforeValidator(from_rfc3339)]
"""A time in a document of the partner's; ms since 1970 inside."""
SentInstant = Annotated[int, PlainSerializer(rfc3339)]
"""A time in a document of the hub's."""
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_:~-][A-Za-z0-9_.:~-]{0,127}$")]
"""An id, fit for a path: it cannot be `..`."""
Text = Annotated[str, StringConstraints(max_length=500)]
Version = Annotated[int, Field(ge=1, le=MAX_VERSION)]


class Received(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)


class Sent(BaseModel):
    """A request of the hub's. What it does not name is not sent."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class PriceDocument(Received):
    amount: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}(\.[0-9]{1,4})?$")]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]

    def to_price(self) -> Price:
        return Price(amount=str(Decimal(self.amount)), currency=self.currency)


class SlotDocument(Received):
    start: Instant
    end: Instant

    @model_validator(mode="after")
    def ends_after_its_start(self) -> "SlotDocument":
        if self.end <= self.start:
            message = "a slot ends after it begins"
            raise ValueError(message)
        return self

    def to_slot(self) -> Slot:
        return Slot(start_ms=self.start, end_ms=self.end)


def _shares(value: object) -> object:
    """Return a composition, however the hub keeps it, as fibre by percent."""
    if isinstance(value, Mapping) and set(value) == {"shares"}:
        value = value["shares"]
    if not isinstance(value, list | tuple):
        return value
    try:
        return dict(value)
    except TypeError:
        message = "fibres by percent"
        raise ValueError(message) from None


def _present(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: one for name, one in value.items() if one is not None}
    return value


Fibres = Annotated[dict[str, Annotated[float, Field(gt=0, le=100)]], BeforeValidator(_shares)]
Label = Annotated[dict[str, str], BeforeValidator(_present)]


class SentPrice(Sent):
    amount: str
    currency: str


D = TypeVar("D", bound=BaseModel)


def read(document: type[D], body: bytes) -> D:
    """Return the document in these bytes.

    Raises:
        InvalidInputError: it makes no sense; the message names fields, never what they said.
    """
    try:
        return document.model_validate_json(body)
    except ValidationError as error:
        message = f"the partner's document makes no sense: {_places(error)}"
        raise InvalidInputError(message) from None


def write(document: type[Sent], fields: Mapping[str, object]) -> bytes:
    """Return the request's body.

    Raises:
        InvalidInputError: a field that the contract asks for is missing or of another form.
    """
    try:
        return document.model_validate(fields).model_dump_json(exclude_none=True).encode()
    except ValidationError as error:
        message = f"the call does not fit its contract: {_places(error)}"
        raise InvalidInputError(message) from None


def _places(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'document'}: {one['msg']}" for one in found[:5]
    )


class Envelope(Received):
    """What every webhook says besides its document."""

    type: Literal["order.updated", "listing.updated"]
    timestamp: Instant
